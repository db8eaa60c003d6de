/**
 * A whole training step (data, forward, backward, clip, update) compared with PyTorch, with the same
 * weights and ids, and with the machine's peak: a 1024^3 product in the same ONNX Runtime. Then the time
 * to build a graph, and the memory of training.
 */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { modelConfig } from '../src/model/config.js'
import { nodeEngine } from '../src/node/index.js'
import { Graph } from '../src/onnx/graph.js'
import { createBackprop } from '../src/train/backprop.js'
import { networkGraph } from '../src/train/cells/network.js'
import { initialWeights } from '../src/train/weights.js'
import { seededIds } from '../test/support/seeded.js'
import {
  type Candidate,
  interleave,
  median,
  QUICK,
  type Rates,
  type Row,
  rateText,
  ratio,
  timed,
} from './harness.js'
import { ORT_VERSION } from './peers/ort.js'
import { findTorch } from './peers/torch.js'
import { type Task, TorchTraining } from './peers/torch_train.js'
import { ADAMW, BATCHES, learnerOf, SEED } from './train-learner.js'

const V = 65
const threads = availableParallelism()

export const title = `Training, characters a second (${threads} threads, 65 symbols)`
const peerVersions: Record<string, string> = { onnxruntime: ORT_VERSION }
export const versions = (): Record<string, string> => peerVersions

const engine = await nodeEngine({ threads })

/** Rounds, and milliseconds of a run: about 20 steps of the smallest size, one of the largest. */
const MEASURE = { rounds: 5, ms: 700 }

interface Size {
  readonly cell: 'lstm' | 'gru' | 'rnn'
  readonly hidden: number
  readonly batch: number
  readonly steps: number
}

const layers = 2

function taskOf({ cell, hidden, batch, steps }: Size): Task {
  const config = modelConfig({ cell, vocabulary: V, hidden, layers })
  const weights = initialWeights(config, { kind: 'scaled', forgetBias: 1, seed: SEED })
  // The last symbol of each stream is the first of the next one, as when a text is cut into streams.
  const length = BATCHES * steps
  const text = seededIds(batch * length + 1, V)
  const ids = new Int32Array(batch * (length + 1))
  for (let b = 0; b < batch; b++) {
    ids.set(text.slice(b * length, (b + 1) * length + 1), b * (length + 1))
  }
  return { config, weights, ids, batch, steps, threads, ...ADAMW }
}

/** Floating-point operations of a step's products: 2 forward and 4 backward for each weight and row. */
function stepFlop({ config, batch, steps }: Task): number {
  const { hidden: H, cell } = config
  const gates = { lstm: 4, gru: 3, rnn: 1 }[cell]
  // Layer 0 reads one row of its input weights instead of multiplying.
  const weights = layers * gates * H * H + (layers - 1) * gates * H * H + H * V
  return 6 * weights * batch * steps
}

/** C = A B of 1024 x 1024 in the same library with the same threads. */
async function matrixPeak(): Promise<Candidate & { readonly flop: number }> {
  const n = 1024
  const graph = new Graph()
  const [a, b] = [graph.input('a', 'float32', [n, n]), graph.input('b', 'float32', [n, n])]
  graph.output('c', graph.op('MatMul', [a, b]), [n, n])
  const program = await engine.compile({ bytes: graph.build(), inputs: graph.inputs })
  const filled = () => Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1009) / 1009)
  const feeds = { a: filled(), b: filled() }
  return {
    flop: 2 * n ** 3,
    ...timed('1024^3 product', async count => {
      let last = 0
      for (let i = 0; i < count; i++) last = (await program.run(feeds)).c[0]
      return last
    }),
  }
}

/** @throws Error when a peer's losses differ, because then the comparison would mean nothing */
function checkSame(name: string, got: readonly number[], want: readonly number[]): void {
  for (const [i, loss] of want.entries()) {
    if (!(Math.abs(got[i] - loss) < 1e-3)) {
      throw new Error(`${name}: the loss of step ${i + 1} is ${got[i]}, Ondo has ${loss}.`)
    }
  }
}

