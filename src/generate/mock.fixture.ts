/** Untrained models for tests, with weights large enough that their odds are far from even. */
import type { Model } from '../file/model.js'
import { elements, modelConfig, tensorShapes } from '../model/config.js'
import { Random } from '../random.js'
import { buildTokenizer } from '../text/index.js'
import type { TokenizerKind } from '../text/tokenizer.js'

interface MockOptions extends Partial<Model> {
  readonly kind?: TokenizerKind
  readonly seed?: number
  readonly hidden?: number
  readonly scale?: number
}

export function mockModel(symbols: string, options: MockOptions = {}): Model {
  const { kind = 'character', seed = 1, hidden = 24, scale = 1, ...over } = options
  const { tokenizer } = buildTokenizer(kind, symbols)
  const config = modelConfig({ cell: 'gru', vocabulary: tokenizer.size, hidden, layers: 1 })
  const random = new Random(seed)
  let position = 0
  const weights = new Map(
    [...tensorShapes(config)].map(([name, shape]) => [
      name,
      Float32Array.from(
        { length: elements(shape) },
        () => scale * (2 * random.coin(position++) - 1),
      ),
    ]),
  )
  return { config, tokenizer, weights, hash: `mock ${seed}`, training: {}, ...over }
}
