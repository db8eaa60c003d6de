/**
 * Zip archives (PyTorch's .pt, Keras 3's .keras), unpacked in memory with limits, so that a small
 * hostile archive costs little: nothing is written anywhere, and no name can leave the archive. The
 * directory is read here, because fflate checks neither checksums nor overlaps nor equal names.
 *
 * Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
 */
import { inflateSync } from 'fflate'
import { FileError, quote } from '../errors.js'
import { crc32 } from '../file/crc32.js'
import type { SourceFile } from './source.js'

/** More entries than any model has: PyTorch writes one a tensor. */
const MOST_ENTRIES = 20_000
/** Weights hardly shrink; text does, but little of it is needed. Expanded bytes by packed bytes. */
const MOST_EXPANSION = 4
/** Bytes that a small archive may expand to whatever its own size: a description is all repetition. */
const ALWAYS_ALLOWED = 2 ** 20

const ENTRY = 0x02014b50
const LOCAL = 0x04034b50
const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50

interface Entry {
  readonly name: string
  readonly method: number
  readonly flags: number
  readonly crc: number
  /** Bytes in the archive and after unpacking. */
  readonly packed: number
  readonly size: number
  /** Where its local header begins. */
  readonly offset: number
}

/** Thrown inside; becomes the sentence with the archive's name. */
class Damaged extends Error {}

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4

/** A name that stays inside: no drive, no leading slash, no step up. */
function isInside(name: string): boolean {
  return !/^[/\\]|^[a-z]:|\\|\0/i.test(name) && !name.split('/').includes('..')
}

class Reader {
  private readonly view: DataView
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  private check(at: number, count: number): void {
    if (!(at >= 0 && at + count <= this.bytes.length)) throw new Damaged()
  }

  u16(at: number): number {
    this.check(at, 2)
    return this.view.getUint16(at, true)
  }

  u32(at: number): number {
    this.check(at, 4)
    return this.view.getUint32(at, true)
  }

  u64(at: number): number {
    this.check(at, 8)
    const value = this.view.getBigUint64(at, true)
    if (value > BigInt(this.bytes.length)) throw new Damaged()
    return Number(value)
  }

  text(at: number, count: number): string {
    this.check(at, count)
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes.subarray(at, at + count))
  }

  /** Where the directory begins and how many entries it says to have. */
  directory(): { readonly at: number; readonly count: number } {
    const { length } = this.bytes
    // The record of the end is followed by a comment of at most 65,535 bytes.
    for (let at = length - 22; at >= Math.max(0, length - 22 - 65_535); at--) {
      if (this.view.getUint32(at, true) !== END) continue
      const directory = { at: this.u32(at + 16), count: this.u16(at + 10) }
      const isLarge = directory.at === 0xffffffff || directory.count === 0xffff
      if (!isLarge) return directory
      if (at < 20 || this.u32(at - 20) !== LOCATOR_64) throw new Damaged()
      const end = this.u64(at - 12)
      if (this.u32(end) !== END_64) throw new Damaged()
      return { at: this.u64(end + 48), count: this.u64(end + 32) }
    }
    throw new Damaged()
  }

  /** The entry at a position of the directory, and where the next one begins. */
  entry(at: number): { readonly entry: Entry; readonly next: number } {
    if (this.u32(at) !== ENTRY) throw new Damaged()
    const [names, extras, comments] = [this.u16(at + 28), this.u16(at + 30), this.u16(at + 32)]
    const extra = at + 46 + names
    const end = extra + extras
    let [packed, size, offset] = [this.u32(at + 20), this.u32(at + 24), this.u32(at + 42)]
    // Sizes beyond 32 bits stand in the extra field 1, in this order, each only where it is needed.
    for (let field = extra; field + 4 <= end; field += 4 + this.u16(field + 2)) {
      if (this.u16(field) !== 1) continue
      let value = field + 4
      const long = (short: number): number => {
        if (short !== 0xffffffff) return short
        value += 8
        return this.u64(value - 8)
      }
      size = long(size)
      packed = long(packed)
      offset = long(offset)
    }
    const entry = {
      name: this.text(at + 46, names),
      flags: this.u16(at + 8),
      method: this.u16(at + 10),
      crc: this.u32(at + 16),
      packed,
      size,
      offset,
    }
    return { entry, next: end + comments }
  }

  entries(): Entry[] {
    const { at, count } = this.directory()
    if (count > MOST_ENTRIES) throw new RangeError()
    const entries: Entry[] = []
    for (let i = 0, next = at; i < count; i++) {
      const read = this.entry(next)
      entries.push(read.entry)
      next = read.next
    }
    return entries
  }

  /** The packed bytes of an entry, and where they end. */
  data({ offset, packed }: Entry): Uint8Array {
    if (this.u32(offset) !== LOCAL) throw new Damaged()
    const start = offset + 30 + this.u16(offset + 26) + this.u16(offset + 28)
    this.check(start, packed)
    return this.bytes.subarray(start, start + packed)
  }
}

