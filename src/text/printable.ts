/** Making invisible symbols visible: by a sign, by U+ number, by name. */
import { shorten } from '../errors.js'

/** Nothing to see: controls, formats, spaces, lone surrogates, private and unassigned, ignorables. */
const INVISIBLE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]$/u
const IGNORABLE = /^\p{Default_Ignorable_Code_Point}$/u
const MARK = /^\p{M}$/u
/** Joiners and variation selectors inside an emoji do show: they make the picture. */
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3/u

const SIGNS: Readonly<Record<string, string>> = { ' ': '␣', '\n': '↵', '\t': '⇥' }

/** Unicode's names; for controls, which have none, the usual alias. */
const CONTROLS =
  'NULL,START OF HEADING,START OF TEXT,END OF TEXT,END OF TRANSMISSION,ENQUIRY,ACKNOWLEDGE,ALERT,' +
  'BACKSPACE,CHARACTER TABULATION,LINE FEED,LINE TABULATION,FORM FEED,CARRIAGE RETURN,SHIFT OUT,' +
  'SHIFT IN,DATA LINK ESCAPE,DEVICE CONTROL ONE,DEVICE CONTROL TWO,DEVICE CONTROL THREE,' +
  'DEVICE CONTROL FOUR,NEGATIVE ACKNOWLEDGE,SYNCHRONOUS IDLE,END OF TRANSMISSION BLOCK,CANCEL,' +
  'END OF MEDIUM,SUBSTITUTE,ESCAPE,INFORMATION SEPARATOR FOUR,INFORMATION SEPARATOR THREE,' +
  'INFORMATION SEPARATOR TWO,INFORMATION SEPARATOR ONE,SPACE'

/** Names of neighbours, from the first code point on. */
const NAMES = new Map<number, string>()
for (const [first, names] of [
  [0x00, CONTROLS],
  [0x7f, 'DELETE'],
  [0x85, 'NEXT LINE'],
  [0xa0, 'NO-BREAK SPACE'],
  [0xad, 'SOFT HYPHEN'],
  [0x34f, 'COMBINING GRAPHEME JOINER'],
  [0x61c, 'ARABIC LETTER MARK'],
  [0x115f, 'HANGUL CHOSEONG FILLER,HANGUL JUNGSEONG FILLER'],
  [0x1680, 'OGHAM SPACE MARK'],
  [0x17b4, 'KHMER VOWEL INHERENT AQ,KHMER VOWEL INHERENT AA'],
  [0x180e, 'MONGOLIAN VOWEL SEPARATOR'],
  [
    0x2000,
    'EN QUAD,EM QUAD,EN SPACE,EM SPACE,THREE-PER-EM SPACE,FOUR-PER-EM SPACE,SIX-PER-EM SPACE,' +
      'FIGURE SPACE,PUNCTUATION SPACE,THIN SPACE,HAIR SPACE,ZERO WIDTH SPACE,' +
      'ZERO WIDTH NON-JOINER,ZERO WIDTH JOINER,LEFT-TO-RIGHT MARK,RIGHT-TO-LEFT MARK',
  ],
  [
    0x2028,
    'LINE SEPARATOR,PARAGRAPH SEPARATOR,LEFT-TO-RIGHT EMBEDDING,RIGHT-TO-LEFT EMBEDDING,' +
      'POP DIRECTIONAL FORMATTING,LEFT-TO-RIGHT OVERRIDE,RIGHT-TO-LEFT OVERRIDE,' +
      'NARROW NO-BREAK SPACE',
  ],
  [
    0x205f,
    'MEDIUM MATHEMATICAL SPACE,WORD JOINER,FUNCTION APPLICATION,INVISIBLE TIMES,' +
      'INVISIBLE SEPARATOR,INVISIBLE PLUS',
  ],
  [
    0x2066,
    'LEFT-TO-RIGHT ISOLATE,RIGHT-TO-LEFT ISOLATE,FIRST STRONG ISOLATE,POP DIRECTIONAL ISOLATE',
  ],
  [0x2800, 'BRAILLE PATTERN BLANK'],
  [0x3000, 'IDEOGRAPHIC SPACE'],
  [0x3164, 'HANGUL FILLER'],
  [0xfeff, 'ZERO WIDTH NO-BREAK SPACE'],
  [0xffa0, 'HALFWIDTH HANGUL FILLER'],
  [
    0xfff9,
    'INTERLINEAR ANNOTATION ANCHOR,INTERLINEAR ANNOTATION SEPARATOR,' +
      'INTERLINEAR ANNOTATION TERMINATOR',
  ],
] satisfies [number, string][]) {
  names.split(',').forEach((name, i) => {
    NAMES.set(first + i, name)
  })
}

