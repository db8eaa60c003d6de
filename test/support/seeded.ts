/**
 * Makes networks with pseudo-random weights that other languages can reproduce: a 32-bit linear
 * congruential generator (constants of Numerical Recipes) fills the tensors in the order of
 * `tensorShapes`. test/witness/*.py do the same, so that only their results are stored.
 */
import { elements, type ModelConfig, tensorShapes, type Weights } from '../../src/model/config.js'

/** Returns float32 weights, uniform in [-scale, scale); PyTorch's default scale is 1 / sqrt(H). */
export function seededWeights(
  config: ModelConfig,
  seed = 1,
  scale = 1 / Math.sqrt(config.hidden),
): Weights {
  let state = seed >>> 0
  const weights = new Map<string, Float32Array>()
  for (const [name, shape] of tensorShapes(config)) {
    const tensor = new Float32Array(elements(shape))
    for (let i = 0; i < tensor.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      tensor[i] = (state / 4294967296 - 0.5) * 2 * scale
    }
    weights.set(name, tensor)
  }
  return weights
}

/** Returns T ids in an irregular order without a generator: (5 t^2 + 3 t + 1) mod V. */
export function seededIds(T: number, V: number): number[] {
  return Array.from({ length: T }, (_, t) => (5 * t * t + 3 * t + 1) % V)
}

/** The cells and what networks may have around them, by name, as configs without sizes. */
export const CELL_VARIANTS = {
  'rnn tanh': { cell: 'rnn', activation: 'tanh' },
  'rnn relu': { cell: 'rnn', activation: 'relu' },
  'gru reset after': { cell: 'gru', reset: 'after' },
  'gru reset before': { cell: 'gru', reset: 'before' },
  lstm: { cell: 'lstm' },
  'gru window': { cell: 'gru', reset: 'after', window: 5 },
  'lstm hard gates': { cell: 'lstm', gates: 'hard-fifth' },
  'gru hard gates': { cell: 'gru', reset: 'after', gates: 'hard-sixth' },
  'gru before, hard gates': { cell: 'gru', reset: 'before', gates: 'hard-fifth' },
  'lstm with skip connections': { cell: 'lstm', skip: true },
  'gru, padded window, restart': { cell: 'gru', reset: 'after', window: 6, padding: 0, restart: 0 },
  'rnn with attention': { cell: 'rnn', activation: 'tanh', window: 4, attention: true },
  'lstm with skip connections and attention': {
    cell: 'lstm',
    ...{ window: 7, padding: 0, skip: true, attention: true },
  },
} as const
