/** English or Japanese, and how wide text stands on a terminal. */
import type { Bilingual } from '../../knob.js'
import { splitGraphemes } from '../../text/segment.js'

export type Language = 'en' | 'ja'

/** The language of `--lang`, or of the locale that the environment names; English otherwise. */
export function languageOf(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const at = argv.findIndex(word => word === '--lang' || word.startsWith('--lang='))
  const asked = at < 0 ? '' : argv[at]!.includes('=') ? argv[at]!.slice(7) : (argv[at + 1] ?? '')
  const locale = asked || env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return /^ja/i.test(locale) ? 'ja' : 'en'
}

export const pick = (text: Bilingual, language: Language): string => text[language]

/** East Asian wide and fullwidth blocks (Unicode TR 11), and emoji: two columns each. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
/** Takes no column of its own: combining marks, joiners, variation selectors. */
const NARROW = /\p{M}|\u200b|\u200c|\u200d|\u2060|\ufe0f/u

/** Columns of a text on a terminal. */
export function width(text: string): number {
  let columns = 0
  for (const character of text) columns += NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return columns
}

/** The beginning of a text that fits into so many columns; never cuts inside a grapheme. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let fitting = ''
  let used = 0
  for (const grapheme of splitGraphemes(text)) {
    used += width(grapheme)
    if (used > columns) break
    fitting += grapheme
  }
  return fitting
}

export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - width(text)))

/** No line begins with these in Japanese. */
const CLOSING = /^[、。，．：；）」』】〉》ー〜…？！;:,.\])]/u
/** And no line ends with these. */
const OPENING = /[（「『【〈《[(]$/u

/** A space at which no line is broken. */
export const NO_BREAK = '\u00a0'
/** Stands between two characters where no line is broken (WORD JOINER); it is not shown. */
const JOINER = '\u2060'

/** A text that `wrap` keeps on one line, Japanese too. */
export const unbroken = (text: string): string =>
  splitGraphemes(text.replaceAll(' ', NO_BREAK)).join(JOINER)

/** Breaks at spaces, and between wide characters, so that no line is wider than `columns`. */
export function wrap(text: string, columns: number): string[] {
  // Pieces that may not be broken: a word with its following spaces, or one wide character.
  const pieces: string[] = []
  for (const word of text.match(/[^ \n]+[ \n]*|[ \n]+/gu) ?? []) {
    let piece = ''
    let wideBefore = false
    let bound = false
    for (const character of splitGraphemes(word)) {
      const wide = WIDE.test(character)
      const binds = character === JOINER || character === NO_BREAK
      const breakable = (wide || wideBefore) && !binds && !bound
      bound = binds
      wideBefore = wide
      if (piece && breakable && !CLOSING.test(character) && !OPENING.test(piece)) {
        pieces.push(piece)
        piece = ''
      }
      piece += character
    }
    if (piece) pieces.push(piece)
  }
  const lines: string[] = []
  let line = ''
  for (const piece of pieces) {
    if (line && width(line + piece.trimEnd()) > columns) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += piece
  }
  if (line.trimEnd() || lines.length === 0) lines.push(line.trimEnd())
  return lines.map(whole => whole.replaceAll(NO_BREAK, ' ').replaceAll(JOINER, ''))
}
