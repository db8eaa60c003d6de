/** Computes the validation loss, from a zero state, over every held-out symbol once. */
import type { ModelConfig } from '../model/config.js'
import { fillBatch, type IdSource, isPrediction, type Streams } from './batches.js'
import { LOSSES, networkGraph, nextState } from './cells/network.js'
import type { Engine, Feed } from './engine.js'
import type { Tensors } from './optimizer/optimizer.js'

export interface Evaluator {
  /** @returns the mean loss, nats a symbol; does not change the weights */
  run(weights: Tensors): Promise<number>
  dispose(): Promise<void>
}

export async function createEvaluator(
  engine: Engine,
  config: ModelConfig,
  ids: IdSource,
  part: Streams,
): Promise<Evaluator> {
  const { batch: B, steps: T } = part
  const graph = networkGraph(config, {
    batch: B,
    steps: T,
    training: false,
    maxNodeTensors: engine.maxNodeTensors,
  })
  const program = await engine.compile(graph)
  const x = new Int32Array(B * T)
  const y = new Int32Array(B * T)
  return {
    async run(weights) {
      const feeds: Record<string, Feed> = { x, y }
      for (const [name, data] of weights) feeds[name] = data
      for (const name of graph.state) feeds[name] = new Float32Array(B * config.hidden)
      let sum = 0
      for (let index = 0; index < part.batches; index++) {
        fillBatch(ids, part, index, x, y)
        const out = await program.run(feeds)
        const losses = out[LOSSES]
        for (let b = 0; b < B; b++) {
          for (let t = 0; t < T && isPrediction(part, index, b, t); t++) sum += losses[t * B + b]
        }
        for (const name of graph.state) feeds[name] = out[nextState(name)]
      }
      return sum / part.predictions
    },
    dispose: () => program.dispose(),
  }
}
