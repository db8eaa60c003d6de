/**
 * Words: runs of Unicode letters, with inner apostrophes (and the invisible joiners inside Persian
 * and Indic words). In scripts without spaces, `Intl.Segmenter` splits the runs.
 *
 * The dictionaries of `Intl.Segmenter` differ between engines and versions. Measures that must not
 * differ, such as the spelling of Japanese, therefore use letter runs and their 4-grams instead.
 */

/** A word or letter run, and its position in the text. */
export interface Word {
  readonly text: string
  /** Offset in UTF-16 units: `source.slice(start, start + text.length) === text`. */
  readonly start: number
}

const RUN = /[\p{L}\p{M}]+(?:['’\u200c\u200d][\p{L}\p{M}]+)*/gu

const UNSPACED =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u

let segmenter: Intl.Segmenter | undefined

/** Whether a run has a letter of a script without spaces (Han, kana, Thai, Lao, Khmer, Burmese). */
export function isUnspaced(run: string): boolean {
  return UNSPACED.test(run)
}

/** The runs of letters of a text, unsplit. A generator, because a long text has millions of them. */
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

/** The runs of letters of a text, unsplit: `don't` is one, `春の夜` is one. */
export const letterRuns = (text: string): Word[] => [...eachRun(text)]

/** The words of a text: `春の夜` is 春, の, 夜. */
export const wordsOf = (text: string): Word[] => [...eachWord(text)]

/**
 * The lookup key of a word or run: NFC, with straight apostrophes and a lower-case first letter, so
 * that a word is also found at the beginning of a sentence. Other capitals stay: `ROMEO` becomes
 * `rOMEO`, and `tHe` is not `the`.
 */
export function spellingKey(word: string): string {
  const composed = word.normalize('NFC').replaceAll('’', "'")
  const first = String.fromCodePoint(composed.codePointAt(0) ?? 0)
  const small = first.toLowerCase()
  return small === first || composed === '' ? composed : small + composed.slice(first.length)
}
