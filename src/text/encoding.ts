/** Decodes bytes to text: detects the encoding and line ends, and counts what could not be decoded. */
import { FileError, shortPath } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { guessJapanese, KANA_NEEDED } from './detect-japanese.js'
import { encodingNamed } from './encoding-names.js'

export interface DecodeOptions {
  /** `utf-8`, `utf-16le`, `shift_jis`, `euc-jp`, or another that the platform's TextDecoder knows. */
  readonly encoding?: string
  /** Keep CRLF and CR as they are. */
  readonly raw?: boolean
  /** Name in error messages, such as the file's name. */
  readonly name?: string
}

export type LineEnds = 'none' | 'lf' | 'crlf' | 'cr' | 'mixed'

export interface DecodedText {
  readonly text: string
  /** The Encoding Standard's name in lower case: `utf-8`, `shift_jis`. */
  readonly encoding: string
  /** A byte order mark stood at the start; it is not part of the text. */
  readonly bom: boolean
  /** The kind of line ends in the file. */
  readonly lineEnds: LineEnds
  /** Broken sequences that became U+FFFD. */
  readonly replaced: number
}

interface Decoded {
  readonly text: string
  readonly encoding: string
  readonly bom: boolean
}

/** 80 to 9F of windows-1252, by the index of the Encoding Standard. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** Node 20 reads windows-1252 as ISO-8859-1, with controls for quotes and dashes; others are not changed. */
function mended(text: string, encoding: string): string {
  if (encoding !== 'windows-1252') return text
  return text.replace(/[\u0080-\u009f]/g, char => WINDOWS_1252[char.charCodeAt(0) - 0x80])
}

function decode(bytes: Uint8Array, encoding: string, bom = false): Decoded {
  return { text: mended(new TextDecoder(encoding).decode(bytes), encoding), encoding, bom }
}

/**
 * Bytes of one piece at least. Node's decoder makes room for two UTF-16 units a byte, and throws where
 * what it held back of an ill-formed character comes to more: at a piece of one to three bytes.
 */
const LEAST_PIECE = 8

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The same bytes in pieces of which none but an only one is too small. */
async function* withoutCrumbs(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array()
  for await (const chunk of chunks) {
    const all = joinBytes([held, chunk])
    const whole = all.length < 2 * LEAST_PIECE ? 0 : all.length - LEAST_PIECE
    if (whole > 0) yield all.subarray(0, whole)
    held = all.slice(whole)
  }
  if (held.length > 0) yield held
}

/**
 * The text of bytes that come in pieces, as `decodeText` has it whole.
 * @param strict bytes that do not fit throw a TypeError; else they become U+FFFD
 */
export async function* decodePieces(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
  strict = false,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding, strict ? { fatal: true, ignoreBOM: true } : {})
  for await (const piece of withoutCrumbs(chunks)) {
    yield mended(decoder.decode(piece, { stream: true }), encoding)
  }
  yield mended(decoder.decode(), encoding)
}

/** The text when every byte fits, else undefined. A byte order mark must be off already. */
function decodeStrictly(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error // too long for a string
  }
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte)
}

/**
 * The encoding by the byte order mark. It has precedence over a given encoding, because a mark can't
 * be text in another encoding.
 * @param bytes at least the first four
 */
export function encodingByBom(bytes: Uint8Array, name: string): string | undefined {
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return 'utf-8'
  if (startsWith(bytes, 0xff, 0xfe, 0, 0) || startsWith(bytes, 0, 0, 0xfe, 0xff)) {
    throw new FileError(
      'encoding',
      `${shortPath(name)} is UTF-32, which Ondo does not read; save it as UTF-8.`,
    )
  }
  if (startsWith(bytes, 0xff, 0xfe)) return 'utf-16le'
  return startsWith(bytes, 0xfe, 0xff) ? 'utf-16be' : undefined
}

function byMark(bytes: Uint8Array, name: string): Decoded | undefined {
  const encoding = encodingByBom(bytes, name)
  return encoding === undefined ? undefined : decode(bytes, encoding, true)
}

/** Largest share of control characters in text. */
export const CONTROLS_ALLOWED = 0.01

/** Tab to carriage return are text; DOS ended files with SUBSTITUTE, terminals colour with ESCAPE. */
export function isControl(unit: number): boolean {
  return (
    (unit < 0x20 && !(unit >= 0x09 && unit <= 0x0d) && unit !== 0x1a && unit !== 0x1b) ||
    unit === 0x7f
  )
}

function looksLikeText(text: string): boolean {
  let controls = 0
  for (let i = 0; i < text.length; i++) if (isControl(text.charCodeAt(i))) controls++
  return controls <= text.length * CONTROLS_ALLOWED
}

