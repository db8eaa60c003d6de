/**
 * Encodes bytes as printable ASCII that is safe in HTML, to put a model inside a page.
 *
 * Two characters carry 13 or 14 bits (93 letters; 93² = 8649 > 2^13, and the 457 pairs to spare take
 * a 14th bit, as in Henke's basE91): 1.22 characters a byte, where base64 has 1.33. No space, no
 * control character, no `<`: nothing that an editor, a mail, a line-end conversion or an HTML parser
 * would change. Line breaks are put in for the sake of editors, and skipped.
 */
import { FileError } from '../errors.js'

const FIRST = 33
const LESS_THAN = 60
/** Letters are `!` to `~` without `<`. */
const LETTERS = 93
const LINE = 4000
/** Number of letter pairs beyond 2^13, which carry a 14th bit. */
const SPARE = LETTERS * LETTERS - 8192

const letter = (digit: number): number => digit + FIRST + (digit >= LESS_THAN - FIRST ? 1 : 0)
const digit = (code: number): number => code - FIRST - (code > LESS_THAN ? 1 : 0)

/** @returns text of `!`..`~` without `<`, and line breaks; its length is 1.23 a byte at most */
export function encodePrintable(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil((bytes.length * 8) / 13) * 2 + 2)
  let at = 0
  let word = 0
  let bits = 0
  const put = (value: number): void => {
    text[at++] = letter(value % LETTERS)
    text[at++] = letter(Math.floor(value / LETTERS))
  }
  for (const byte of bytes) {
    word |= byte << bits
    bits += 8
    if (bits < 14) continue
    const taken = (word & 8191) < SPARE ? 14 : 13
    put(word & ((1 << taken) - 1))
    word >>>= taken
    bits -= taken
  }
  // At most 13 bits are left; what is put after them is cut off by the length.
  if (bits > 0) put(word)
  const lines: string[] = []
  const ascii = new TextDecoder()
  for (let from = 0; from < at; from += LINE) {
    lines.push(ascii.decode(text.subarray(from, Math.min(at, from + LINE))))
  }
  return lines.join('\n')
}

/**
 * @param length how many bytes there were
 * @throws FileError for text that was cut, or is not written by `encodePrintable`
 */
export function decodePrintable(text: string, length: number): Uint8Array<ArrayBuffer> {
  const damaged = (): FileError =>
    new FileError(
      'damaged',
      'The model inside this page is damaged or not whole: get the page again.',
    )
  const bytes = new Uint8Array(length)
  let at = 0
  let word = 0
  let bits = 0
  let low = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < FIRST) continue
    if (code > 126 || code === LESS_THAN) throw damaged()
    if (low < 0) {
      low = digit(code)
      continue
    }
    const value = low + digit(code) * LETTERS
    low = -1
    word |= value << bits
    bits += (value & 8191) < SPARE ? 14 : 13
    for (; bits >= 8; bits -= 8) {
      if (at < length) bytes[at] = word & 255
      at++
      word >>>= 8
    }
  }
  if (low >= 0 || at < length || at > length + 1) throw damaged()
  return bytes
}

/**
 * Groups the first bytes of all numbers, then the second bytes, and so on. Deflate compresses groups
 * of signs and exponents well, and their mixture with mantissas hardly at all.
 * @param width bytes of a number
 */
export function byteShuffle(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const planes = new Uint8Array(bytes.length)
  let at = 0
  for (let plane = 0; plane < width; plane++) {
    for (let i = plane; i < bytes.length; i += width) planes[at++] = bytes[i]
  }
  return planes
}

/** Undoes `byteShuffle`. */
export function byteUnshuffle(planes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(planes.length)
  let at = 0
  for (let plane = 0; plane < width; plane++) {
    for (let i = plane; i < bytes.length; i += width) bytes[i] = planes[at++]
  }
  return bytes
}
