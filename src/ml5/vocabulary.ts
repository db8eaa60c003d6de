/** The characters of a model, given by the user where the folder holds none or damaged ones. */
import { InputError, quote } from '../errors.js'
import type { Vocabulary } from '../interop/source.js'

/** The characters in the order of their ids as a list or a text, or an object from character to id. */
export type VocabularyOption = string | readonly string[] | Readonly<Record<string, number>>

/** Unicode has no more characters. */
const MOST_IDS = 0x110000

const isId = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MOST_IDS

/** @throws InputError for another kind of value, and for ids that are no whole numbers from 0 */
export function vocabularyOf(option: VocabularyOption): Vocabulary {
  if (typeof option === 'string') return { symbols: [...option] }
  if (Array.isArray(option)) return { symbols: option }
  const entries = typeof option === 'object' && option !== null ? Object.entries(option) : []
  if (entries.length === 0 || !entries.every(([, id]) => isId(id))) {
    throw new InputError(
      'vocabulary',
      `The vocabulary is ${quote(option)}; expected a list of characters, or an object such as {"a":0,"b":1}.`,
    )
  }
  const symbols: (string | undefined)[] = []
  for (const [symbol, id] of entries) symbols[id] = symbol
  return { symbols: Array.from(symbols) }
}
