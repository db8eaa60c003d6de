/**
 * The word tokenizer of imported models (textgenrnn's word level): symbols are words and single marks of
 * punctuation, parted by spaces. It is not one of `TOKENIZERS`: no model is trained with it here, because
 * spaces and capitals are lost.
 *
 * Ids to text: one space between two symbols, but none before `.` or after `(` and the like. Text to ids:
 * marks are symbols of their own, and a word that is unknown is read in lower case. So text that the
 * tokenizer wrote has its ids again.
 */
import { knownSymbol } from './input-text.js'
import type {
  Encoded,
  StreamDecoder,
  Tokenizer,
  TokenizerJson,
  UnknownPolicy,
} from './tokenizer.js'
import { checkSymbols, IdWriter, Vocabulary } from './vocabulary.js'

/** Marks that textgenrnn parts from words, and the symbol between texts. */
const MARK = /([!"#$%&()*+,\-./:;<=>?@[\]^_`{|}~\n\t'‘’“”–—…\u241e])/u
/** Symbols without a space before them, and after them. */
const CLOSING = new Set("!%),.:;?]}’”…'\n\t\u241e")
const OPENING = new Set("([{$#@“‘'\n\t\u241e")

export class WordTokenizer implements Tokenizer {
  readonly kind = 'word'
  readonly size: number
  private readonly vocabulary: Vocabulary

  /**
   * @param symbols in the order of their ids
   * @throws InputError for an empty list, an empty symbol, or one that repeats
   */
  constructor(symbols: readonly string[]) {
    checkSymbols(symbols, 'word', () => 1)
    this.vocabulary = new Vocabulary(symbols)
    this.size = symbols.length
  }

  encode(text: string, unknown: UnknownPolicy = 'error'): Encoded {
    const { vocabulary } = this
    const words = this.split(text)
    const writer = new IdWriter(vocabulary, unknown, words.length, piece => this.split(piece))
    for (const [position, word] of words.entries()) {
      if (vocabulary.has(word)) writer.ids[writer.length++] = vocabulary.idOf(word)
      else writer.absent(word, position, words.length - 1 - position)
    }
    return writer.finish()
  }

  /** Symbols of a text, in lower case where only that is known. */
  private split(text: string): string[] {
    const { vocabulary } = this
    const form = (word: string): string => {
      const lower = word.toLowerCase()
      return vocabulary.has(word) || !vocabulary.has(lower) ? word : lower
    }
    return text.split(/ +/).flatMap(chunk => {
      const pieces = chunk.split(MARK).filter(Boolean).map(form)
      // A vocabulary may have words with marks in them.
      const whole = form(chunk)
      const lacks = pieces.some(piece => !vocabulary.has(piece))
      return lacks && vocabulary.has(whole) ? [whole] : pieces
    })
  }

  decode(ids: ArrayLike<number>): string {
    const decoder = this.decoder()
    return Array.from(ids, id => decoder.push(id)).join('')
  }

  decoder(before?: ArrayLike<number>): StreamDecoder {
    const { vocabulary } = this
    const last = before?.[before.length - 1]
    let previous = last === undefined ? undefined : vocabulary.symbol(last)
    return {
      push: id => {
        const symbol = vocabulary.symbol(id)
        const together = previous === undefined || OPENING.has(previous) || CLOSING.has(symbol)
        previous = symbol
        return together ? symbol : ` ${symbol}`
      },
      flush: () => '',
    }
  }

  symbol(id: number): string {
    return this.vocabulary.symbol(id)
  }

  known(text: string): string | undefined {
    return knownSymbol(text, this)
  }

  toJSON(): TokenizerJson {
    return { kind: this.kind, symbols: this.vocabulary.symbols }
  }
}
