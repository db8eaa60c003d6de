/**
 * The policy `nearest`: what stands for a symbol that the vocabulary lacks.
 *
 * 1. The same thing written otherwise, by the fewest steps of: canonical and compatibility forms
 *    (NFC, NFKC: full-width to half-width, `ﬁ` to `fi`, `…` to `...`), look-alikes (typographic
 *    quotes and dashes, Japanese and Latin punctuation), small kana to large, hiragana to katakana
 *    and back, half-width to full-width, letters without their marks, case, digits of other scripts.
 * 2. The known symbol of the same class (script for letters, else kind of punctuation, symbol,
 *    number) with the nearest code point; among CJK ideographs neighbours share a radical.
 * 3. Nothing, for what has neither width nor meaning of its own (U+200B, U+FEFF, variation selectors).
 * 4. The most ordinary known symbol: a space, else a line feed, else the first of the vocabulary.
 *
 * Deterministic: no counts, no chance; only the engine's Unicode tables enter.
 */

/** What `nearest` asks of a vocabulary. */
interface Known {
  readonly symbols: readonly string[]
  has(symbol: string): boolean
}

/** Each string one family, the preferred members first. A symbol may belong to two. */
const LOOK_ALIKES = [
  '"“”„‟«»「『〝',
  '"”“‟»«」』〞〟',
  "'’‘‚‛′`´‹›ʼ",
  '-‐‑‒–—―−─ー',
  '~〜～',
  '.。．｡',
  ',、，､',
  ':：',
  ';；',
  '!！¡',
  '?？¿',
  '(（[［{｛〔【〈《「',
  ')）]］}｝〕】〉》」',
  '·・•‧∙･',
  '*＊※×',
  '/／÷⁄',
  '$£€¥₩¢',
  '0〇○◯',
  ' \u00a0\u3000\t\u2002\u2003\u2009\u200a\u202f\u205f\u1680',
  '\n\r\u2028\u2029\u0085\u000b\u000c ',
  '\r\n \n \r',
]

/** Letters whose stroke or ligature Unicode does not take apart. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  æ: 'ae',
  œ: 'oe',
  Æ: 'AE',
  Œ: 'OE',
  ß: 'ss',
  ẞ: 'SS',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
  ł: 'l',
  Ł: 'L',
  ŋ: 'n',
  Ŋ: 'N',
  þ: 'th',
  Þ: 'Th',
  ŧ: 't',
  Ŧ: 'T',
  ſ: 's',
}

const SMALL_KANA = 'ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ'
const LARGE_KANA = 'あいうえおつやゆよわかけアイウエオツヤユヨワカケ'

function eachChar(text: string, change: (char: string, code: number) => string): string {
  return Array.from(text, char => change(char, char.codePointAt(0) ?? 0)).join('')
}

function lookAlikes(text: string): string[] {
  return LOOK_ALIKES.filter(family => family.includes(text)).flatMap(family => Array.from(family))
}

function largeKana(text: string): string {
  return eachChar(text, char => LARGE_KANA[SMALL_KANA.indexOf(char)] ?? char)
}

/** Hiragana and katakana lie 0x60 apart. */
function otherKana(text: string): string {
  return eachChar(text, (char, code) => {
    if (code >= 0x3041 && code <= 0x3096) return String.fromCodePoint(code + 0x60)
    return code >= 0x30a1 && code <= 0x30f6 ? String.fromCodePoint(code - 0x60) : char
  })
}

function fullWidth(text: string): string {
  return eachChar(text, (char, code) => {
    if (code === 0x20) return '\u3000'
    return code > 0x20 && code < 0x7f ? String.fromCodePoint(code + 0xfee0) : char
  })
}

/** Full-width katakana to half-width ones, made by asking NFKC the other way round. */
let halfKana: Map<string, string> | undefined
function halfWidth(text: string): string {
  if (halfKana === undefined) {
    halfKana = new Map()
    for (let code = 0xff9f; code >= 0xff61; code--) {
      const half = String.fromCharCode(code)
      halfKana.set(half.normalize('NFKC'), half)
    }
  }
  const table = halfKana
  return eachChar(text, char =>
    Array.from(char.normalize('NFD'), part => table.get(part) ?? part).join(''),
  )
}

