/**
 * Generation of one symbol after another in one thread: Ondo's kernels, ONNX Runtime and PyTorch with the
 * same weights and ids, from id to logits. Drawing is not measured, because it is the same for all.
 */

// @ts-expect-error: a script without types
import { compileKernels } from '../scripts/kernels.mjs'
import { decodeModel, encodeModel } from '../src/file/index.js'
import { type ModelConfig, modelConfig, parameterCount, type Weights } from '../src/model/config.js'
import { ReferenceNetwork } from '../src/model/network.reference.js'
import { quantizeWeights } from '../src/model/quantize.js'
import { loadNetwork } from '../src/runtime/network.js'
import type { Session } from '../src/runtime/session.js'
import { CharacterTokenizer } from '../src/text/index.js'
import { seededIds, seededWeights } from '../test/support/seeded.js'
import {
  type Candidate,
  interleave,
  median,
  now,
  type Row,
  rateText,
  ratio,
  timed,
} from './harness.js'
import { ORT_VERSION, ortPeers } from './peers/ort.js'
import { findTorch, TorchProcess } from './peers/torch.js'

export const title = 'Sampling, characters a second (one thread, one stream, 65 symbols)'

const V = 65
const peerVersions: Record<string, string> = { onnxruntime: ORT_VERSION }
export const versions = (): Record<string, string> => peerVersions

function writer(session: Session): (count: number) => number {
  return count => {
    let last = 0
    for (let i = 0; i < count; i++) last = session.step((7 * i + 3) % V)[0]
    return last
  }
}

/** @throws Error when a peer's logits differ, because then the comparison would mean nothing */
function checkSame(name: string, got: ArrayLike<number>, want: ArrayLike<number>): void {
  for (let v = 0; v < V; v++) {
    if (!(Math.abs(got[v] - want[v]) < 1e-4)) {
      throw new Error(`${name}: logit ${v} is ${got[v]}, the plain twin has ${want[v]}.`)
    }
  }
}

async function* againstPeers(
  label: string,
  config: ModelConfig,
  log: (line: string) => void,
): AsyncGenerator<Row> {
  const weights = seededWeights(config)
  const twin = new ReferenceNetwork(config, weights)
  const want = [1, 2, 3].map(id => twin.step(id))[2]
  const session = (await loadNetwork(config, weights)).session()
  checkSame('Ondo', session.prefill([1, 2, 3]), want)
  const candidates: Candidate[] = [timed('Ondo', writer(session))]
  const ort = await ortPeers(config, weights)
  for (const peer of ort) checkSame(peer.name, await peer.through([1, 2, 3]), want)
  candidates.push(...ort)
  const found = findTorch()
  let torch: TorchProcess | undefined
  if ('python' in found) {
    torch = await new TorchProcess(found.python, config, weights).start()
    peerVersions.torch = torch.version
    for (const peer of torch.peers()) {
      checkSame(peer.name, await peer.logits(), want)
      candidates.push(peer)
    }
  }
  log(`${label}: ${candidates.map(({ name }) => name).join(', ')}`)
  const rates = await interleave(candidates)
  torch?.close()
  for (const peer of ort) await peer.close()
  yield* rates.map((rate, i): Row => {
    const times = ratio(rates[0], rate)
    return {
      what: label,
      who: rate.name,
      value: rateText(rate.rates),
      note: i === 0 ? '' : `Ondo is ${times.toFixed(1)}x`,
      data: { rates: rate.rates, ratio: times },
    }
  })
  if ('missing' in found) {
    yield { what: label, who: 'PyTorch', value: 'skipped', note: found.missing }
  }
}

/** Bytes of weights that a step reads. */
function bytesPerStep(config: ModelConfig): number {
  // Only one column of the one-hot matrix is read.
  const { hidden: H } = config
  return 4 * (parameterCount(config) - (V - 1) * 4 * H)
}

