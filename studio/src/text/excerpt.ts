/** Excerpts of a text, to name one of its symbols. */
import type { Records } from './records.js'

const LETTER = /[\p{L}\p{M}\p{N}']/u
const LONGEST = 24

/** The word that contains symbol n; in texts without words, the symbols around it. */
export function excerpt(records: Records, n: number): string {
  const { text } = records
  let from = records.start(n)
  let to = records.ends[n]
  while (from > 0 && to - from < LONGEST && LETTER.test(text[from - 1])) from--
  while (to < text.length && to - from < LONGEST && LETTER.test(text[to])) to++
  return text.slice(from, to).trim()
}
