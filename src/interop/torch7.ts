/**
 * Torch7's serialisation (`torch.save` of Lua), binary and ASCII: the objects of a .t7 file as plain
 * values. Nothing is run; functions are refused.
 *
 * Source: torch7's File.lua, Tensor.c, Storage.c. An object is an int32 type: 0 nil, 1 number,
 * 2 string, 3 table, 4 torch object, 5 boolean, 6 to 8 function. Tables and torch objects carry an
 * index, so that a second mention is the same value.
 */
import { FileError, quote } from '../errors.js'
import type { SourceFile } from './source.js'
import { copyView, fits, type View } from './strided.js'

/** Limits that no honest model comes near. */
const MOST_OBJECTS = 2_000_000
const MOST_DEPTH = 200
const MOST_DIMENSIONS = 16

/** A table: string keys by name, number keys 1..n as a list. */
export class LuaTable {
  readonly fields = new Map<string, LuaValue>()
  readonly list: LuaValue[] = []
  /** All entries in the order of the file, keys as they are. */
  readonly entries: [LuaValue, LuaValue][] = []
}

/** A torch object that is neither tensor nor storage: its class and its table of fields. */
export class LuaObject {
  readonly type: string
  content: LuaValue = null
  constructor(type: string) {
    this.type = type
  }
  /** A field; undefined when there is none. */
  field(name: string): LuaValue | undefined {
    return this.content instanceof LuaTable ? this.content.fields.get(name) : undefined
  }
}

export class LuaStorage {
  readonly type: string
  readonly data: ArrayLike<number>
  constructor(type: string, data: ArrayLike<number>) {
    this.type = type
    this.data = data
  }
}

/** A tensor: a view into a storage. An empty one has no dimensions. */
export class LuaTensor {
  readonly view: View
  readonly storage: LuaStorage | null
  constructor(view: View, storage: LuaStorage | null) {
    this.view = view
    this.storage = storage
  }

  get shape(): readonly number[] {
    return this.view.shape
  }

  /**
   * Its numbers as float32, row-major.
   * @param file for a refusal
   * @throws FileError when the view leaves the storage
   */
  toFloat32(file: string): Float32Array {
    const { view } = this
    if (view.shape.length === 0) return new Float32Array()
    const data = this.storage?.data ?? []
    if (!fits(view, data.length)) {
      throw new FileError(
        'torch7-storage',
        `A tensor of ${quote(file)} has ${view.shape.join(' x ')} numbers, but its storage ends before; the file is damaged or cut short.`,
      )
    }
    return copyView(view, index => data[index] as number)
  }
}

export type LuaValue =
  | null
  | boolean
  | number
  | string
  | LuaTable
  | LuaObject
  | LuaTensor
  | LuaStorage

type NumberType = 'Double' | 'Float' | 'Int' | 'Long' | 'Short' | 'Char' | 'Byte'

const BYTES: Readonly<Record<NumberType, number>> = {
  Double: 8,
  Float: 4,
  Int: 4,
  Long: 8,
  Short: 2,
  Char: 1,
  Byte: 1,
}

const numberTypeOf = (type: string): NumberType | undefined => {
  const name = /^torch\.(\w+?)(Tensor|Storage)$/.exec(type)?.[1]
  return name !== undefined && name in BYTES ? (name as NumberType) : undefined
}

/** What differs between the binary and the ASCII form. */
interface Input {
  readonly position: number
  int(): number
  long(): number
  double(): number
  /** A length, then that many bytes. */
  string(): string
  numbers(type: NumberType, count: number): ArrayLike<number>
}

/** Thrown inside; the reader turns it into the sentence with the file's name. */
class CutShort extends Error {}

class BinaryInput implements Input {
  position = 0
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
    return textOf(this.bytes.subarray(at, at + count))
  }
  numbers(type: NumberType, count: number): ArrayLike<number> {
    const at = this.step(count * BYTES[type])
    const copy = this.bytes.slice(at, at + count * BYTES[type]).buffer
    switch (type) {
      case 'Double':
        return new Float64Array(copy)
      case 'Float':
        return new Float32Array(copy)
      case 'Int':
        return new Int32Array(copy)
      case 'Long':
        return Float64Array.from(new BigInt64Array(copy), Number)
      case 'Short':
        return new Int16Array(copy)
      case 'Char':
        return new Int8Array(copy)
      default:
        return new Uint8Array(copy)
    }
  }
}