/** Letters without marks, emoji without skin tone, joiners and variation selectors. */
function withoutMarks(text: string): string {
  return eachChar(
    text
      .normalize('NFKD')
      .replace(/[\p{M}\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}]/gu, ''),
    char => PLAIN_LETTERS[char] ?? char,
  )
}

/** Only the first part of an emoji that several people or things make up. */
function firstOfJoined(text: string): string {
  return text.includes('\u200d') ? text.slice(0, text.indexOf('\u200d')) : text
}

/** Digits come in rows of ten in every script, so the place in the row is the value. */
function asciiDigit(text: string): string {
  return eachChar(text, (char, code) => {
    if (!/\p{Nd}/u.test(char)) return char
    let start = code
    while (/\p{Nd}/u.test(String.fromCodePoint(start - 1))) start--
    return String((code - start) % 10)
  })
}

/** Rewritings in order, those that change least first. */
const REWRITINGS: readonly ((text: string) => string | readonly string[])[] = [
  text => text.normalize('NFC'),
  text => text.normalize('NFKC'),
  lookAlikes,
  largeKana,
  otherKana,
  fullWidth,
  withoutMarks, // before case, or ß would be SS
  text => text.toLowerCase(),
  text => text.toUpperCase(),
  firstOfJoined,
  asciiDigit,
  halfWidth,
]

/** ９ to 9 by one, É to e by two, ぱ to ﾊ by three steps; a fourth finds nothing new. */
const STEPS = 3

/** Breadth first, so that the fewest steps win; ties go to the earlier rewriting. */
function rewritten(
  symbol: string,
  known: Known,
  split: (text: string) => string[],
): string[] | undefined {
  const seen = new Set([symbol])
  let frontier = [symbol]
  for (let step = 0; step < STEPS; step++) {
    const next: string[] = []
    for (const text of frontier) {
      for (const variant of REWRITINGS.flatMap(rewrite => rewrite(text))) {
        if (variant === '' || seen.has(variant)) continue
        seen.add(variant)
        next.push(variant)
        const symbols = split(variant)
        if (symbols.every(one => known.has(one))) return symbols
      }
    }
    frontier = next
  }
  return undefined
}

const CLASSES: readonly RegExp[] = [
  ...'Latin Greek Cyrillic Armenian Georgian Hebrew Arabic Devanagari Thai Hangul Hiragana Katakana Han'
    .split(' ')
    .map(script => new RegExp(`^(?=\\p{L})\\p{Script=${script}}`, 'u')),
  /^\p{N}/u,
  /^\p{M}/u,
  /^\p{Extended_Pictographic}/u,
  ...'Pd Ps Pe Pi Pf Po Pc Sc Sm Sk So'
    .split(' ')
    .map(category => new RegExp(`^\\p{${category}}`, 'u')),
]

function codePoint(symbol: string): number {
  return symbol.codePointAt(0) ?? 0
}

function sameClass(symbol: string, known: Known): string | undefined {
  const code = codePoint(symbol)
  const kind = CLASSES.find(candidate => candidate.test(symbol))
  if (kind === undefined || symbol === '\uFFFD') return undefined
  let best: string | undefined
  for (const candidate of known.symbols) {
    if (!kind.test(candidate) || candidate === '\uFFFD') continue
    const distance = Math.abs(codePoint(candidate) - code)
    const shortest =
      best === undefined ? Number.POSITIVE_INFINITY : Math.abs(codePoint(best) - code)
    if (distance < shortest) best = candidate
  }
  return best
}

const WITHOUT_WIDTH = /^[\p{Cf}\p{Default_Ignorable_Code_Point}]+$/u

/**
 * @param symbol one that the vocabulary lacks, without lone surrogates
 * @param split a text into symbols of the tokenizer
 * @returns known symbols, more than one for `ﬁ`; empty for what has no width
 */
export function nearestSymbols(
  symbol: string,
  known: Known,
  split: (text: string) => string[],
): readonly string[] {
  const same = rewritten(symbol, known, split)
  if (same !== undefined) return same
  if (WITHOUT_WIDTH.test(symbol)) return []
  const near = sameClass(symbol, known)
  if (near !== undefined) return [near]
  return [[' ', '\u3000', '\n'].find(one => known.has(one)) ?? known.symbols[0]]
}
