/**
 * A set of strings that takes a little more than `bits` bits per string. It has no false negatives,
 * and a false positive rate of 2^-bits.
 *
 * Binary fuse filter with three positions per key: Graf and Lemire, "Binary fuse filters: fast and
 * smaller than xor filters" (ACM JEA 27, 2022). 1.125 x bits a key for large sets, where a Bloom
 * filter takes 1.44 x bits.
 *
 * All arithmetic is on 32-bit integers and UTF-16 units, so a filter gives the same answers on every
 * machine.
 *
 * Hash, with `imul` the product modulo 2^32, for seed s and units c of the key:
 *   a = s ^ 0x9E3779B1, b = s ^ 0x7F4A7C15
 *   each c:  a = imul(a ^ c, 0x85EBCA6B), a ^= a >>> 13;  b = imul(b ^ c, 0xC2B2AE35), b ^= b >>> 16
 *   a = mix(a ^ imul(b, 0x27D4EB2F)), b = mix(b ^ a)
 *   mix(x): x ^= x >>> 16, x = imul(x, 0x7FEB352D), x ^= x >>> 15, x = imul(x, 0x846CA68B),
 *           x ^= x >>> 16
 * Positions, with L = segment length (a power of two) and S = segments:
 *   p0 = floor(a * S * L / 2^32),  p1 = (p0 + L) ^ (b mod L),  p2 = (p0 + 2L) ^ (floor(b / 2^16) mod L)
 * Fingerprint: the low `bits` bits of mix(a + b). A key is in the set when the XOR of the entries at
 * its three positions is its fingerprint.
 */
import {
  checkFuseFilter,
  type FuseFilterJson,
  filterEntries,
  MAXIMUM_FILTER_BITS,
  MAXIMUM_SEGMENT,
  MAXIMUM_TRIES,
} from '../../file/stored-spelling-filter.js'
import { log } from '../../numeric.js'
import { decodeBase64, encodeBase64 } from '../../text/index.js'

export { type FuseFilterJson, MAXIMUM_FILTER_BITS }

function mix(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return x ^ (x >>> 16)
}

/** Segment length and number of segments for n keys: the paper's formulas for three positions. */
function layout(n: number): { segmentLength: number; segments: number } {
  const size = Math.max(n, 2)
  const power = Math.floor(log(size) / log(3.33) + 2.25)
  const segmentLength = Math.min(MAXIMUM_SEGMENT, 2 ** power)
  const factor = Math.max(1.125, 0.875 + (0.25 * log(1e6)) / log(size))
  const capacity = Math.round(size * factor)
  return { segmentLength, segments: Math.max(1, Math.ceil(capacity / segmentLength) - 2) }
}

/** Bytes of the packed entries for n keys. */
export function fuseFilterBytes(n: number, bits: number): number {
  if (n === 0) return 0
  const { segmentLength, segments } = layout(n)
  return Math.ceil(((segments + 2) * segmentLength * bits) / 8)
}

export class FuseFilter {
  readonly keys: number
  readonly bits: number
  private readonly seed: number
  private readonly segmentLength: number
  private readonly segments: number
  /** One byte per entry in memory; the stored form is packed. */
  private readonly table: Uint8Array
  /** Positions and fingerprint of the key hashed last, kept here so that a lookup allocates nothing. */
  private readonly positions = new Int32Array(3)
  private fingerprint = 0

  private constructor(shape: Omit<FuseFilterJson, 'table'>, table: Uint8Array) {
    this.keys = shape.keys
    this.bits = shape.bits
    this.seed = shape.seed
    this.segmentLength = shape.segmentLength
    this.segments = shape.segments
    this.table = table
  }

  /**
   * @param keys all different
   * @param bits of each fingerprint, 1 to 8
   */
  static build(keys: readonly string[], bits: number): FuseFilter {
    const n = keys.length
    const { segmentLength, segments } = layout(n)
    const entries = n === 0 ? 0 : (segments + 2) * segmentLength
    for (let seed = 0; seed < MAXIMUM_TRIES; seed++) {
      const shape = { keys: n, bits, seed, segmentLength, segments }
      const filter = new FuseFilter(shape, new Uint8Array(entries))
      if (filter.fill(keys)) return filter
    }
    // Each try fails with probability far below 1/2, so only equal keys fail all of them.
    throw new Error('A filter needs keys that differ.')
  }