/** Numbers as text, one a line or separated by spaces; strings as a length, a line end, the bytes. */
class AsciiInput implements Input {
  position = 0
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
    if (end === at || end - at > 64) throw new CutShort()
    this.position = end
    return String.fromCharCode(...bytes.subarray(at, end))
  }
  private number(): number {
    const word = this.word().toLowerCase()
    const value = /nan/.test(word)
      ? Number.NaN
      : /inf/.test(word)
        ? word.startsWith('-')
          ? Number.NEGATIVE_INFINITY
          : Number.POSITIVE_INFINITY
        : Number(word)
    if (Number.isNaN(value) && !/nan/.test(word)) throw new CutShort()
    return value
  }
  int(): number {
    const value = this.number()
    if (!Number.isSafeInteger(value)) throw new CutShort()
    return value
  }
  long(): number {
    return this.int()
  }
  double(): number {
    return this.number()
  }
  string(): string {
    const count = this.int()
    const at = this.position + 1 // the line end after the length
    if (!(count >= 0 && at + count <= this.bytes.length)) throw new CutShort()
    this.position = at + count
    return textOf(this.bytes.subarray(at, at + count))
  }
  numbers(_type: NumberType, count: number): ArrayLike<number> {
    // Two bytes a number at least, so that a hostile count allocates no more than the file is large.
    if (!(count >= 0 && 2 * count <= this.bytes.length - this.position + 2)) throw new CutShort()
    const out = new Float64Array(count)
    for (let i = 0; i < count; i++) out[i] = this.number()
    return out
  }
}

const textOf = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

class Reader {
  private readonly input: Input
  private readonly name: string
  private readonly seen = new Map<number, LuaValue>()
  private objects = 0

  constructor(input: Input, name: string) {
    this.input = input
    this.name = name
  }

  refuse(code: string, what: string): FileError {
    return new FileError(code, `The Torch7 file ${quote(this.name)} ${what}.`)
  }

  value(depth = 0): LuaValue {
    if (depth > MOST_DEPTH || ++this.objects > MOST_OBJECTS) {
      throw this.refuse('torch7-limits', 'nests too deeply or holds too many values')
    }
    const { input } = this
    const type = input.int()
    switch (type) {
      case 0:
        return null
      case 1:
        return input.double()
      case 2:
        return input.string()
      case 3:
        return this.table(depth)
      case 4:
        return this.object(depth)
      case 5:
        return input.int() === 1
      case 6:
      case 7:
      case 8:
        throw this.refuse(
          'torch7-function',
          'holds a function, which is not read: save the model without closures',
        )
      default:
        throw new CutShort()
    }
  }

  private table(depth: number): LuaValue {
    const { input, seen } = this
    const index = input.int()
    const known = seen.get(index)
    if (known !== undefined) return known
    const table = new LuaTable()
    seen.set(index, table)
    const count = input.int()
    if (count < 0) throw new CutShort()
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1)
      const value = this.value(depth + 1)
      table.entries.push([key, value])
      if (typeof key === 'string') table.fields.set(key, value)
      else if (typeof key === 'number' && Number.isInteger(key) && key >= 1 && key <= count) {
        table.list[key - 1] = value
      }
    }
    return table
  }

  private object(depth: number): LuaValue {
    const { input, seen } = this
    const index = input.int()
    const known = seen.get(index)
    if (known !== undefined) return known
    const version = input.string()
    // Files of version 0 begin with the class itself.
    const type = /^V \d+$/.test(version) ? input.string() : version
    if (/^torch\.Cuda/.test(type)) {
      throw this.refuse(
        'torch7-cuda',
        `keeps its weights on a GPU (${type}): convert it where Torch7 and CUDA are, with char-rnn's convert_gpu_cpu_checkpoint.lua or model:float(), and save it again`,
      )
    }
    const number = numberTypeOf(type)
    if (number && type.endsWith('Storage')) {
      const storage = new LuaStorage(type, input.numbers(number, input.long()))
      seen.set(index, storage)
      return storage
    }
    if (number) return this.tensor(index, depth)
    const object = new LuaObject(type)
    seen.set(index, object)
    object.content = this.value(depth + 1)
    return object
  }

  private tensor(index: number, depth: number): LuaValue {
    const { input } = this
    const dimensions = input.int()
    if (!(dimensions >= 0 && dimensions <= MOST_DIMENSIONS)) throw new CutShort()
    const shape = Array.from({ length: dimensions }, () => input.long())
    const stride = Array.from({ length: dimensions }, () => input.long())
    const offset = input.long() - 1
    if (shape.some(n => n < 0) || stride.some(n => n < 0)) throw new CutShort()
    const storage = this.value(depth + 1)
    if (storage !== null && !(storage instanceof LuaStorage)) throw new CutShort()
    const tensor = new LuaTensor({ shape, stride, offset }, storage)
    this.seen.set(index, tensor)
    return tensor
  }
}

/** Whether the bytes begin like a Torch7 table or object, in either form. */
export function isTorch7({ bytes }: SourceFile): boolean {
  const binary = bytes.length >= 12 && (bytes[0] === 3 || bytes[0] === 4)
  if (binary && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0) return bytes[4] === 1
  return /^[34]\s+1\s+/.test(String.fromCharCode(...bytes.subarray(0, 16)))
}

/**
 * The first object of the file.
 * @throws FileError for a damaged file, one with GPU tensors or functions, or one beyond the limits
 */
export function readTorch7(file: SourceFile): LuaValue {
  const ascii = (file.bytes[0] ?? 0) >= 0x30
  const input = ascii ? new AsciiInput(file.bytes) : new BinaryInput(file.bytes)
  const reader = new Reader(input, file.name)
  try {
    return reader.value()
  } catch (error) {
    if (!(error instanceof CutShort)) throw error
    throw reader.refuse('torch7-damaged', 'is damaged or cut short; save or download it again')
  }
}
