/** Reads the parts of a pickle that are no instruction: numbers, lines, strings. */
import { FileError, quote } from '../errors.js'
import type { PyValue } from './pickle-values.js'

/** Bytes as characters of the same number; TextDecoder's latin1 is windows-1252. */
function latin1Text(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)))
  }
  return parts.join('')
}

/** Bytes in one integer. */
const MOST_LONG = 1024

export class PickleInput {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly file: string
  private position: number

  /** @param start where the pickle begins @param file for refusals */
  constructor(bytes: Uint8Array, start: number, file: string) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = start
    this.file = file
  }

  /** The position of the next byte. */
  get end(): number {
    return this.position
  }

  refuse(code: string, what: string): FileError {
    return new FileError(code, `The pickle in ${quote(this.file)} ${what}.`)
  }

  damaged(): FileError {
    return this.refuse('pickle-damaged', 'is damaged or cut short; save or download it again')
  }

  take(count: number): Uint8Array {
    if (!(count >= 0 && this.position + count <= this.bytes.length)) throw this.damaged()
    const taken = this.bytes.subarray(this.position, this.position + count)
    this.position += count
    return taken
  }

  byte(): number {
    return this.take(1)[0] as number
  }

  u16(): number {
    this.take(2)
    return this.view.getUint16(this.position - 2, true)
  }

  u32(): number {
    this.take(4)
    return this.view.getUint32(this.position - 4, true)
  }

  u64(): number {
    this.take(8)
    const value = this.view.getBigUint64(this.position - 8, true)
    if (value > BigInt(this.bytes.length)) throw this.damaged()
    return Number(value)
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.position)
    if (end < 0) throw this.damaged()
    const text = latin1Text(this.bytes.subarray(this.position, end))
    this.position = end + 1
    return text
  }

  utf8(count: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(count))
  }

  latin(count: number): string {
    return latin1Text(this.take(count))
  }

  long(count: number): PyValue {
    if (count > MOST_LONG) throw this.refuse('pickle-limits', 'has an integer of too many digits')
    const bytes = this.take(count)
    // Digits all at once: a sum byte by byte takes time as the square of their number.
    const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).reverse()
    let value = BigInt(`0x0${digits.join('')}`)
    if (count > 0 && (bytes[count - 1] as number) >= 0x80) value -= 1n << BigInt(8 * count)
    return this.whole(value)
  }

  whole(value: bigint): PyValue {
    const near = Number(value)
    return Number.isSafeInteger(near) ? near : value
  }

  decimal(text: string): PyValue {
    if (text === '00') return false
    if (text === '01') return true
    const digits = text.replace(/L$/, '')
    if (!/^[+-]?\d{1,2500}$/.test(digits)) throw this.damaged()
    return this.whole(BigInt(digits))
  }

  /** A place in the memo, written as a line of digits. */
  index(): number {
    const text = this.line()
    if (!/^\d{1,10}$/.test(text)) throw this.damaged()
    return Number(text)
  }

  float(text: string): number {
    const isNumber = /^\s*[+-]?(inf|nan|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)\s*$/i.test(text)
    if (!isNumber) throw this.damaged()
    return Number(
      text
        .toLowerCase()
        .replace('inf', 'Infinity')
        .replace(/[+-]?nan/, 'NaN'),
    )
  }

  /** `'a\\nb'` as Python writes strings in protocol 0. */
  quoted(text: string): string {
    const inner = /^(['"])(.*)\1$/s.exec(text)?.[2]
    if (inner === undefined) throw this.damaged()
    return inner.replace(/\\(x[0-9a-f]{2}|[\\'"nrt])/gi, (_, sign: string) => {
      if (sign[0] === 'x') return String.fromCharCode(Number.parseInt(sign.slice(1), 16))
      return { n: '\n', r: '\r', t: '\t' }[sign] ?? sign
    })
  }

  rawUnicode(text: string): string {
    return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short, long) => {
      const code = Number.parseInt(short ?? long, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
    })
  }

  /** Eight bytes, big-endian. */
  f64(): number {
    this.take(8)
    return this.view.getFloat64(this.position - 8, false)
  }
}
