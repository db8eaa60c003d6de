/**
 * Words: runs of letters by Unicode, with inner apostrophes (and the invisible joiners that Persian
 * and Indic words hold inside). Where a script writes no spaces, `Intl.Segmenter` cuts the run.
 *
 * The dictionaries behind `Intl.Segmenter` differ between engines and versions; what must not (the
 * spelling of Japanese) is therefore measured on letter runs and their 4-grams, not on these words.
 */

/** A stretch of a text. */
export interface Word {
  readonly text: string
  /** Where it begins, in UTF-16 units: `source.slice(start, start + text.length) === text`. */
  readonly start: number
}

const RUN = /[\p{L}\p{M}]+(?:['’\u200c\u200d][\p{L}\p{M}]+)*/gu

const UNSPACED =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u

let segmenter: Intl.Segmenter | undefined

/** Is there a letter of a script that writes no spaces (Han, kana, Thai, Lao, Khmer, Burmese)? */
export function isUnspaced(run: string): boolean {
  return UNSPACED.test(run)
}

/** The runs of letters of a text, never cut, one at a time: a long text has millions of them. */
export function* eachRun(text: string): Generator<Word, void, undefined> {
  for (const match of text.matchAll(RUN)) yield { text: match[0], start: match.index }
}

/** The words of a text, one at a time. */
export function* eachWord(text: string): Generator<Word, void, undefined> {
  for (const run of eachRun(text)) {
    if (!isUnspaced(run.text)) {
      yield run
      continue
    }
    yield* wordsOfRun(run)
  }
}

/** UTF-16 units that the segmenter gets at a time: its iterator takes time in proportion to them at every step. */
const WINDOW = 2000
/** Words so near to the end of a window may go on after it. */
const MARGIN = 64

function* wordsOfRun({ text, start }: Word): Generator<Word, void, undefined> {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'word' })
  let from = 0
  while (from < text.length) {
    const part = text.slice(from, from + WINDOW)
    const last = from + part.length === text.length
    let boundary = 0
    for (const { segment, index } of segmenter.segment(part)) {
      const end = index + segment.length
      if (!last && boundary > 0 && end > WINDOW - MARGIN) break
      yield { text: segment, start: start + from + index }
      boundary = end
    }
    from += boundary
  }
}

/** The runs of letters of a text, never cut: `don't` is one, `春の夜` is one. */
export const letterRuns = (text: string): Word[] => [...eachRun(text)]

/** The words of a text: `春の夜` is 春, の, 夜. */
export const wordsOf = (text: string): Word[] => [...eachWord(text)]

/**
 * The form under which a word or run is looked up: composed (NFC), its first letter small (so that
 * a word known from the middle of a sentence is known at its beginning), apostrophes straight.
 * `ROMEO` becomes `rOMEO`: other capitals keep their say, and `tHe` is not `the`.
 */
export function spellingKey(word: string): string {
  const composed = word.normalize('NFC').replaceAll('’', "'")
  const first = String.fromCodePoint(composed.codePointAt(0) ?? 0)
  const small = first.toLowerCase()
  return small === first || composed === '' ? composed : small + composed.slice(first.length)
}