async function* againstTorch(
  size: Size,
  peak: Candidate & { readonly flop: number },
  log: (line: string) => void,
): AsyncGenerator<Row> {
  const label = `${size.cell.toUpperCase()} ${layers}x${size.hidden} ${size.batch}x${size.steps}`
  const task = taskOf(size)
  const learner = await learnerOf(engine, task.config, size)
  const losses: number[] = []
  let step = 0
  const go = async (): Promise<number> => (await learner.step(++step, () => undefined)).loss
  for (let i = 0; i < 3; i++) losses.push(await go())
  const ours = timed('Ondo', async count => {
    let last = 0
    for (let i = 0; i < count; i++) last = await go()
    return last
  })
  const candidates: Candidate[] = [ours, peak]
  const found = findTorch()
  let torch: TorchTraining | undefined
  if ('python' in found) {
    torch = await new TorchTraining(found.python, task).start()
    peerVersions.torch = torch.version
    for (const peer of torch.peers()) {
      const theirs = await peer.losses()
      if (theirs === undefined) {
        log(`${label}: ${peer.name} does not work here`)
        continue
      }
      checkSame(peer.name, theirs, losses)
      candidates.push(peer)
    }
  }
  log(`${label}: ${candidates.map(({ name }) => name).join(', ')}`)
  const [own, machine, ...peers] = await interleave(candidates, MEASURE)
  const torchPeak = await torch?.peak()
  torch?.close()
  await learner.dispose()

  const symbols = size.batch * size.steps
  const chars = (rates: Rates): number[] => rates.rates.map(rate => rate * symbols)
  const flop = stepFlop(task)
  const gigaflops = (median(own.rates) * flop) / 1e9
  const share = (ratio(own, machine) * flop) / peak.flop
  yield {
    what: label,
    who: 'Ondo',
    value: rateText(chars(own)),
    note: `${gigaflops.toFixed(0)} GFLOP/s, ${(100 * share).toFixed(0)}% of peak`,
    data: { rates: chars(own), gigaflops, share },
  }
  const best = peers.reduce<Rates | undefined>(
    (a, b) => (a && median(a.rates) > median(b.rates) ? a : b),
    undefined,
  )
  for (const peer of peers) {
    const times = ratio(own, peer)
    yield {
      what: label,
      who: peer.name,
      value: rateText(chars(peer)),
      note: peer === best ? `Ondo is ${times.toFixed(2)}x` : '',
      data: { rates: chars(peer), ratio: times, best: peer === best, peakMiB: torchPeak },
    }
  }
  if ('missing' in found) {
    yield { what: label, who: 'PyTorch', value: 'skipped', note: found.missing }
  }
}

async function* building(log: (line: string) => void): AsyncGenerator<Row> {
  const steps = 100
  for (const cell of ['lstm', 'gru', 'rnn'] as const) {
    const config = modelConfig({ cell, vocabulary: V, hidden: QUICK ? 16 : 512, layers })
    log(`graph of ${cell} at T = ${steps}`)
    const build: number[] = []
    const whole: number[] = []
    let nodes = 0
    for (let round = 0; round < (QUICK ? 1 : 5); round++) {
      // As a learner does: a graph for each part of the batch, loaded in a thread of its own.
      const start = performance.now()
      const backprop = await createBackprop(engine, config, { batch: 50, steps, masked: [] })
      whole.push(performance.now() - start)
      nodes = backprop.nodes
      await backprop.dispose()
      const begun = performance.now()
      networkGraph(config, { batch: 25, steps, training: true, fused: true })
      build.push(performance.now() - begun)
    }
    yield {
      what: 'graph, T=100, ms',
      who: cell.toUpperCase(),
      value: median(whole).toFixed(0),
      note: `${nodes} nodes; built in ${median(build).toFixed(0)}`,
      data: { nodes, build, whole },
    }
  }
}

/** The output of bench/train-memory.ts. */
export interface MemoryReport {
  readonly steps: number
  /** Resident MiB after each tenth of the steps. */
  readonly resident: readonly number[]
  readonly peak: number
}

async function* memory(log: (line: string) => void): AsyncGenerator<Row> {
  const script = fileURLToPath(new URL('train-memory.ts', import.meta.url))
  const sizes = QUICK
    ? [[16, 10, 10, 100]]
    : [
        [128, 50, 50, 100],
        [512, 50, 50, 20],
        [512, 100, 100, 10],
        [16, 16, 10, 10_000],
      ]
  for (const [hidden, batch, steps, count] of sizes) {
    log(`memory of LSTM ${layers}x${hidden} over ${count} steps`)
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...process.execArgv,
      script,
      ...[hidden, batch, steps, count].map(String),
    ])
    const report = JSON.parse(stdout) as MemoryReport
    const { resident } = report
    const grown = resident[9] - resident[1]
    yield {
      what: 'LSTM, MiB',
      who: `${layers}x${hidden} ${batch}x${steps}`,
      value: report.peak.toFixed(0),
      note: `${count} steps, grown ${grown.toFixed(0)} since a fifth`,
      data: { ...report },
    }
  }
}

const SIZES: readonly Size[] = QUICK
  ? [{ cell: 'lstm', hidden: 16, batch: 10, steps: 10 }]
  : [
      { cell: 'lstm', hidden: 128, batch: 50, steps: 50 },
      { cell: 'lstm', hidden: 256, batch: 50, steps: 50 },
      { cell: 'lstm', hidden: 512, batch: 50, steps: 50 },
      { cell: 'lstm', hidden: 512, batch: 100, steps: 100 },
      { cell: 'gru', hidden: 128, batch: 50, steps: 50 },
      { cell: 'gru', hidden: 256, batch: 50, steps: 50 },
      { cell: 'rnn', hidden: 128, batch: 50, steps: 50 },
      { cell: 'rnn', hidden: 256, batch: 50, steps: 50 },
    ]

export async function* measure(log: (line: string) => void): AsyncGenerator<Row> {
  yield* building(log)
  const peak = await matrixPeak()
  for (const size of SIZES) yield* againstTorch(size, peak, log)
  yield* memory(log)
}
