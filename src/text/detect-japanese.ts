/**
 * Telling EUC-JP from Shift_JIS, and both from everything else with high bytes in it.
 *
 * Validity alone is weak: much of windows-1252, KOI8-R, GBK and EUC-KR is valid Shift_JIS or EUC-JP.
 * What no other encoding produces is the mix of Japanese prose, in which kana are always many. So
 * the bytes are walked as each encoding reads them and the kinds of characters counted.
 */

interface Kinds {
  /** Characters other than ASCII. */
  all: number
  /** Hiragana and katakana, full-width. */
  kana: number
  /** Half-width katakana; of these ｱ to ｿ apart, and ﾞ ﾟ after a kana that they can voice or not. */
  half: number
  halfFirst: number
  voiced: number
  misvoiced: number
  /** JIS level 1: the kanji in daily use. */
  common: number
  /** Kanji whose second byte lies in ASCII. */
  asciiSecond: number
  broken: number
}

function noKinds(): Kinds {
  return {
    all: 0,
    kana: 0,
    half: 0,
    halfFirst: 0,
    voiced: 0,
    misvoiced: 0,
    common: 0,
    asciiSecond: 0,
    broken: 0,
  }
}

function countHalf(kinds: Kinds, byte: number, before: number): void {
  kinds.half++
  if (byte >= 0xb1 && byte <= 0xbf) kinds.halfFirst++
  if (byte === 0xde || byte === 0xdf) {
    const h = before >= 0xca && before <= 0xce
    const voices = h || (byte === 0xde && ((before >= 0xb6 && before <= 0xc4) || before === 0xb3))
    if (voices) kinds.voiced++
    else kinds.misvoiced++
  }
}

/** Shift_JIS (with Microsoft's extensions): rows in pairs per lead byte, second byte 40-7E, 80-FC. */
function walkShiftJis(bytes: Uint8Array): Kinds {
  const kinds = noKinds()
  for (let i = 0; i < bytes.length; i++) {
    const lead = bytes[i]
    if (lead < 0x80) continue
    kinds.all++
    if (lead >= 0xa1 && lead <= 0xdf) {
      countHalf(kinds, lead, bytes[i - 1])
      continue
    }
    const second = bytes[i + 1]
    if (second === undefined) break // the sample was cut here
    const valid =
      lead !== 0x80 &&
      lead !== 0xa0 &&
      lead <= 0xfc &&
      second >= 0x40 &&
      second !== 0x7f &&
      second <= 0xfc
    if (!valid) {
      kinds.broken++
      continue
    }
    i++
    if ((lead === 0x82 && second >= 0x9f) || (lead === 0x83 && second <= 0x96)) kinds.kana++
    if (lead >= 0x88 && lead <= 0x98) {
      kinds.common++
      if (second < 0x80) kinds.asciiSecond++
    }
  }
  return kinds
}

/** EUC-JP: JIS X 0208 rows as A1-FE pairs, 8E + half-width katakana, 8F + JIS X 0212. */
function walkEucJp(bytes: Uint8Array): Kinds {
  const kinds = noKinds()
  const high = (i: number) => bytes[i] >= 0xa1 && bytes[i] <= 0xfe
  for (let i = 0; i < bytes.length; i++) {
    const lead = bytes[i]
    if (lead < 0x80) continue
    kinds.all++
    const length = lead === 0x8f ? 3 : 2
    if (i + length > bytes.length) break // the sample was cut here
    if (lead === 0x8e && high(i + 1) && bytes[i + 1] <= 0xdf) kinds.half++
    else if (high(i) && high(i + 1)) {
      if (lead === 0xa4 || lead === 0xa5) kinds.kana++
      if (lead >= 0xb0 && lead <= 0xcf) kinds.common++
    } else if (!(lead === 0x8f && high(i + 1) && high(i + 2))) {
      kinds.broken++
      continue
    }
    i += length - 1
  }
  return kinds
}

/** One broken sequence in 200 is damage; more is another encoding. */
const BROKEN_ALLOWED = 0.005
/** Prose has 50 to 80% kana, a table of technical terms a quarter. */
export const KANA_NEEDED = 0.1

/**
 * @param bytes from the start of the file; it may end in mid-character
 * @returns undefined when it is neither, or not surely
 */
export function guessJapanese(bytes: Uint8Array): 'euc-jp' | 'shift_jis' | undefined {
  const euc = walkEucJp(bytes)
  if (euc.all === 0) return undefined
  if (euc.broken <= euc.all * BROKEN_ALLOWED && euc.kana + euc.half >= euc.all * KANA_NEEDED) {
    return 'euc-jp'
  }
  const sjis = walkShiftJis(bytes)
  if (sjis.broken > sjis.all * BROKEN_ALLOWED) return undefined
  if (sjis.kana >= sjis.all * KANA_NEEDED) return 'shift_jis'
  // A list of names has kanji only. Where windows-1252 looks like kanji (“ and ” are lead bytes), the
  // second byte is a letter; of real kanji only about a third have theirs in ASCII.
  if (sjis.common >= sjis.all * 0.8 && sjis.asciiSecond <= sjis.common * 0.6) return 'shift_jis'
  // Half-width katakana alone. KOI8-R lies in the same bytes, but has no letters where ｱ to ｿ are;
  // Chinese and Korean pairs of bytes would have ﾞ and ﾟ after anything.
  const alone = sjis.half >= sjis.all * 0.95 && sjis.halfFirst >= sjis.half * 0.1
  if (alone && sjis.voiced > 0 && sjis.misvoiced === 0) return 'shift_jis'
  return undefined
}
