/**
 * Numbers of an HDF5 dataset: contiguous, compact or in chunks, packed by gzip and shuffle.
 *
 * Source: HDF5 File Format Specification, version 3.0, sections IV.A.2.d, i and l.
 */
import { unzlibSync } from 'fflate'
import { bf16ToF32Bits, f16ToF32Bits } from '../file/half.js'
import type { Hdf5Input } from './hdf5-input.js'
import {
  DATASPACE,
  DATATYPE,
  FILTERS,
  LAYOUT,
  type Message,
  shapeAt,
  treeChildren,
} from './hdf5-objects.js'

type Float = 'float16' | 'bfloat16' | 'float32' | 'float64'

export interface Hdf5Dataset {
  readonly shape: readonly number[]
  /** The type in words; undefined for a type that is no number of IEEE 754. */
  readonly float: Float | undefined
  /** Row-major. */
  numbers(): Float32Array
}

const messageOf = (messages: readonly Message[], type: number): Message | undefined =>
  messages.find(message => message.type === type)

/** Whether an object is a dataset; else it is a group. */
export const isDataset = (messages: readonly Message[]): boolean =>
  messageOf(messages, DATASPACE) !== undefined && messageOf(messages, LAYOUT) !== undefined

/** Bytes a number, and bits of exponent: what tells the types apart. */
const FLOATS: Readonly<Record<string, Float>> = {
  '2 5': 'float16',
  '2 8': 'bfloat16',
  '4 8': 'float32',
  '8 11': 'float64',
}

interface FloatType {
  readonly float: Float
  readonly size: number
  readonly little: boolean
}

function floatAt(input: Hdf5Input, at: number): FloatType | undefined {
  if ((input.u8(at) & 15) !== 1) return undefined
  const size = input.u32(at + 4)
  const key = `${size} ${input.u8(at + 13)}`
  const float = Object.hasOwn(FLOATS, key) ? FLOATS[key] : undefined
  return float && { float, size, little: (input.u8(at + 1) & 1) === 0 }
}

/** A function from an index to the number there. */
function readerOf(bytes: Uint8Array, { float, little }: FloatType): (i: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (float === 'float32') return i => view.getFloat32(4 * i, little)
  if (float === 'float64') return i => view.getFloat64(8 * i, little)
  const bits = new Uint32Array(1)
  const number = new Float32Array(bits.buffer)
  const widen = float === 'float16' ? f16ToF32Bits : bf16ToF32Bits
  return i => {
    bits[0] = widen(view.getUint16(2 * i, little))
    return number[0] as number
  }
}

/** The dataset of an object header. @throws FileError for one that is damaged or not read */
export function datasetOf(input: Hdf5Input, messages: readonly Message[]): Hdf5Dataset {
  const space = messageOf(messages, DATASPACE)
  const type = messageOf(messages, DATATYPE)
  if (!space || !type) throw input.damaged()
  const shape = shapeAt(input, space.at)
  const float = floatAt(input, type.at)
  let isCounted = false
  return {
    shape,
    float: float?.float,
    numbers() {
      if (!float) throw input.damaged()
      const count = shape.reduce((a, b) => a * b, 1)
      // A second reading of the same dataset costs the file nothing.
      if (!isCounted) input.allocate(4 * count)
      isCounted = true
      return new Layout(input, messages, shape, float).numbers(count)
    },
  }
}

class Layout {
  private readonly input: Hdf5Input
  private readonly messages: readonly Message[]
  private readonly shape: readonly number[]
  private readonly type: FloatType

  constructor(
    input: Hdf5Input,
    messages: readonly Message[],
    shape: readonly number[],
    type: FloatType,
  ) {
    this.input = input
    this.messages = messages
    this.shape = shape
    this.type = type
  }

  numbers(count: number): Float32Array {
    const { input } = this
    const { at, size } = messageOf(this.messages, LAYOUT) as Message
    const version = input.u8(at)
    if (version < 1) throw input.damaged()
    const isOld = version < 3
    const kind = input.u8(at + (isOld ? 2 : 1))
    const body = at + (isOld ? 8 : 2)
    if (kind === 0) {
      const dimensions = isOld ? 4 * input.u8(at + 1) : 0
      const length = isOld ? input.u32(body + dimensions) : input.u16(body)
      const start = body + dimensions + (isOld ? 4 : 2)
      if (start + length > at + size) throw input.damaged()
      return this.plain(start, length, count)
    }
    if (kind === 1) {
      const address = input.address(body)
      // Nothing was written: the fill value, which is 0 unless somebody asks for another.
      if (address === undefined) return new Float32Array(count)
      return this.plain(address, input.bytes.length - address, count)
    }
    if (kind !== 2) throw input.unknown('a dataset in other files')
    if (version > 3) throw input.unknown("chunks in the form of libver='latest'")
    return this.chunked(body, isOld ? input.u8(at + 1) : input.u8(body), isOld, count)
  }

