/** Excerpts of a text, to name one of its symbols. */
import type { Records } from './records.js'

const LETTER = /^[\p{L}\p{M}\p{N}']+$/u
/** UTF-16 units, unless the symbol itself is longer. */
const LONGEST = 24
/** UTF-16 units on each side that are split into graphemes. */
const REACH = 64

/** Old browsers have no segmenter; there only code points stay whole. */
const splitGraphemes = (text: string): string[] =>
  typeof Intl.Segmenter === 'function'
    ? Array.from(
        new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text),
        p => p.segment,
      )
    : Array.from(text)

/**
 * The word that contains symbol n; in texts without words, the symbols around it. Graphemes stay
 * whole.
 */
export function excerpt(records: Records, n: number): string {
  const { text } = records
  const [start, end] = [records.start(n), records.ends[n]]
  let [from, to] = [start, end]
  for (const part of splitGraphemes(text.slice(Math.max(0, start - REACH), start)).reverse()) {
    if (to - from + part.length > LONGEST || !LETTER.test(part)) break
    from -= part.length
  }
  for (const part of splitGraphemes(text.slice(end, end + REACH))) {
    if (to - from + part.length > LONGEST || !LETTER.test(part)) break
    to += part.length
  }
  return text.slice(from, to).trim()
}
