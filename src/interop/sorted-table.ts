/**
 * LevelDB's sorted tables, uncompressed, as TensorFlow writes the index of a checkpoint.
 *
 * Source: LevelDB's table_format.md. Blocks of entries whose keys name what they share with the one
 * before; an index block names the others, and a footer of 48 bytes names the index block.
 */
import { FileError, quote } from '../errors.js'
import { crc32c, maskCrc } from './crc32c.js'
import type { SourceFile } from './source.js'

const FOOTER_BYTES = 48
/** The last eight bytes of a table: 0xdb4775248b80fb57, little-endian. */
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
/** Behind each block: a byte for its compression and four for its checksum. */
const TRAILER_BYTES = 5
const MOST_ENTRIES = 100_000
const LONGEST_KEY = 4096

/** Thrown inside; the reader turns it into the sentence with the file's name. */
export class Damaged extends Error {}

/** Reads a part of the file in order: LevelDB's and protobuf's numbers. */
export class Cursor {
  at: number
  readonly end: number
  private readonly bytes: Uint8Array
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    if (!(at >= 0 && at <= end && end <= bytes.length)) throw new Damaged()
    this.bytes = bytes
    this.at = at
    this.end = end
  }
  byte(): number {
    if (this.at >= this.end) throw new Damaged()
    return this.bytes[this.at++] as number
  }
  /** Seven bits a byte, the lowest first. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new Damaged()
  }
  take(count: number): Uint8Array {
    const start = this.at
    if (!(count <= this.end - start)) throw new Damaged()
    this.at += count
    return this.bytes.subarray(start, this.at)
  }
  fixed32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.take(4)
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
  }
}

/** Whether the bytes end as a table does. */
export const isSortedTable = ({ bytes }: SourceFile): boolean =>
  bytes.length >= FOOTER_BYTES && MAGIC.every((byte, i) => bytes[bytes.length - 8 + i] === byte)

/** The table of a file. Its key is read as UTF-8. */
export class SortedTable {
  private readonly file: SourceFile
  /** Bytes of the blocks that were read. Blocks do not overlap, so that a file is read once. */
  private read = 0
  constructor(file: SourceFile) {
    this.file = file
  }

  /** All entries in order. */
  *entries(): Generator<[key: string, value: Uint8Array]> {
    const { bytes } = this.file
    const footer = new Cursor(bytes, bytes.length - FOOTER_BYTES)
    footer.varint() // where the block of filters is,
    footer.varint() // and its size: a checkpoint has none
    let count = 0
    for (const [, handle] of this.block(footer)) {
      for (const entry of this.block(new Cursor(handle))) {
        if (++count > MOST_ENTRIES) throw new Damaged()
        yield entry
      }
    }
  }

  /** The entries of the block that a handle (offset, size) names. */
  private *block(handle: Cursor): Generator<[key: string, value: Uint8Array]> {
    const { bytes, name } = this.file
    const start = handle.varint()
    const size = handle.varint()
    const end = start + size
    this.read += size
    if (this.read > bytes.length) throw new Damaged()
    const trailer = new Cursor(bytes, end, end + TRAILER_BYTES)
    const compression = trailer.byte()
    if (maskCrc(crc32c(bytes.subarray(start, end + 1))) !== trailer.fixed32()) throw new Damaged()
    if (compression !== 0) {
      throw new FileError(
        'tensorflow',
        `The table ${quote(name)} is compressed, which TensorFlow's checkpoints are not.`,
      )
    }
    const restarts = new Cursor(bytes, end - 4, end).fixed32()
    const cursor = new Cursor(bytes, start, end - 4 - 4 * restarts)
    let key = new Uint8Array()
    while (cursor.at < cursor.end) {
      const shared = cursor.varint()
      const own = cursor.varint()
      const length = cursor.varint()
      if (shared > key.length || shared + own > LONGEST_KEY) throw new Damaged()
      const next = new Uint8Array(shared + own)
      next.set(key.subarray(0, shared))
      next.set(cursor.take(own), shared)
      key = next
      yield [new TextDecoder().decode(key), cursor.take(length)]
    }
  }
}