function nameOf(code: number, char: string): string {
  const name = NAMES.get(code)
  if (name !== undefined) return name
  if (code >= 0xfe00 && code <= 0xfe0f) return `VARIATION SELECTOR-${code - 0xfe00 + 1}`
  if (code >= 0xe0100 && code <= 0xe01ef) return `VARIATION SELECTOR-${code - 0xe0100 + 17}`
  if (code >= 0xe0020 && code <= 0xe007f) return 'a tag of an emoji'
  if (/^\p{Cs}$/u.test(char)) return 'half of a surrogate pair'
  if (/^\p{Co}$/u.test(char)) return 'for private use'
  if (/^\p{Cc}$/u.test(char)) return 'a control'
  if (/^\p{Zs}$/u.test(char)) return 'a space'
  return /^\p{Cn}$/u.test(char) ? 'not assigned' : 'invisible'
}

/** `U+3000`; for several code points all of them, `U+0065 U+0301`. */
export function codeNumbers(symbol: string): string {
  return Array.from(
    symbol,
    char => `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
  ).join(' ')
}

/** Whether a reader sees nothing of it, or only a gap. */
export function isInvisible(symbol: string): boolean {
  return Array.from(symbol).every(char => INVISIBLE.test(char))
}

/** Unicode's name of an invisible symbol, `IDEOGRAPHIC SPACE`; undefined for one that can be seen. */
export function invisibleName(symbol: string): string | undefined {
  if (!isInvisible(symbol)) return undefined
  return Array.from(symbol, char => nameOf(char.codePointAt(0) ?? 0, char)).join(' + ')
}

/**
 * A symbol as something that can be seen on a label: `␣`, `↵`, `⇥`, `U+00A0`, `◌̈` for a combining
 * mark alone, `a+U+200D` where part of a grapheme does not show; else the symbol itself.
 */
export function printable(symbol: string): string {
  const sign = SIGNS[symbol]
  if (sign !== undefined) return sign
  if (isInvisible(symbol)) return codeNumbers(symbol)
  const chars = Array.from(symbol)
  const hidden = EMOJI.test(symbol) ? [] : chars.filter(char => IGNORABLE.test(char))
  const shown = hidden.length > 0 ? chars.filter(char => !IGNORABLE.test(char)).join('') : symbol
  const based = chars.length > 0 && MARK.test(chars[0]) ? `◌${shown}` : shown
  return [based, ...hidden.map(codeNumbers)].join('+')
}

/** UTF-16 units of a symbol that is described whole; the longest emoji of families have 30. */
const LONGEST_SYMBOL = 32

/** Describes a symbol in a message: `"é" (U+00E9)`, or `U+3000 IDEOGRAPHIC SPACE` if invisible. */
export function describeSymbol(symbol: string): string {
  // A grapheme may have any number of marks.
  if (symbol.length > LONGEST_SYMBOL) {
    const shown = printable(shorten(symbol, LONGEST_SYMBOL))
    return `"${shown}" (${Array.from(symbol).length} code points)`
  }
  const name = invisibleName(symbol)
  const numbers = codeNumbers(symbol)
  return name === undefined ? `"${printable(symbol)}" (${numbers})` : `${numbers} ${name}`
}