/** The names of an archive's entries; empty for a damaged one. */
export function zipNames(bytes: Uint8Array): string[] {
  try {
    return new Reader(bytes).entries().map(({ name }) => name)
  } catch {
    return []
  }
}

function unpacked(entry: Entry, packed: Uint8Array): Uint8Array {
  const { crc, method, size } = entry
  let data = packed
  if (method === 8) {
    try {
      data = inflateSync(packed, { out: new Uint8Array(size) })
    } catch {
      throw new Damaged()
    }
  }
  // PyTorch can be told to write no checksums; they are 0 then.
  if (data.length !== size || (crc !== 0 && crc32(data) !== crc)) throw new Damaged()
  return data
}

/** Refuses entries that no model has. @throws FileError naming the entry */
function checkEntries(entries: readonly Entry[], { name, bytes }: SourceFile): void {
  const refuse = (code: string, what: string): FileError =>
    new FileError(code, `The archive ${quote(name)} ${what}.`)
  const limit = Math.max(ALWAYS_ALLOWED, MOST_EXPANSION * bytes.length)
  const names = new Set<string>()
  let expanded = 0
  for (const entry of entries) {
    if (!isInside(entry.name)) {
      throw refuse('zip-path', `has the entry ${quote(entry.name)}, which leaves the archive`)
    }
    if (names.has(entry.name)) {
      throw refuse('zip-names', `has two entries ${quote(entry.name)}; expected different names`)
    }
    names.add(entry.name)
    if ((entry.flags & 1) !== 0) {
      throw refuse('zip-encrypted', `keeps ${quote(entry.name)} encrypted; unpack it first`)
    }
    if (entry.method !== 0 && entry.method !== 8) {
      throw refuse(
        'zip-method',
        `packs ${quote(entry.name)} by method ${entry.method}; expected stored or deflated`,
      )
    }
    expanded += Math.max(entry.size, entry.packed)
    if (!(expanded <= limit)) {
      throw refuse(
        'zip-limits',
        `expands to more than ${(limit / 2 ** 20).toFixed()} MB; expected weights, which hardly shrink`,
      )
    }
  }
}

/**
 * All files of an archive, by name in the order of its directory. Stored ones are views into the archive.
 * @throws FileError for an archive that is damaged, encrypted, leaves its folder or expands too far
 */
export function readZip(file: SourceFile): Map<string, Uint8Array> {
  const { name, bytes } = file
  try {
    const reader = new Reader(bytes)
    const entries = reader.entries()
    checkEntries(entries, file)
    const data = entries.map(entry => reader.data(entry))
    // A small archive expands far when its entries share their bytes.
    const ranges = data.filter(({ length }) => length > 0)
    ranges.sort((a, b) => a.byteOffset - b.byteOffset)
    const overlaps = ranges.some((range, k) => {
      const before = ranges[k - 1]
      return before !== undefined && before.byteOffset + before.length > range.byteOffset
    })
    if (overlaps) throw new Damaged()
    return new Map(
      entries.flatMap((entry, k): [string, Uint8Array][] =>
        entry.name.endsWith('/') ? [] : [[entry.name, unpacked(entry, data[k] as Uint8Array)]],
      ),
    )
  } catch (error) {
    if (error instanceof FileError) throw error
    const what =
      error instanceof RangeError
        ? `has more than ${MOST_ENTRIES} entries; expected a model file`
        : 'is damaged or cut short; save or download it again'
    throw new FileError(
      error instanceof RangeError ? 'zip-limits' : 'zip-damaged',
      `The archive ${quote(name)} ${what}.`,
    )
  }
}
