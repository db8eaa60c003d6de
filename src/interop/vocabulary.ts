/** From the symbols of a foreign model to a tokenizer of ours. */
import { counted, FileError, InputError, quote } from '../errors.js'
import { CharacterTokenizer, type Tokenizer, tokenizerFrom } from '../text/index.js'
import type { Vocabulary } from './source.js'

const isOneCharacter = (symbol: string): boolean => [...symbol].length === 1

/** A sentence that lists what is wrong with symbols, at most four of them. */
function listed(wrong: readonly (readonly [id: number, symbol: string | undefined])[]): string {
  const shown = wrong
    .slice(0, 4)
    .map(([id, symbol]) => `${id} is ${symbol === undefined ? 'missing' : quote(symbol)}`)
  return wrong.length > 4 ? `${shown.join(', ')} and ${wrong.length - 4} more` : shown.join(', ')
}

/**
 * The tokenizer of a vocabulary.
 * @param V symbols that the network predicts
 * @returns undefined for no vocabulary: the caller asks for one
 * @throws FileError for symbols that are missing, repeat or are no single character, naming their ids
 * @throws InputError for a vocabulary of another size
 */
export function tokenizerOf(vocabulary: Vocabulary | undefined, V: number): Tokenizer | undefined {
  if (!vocabulary) return undefined
  const count = vocabulary.kind === 'byte' ? vocabulary.bytes.length : vocabulary.symbols.length
  if (count !== V) {
    throw new InputError(
      'vocabulary',
      `The vocabulary has ${counted(count, 'symbol')}, but the model predicts ${V}`,
      { way: 'vocabulary' },
    )
  }
  if (vocabulary.kind === 'byte') return tokenizerFrom({ kind: 'byte', bytes: vocabulary.bytes })
  const seen = new Set<string>()
  const wrong = [...vocabulary.symbols.entries()].filter(([, symbol]) => {
    const bad = symbol === undefined || !isOneCharacter(symbol) || seen.has(symbol)
    if (symbol !== undefined) seen.add(symbol)
    return bad
  })
  if (wrong.length > 0) {
    throw new FileError(
      'vocabulary',
      `The vocabulary is damaged: ${listed(wrong)}; expected ${V} different characters`,
      { way: 'vocabulary' },
    )
  }
  return new CharacterTokenizer(vocabulary.symbols as readonly string[])
}
