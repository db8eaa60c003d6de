/** Runs a graph once, and computes numeric derivatives. */
import type { ModelConfig } from '../../model/config.js'
import { loadOnnxRuntime } from '../../node/onnx-runtime.mjs'
import { createEngine, type Feed } from '../engine.js'
import type { madeUpCase } from './cases.fixture.js'
import { maskName, type NetworkOptions, networkGraph } from './network.js'

const ort = await loadOnnxRuntime()

const engine = createEngine(ort, { threads: 1 })

/** Builds the graph of a case, runs it, and reads its gradients; without training it has none. */
export async function runGraph(
  config: ModelConfig,
  { weights, batch }: ReturnType<typeof madeUpCase>,
  options: Partial<NetworkOptions> = {},
) {
  const { training = true } = options
  const graph = networkGraph(config, {
    batch: batch.B,
    steps: batch.T,
    masked: [...(batch.masks?.keys() ?? [])],
    ...options,
    training,
  })
  const program = await engine.compile(graph)
  const feeds: Record<string, Feed> = { x: Int32Array.from(batch.x), y: Int32Array.from(batch.y) }
  for (const [name, data] of [...weights, ...batch.state]) feeds[name] = Float32Array.from(data)
  if (training) {
    for (const [k, mask] of batch.masks ?? []) feeds[maskName(k)] = Float32Array.from(mask)
  }
  const out = await program.run(feeds)
  await program.dispose()
  const gradients: Map<string, Float32Array> = training ? graph.gradients(out, batch.x) : new Map()
  return { graph, out, gradients }
}

const STEP = 1e-5

/** d value / d weight by central differences, for every number of every tensor. */
export function* numericGradient(
  weights: ReadonlyMap<string, Float64Array>,
  value: () => number,
): Generator<{ name: string; i: number; numeric: number }> {
  for (const [name, data] of weights) {
    for (let i = 0; i < data.length; i++) {
      const at = data[i]
      data[i] = at + STEP
      const above = value()
      data[i] = at - STEP
      const below = value()
      data[i] = at
      yield { name, i, numeric: (above - below) / (2 * STEP) }
    }
  }
}
