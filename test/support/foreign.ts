/** Small models of other systems, for tests that need one to import. */

import { modelConfig } from '../../src/model/config.js'
import { seededWeights } from './seeded.js'

/** What recurrentjs' character demo saves: one LSTM layer over some letters. */
export function recurrentjsJson(letters: string, hidden = 8, seed = 3): string {
  const V = letters.length + 1
  const config = modelConfig({ cell: 'lstm', vocabulary: V, embedding: 5, hidden, layers: 1 })
  const numbers = seededWeights(config, seed, 0.4)
  const all = [...numbers.values()].flatMap(tensor => Array.from(tensor))
  let at = 0
  const matrix = (n: number, d: number): object => {
    const w = all.slice(at, at + n * d)
    at += n * d
    return { n, d, w }
  }
  const model: Record<string, object> = { Wil: matrix(V, 5) }
  for (const gate of ['i', 'f', 'o', 'c']) {
    model[`W${gate}x0`] = matrix(hidden, 5)
    model[`W${gate}h0`] = matrix(hidden, hidden)
    model[`b${gate}0`] = matrix(hidden, 1)
  }
  model.Whd = matrix(V, hidden)
  model.bd = matrix(V, 1)
  const pairs = [...letters].map((letter, i) => [letter, i + 1] as const)
  return JSON.stringify({
    hidden_sizes: [hidden],
    generator: 'lstm',
    letter_size: 5,
    model,
    letterToIndex: Object.fromEntries(pairs),
    indexToLetter: Object.fromEntries(pairs.map(([letter, id]) => [id, letter])),
    vocab: [...letters],
  })
}
