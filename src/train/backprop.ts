/**
 * Loss and gradients of a batch. Where the engine can run programs in threads, the streams of the batch
 * are divided among them, so that a thread does not wait for the others at every product. The
 * gradients are added in a fixed order, so the sums always have the same bits.
 */
import type { ModelConfig } from '../model/config.js'
import { LOSSES, maskName, networkGraph, nextState, type Penalty } from './cells/network.js'
import type { Engine, Feed, Program } from './engine.js'
import type { Tensors } from './optimizer/optimizer.js'

/** Streams of a thread at least: with fewer, reading the weights costs more than it gains. */
const MIN_STREAMS = 8

export interface Batch {
  /** Ids, int32 [N], time-major as in batches.ts. */
  readonly x: Int32Array
  readonly y: Int32Array
  /** Dropout masks by layer, float32 [N, H]. */
  readonly masks: ReadonlyMap<number, Float32Array>
  /** State before the first step by input name, float32 [B, H]. */
  readonly state: Tensors
}

export interface BackpropResult {
  /** Mean loss of the batch, nats a symbol. */
  readonly loss: number
  /** State after the last step, in arrays of its own. */
  readonly state: Tensors
}

export interface Backprop {
  /** Number of nodes of one graph. */
  readonly nodes: number
  /** Names of the state tensors. */
  readonly state: readonly string[]
  /** @param gradients of the trained weights by name; overwritten */
  run(weights: Tensors, batch: Batch, gradients: Tensors): Promise<BackpropResult>
  dispose(): Promise<void>
}

export interface BackpropOptions {
  /** B. */
  readonly batch: number
  /** T. */
  readonly steps: number
  /** Layers whose output is multiplied by a dropout mask. */
  readonly masked: readonly number[]
  /** Penalty that is added to the loss. */
  readonly penalty?: Penalty
  /** Names of the weights whose gradients are computed; by default all. */
  readonly trained?: ReadonlySet<string>
}

/** The number of streams of each thread, as even as possible; one entry where threads gain nothing. */
export function streamsPerThread(batch: number, threads: number): number[] {
  const count = Math.max(1, Math.min(threads, Math.floor(batch / MIN_STREAMS)))
  return Array.from({ length: count }, (_, i) => Math.floor((batch + count - 1 - i) / count))
}

const mean = (parts: readonly Float32Array[]): number => {
  let sum = 0
  let count = 0
  for (const values of parts) {
    for (const value of values) sum += value
    count += values.length
  }
  return sum / count
}

/** Compiles the training graph, once or for each thread. */
export async function createBackprop(
  engine: Engine,
  config: ModelConfig,
  options: BackpropOptions,
): Promise<Backprop> {
  const { batch: B, steps: T, masked, penalty, trained } = options
  const { hidden: H } = config
  const streams = engine.compileInThread ? streamsPerThread(B, engine.threads) : [B]
  const network = (batch: number) =>
    networkGraph(config, {
      ...{
        batch,
        steps: T,
        training: true,
        masked,
        symbols: B * T,
        maxNodeTensors: engine.maxNodeTensors,
      },
      fused: engine.compileInThread !== undefined,
      ...(penalty && { penalty }),
      ...(trained && { trained }),
    })
  if (streams.length === 1) return singleProgram(engine, network(B))

  const threads = Math.floor(engine.threads / streams.length)
  const bySize = new Map(streams.map(size => [size, network(size)]))
  const programs = await Promise.all(
    streams.map(size => engine.compileInThread!(bySize.get(size)!, threads)),
  )
  const pieces = streams.map((size, i) => {
    const first = streams.slice(0, i).reduce((a, b) => a + b, 0)
    return batchSlice({ program: programs[i], first, size, B, T, H })
  })
  const { nodes, state, gradients: gradientsOf } = bySize.get(streams[0])!
  const seen = new Map<string, Float32Array>()
  return {
    nodes,
    state,
    async run(weights, batch, gradients) {
      copyToShared(weights, seen)
      const outs = await Promise.all(pieces.map(piece => piece.run(seen, batch)))
      sumInto(
        outs.map(({ out, x }) => gradientsOf(out, x)),
        gradients,
      )
      return {
        loss: mean(outs.map(({ out }) => out[LOSSES])),
        state: new Map(
          state.map(name => {
            const next = new Float32Array(B * H)
            let at = 0
            for (const { out } of outs) {
              next.set(out[nextState(name)], at)
              at += out[nextState(name)].length
            }
            return [name, next]
          }),
        ),
      }
    },
    async dispose() {
      await Promise.all(programs.map(program => program.dispose()))
    },
  }
}

/** Runs all streams in one program. */
async function singleProgram(
  engine: Engine,
  graph: ReturnType<typeof networkGraph>,
): Promise<Backprop> {
  const program = await engine.compile(graph)
  return {
    nodes: graph.nodes,
    state: graph.state,
    async run(weights, { x, y, masks, state }, gradients) {
      const feeds: Record<string, Feed> = { x, y }
      for (const [name, data] of [...weights, ...state]) feeds[name] = data
      for (const [layer, mask] of masks) feeds[maskName(layer)] = mask
      const out = await program.run(feeds)
      for (const [name, found] of graph.gradients(out, x)) gradients.get(name)!.set(found)
      return {
        loss: mean([out[LOSSES]]),
        state: new Map(graph.state.map(name => [name, out[nextState(name)].slice()])),
      }
    },
    dispose: () => program.dispose(),
  }
}

/** Runs `size` streams from `first` on in a program of their own. */
function batchSlice(request: {
  readonly program: Program
  readonly first: number
  readonly size: number
  readonly B: number
  readonly T: number
  readonly H: number
}) {
  const { program, first, size, B, T, H } = request
  /** Copies the rows of these streams out of each step's rows, `width` numbers each. */
  const ownRows = <A extends Feed>(from: A, width: number, to: A): A => {
    for (let t = 0; t < T; t++) {
      const at = (t * B + first) * width
      to.set(from.subarray(at, at + size * width), t * size * width)
    }
    return to
  }
  const x = new Int32Array(size * T)
  const y = new Int32Array(size * T)
  const masks = new Map<number, Float32Array>()
  return {
    async run(weights: Tensors, batch: Batch) {
      const feeds: Record<string, Feed> = {
        x: ownRows(batch.x, 1, x),
        y: ownRows(batch.y, 1, y),
      }
      for (const [name, data] of weights) feeds[name] = data
      for (const [layer, mask] of batch.masks) {
        const own = masks.get(layer) ?? new Float32Array(size * T * H)
        masks.set(layer, own)
        feeds[maskName(layer)] = ownRows(mask, H, own)
      }
      for (const [name, data] of batch.state) {
        feeds[name] = data.subarray(first * H, (first + size) * H)
      }
      return { out: await program.run(feeds), x }
    },
  }
}

/** Copies the weights into memory that all threads share. */
function copyToShared(weights: Tensors, seen: Map<string, Float32Array>): void {
  for (const [name, data] of weights) {
    const there = seen.get(name) ?? new Float32Array(new SharedArrayBuffer(data.byteLength))
    there.set(data)
    seen.set(name, there)
  }
}

/** Sums the tensors of all parts, in the order of the parts. */
function sumInto([first, second, ...others]: readonly Tensors[], sums: Tensors): void {
  for (const [name, sum] of sums) {
    const a = first.get(name)!
    const b = second.get(name)!
    for (let i = 0; i < sum.length; i++) sum[i] = a[i] + b[i]
    for (const other of others) {
      const more = other.get(name)!
      for (let i = 0; i < sum.length; i++) sum[i] += more[i]
    }
  }
}
