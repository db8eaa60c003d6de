/**
 * Guesses the encoding of bytes by statistics. jschardet knows about forty encodings by the letter
 * pairs of their languages; its guesses are decoded and kept only if the result is text. The library
 * (about 700 KB compressed) is loaded when it is first needed.
 */
import { CONTROLS_ALLOWED, isAssigned, isBinary, isControl, SAMPLE } from './encoding.js'
import { knownEncoding } from './encoding-names.js'

export interface EncodingGuess {
  /** The Encoding Standard's name. */
  readonly encoding: string
  /** BCP 47: `zh`, `ru`; undefined where the statistics are of no language. */
  readonly language?: string
  /** 0 to 1; only their order and ratio mean something. */
  readonly confidence: number
  /** The sample in this encoding. */
  readonly text: string
}

/** Bytes of a file that the statistics need. */
const ENOUGH = 16_384

/** The part from the line of the first non-ASCII byte on, up to a certain character boundary. */
export function nonAsciiPart(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex(byte => byte > 0x7f)
  if (first < 0) return bytes.subarray(0, ENOUGH)
  const start = Math.max(first - 200, bytes.lastIndexOf(0x0a, first) + 1)
  let end = Math.min(bytes.length, start + ENOUGH)
  // In mid-file the last characters may be cut; a line end is a boundary in all these encodings.
  const line = end < bytes.length ? bytes.lastIndexOf(0x0a, end - 1) : -1
  if (line > first) end = line + 1
  return bytes.subarray(start, end)
}

/** One broken sequence in 200 characters is damage, or the end of a sample. */
const BROKEN_ALLOWED = 0.005

/** @returns undefined where the bytes are no text in this encoding */
export function textIn(bytes: Uint8Array, encoding: string): string | undefined {
  const text = new TextDecoder(encoding).decode(bytes)
  let odd = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (isControl(unit) || (unit >= 0x80 && unit < 0xa0 && unit !== 0x85)) odd++
  }
  if (odd > text.length * CONTROLS_ALLOWED) return undefined
  const broken = text.split('\ufffd').length - 1
  // A sample may end in mid-character.
  if (broken > 1 && broken > text.length * BROKEN_ALLOWED) return undefined
  return isAssigned(text.replaceAll('\ufffd', '')) ? text : undefined
}

/** Groups of scripts whose letters occur together in a text. */
const SCRIPTS = [
  ['Latin'],
  ['Greek'],
  ['Cyrillic'],
  ['Arabic'],
  ['Hebrew'],
  ['Thai'],
  ['Devanagari'],
  ['Hangul'],
  ['Han', 'Hiragana', 'Katakana', 'Bopomofo'],
].map(names => new RegExp(`[${names.map(name => `\\p{Script=${name}}`).join('')}]`, 'gu'))

/** Common characters of Chinese, simplified and traditional, and kana: some are in every passage. */
export const COMMON =
  /[\u3041-\u3096\u30a1-\u30fa的一是不了人我在有他这這中大来來上国國个個到说說们們为為子和你地出也时時年得就那要下以生会會自着著去之过過家学學对對可她里裡后後]/gu

export const countOf = (text: string, kind: RegExp): number => text.match(kind)?.length ?? 0

/** Letters of scripts that do not stand side by side in one word. */
const MIXED =
  /(?:\p{Script=Latin}(?=[\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Thai}])|\p{Script=Greek}(?=[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}])|\p{Script=Cyrillic}(?=[\p{Script=Latin}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}])|\p{Script=Hangul}(?=[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Yi}\p{Script=Arabic}])|\p{Script=Han}(?=[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Yi}\p{Script=Arabic}\p{Script=Hangul}]))/gu
const MIXED_ALLOWED = 0.05

/** Whether letters stand beside each other that are never in one word. */
export function mixesScripts(text: string): boolean {
  const mixed = countOf(text, MIXED)
  return mixed > 1 && mixed > countOf(text, /\P{ASCII}/gu) * MIXED_ALLOWED
}

/** UTF-16 without a mark: nearly all letters are of one script, and those of Han are common ones. */
function wideGuess(
  bytes: Uint8Array,
  encoding: 'utf-16le' | 'utf-16be',
): EncodingGuess | undefined {
  if (bytes.length < 8) return undefined
  const whole = bytes.subarray(0, Math.min(bytes.length, ENOUGH) & ~1)
  const text = new TextDecoder(encoding).decode(whole)
  const characters = Array.from(text).length
  const odd = countOf(text, /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\ufffd]/gu) - countOf(text, /[\t\n\r]/g)
  if (odd > 1 && odd > characters * CONTROLS_ALLOWED) return undefined
  const counts = SCRIPTS.map(script => countOf(text, script))
  const most = Math.max(...counts)
  const letters = countOf(text, /\p{L}/gu)
  if (most < letters * 0.9 || letters < characters * 0.6) return undefined
  const han = counts.indexOf(most) === SCRIPTS.length - 1
  if (han && countOf(text, COMMON) < characters * 0.05) return undefined
  return { encoding, confidence: 0.95, text }
}

interface Ranked {
  readonly encoding: string
  readonly language?: string
  readonly confidence: number
}

/** The library's guesses, best first, by names that TextDecoder knows; Macintosh encodings last. */
async function ranked(sample: Uint8Array): Promise<Ranked[]> {
  const { detectAll } = await import('jschardet')
  const all = detectAll(sample, { minimumThreshold: 0 }).flatMap(found => {
    const encoding = found.encoding === null ? undefined : knownEncoding(found.encoding)
    if (encoding === undefined || /^utf-/.test(encoding)) return []
    const { confidence, language } = found
    return [{ encoding, confidence, ...(language && { language }) }]
  })
  const isMac = ({ encoding }: Ranked): boolean => /mac/.test(encoding)
  return [...all.filter(one => !isMac(one)), ...all.filter(isMac)]
}

/** Encodings whose texts differ are kept, each with the best that leads to its text. */
function decoded(sample: Uint8Array, candidates: readonly Ranked[]): EncodingGuess[] {
  const byText = new Map<string, EncodingGuess>()
  for (const candidate of candidates) {
    const text = textIn(sample, candidate.encoding)
    if (text === undefined || mixesScripts(text)) continue
    if (!byText.has(text)) byText.set(text, { ...candidate, text })
  }
  return [...byText.values()]
}

/**
 * Likely encodings, best first.
 * @param bytes of a file, from its start
 * @returns none for bytes that are no text
 */
export async function likelyEncodings(bytes: Uint8Array): Promise<readonly EncodingGuess[]> {
  const head = bytes.subarray(0, SAMPLE)
  if (isBinary(head)) {
    // Half of the bytes of UTF-16 are the numbers of rows, of which many are controls.
    const wide = wideGuess(head, 'utf-16le') ?? wideGuess(head, 'utf-16be')
    return wide === undefined ? [] : [wide]
  }
  const sample = nonAsciiPart(bytes)
  return decoded(sample, await ranked(sample))
}

/** How likely each encoding is for bytes of which a text was made: as `likelyEncodings`, and the given one's. */
export async function confidenceOf(
  sample: Uint8Array,
  text: string,
): Promise<{ readonly given: number; readonly best: EncodingGuess | undefined }> {
  const all = await ranked(sample)
  const given = Math.max(
    0,
    ...all
      .filter(({ encoding }) => new TextDecoder(encoding).decode(sample) === text)
      .map(({ confidence }) => confidence),
  )
  return { given, best: decoded(sample, all)[0] }
}