async function* bandwidth(log: (line: string) => void): AsyncGenerator<Row> {
  const config = modelConfig({ cell: 'lstm', vocabulary: V, hidden: 512, layers: 2 })
  const bytes = bytesPerStep(config)
  log(`LSTM 2x512 against a plain read of ${(bytes / 1e6).toFixed(1)} MB`)
  const session = (await loadNetwork(config, seededWeights(config))).session()
  const even = Math.ceil(bytes / 128) * 128
  const memory = new WebAssembly.Memory({ initial: Math.ceil(even / 65536) + 1 })
  new Float32Array(memory.buffer).fill(0.1)
  const { instance } = await WebAssembly.instantiate(
    (await compileKernels('src/runtime/kernels/bandwidth.as.ts')) as Uint8Array<ArrayBuffer>,
    { env: { memory } },
  )
  const reads = instance.exports as Record<string, (from: number, bytes: number) => number>
  const reader = (name: string, how: string) =>
    timed(how, count => {
      let last = 0
      for (let i = 0; i < count; i++) last ^= reads[name](65536, even)
      return last
    })
  const rates = await interleave(
    [
      timed('Ondo', writer(session)),
      reader('readInOrder', 'plain read'),
      reader('readHalves', 'read, two streams'),
    ],
    { rounds: 11, ms: 200 },
  )
  const ours = rates[0]
  yield* rates.map((rate): Row => {
    const gigabytes = (median(rate.rates) * bytes) / 1e9
    const share = ratio(ours, rate)
    return {
      what: 'LSTM 2x512, GB/s',
      who: rate.name,
      value: gigabytes.toFixed(1),
      note: rate === ours ? 'weights' : `Ondo is at ${(share * 100).toFixed(0)}%`,
      data: { gigabytesPerSecond: gigabytes, share },
    }
  })
}

async function* longText(log: (line: string) => void): AsyncGenerator<Row> {
  const config = modelConfig({ cell: 'lstm', vocabulary: V, hidden: 128, layers: 2 })
  const network = await loadNetwork(config, seededWeights(config))
  log('LSTM 2x128 after a thousand and a million characters')
  const session = (written: number) => {
    const fresh = network.session()
    fresh.prefill(seededIds(written, V))
    return fresh
  }
  const lengths = [1e3, 1e6]
  const rates = await interleave(
    lengths.map(written => timed(String(written), writer(session(written)))),
    { ms: 200, rounds: 9 },
  )
  yield* rates.map((rate, i): Row => {
    const times = ratio(rate, rates[0])
    return {
      what: 'LSTM 2x128, us a char',
      who: `after 10^${i ? 6 : 3}`,
      value: (1e6 / median(rate.rates)).toFixed(2),
      note: i ? `${times.toFixed(2)}x the speed` : '',
      data: { rates: rate.rates, ratio: times },
    }
  })
}

async function* loading(log: (line: string) => void): AsyncGenerator<Row> {
  const tokenizer = new CharacterTokenizer(
    Array.from({ length: V }, (_, i) => String.fromCodePoint(48 + i)),
  )
  const config = modelConfig({ cell: 'lstm', vocabulary: V, hidden: 276, layers: 2 })
  const weights: Weights = seededWeights(config)
  const bytes = encodeModel({ config, tokenizer, weights }, { dtype: 'F16' })
  const size = `${(bytes.length / 1e6).toFixed(2)} MB`
  log(`loading a model of ${size}`)
  const took: number[] = []
  for (let round = 0; round < 9; round++) {
    const start = now()
    const model = await decodeModel(bytes.slice())
    const session = (await loadNetwork(model.config, model.weights)).session()
    session.step(1)
    took.push(now() - start)
  }
  yield {
    what: `${size} file, ms`,
    who: 'load',
    value: median(took).toFixed(1),
    note: `F16 file to first logits; first time ${took[0].toFixed(0)}`,
    data: { milliseconds: took },
  }
}

/** The same network with weights of 8 bits, one stream. */
async function* eightBits(log: (line: string) => void): AsyncGenerator<Row> {
  for (const [cell, hidden] of [
    ['lstm', 128],
    ['lstm', 256],
    ['lstm', 512],
    ['gru', 256],
    ['gru', 512],
  ] as const) {
    const label = `${cell.toUpperCase()} 2x${hidden}`
    const config = modelConfig({ cell, vocabulary: V, hidden, layers: 2 })
    const weights = seededWeights(config)
    const rounded = quantizeWeights(config, weights)
    const candidates = [
      timed('8 bits', writer((await loadNetwork(rounded.config, rounded.weights)).session())),
      timed('float32', writer((await loadNetwork(config, weights)).session())),
    ]
    log(`${label}: 8 bits, float32`)
    const rates = await interleave(candidates)
    const times = ratio(rates[0], rates[1])
    yield {
      what: label,
      who: '8 bits',
      value: rateText(rates[0].rates),
      note: `${times.toFixed(2)}x of float32`,
      data: { rates: rates[0].rates, ratio: times },
    }
  }
}

export async function* measure(log: (line: string) => void): AsyncGenerator<Row> {
  // Loading comes first, so that its first round is that of a new process.
  yield* loading(log)
  for (const [label, cell, hidden] of [
    ['LSTM 2x128', 'lstm', 128],
    ['LSTM 2x512', 'lstm', 512],
    ['GRU 2x128', 'gru', 128],
  ] as const) {
    yield* againstPeers(label, modelConfig({ cell, vocabulary: V, hidden, layers: 2 }), log)
  }
  yield* eightBits(log)
  yield* bandwidth(log)
  yield* longText(log)
}
