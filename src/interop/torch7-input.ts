/** The two forms of Torch7's serialisation, binary and ASCII: numbers, strings and storages. */
import { f16ToF32 } from '../file/half.js'

export type NumberType = 'Double' | 'Float' | 'Half' | 'Int' | 'Long' | 'Short' | 'Char' | 'Byte'

/** Bytes of a number in the binary form. */
export const BYTES: Readonly<Record<NumberType, number>> = {
  Double: 8,
  Float: 4,
  Half: 2,
  Int: 4,
  Long: 8,
  Short: 2,
  Char: 1,
  Byte: 1,
}

/** The numbers of a storage, read where they are asked for. */
export interface Numbers {
  readonly count: number
  at(index: number): number
}

/** What differs between the binary and the ASCII form. */
export interface Input {
  int(): number
  long(): number
  double(): number
  /** A length, then that many bytes. */
  string(): string
  numbers(type: NumberType, count: number): Numbers
  /** Passes over that many bytes. */
  skip(count: number): void
}

/** Thrown inside; the reader turns it into the sentence with the file's name. */
export class CutShort extends Error {}

const READ: Readonly<Record<NumberType, (view: DataView, at: number) => number>> = {
  Double: (view, at) => view.getFloat64(at, true),
  Float: (view, at) => view.getFloat32(at, true),
  Half: (view, at) => f16ToF32(view.getUint16(at, true)),
  Int: (view, at) => view.getInt32(at, true),
  Long: (view, at) => Number(view.getBigInt64(at, true)),
  Short: (view, at) => view.getInt16(at, true),
  Char: (view, at) => view.getInt8(at),
  Byte: (view, at) => view.getUint8(at),
}

export class BinaryInput implements Input {
  private position = 0
  private readonly bytes: Uint8Array
  private readonly view: DataView
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  private step(count: number): number {
    const at = this.position
    if (!(count >= 0 && at + count <= this.bytes.length)) throw new CutShort()
    this.position += count
    return at
  }
  int(): number {
    return this.view.getInt32(this.step(4), true)
  }
  long(): number {
    return Number(this.view.getBigInt64(this.step(8), true))
  }
  double(): number {
    return this.view.getFloat64(this.step(8), true)
  }
  string(): string {
    const count = this.int()
    const at = this.step(count)
    return luaText(this.bytes.subarray(at, at + count))
  }
  numbers(type: NumberType, count: number): Numbers {
    const size = BYTES[type]
    const start = this.step(count * size)
    const read = READ[type]
    return { count, at: index => read(this.view, start + index * size) }
  }
  skip(count: number): void {
    this.step(count)
  }
}

const LONGEST_WORD = 64
/** Bytes of text that are split into words at once. */
const PIECE = 32_768
const ascii = new TextDecoder('latin1')

/** A number as C's printf writes it: also `nan`, `-nan`, `inf`. */
function numberOf(word: string): number {
  const value = Number(word)
  if (!Number.isNaN(value)) return value
  if (/nan/i.test(word)) return Number.NaN
  if (!/^[+-]?inf/i.test(word)) throw new CutShort()
  return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** Numbers as text, one a line or separated by spaces; strings as a length, a line end, the bytes. */
export class AsciiInput implements Input {
  private position = 0
  private readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
  private word(): string {
    const { bytes } = this
    let at = this.position
    while (at < bytes.length && (bytes[at] as number) <= 32) at++
    let end = at
    while (end < bytes.length && (bytes[end] as number) > 32) end++
    if (end === at || end - at > LONGEST_WORD) throw new CutShort()
    this.position = end
    return String.fromCharCode(...bytes.subarray(at, end))
  }
  double(): number {
    return numberOf(this.word())
  }
  int(): number {
    const value = this.double()
    if (!Number.isSafeInteger(value)) throw new CutShort()
    return value
  }
  long(): number {
    return this.int()
  }
  string(): string {
    const count = this.int()
    this.position++ // the line end after the length
    const at = this.position
    this.skip(count)
    return luaText(this.bytes.subarray(at, at + count))
  }
  numbers(type: NumberType, count: number): Numbers {
    // Two bytes a number at least, so that a hostile count allocates no more than the file is large.
    if (!(count >= 0 && 2 * count <= this.bytes.length - this.position + 2)) throw new CutShort()
    const data =
      type === 'Int' || type === 'Long' ? new Float64Array(count) : new Float32Array(count)
    let filled = 0
    // Whole pieces first: text that is split at once is read some ten times as fast as word by word.
    while (count - filled > PIECE) {
      const words = this.piece()
      for (const word of words) data[filled++] = numberOf(word)
    }
    while (filled < count) data[filled++] = this.double()
    return { count, at: index => data[index] as number }
  }
  /** The next words, at least one and at most PIECE / 2. */
  private piece(): string[] {
    const { bytes, position } = this
    let end = Math.min(position + PIECE, bytes.length)
    while (end > position && end < bytes.length && (bytes[end] as number) > 32) end--
    const text = ascii.decode(bytes.subarray(position, end)).trim()
    if (text === '') throw new CutShort()
    this.position = end
    return text.split(/\s+/)
  }
  skip(count: number): void {
    if (!(count >= 0 && this.position + count <= this.bytes.length)) throw new CutShort()
    this.position += count
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** Code point of byte 0 among the lone surrogates that stand for bytes, as in Python's PEP 383. */
const ESCAPE = 0xdc00

/**
 * A Lua string, which is any bytes. UTF-8 becomes text; in a string that is no UTF-8, each byte from
 * 0x80 becomes the lone surrogate U+DC80 to U+DCFF, which no UTF-8 gives, so that no byte is lost.
 */
function luaText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return Array.from(bytes, byte => String.fromCharCode(byte < 0x80 ? byte : ESCAPE + byte)).join(
      '',
    )
  }
}

/** The byte of a Lua string of one byte; undefined for another string. */
export function byteOf(text: string): number | undefined {
  if (text.length !== 1) return undefined
  const code = text.charCodeAt(0)
  if (code < 0x80) return code
  return code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff ? code - ESCAPE : undefined
}