  private plain(start: number, length: number, count: number): Float32Array {
    if (count * this.type.size > length) throw this.input.damaged()
    const read = readerOf(this.input.slice(start, count * this.type.size), this.type)
    return Float32Array.from({ length: count }, (_, i) => read(i))
  }

  /** @param dimensions those of a chunk and one more, the size of a number */
  private chunked(body: number, dimensions: number, isOld: boolean, count: number): Float32Array {
    const { input, shape, type } = this
    const rank = shape.length
    const tree = input.address(body + (isOld ? 0 : 1))
    const sizes = body + (isOld ? 8 : 9)
    const chunk = Array.from({ length: dimensions - 1 }, (_, d) => input.u32(sizes + 4 * d))
    const bytes = chunk.reduce((a, b) => a * b, type.size)
    if (dimensions !== rank + 1 || !(bytes > 0)) throw input.damaged()
    const out = new Float32Array(count)
    if (tree === undefined) return out
    const filters = this.filters()
    for (const { key, child } of treeChildren(input, tree, 1, 16 + 8 * rank)) {
      input.allocate(bytes)
      const packed = input.slice(child, filters.length > 0 ? input.u32(key) : bytes)
      const data = this.unpacked(packed, filters, input.u32(key + 4), bytes)
      const corner = shape.map((_, d) => input.u64(key + 8 + 8 * d))
      this.place(out, data, corner, chunk)
    }
    return out
  }

  /** Copies the rows of a chunk that lie within the dataset. */
  private place(
    out: Float32Array,
    data: Uint8Array,
    corner: readonly number[],
    chunk: readonly number[],
  ): void {
    const { shape } = this
    const read = readerOf(data, this.type)
    const last = shape.length - 1
    const width = chunk[last] as number
    const rows = chunk.slice(0, last).reduce((a, b) => a * b, 1)
    const within = Math.min(width, (shape[last] as number) - (corner[last] as number))
    if (!(within > 0)) return
    this.input.spend(rows)
    for (let row = 0; row < rows; row++) {
      let rest = row
      let at = corner[last] as number
      let stride = shape[last] as number
      let isInside = true
      for (let d = last - 1; d >= 0; d--) {
        const place = (corner[d] as number) + (rest % (chunk[d] as number))
        rest = Math.floor(rest / (chunk[d] as number))
        isInside &&= place < (shape[d] as number)
        at += place * stride
        stride *= shape[d] as number
      }
      if (isInside) for (let i = 0; i < within; i++) out[at + i] = read(row * width + i)
    }
  }

  /** The numbers of the filters, in the order in which they were applied. */
  private filters(): number[] {
    const { input } = this
    const message = messageOf(this.messages, FILTERS)
    if (!message) return []
    const version = input.u8(message.at)
    const count = input.u8(message.at + 1)
    if (version < 1 || version > 2 || count > 32) throw input.damaged()
    const filters: number[] = []
    let at = message.at + (version === 1 ? 8 : 2)
    for (let i = 0; i < count; i++) {
      const id = input.u16(at)
      const isNamed = version === 1 || id > 255
      const name = isNamed ? input.u16(at + 2) : 0
      at += isNamed ? 4 : 2
      const values = input.u16(at + 2)
      at += 4 + (version === 1 ? Math.ceil(name / 8) * 8 : name) + 4 * values
      if (version === 1 && values % 2 === 1) at += 4
      filters.push(id)
    }
    return filters
  }

  /** @param skipped a bit for each filter that was not applied to this chunk */
  private unpacked(
    packed: Uint8Array,
    filters: readonly number[],
    skipped: number,
    size: number,
  ): Uint8Array {
    const { input } = this
    let data = packed
    for (let k = filters.length - 1; k >= 0; k--) {
      if ((skipped & (1 << k)) !== 0) continue
      const id = filters[k] as number
      if (id === 1) data = inflated(input, data, size)
      else if (id === 2) data = unshuffled(data, this.type.size)
      else if (id === 3)
        data = data.subarray(0, -4) // a checksum
      else throw input.unknown(`numbers packed by the filter ${id}`)
    }
    if (data.length !== size) throw input.damaged()
    return data
  }
}

function inflated(input: Hdf5Input, data: Uint8Array, size: number): Uint8Array {
  try {
    // A checksum of four bytes may follow the numbers.
    return unzlibSync(data, { out: new Uint8Array(size + 4) })
  } catch {
    throw input.damaged()
  }
}

/** Gathers the bytes of each number, which the filter keeps apart: all first ones, all second ones. */
function unshuffled(data: Uint8Array, width: number): Uint8Array {
  const count = Math.floor(data.length / width)
  const out = data.slice()
  for (let b = 0; b < width; b++) {
    for (let i = 0; i < count; i++) out[i * width + b] = data[b * count + i] as number
  }
  return out
}
