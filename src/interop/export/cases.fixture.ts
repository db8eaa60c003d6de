/** Small models of every kind of cell, with and without what only some have. */
import { CELL_VARIANTS, seededIds, seededWeights } from '../../../test/support/seeded.js'
import { decodeModel, encodeModel, type Model } from '../../file/index.js'
import { type ModelConfig, modelConfig } from '../../model/config.js'
import { ReferenceNetwork } from '../../model/network.reference.js'
import { tokenizerFrom } from '../../text/index.js'

export const SYMBOLS = ['a', 'b', '\n', ' ', 'c', '温', '"', '7', '\\', 'é', '0']

/** A model of SYMBOLS with pseudo-random weights. */
export function seededModel(
  config: Partial<ModelConfig>,
  more: Partial<Pick<Model, 'name' | 'prompt' | 'stop' | 'tokenizer'>> & { dtype?: 'F16' } = {},
): Promise<Model> {
  const { dtype = 'F32', ...parts } = more
  const tokenizer = parts.tokenizer ?? tokenizerFrom({ kind: 'character', symbols: SYMBOLS })
  const full = modelConfig({ hidden: 6, layers: 2, ...config, vocabulary: tokenizer.size })
  return decodeModel(
    encodeModel({ tokenizer, ...parts, config: full, weights: seededWeights(full) }, { dtype }),
  )
}

/** Every variant of a cell, one-hot and embedded, one layer and two, with an id that begins a text. */
export const CONFIGS: readonly (readonly [name: string, config: Partial<ModelConfig>])[] =
  Object.entries(CELL_VARIANTS).flatMap(([name, variant]) => [
    [name, { ...variant, embedding: 4 }] as const,
    [`${name}, one-hot`, { ...variant, layers: 1 }] as const,
    [`${name}, restart`, { ...variant, restart: 2, layers: 3 }] as const,
  ])

/** Some ids, the restart id among them. */
export const IDS: readonly number[] = [...seededIds(9, SYMBOLS.length), 2, ...seededIds(4, 7)]

/** Logits of each step by the plain twin, and the state after the last. */
export function expectedOf(
  { config, weights }: Model,
  ids: readonly number[] = IDS,
): { logits: number[][]; state: number[] } {
  const network = new ReferenceNetwork(config, weights)
  return { logits: ids.map(id => [...network.step(id)]), state: [...network.snapshot()] }
}

/** The largest difference of two lists of numbers. */
export function furthest(got: ArrayLike<number>, expected: readonly number[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY
  return expected.reduce((most, value, i) => {
    const difference = Math.abs((got[i] as number) - value)
    return Math.max(difference, most)
  }, 0)
}
