/** A small network with made-up weights, for tests. */
import { decodeModel, encodeModel, type Model } from 'ondo'
import { modelConfig } from 'ondo/model'
import { tokenizerFrom } from 'ondo/text'
import { seededWeights } from '../../../test/support/seeded.js'

export function smallModel(): Promise<Model> {
  const symbols = [...'\n abcdefghij.']
  const config = modelConfig({ cell: 'lstm', vocabulary: symbols.length, hidden: 24, layers: 2 })
  const tokenizer = tokenizerFrom({ kind: 'character', symbols })
  const weights = seededWeights(config, 3, 0.9)
  return decodeModel(encodeModel({ config, tokenizer, weights, training: {} }))
}
