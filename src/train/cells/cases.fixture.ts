/** Models on which graphs, twins, numeric differences and PyTorch are compared. */
import { elements, type ModelConfig, modelConfig, tensorShapes } from '../../model/config.js'
import { stateNames } from './network.js'
import type { TwinBatch } from './network.reference.js'

export interface Sizes {
  readonly H: number
  readonly V: number
  readonly E: number
  readonly T: number
  readonly B: number
}

const KINDS = [
  { cell: 'rnn', activation: 'tanh' },
  { cell: 'rnn', activation: 'relu' },
  { cell: 'gru', reset: 'after' },
  { cell: 'gru', reset: 'before' },
  { cell: 'lstm' },
] as const

/** Every cell x activation x reset order x 1..3 layers x one-hot or embedding. */
export function everyModel({ H, V, E }: Sizes): { name: string; config: ModelConfig }[] {
  return KINDS.flatMap(kind =>
    [1, 2, 3].flatMap(layers =>
      [0, E].map(embedding => ({
        name: `${Object.values(kind).join('-')}-${layers}-${embedding ? 'embedding' : 'onehot'}`,
        config: modelConfig({ ...kind, layers, embedding, hidden: H, vocabulary: V }),
      })),
    ),
  )
}

const HARD = { gates: 'hard-fifth' } as const
/** What only imported models have; PyTorch has none of it. */
const IMPORTED = {
  'lstm, hard gates': { cell: 'lstm', gates: 'hard-sixth' },
  'gru, hard gates': { cell: 'gru', reset: 'after', ...HARD },
  'gru before, hard gates': { cell: 'gru', reset: 'before', ...HARD },
  'lstm, texts': { cell: 'lstm', restart: 2 },
  'gru, texts': { cell: 'gru', reset: 'after', restart: 2 },
  'gru before, texts': { cell: 'gru', reset: 'before', restart: 0 },
  'rnn, texts': { cell: 'rnn', activation: 'relu', restart: 1 },
  'lstm, windows': { cell: 'lstm', window: 3 },
  'gru before, windows': { cell: 'gru', reset: 'before', window: 2 },
  'rnn, windows of 1': { cell: 'rnn', activation: 'tanh', window: 1 },
  'lstm, hard gates, windows, texts': { cell: 'lstm', ...HARD, window: 4, restart: 3 },
  'gru, windows, texts': { cell: 'gru', reset: 'after', window: 3, restart: 1 },
} as const

/** Every variant of imported models that can be trained x 1 or 2 layers x one-hot or embedding. */
export function importedModels({ H, V, E }: Sizes): { name: string; config: ModelConfig }[] {
  return Object.entries(IMPORTED).flatMap(([name, variant]) =>
    [1, 2].flatMap(layers =>
      [0, E].map(embedding => ({
        name: `${name}, ${layers}, ${embedding ? 'embedding' : 'one-hot'}`,
        config: modelConfig({ ...variant, layers, embedding, hidden: H, vocabulary: V }),
      })),
    ),
  )
}

/** Numbers in [-0.5, 0.5) that every language computes alike: value i of series k. */
const madeUp = (k: number, i: number): number =>
  (((i + 1) * 7919 + (k + 1) * 104729) % 1009) / 1009 - 0.5

/** Weights, batch and carried state for a model; one series for each tensor, then for each state. */
export function madeUpCase(
  config: ModelConfig,
  { T, B }: Sizes,
): { weights: Map<string, Float64Array>; batch: TwinBatch } {
  const weights = new Map<string, Float64Array>()
  const series = (k: number, length: number): Float64Array =>
    Float64Array.from({ length }, (_, i) => madeUp(k, i))
  for (const [name, shape] of tensorShapes(config)) {
    // Higher biases, because most rectified units would be 0 otherwise and test nothing.
    const lift = name.startsWith('rnn.bias') ? 0.4 : 0
    weights.set(
      name,
      series(weights.size, elements(shape)).map(v => v + lift),
    )
  }
  const state = new Map<string, Float64Array>()
  for (const name of stateNames(config)) {
    state.set(name, series(100 + state.size, B * config.hidden))
  }
  const ids = (k: number): Int32Array =>
    Int32Array.from({ length: T * B }, (_, i) => ((i + 1) * 7919 + k * 31) % config.vocabulary)
  return { weights, batch: { T, B, x: ids(1), y: ids(2), state } }
}

/** The mask of layer k, as in torch-dropout.golden.ts. */
const maskOf = (k: number, { T, B, H }: Sizes): Float64Array =>
  Float64Array.from({ length: T * B * H }, (_, i) => ((i + k) % 3 === 0 ? 0 : 1.5))

/** A case in which every layer drops other units. */
export function maskedCase(config: ModelConfig, sizes: Sizes): ReturnType<typeof madeUpCase> {
  const plain = madeUpCase(config, sizes)
  const layers = Array.from({ length: config.layers }, (_, k) => k)
  const masks = new Map(layers.map(k => [k, maskOf(k, sizes)]))
  return { ...plain, batch: { ...plain.batch, masks } }
}

/** The product of each gradient with a fixed vector, as in torch-dropout.golden.ts; by tensor. */
export function gradientProbes(
  names: Iterable<string>,
  gradients: ReadonlyMap<string, ArrayLike<number>>,
) {
  return Array.from(names, (name, k) => {
    const gradient = gradients.get(name) ?? []
    let sum = 0
    for (let i = 0; i < gradient.length; i++) sum += gradient[i] * madeUp(500 + k, i)
    return sum
  })
}