/** Bytes of a file that are used to guess its encoding. */
export const SAMPLE = 65_536

/**
 * UTF-16 without a mark: ASCII among its characters leaves a zero in every other byte, always on
 * the same side. A picture can do that too, so the other bytes must be those of a script: nearly
 * all from one row of 256 beside ASCII, or a tenth from the row of the kana.
 */
export function encodingByZeros(bytes: Uint8Array): string | undefined {
  const end = Math.min(bytes.length, SAMPLE) & ~1
  const rows = [new Uint32Array(0x100), new Uint32Array(0x100)]
  for (let i = 0; i < end; i++) rows[i & 1][bytes[i]]++
  const [even, odd] = [rows[0][0], rows[1][0]]
  if (Math.max(even, odd) === 0 || Math.min(even, odd) * 50 > Math.max(even, odd)) return undefined
  const high = odd > even ? rows[1] : rows[0]
  const units = end / 2
  const alphabet = high[0] + Math.max(...high.subarray(1)) >= units * 0.8
  if (!alphabet && high[0x30] < units * KANA_NEEDED) return undefined
  return odd > even ? 'utf-16le' : 'utf-16be'
}

/** No code points that are unassigned or private, as far as the sample goes. */
export function isAssigned(text: string): boolean {
  return !/[\p{Cn}\p{Co}]/u.test(text.slice(0, SAMPLE))
}

function byZeros(bytes: Uint8Array): Decoded | undefined {
  const encoding = encodingByZeros(bytes)
  const text = encoding && decodeStrictly(bytes, encoding)
  if (!text || !looksLikeText(text) || !isAssigned(text)) return undefined
  return { text, encoding, bom: false }
}

/** Escape sequences that switch to two-byte kanji: ISO-2022-JP, the mail encoding. */
export const JIS_KANJI = ['\u001b$B', '\u001b$@']

function byUtf8(bytes: Uint8Array): Decoded | undefined {
  const text = decodeStrictly(bytes, 'utf-8')
  if (text === undefined || !looksLikeText(text)) return undefined
  if (!JIS_KANJI.some(sequence => text.includes(sequence)))
    return { text, encoding: 'utf-8', bom: false }
  return decode(bytes, 'iso-2022-jp')
}

/** Whether bytes are recognised as text, in whatever encoding. */
export function isText(bytes: Uint8Array): boolean {
  try {
    decodeText(bytes)
    return true
  } catch (error) {
    if (error instanceof FileError) return false
    throw error
  }
}

/** UTF-8 that was cut in mid-character or damaged here and there: ten whole characters for a broken. */
function byNearlyUtf8(bytes: Uint8Array): Decoded | undefined {
  const decoded = decode(bytes, 'utf-8')
  const { text } = decoded
  const broken = countReplaced(text, bytes, 'utf-8')
  let beyondAscii = 0
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) beyondAscii++
  return isNearlyUtf8(beyondAscii, broken) && looksLikeText(text) ? decoded : undefined
}

export function isNearlyUtf8(beyondAscii: number, broken: number): boolean {
  return beyondAscii - broken >= broken * 10
}

/** Uses the bytes from the first non-ASCII one on, which starts a character in both encodings. */
function byJapanese(bytes: Uint8Array): Decoded | undefined {
  const start = bytes.findIndex(byte => byte > 0x7f)
  const encoding = guessJapanese(bytes.subarray(start, start + SAMPLE))
  if (encoding === undefined) return undefined
  const decoded = decode(bytes, encoding)
  return looksLikeText(decoded.text) ? decoded : undefined
}

function recognise(bytes: Uint8Array, name: string): Decoded {
  const found = byZeros(bytes) ?? byUtf8(bytes) ?? byNearlyUtf8(bytes) ?? byJapanese(bytes)
  if (found !== undefined) return found
  throw new UnrecognisedError(name, bytes)
}

/**
 * Whether bytes are those of no text in any encoding whose characters are ASCII where their bytes are:
 * too many of them are controls.
 */
export function isBinary(bytes: Uint8Array): boolean {
  let controls = 0
  const end = Math.min(bytes.length, SAMPLE)
  for (let i = 0; i < end; i++) if (isControl(bytes[i])) controls++
  return controls > end * CONTROLS_ALLOWED
}

/** The start of a file; where that is ASCII only, the part in which something else begins. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex(byte => byte > 0x7f)
  const start = first < SAMPLE / 2 ? 0 : bytes.lastIndexOf(0x0a, first) + 1
  return bytes.slice(start, start + SAMPLE)
}

/**
 * Bytes whose encoding is not told without being named, or that are no text. `adviseEncoding` makes a
 * better sentence of it.
 */