  /** Probability that `has` is true for a string outside the set. */
  get falsePositiveRate(): number {
    return this.keys === 0 ? 0 : 2 ** -this.bits
  }

  /** True for every key of the set; for other strings, true with probability `falsePositiveRate`. */
  has(key: string): boolean {
    if (this.keys === 0) return false
    this.locate(key)
    const [p0, p1, p2] = this.positions
    return (this.table[p0] ^ this.table[p1] ^ this.table[p2]) === this.fingerprint
  }

  private locate(key: string): void {
    let a = this.seed ^ 0x9e3779b1
    let b = this.seed ^ 0x7f4a7c15
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i)
      a = Math.imul(a ^ unit, 0x85ebca6b)
      a ^= a >>> 13
      b = Math.imul(b ^ unit, 0xc2b2ae35)
      b ^= b >>> 16
    }
    a = mix(a ^ Math.imul(b, 0x27d4eb2f))
    b = mix(b ^ a)
    const L = this.segmentLength
    // Exact: the first product has at most 52 bits, and the factor L is a power of two.
    const p0 = Math.floor(((a >>> 0) * this.segments * L) / 4294967296)
    this.positions[0] = p0
    this.positions[1] = (p0 + L) ^ (b & (L - 1))
    this.positions[2] = (p0 + 2 * L) ^ ((b >>> 16) & (L - 1))
    this.fingerprint = mix((a + b) | 0) & ((1 << this.bits) - 1)
  }

  /** Solves for the entries by peeling: an entry that only one key uses can be set last. */
  private fill(keys: readonly string[]): boolean {
    const n = keys.length
    const size = this.table.length
    const uses = new Uint32Array(size)
    /** XOR of the keys that use a position: the key itself once only one is left. */
    const users = new Int32Array(size)
    const positionsOf = new Int32Array(3 * n)
    const fingerprints = new Uint8Array(n)
    for (let key = 0; key < n; key++) {
      this.locate(keys[key])
      fingerprints[key] = this.fingerprint
      for (let j = 0; j < 3; j++) {
        const position = this.positions[j]
        positionsOf[3 * key + j] = position
        uses[position]++
        users[position] ^= key
      }
    }
    const alone: number[] = []
    for (let position = 0; position < size; position++)
      if (uses[position] === 1) alone.push(position)
    const order: number[] = []
    const set: number[] = []
    for (let position = alone.pop(); position !== undefined; position = alone.pop()) {
      if (uses[position] !== 1) continue
      const key = users[position]
      order.push(key)
      set.push(position)
      for (let j = 0; j < 3; j++) {
        const other = positionsOf[3 * key + j]
        users[other] ^= key
        if (--uses[other] === 1) alone.push(other)
      }
    }
    if (order.length < n) return false
    for (let i = n - 1; i >= 0; i--) {
      const key = order[i]
      let entry = fingerprints[key]
      for (let j = 0; j < 3; j++) entry ^= this.table[positionsOf[3 * key + j]]
      this.table[set[i]] = entry
    }
    return true
  }

  toJSON(): FuseFilterJson {
    const { keys, bits, seed, segmentLength, segments, table } = this
    const packed = new Uint8Array(Math.ceil((table.length * bits) / 8))
    for (let i = 0; i < table.length; i++) {
      const bit = i * bits
      const shifted = table[i] << (bit & 7)
      packed[bit >> 3] |= shifted
      if (shifted > 0xff) packed[(bit >> 3) + 1] |= shifted >> 8
    }
    return { keys, bits, seed, segmentLength, segments, table: encodeBase64(packed) }
  }

  /** @throws FileError for anything that isn't what `toJSON` writes */
  static fromJSON(json: unknown): FuseFilter {
    const { table, ...shape } = checkFuseFilter(json)
    const { keys, bits, seed, segmentLength, segments } = shape
    const entries = filterEntries({ table, ...shape })
    const packed = decodeBase64(table)
    const unpacked = new Uint8Array(entries)
    for (let i = 0; i < entries; i++) {
      const bit = i * bits
      const pair = packed[bit >> 3] | ((packed[(bit >> 3) + 1] ?? 0) << 8)
      unpacked[i] = (pair >> (bit & 7)) & ((1 << bits) - 1)
    }
    return new FuseFilter({ keys, bits, seed, segmentLength, segments }, unpacked)
  }
}
