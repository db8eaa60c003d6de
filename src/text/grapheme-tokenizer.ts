/**
 * Graphemes: what a reader takes for one character (`é` however it is written, a flag, a family).
 * Boundaries are those of Unicode Standard Annex #29 as the engine's Intl.Segmenter knows them; a
 * newer Unicode may join what an older one parts, and such a cluster is then an unknown symbol.
 */
import { knownSymbol } from './input-text.js'
import { eachGrapheme, splitGraphemes } from './segment.js'
import type {
  Encoded,
  StreamDecoder,
  Tokenizer,
  TokenizerJson,
  UnknownPolicy,
} from './tokenizer.js'
import {
  ABSENT,
  checkSymbols,
  IdWriter,
  loneSurrogates,
  type SymbolCounts,
  Vocabulary,
  wellFormed,
} from './vocabulary.js'

/** Counts graphemes of a text that comes in pieces, each ending where a grapheme does. */
export class GraphemeCounter {
  private readonly units = new Float64Array(0x10000)
  private readonly longer = new Map<string, number>()

  /** @param text without lone surrogates */
  push(text: string): void {
    const { units, longer } = this
    eachGrapheme(text, (start, end) => {
      if (end - start === 1) {
        units[text.charCodeAt(start)]++
        return
      }
      const symbol = text.slice(start, end)
      longer.set(symbol, (longer.get(symbol) ?? 0) + 1)
    })
  }

  /** Returns the counts in the order of the symbols' UTF-16 units. */
  counts(): Map<string, number> {
    const found: [string, number][] = [...this.longer]
    this.units.forEach((count, unit) => {
      if (count > 0) found.push([String.fromCharCode(unit), count])
    })
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** Counts graphemes; the order of the result is that of strings (UTF-16 units). */
export function countGraphemes(text: string): SymbolCounts {
  const lone = loneSurrogates(text).length
  const counter = new GraphemeCounter()
  counter.push(lone > 0 ? wellFormed(text) : text)
  return { counts: counter.counts(), lone }
}

/**
 * How many graphemes a symbol surely has. Clusters grow from one version of Unicode to the next, so
 * a boundary counts only before ASCII, where every version has one (but for CR LF).
 */
function surelySplit(symbol: string): number {
  let count = 0
  eachGrapheme(symbol, start => {
    if (start === 0 || symbol.charCodeAt(start) < 0x80) count++
  })
  return count
}

export class GraphemeTokenizer implements Tokenizer {
  readonly kind = 'grapheme'
  readonly size: number
  private readonly vocabulary: Vocabulary

  /**
   * @param symbols in the order of their ids, each one grapheme
   * @throws InputError for an empty list, a symbol that is not one grapheme, or one that repeats
   */
  constructor(symbols: readonly string[]) {
    checkSymbols(symbols, 'grapheme', surelySplit)
    this.vocabulary = new Vocabulary(symbols)
    this.size = symbols.length
  }

  encode(text: string, unknown: UnknownPolicy = 'error'): Encoded {
    const { vocabulary } = this
    const { table } = vocabulary
    const lone = loneSurrogates(text)
    const whole = lone.length > 0 ? wellFormed(text) : text
    const writer = new IdWriter(vocabulary, unknown, whole.length, splitGraphemes)
    let position = 0
    let nextLone = 0
    eachGrapheme(whole, (start, end) => {
      const id =
        end - start === 1
          ? table[whole.charCodeAt(start)]
          : vocabulary.idOf(whole.slice(start, end))
      const broken = lone[nextLone] < end
      if (id !== ABSENT && !broken) writer.ids[writer.length++] = id
      else writer.absent(text.slice(start, end), position, whole.length - end)
      while (lone[nextLone] < end) nextLone++
      position++
    })
    return writer.finish()
  }

  decode(ids: ArrayLike<number>): string {
    return this.vocabulary.decode(ids)
  }

  decoder(): StreamDecoder {
    return this.vocabulary.decoder()
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