export class UnrecognisedError extends FileError {
  readonly file: string
  /** Bytes of the file, from its start. */
  readonly sample: Uint8Array
  /** Likely encodings, best first; empty for what is no text, undefined where none was looked for. */
  readonly encodings: readonly string[] | undefined

  constructor(
    file: string,
    sample: Uint8Array,
    more: { readonly advice?: Bilingual; readonly encodings?: readonly string[] } = {},
  ) {
    const { advice = NAME_IT, encodings } = more
    const shown = shortPath(file)
    const what = isBinary(sample)
      ? {
          en: `${shown} is not recognised as text`,
          ja: `${shown}はテキストと認識できません`,
        }
      : {
          en: `${shown} is not recognised as text in UTF-8, UTF-16, Shift_JIS or EUC-JP`,
          ja: `${shown}はUTF-8、UTF-16、Shift_JIS、EUC-JPのテキストと認識できません`,
        }
    super('encoding-unrecognised', `${what.en}; ${advice.en}`, { ja: `${what.ja}。${advice.ja}` })
    this.file = file
    this.sample = sampleOf(sample)
    this.encodings = encodings ?? (more.advice && [])
  }
}

/** The advice when there is no guess. */
const NAME_IT: Bilingual = {
  en:
    'if it is text, name its encoding (gb18030 or big5 for Chinese, euc-kr for Korean, windows-1251 or ' +
    'koi8-r for Russian, windows-1250 for Polish or Czech, windows-1252 for French or German); if not, read ' +
    'its bytes (tokenizer byte).',
  ja:
    'テキストなら文字コードを指定してください（中国語はgb18030かbig5、韓国語はeuc-kr、ロシア語はwindows-1251か' +
    'koi8-r、ポーランド語やチェコ語はwindows-1250、フランス語やドイツ語はwindows-1252）。テキストでなければバイトの' +
    'まま読めます（トークナイザーbyte）。',
}

function countOf(text: string, char: string): number {
  let count = 0
  for (let i = text.indexOf(char); i >= 0; i = text.indexOf(char, i + 1)) count++
  return count
}

/** The number of U+FFFD in the text that the file did not contain. */
function countReplaced(text: string, bytes: Uint8Array, encoding: string): number {
  const all = countOf(text, '\ufffd')
  if (all === 0) return 0
  let own = 0
  if (encoding === 'utf-8') {
    for (let i = bytes.indexOf(0xef); i >= 0; i = bytes.indexOf(0xef, i + 1)) {
      if (bytes[i + 1] === 0xbf && bytes[i + 2] === 0xbd) own++
    }
  } else if (encoding.startsWith('utf-16')) {
    const [first, second] = encoding === 'utf-16le' ? [0xfd, 0xff] : [0xff, 0xfd]
    for (let i = 0; i + 1 < bytes.length; i += 2) {
      if (bytes[i] === first && bytes[i + 1] === second) own++
    }
  }
  return all - own
}

function lineEndsOf(text: string): LineEnds {
  const crlf = countOf(text, '\r\n')
  const cr = countOf(text, '\r') - crlf
  const lf = (crlf > 0 || cr > 0 ? countOf(text, '\n') : Number(text.includes('\n'))) - crlf
  return lineEndsBy(crlf, cr, lf)
}

/** @param counts of CRLF, of CR and LF alone */
export function lineEndsBy(crlf: number, cr: number, lf: number): LineEnds {
  if (Number(crlf > 0) + Number(cr > 0) + Number(lf > 0) > 1) return 'mixed'
  if (crlf > 0) return 'crlf'
  if (cr > 0) return 'cr'
  return lf > 0 ? 'lf' : 'none'
}

/** CRLF and CR become LF. */
export function unixLines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

/**
 * Bytes of a text file to text. Recognised without being told: UTF-8 and UTF-16 by their byte order
 * mark, UTF-16 without one by its zeros, UTF-8, ISO-2022-JP by its escapes, EUC-JP and Shift_JIS.
 *
 * A byte order mark wins over `encoding`. With `encoding` any bytes are read; what does not fit
 * becomes U+FFFD and is counted in `replaced`.
 *
 * @throws InputError for an encoding that is not known
 * @throws FileError for bytes that are not recognised as text
 */
export function decodeText(bytes: Uint8Array, options: DecodeOptions = {}): DecodedText {
  const name = options.name ?? 'The input'
  const named = options.encoding === undefined ? undefined : encodingNamed(options.encoding)
  const decoded =
    byMark(bytes, name) ?? (named === undefined ? recognise(bytes, name) : decode(bytes, named))
  return {
    ...decoded,
    text: options.raw ? decoded.text : unixLines(decoded.text),
    lineEnds: lineEndsOf(decoded.text),
    replaced: countReplaced(decoded.text, bytes, decoded.encoding),
  }
}
