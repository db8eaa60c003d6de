/**
 * The bytes of an HDF5 file with a budget: what a file can cost is bounded by its size, wherever its
 * addresses lead. Offsets and lengths are of 8 bytes, as in every file of h5py.
 */
import { FileError, quote } from '../errors.js'

/** Address of what is not there. */
const UNDEFINED = 0xffff_ffff_ffff_ffffn
/** Steps that a file of any size may take: entries of tables, messages, links. */
const STEPS = 400_000
/** Bytes of numbers that a small file may hold after unpacking; more only in proportion to its size. */
const ALWAYS_ALLOWED = 2 ** 20
const MOST_EXPANSION = 4

export class Hdf5Input {
  readonly bytes: Uint8Array
  readonly name: string
  private readonly view: DataView
  private steps: number
  private room: number

  /** @param name for refusals */
  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes
    this.name = name
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.steps = STEPS + 4 * bytes.length
    this.room = Math.max(ALWAYS_ALLOWED, MOST_EXPANSION * bytes.length)
  }

  refuse(what: string): FileError {
    return new FileError('hdf5', `The HDF5 file ${quote(this.name)} ${what}.`)
  }

  damaged(): FileError {
    return this.refuse('is damaged or cut short; save or download it again')
  }

  /** @throws FileError for a feature of the format that is not read */
  unknown(what: string): FileError {
    return this.refuse(`has ${what}, which is not read; save the weights anew with h5py's defaults`)
  }

  /** Counts work; a file whose links or tables lead back to themselves ends here. */
  spend(steps: number): void {
    this.steps -= steps
    if (!(this.steps >= 0)) throw this.refuse('has tables or links that lead round in circles')
  }

  /** Counts bytes that are allocated. */
  allocate(count: number): void {
    this.room -= count
    if (!(this.room >= 0)) {
      throw this.refuse(
        'expands to more than its size allows; expected weights, which hardly shrink',
      )
    }
  }

  check(at: number, count: number): void {
    if (!(at >= 0 && count >= 0 && at + count <= this.bytes.length)) throw this.damaged()
  }

  slice(at: number, count: number): Uint8Array {
    this.check(at, count)
    return this.bytes.subarray(at, at + count)
  }

  u8(at: number): number {
    this.check(at, 1)
    return this.view.getUint8(at)
  }

  u16(at: number): number {
    this.check(at, 2)
    return this.view.getUint16(at, true)
  }

  u32(at: number): number {
    this.check(at, 4)
    return this.view.getUint32(at, true)
  }

  /** A whole number of 8 bytes that a double can hold. */
  u64(at: number): number {
    this.check(at, 8)
    const value = this.view.getBigUint64(at, true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged()
    return Number(value)
  }

  /** A whole number of 1 to 8 bytes. */
  uint(at: number, width: number): number {
    this.check(at, width)
    let value = 0
    for (let i = width - 1; i >= 0; i--) value = 256 * value + (this.bytes[at + i] as number)
    if (!Number.isSafeInteger(value)) throw this.damaged()
    return value
  }

  /** An address within the file; undefined where there is none. */
  address(at: number): number | undefined {
    this.check(at, 8)
    const value = this.view.getBigUint64(at, true)
    if (value === UNDEFINED) return undefined
    if (value >= BigInt(this.bytes.length)) throw this.damaged()
    return Number(value)
  }

  /** @throws FileError when the four letters do not stand there */
  signature(at: number, letters: string): void {
    if (this.latin(at, letters.length) !== letters) throw this.damaged()
  }

  latin(at: number, count: number): string {
    return String.fromCharCode(...this.slice(at, count))
  }

  /** Text up to its padding with NUL or its end. */
  text(at: number, count: number): string {
    const bytes = this.slice(at, count)
    const end = bytes.indexOf(0)
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      end < 0 ? bytes : bytes.subarray(0, end),
    )
  }
}
