/**
 * Graphemes: what a reader takes for one character (`é` however it is written, a flag, a family).
 * Boundaries are those of Unicode Standard Annex #29 as the engine's Intl.Segmenter knows them; a
 * newer Unicode may join what an older one parts, and such a cluster is then an unknown symbol.
 */
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

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * [65536] 1 for units of which two in a row always have a boundary between them: Latin, Greek,
 * Cyrillic, Armenian, symbols, kana, ideographs, Hangul syllables. CR before LF is the one exception.
 */
const SIMPLE = new Uint8Array(0x10000)
for (const [first, last] of [
  [0x0000, 0x02ff],
  [0x0370, 0x0482],
  [0x048a, 0x058f],
  [0x1e00, 0x1fff],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x2100, 0x2bff],
  [0x3000, 0x3029],
  [0x3030, 0x3098],
  [0x309b, 0x9fff],
  [0xac00, 0xd7a3],
  [0xff01, 0xff9d],
]) {
  SIMPLE.fill(1, first, last + 1)
}

/** Plain: the whole text through the segmenter. What `eachGrapheme` is tested against. */
export function splitGraphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), part => part.segment)
}

/** Graphemes are a few units long; a window that holds only one, however long, is doubled. */
const WINDOW = 256

/**
 * The graphemes of text[start, end), where boundaries lie at both ends, by the segmenter. It gets a
 * window at a time, because V8's iterator takes time in proportion to its whole text at every step
 * (Node 20: 0.1 s for 16,000 characters, minutes for a novel). A boundary depends on all that is
 * before it in its cluster and on one code point after it, so in a window all but the last are sure.
 */
function segmentStretch(
  text: string,
  start: number,
  end: number,
  visit: (start: number, end: number) => void,
): void {
  let size = WINDOW
  let from = start
  while (from < end) {
    let to = Math.min(from + size, end)
    if (to < end && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to++
    let boundary = from
    for (const { index, segment } of segmenter.segment(text.slice(from, to))) {
      const next = from + index + segment.length
      if (next === to && to < end) break
      visit(boundary, next)
      boundary = next
    }
    size = boundary === from ? size * 2 : WINDOW
    from = boundary
  }
}

/**
 * Visits the graphemes of a text in order, as [start, end) in UTF-16 units. The segmenter sees only
 * the stretches where something can join, which in most prose are none.
 */
export function eachGrapheme(text: string, visit: (start: number, end: number) => void): void {
  const n = text.length
  let i = 0
  while (i < n) {
    // A boundary lies at i. Find the next j > i that is surely one, from what stands on both sides.
    let j = i + 1
    let before = text.charCodeAt(i)
    while (j < n) {
      const after = text.charCodeAt(j)
      if (SIMPLE[before] === 1 && SIMPLE[after] === 1 && !(before === 0x0d && after === 0x0a)) break
      before = after
      j++
    }
    if (j === i + 1) visit(i, j)
    else segmentStretch(text, i, j, visit)
    i = j
  }
}

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

  /** In the order of strings (UTF-16 units). */
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
  return splitGraphemes(symbol).filter((part, i) => i === 0 || part.charCodeAt(0) < 0x80).length
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

  toJSON(): TokenizerJson {
    return { kind: this.kind, symbols: this.vocabulary.symbols }
  }
}
