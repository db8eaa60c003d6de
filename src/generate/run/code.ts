/**
 * Encodes a run as a short code that fits in a URL: `ondoAQ…`, base64url of these bytes:
 *
 *   3  a2 77 68, so that every code begins with "ondo"
 *   1  version, 1
 *   .  model, ondo, tokenizer, prompt, unknown, seed, stream, temperature, chain, length, stop
 *   4  CRC-32 of the bytes before
 *
 * Text is its length and UTF-8; numbers are LEB128 (seven bits a byte, lowest first). A model that is
 * a SHA-256 takes 32 bytes. A default value takes one byte.
 */
import { InputError } from '../../errors.js'
import { crc32 } from '../../file/crc32.js'
import { MODEL_TOKENIZERS, UNKNOWN_POLICIES } from '../../text/tokenizer.js'
import type { Run } from './header.js'

const MAGIC = [0xa2, 0x77, 0x68]
const VERSION = 1
const SHA256 = /^[0-9a-f]{64}$/
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

class ByteWriter {
  readonly all: number[] = [...MAGIC, VERSION]

  number(value: number | bigint): void {
    let rest = BigInt(value)
    while (rest >= 128n) {
      this.all.push(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    this.all.push(Number(rest))
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value)
    this.number(bytes.length)
    for (const byte of bytes) this.all.push(byte)
  }

  /** Writes the index in a list that may only grow, from 1. Other words are written as 0 and text. */
  word(value: string, list: readonly string[]): void {
    const place = list.indexOf(value) + 1
    this.number(place)
    if (place === 0) this.text(value)
  }
}

/** Encodes a run. @returns a code of letters, digits, `-` and `_` */
export function encodeRun(run: Run): string {
  const bytes = new ByteWriter()
  if (SHA256.test(run.model)) {
    bytes.number(0)
    for (let i = 0; i < 64; i += 2) bytes.all.push(Number.parseInt(run.model.slice(i, i + 2), 16))
  } else {
    bytes.number(1)
    bytes.text(run.model)
  }
  bytes.text(run.ondo)
  bytes.word(run.tokenizer, MODEL_TOKENIZERS)
  bytes.text(run.prompt)
  bytes.word(run.unknown ?? 'error', UNKNOWN_POLICIES)
  bytes.number(BigInt(run.seed))
  bytes.number(run.stream)
  bytes.text(run.temperature)
  bytes.number(run.chain === undefined ? 0 : 1)
  if (run.chain !== undefined) bytes.text(run.chain)
  bytes.number(run.length === 'inf' ? 0 : run.length + 1)
  bytes.number(run.stop.length)
  for (const stop of run.stop) bytes.text(stop)
  const sum = crc32(bytes.all)
  for (let shift = 24; shift >= 0; shift -= 8) bytes.all.push((sum >>> shift) & 255)
  return base64url(bytes.all)
}

/** Whether a text looks like a code. It need not be valid. */
export const looksLikeCode = (text: string): boolean => /^\s*ondo[\w-]{8,}\s*$/.test(text)

/** Decodes a run. @throws InputError for a text that is not a code, a damaged one, or a newer version */
export function decodeRun(code: string): Run {
  const bytes = fromBase64url(code.trim())
  const refuse = (why: string): InputError => new InputError('code', `The code ${why}.`)
  if (bytes === undefined || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw refuse(
      'is not one of Ondo, which begin with "ondo": copy it whole from where it was written',
    )
  }
  // The version is checked before the checksum, because a newer version may have another one.
  if (bytes.length > 4 && bytes[3] !== VERSION) {
    throw refuse(
      `is of version ${bytes[3]}; expected ${VERSION}: it was made by another Ondo, or is damaged`,
    )
  }
  const body = bytes.slice(0, -4)
  const sum = bytes.slice(-4).reduce((word, byte) => ((word << 8) | byte) >>> 0, 0)
  if (bytes.length < 9 || crc32(body) !== sum) {
    throw refuse('is damaged or not whole (its checksum is wrong): copy all of it again')
  }
  try {
    return readBody(new ByteReader(body))
  } catch (cause) {
    // The checksum is right, so another program wrote this content.
    throw new InputError('code', 'The code holds no run: it was not made by Ondo.', { cause })
  }
}

function readBody(reader: ByteReader): Run {
  const model =
    reader.number() === 0
      ? Array.from(reader.take(32), byte => byte.toString(16).padStart(2, '0')).join('')
      : reader.text()
  const ondo = reader.text()
  const tokenizer = reader.word(MODEL_TOKENIZERS)
  const prompt = reader.text()
  const policy = reader.word(UNKNOWN_POLICIES)
  const unknown = UNKNOWN_POLICIES.find(known => known === policy)
  if (unknown === undefined) throw new Error(`no policy ${policy}`)
  const seed = String(reader.bigInteger())
  const stream = reader.number()
  const temperature = reader.text()
  const chain = reader.number() === 0 ? undefined : reader.text()
  const length = reader.number()
  const stop: string[] = []
  for (let left = reader.number(); left > 0; left--) stop.push(reader.text())
  reader.end()
  return {
    ...{ ondo, model, tokenizer, prompt, seed, stream, temperature, stop },
    ...(unknown !== 'error' && { unknown }),
    ...(chain !== undefined && { chain }),
    length: length === 0 ? 'inf' : length - 1,
  }
}

/** Reads the bytes of a code. `decodeRun` turns its errors into one InputError. */
class ByteReader {
  private readonly bytes: Uint8Array
  private at = MAGIC.length + 1

  constructor(bytes: ArrayLike<number>) {
    this.bytes = Uint8Array.from(bytes)
  }

  take(count: number): Uint8Array {
    const end = this.at + count
    if (!(end <= this.bytes.length)) throw new RangeError('the end')
    const taken = this.bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  bigInteger(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const [byte] = this.take(1)
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }

  number(): number {
    const value = Number(this.bigInteger())
    if (!Number.isSafeInteger(value)) throw new RangeError('too large')
    return value
  }

  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      this.take(this.number()),
    )
  }

  word(list: readonly string[]): string {
    const place = this.number()
    if (place > list.length) throw new RangeError('no such word')
    return place === 0 ? this.text() : list[place - 1]
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new RangeError('more than a run')
  }
}

/** RFC 4648, section 5, without padding. */
function base64url(bytes: readonly number[]): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const letters = Math.min(4, bytes.length - i + 1)
    for (let k = 0; k < letters; k++) text += ALPHABET[(word >>> (18 - 6 * k)) & 63]
  }
  return text
}

/** Undefined for letters that are not base64url, or an impossible length. */
function fromBase64url(text: string): number[] | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes: number[] = []
  let word = 0
  let bits = 0
  for (const letter of text) {
    word = ((word << 6) | ALPHABET.indexOf(letter)) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes.push((word >>> bits) & 255)
  }
  return bytes
}
