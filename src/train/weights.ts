/** Initial weights. */
import { type ModelConfig, tensorShapes } from '../model/config.js'
import { Random, type Seed } from '../random.js'
import { STREAMS } from './random-streams.js'

export const INITIALISATIONS = ['scaled', 'uniform'] as const
/**
 * `scaled`: uniform in +-1/sqrt(H) (PyTorch), embedding +-sqrt(3) (variance 1, as its normal). The
 * input weights of a one-hot layer in +-1: a gate receives one of them and not a sum of many, and with
 * 1/sqrt(H) the first layer would hardly distinguish symbols (docs/results.md).
 * `uniform`: +-0.08 for everything, biases too (char-rnn).
 */
export type Initialisation = (typeof INITIALISATIONS)[number]

const CHAR_RNN_BOUND = 0.08

export interface InitialisationOptions {
  readonly kind: Initialisation
  /**
   * LSTM: initial bias of the forget gate (Gers et al. 2000; Jozefowicz et al. 2015); a positive one lets
   * cells keep their state from the start.
   */
  readonly forgetBias: number
  readonly seed: Seed
}

function scaledBound({ embedding, hidden }: ModelConfig, name: string): number {
  if (name === 'embedding.weight') return Math.sqrt(3)
  // The same range as the sum of H inputs within 1/sqrt(H) would have.
  if (name === 'rnn.weight_ih_l0' && embedding === 0) return 1
  return 1 / Math.sqrt(hidden)
}

/** Draws the weights: each is a pure function of seed, index of the tensor and index of the element. */
export function initialWeights(
  config: ModelConfig,
  { kind, forgetBias, seed }: InitialisationOptions,
): Map<string, Float32Array> {
  const { hidden: H, cell } = config
  const weights = new Map<string, Float32Array>()
  for (const [name, shape] of tensorShapes(config)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    const random = new Random(seed, STREAMS.weights + weights.size)
    const bound = kind === 'uniform' ? CHAR_RNN_BOUND : scaledBound(config, name)
    for (let i = 0; i < data.length; i++) data[i] = (random.coin(i) * 2 - 1) * bound
    weights.set(name, data)
  }
  if (cell === 'lstm') {
    // The two biases are added; char-rnn sets the first and keeps the second as drawn.
    for (let k = 0; k < config.layers; k++) {
      weights.get(`rnn.bias_ih_l${k}`)!.fill(forgetBias, H, 2 * H)
      if (kind === 'scaled') weights.get(`rnn.bias_hh_l${k}`)!.fill(0, H, 2 * H)
    }
  }
  return weights
}
