/**
 * Torch7's serialisation (`torch.save` of Lua), binary and ASCII: the objects of a .t7 file as plain
 * values. Nothing is run; functions are passed over.
 *
 * Source: torch7's File.lua, Tensor.c, Storage.c. An object is an int32 type: 0 nil, 1 number,
 * 2 string, 3 table, 4 torch object, 5 boolean, 6 to 8 function. Tables, torch objects and functions
 * carry an index, so that a second mention is the same value.
 */
import { FileError, quote } from '../errors.js'
import type { SourceFile } from './source.js'
import { copyView, fits, type View } from './strided.js'
import {
  AsciiInput,
  BinaryInput,
  BYTES,
  CutShort,
  type Input,
  type Numbers,
  type NumberType,
} from './torch7-input.js'

/**
 * Tables, objects and tensors in one file: a graph of char-rnn with three layers has some 1,500. Each
 * takes some 150 bytes of memory and may take 12 in the file, so that their number follows from its size.
 */
const MOST_CONTAINERS = 50_000
const BYTES_A_CONTAINER = 64
const MOST_DIMENSIONS = 16

/** A table. `fields` are its string keys, `list` its keys 1, 2, ... up to the first that is missing. */
export class LuaTable {
  private readonly keys: LuaValue[] = []
  private readonly values: LuaValue[] = []
  private byName: Map<string, LuaValue> | undefined
  private byNumber: LuaValue[] | undefined

  add(key: LuaValue, value: LuaValue): void {
    this.keys.push(key)
    this.values.push(value)
  }

  /** All entries in the order of the file, keys as they are. */
  get entries(): [LuaValue, LuaValue][] {
    return this.keys.map((key, i) => [key, this.values[i] as LuaValue])
  }

  get fields(): ReadonlyMap<string, LuaValue> {
    this.byName ??= new Map(
      this.entries.filter((entry): entry is [string, LuaValue] => typeof entry[0] === 'string'),
    )
    return this.byName
  }

  get list(): readonly LuaValue[] {
    if (!this.byNumber) {
      const numbered = new Map(this.entries.filter(([key]) => typeof key === 'number'))
      this.byNumber = []
      for (let i = 1; numbered.has(i); i++) this.byNumber.push(numbered.get(i) as LuaValue)
    }
    return this.byNumber
  }
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
  readonly numbers: Numbers
  constructor(type: string, numbers: Numbers) {
    this.type = type
    this.numbers = numbers
  }
}

/** A function; its code is not kept. */
export class LuaFunction {
  readonly type = 'function'
}

/** A tensor: a view into a storage. An empty one has no dimensions. */
export class LuaTensor {
  readonly view: View
  storage: LuaStorage | null = null
  constructor(view: View) {
    this.view = view
  }

  get shape(): readonly number[] {
    return this.view.shape
  }

  /**
   * Its numbers as float32, row-major.
   * @param file for a refusal
   * @throws FileError when the view leaves the storage, or when the numbers were kept on a GPU
   */
  toFloat32(file: string): Float32Array {
    const { view, storage } = this
    if (view.shape.length === 0) return new Float32Array()
    if (storage && isOfGpu(storage.type)) throw refuseGpu(file, storage.type)
    if (!fits(view, storage?.numbers.count ?? 0)) {
      throw new FileError(
        'torch7-storage',
        `A tensor of ${quote(file)} has ${view.shape.join(' x ')} numbers, but its storage ends before; the file is damaged or cut short.`,
      )
    }
    return copyView(view, index => (storage as LuaStorage).numbers.at(index))
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
  | LuaFunction

/** Tensors of cutorch (CUDA) and cltorch (OpenCL): `torch.CudaTensor`, `torch.CudaHalfStorage`. */
const isOfGpu = (type: string): boolean => /^torch\.C(uda|l)\w*(Tensor|Storage)$/.test(type)

function refuseGpu(file: string, type: string): FileError {
  return new FileError(
    'torch7-cuda',
    `The Torch7 file ${quote(file)} keeps its weights on a GPU (${type.replace(/Storage$/, 'Tensor')}): convert it where Torch7 and its GPU package are, with char-rnn's convert_gpu_cpu_checkpoint.lua or model:float(), and save it again.`,
  )
}

/** What a tensor or storage class holds; undefined for every other class. */
function numberTypeOf(type: string): NumberType | undefined {
  const name = /^torch\.(?:Cuda|Cl(?=Tensor|Storage))?(\w*?)(Tensor|Storage)$/.exec(type)?.[1]
  if (name === '') return isOfGpu(type) ? 'Float' : undefined
  return name !== undefined && Object.hasOwn(BYTES, name) ? (name as NumberType) : undefined
}

/** A container whose parts are still to be read. */
interface Open {
  left: number
  take(value: LuaValue): void
}

class Reader {
  private readonly input: Input
  private readonly name: string
  private readonly seen = new Map<number, LuaValue>()
  /** Containers from the outermost inwards; a list of ours, because graphs nest deeper than calls may. */
  private readonly open: Open[] = []
  private containers = 0
  private readonly most: number
  /** The first class of GPU tensors that was met. */
  private gpu: string | undefined

  /** @param size bytes of the file */
  constructor(input: Input, { name, size }: { readonly name: string; readonly size: number }) {
    this.input = input
    this.name = name
    this.most = MOST_CONTAINERS + Math.floor(size / BYTES_A_CONTAINER)
  }

  /** The first value of the file with all that it holds. */
  read(): LuaValue {
    try {
      const root = this.value()
      for (;;) {
        const top = this.open.at(-1)
        if (!top) return root
        if (top.left === 0) this.open.pop()
        else {
          top.left--
          top.take(this.value())
        }
      }
    } catch (error) {
      if (!(error instanceof CutShort)) throw error
      if (this.gpu !== undefined) throw refuseGpu(this.name, this.gpu)
      throw this.refuse('torch7-damaged', 'is damaged or cut short; save or download it again')
    }
  }

  private refuse(code: string, what: string): FileError {
    return new FileError(code, `The Torch7 file ${quote(this.name)} ${what}.`)
  }

  /** The next value; what it holds is read after it, by `read`. */
  private value(): LuaValue {
    const { input } = this
    const type = input.int()
    switch (type) {
      case 0:
        return null
      case 1:
        return input.double()
      case 2:
        return input.string()
      case 5:
        return input.int() === 1
      case 6:
        return this.function()
      case 3:
      case 4:
      case 7:
      case 8: {
        const index = input.int()
        const known = this.seen.get(index)
        if (known !== undefined) return known
        if (++this.containers > this.most) {
          throw this.refuse('torch7-limits', `holds more than ${this.most} tables and objects`)
        }
        const value = type === 3 ? this.table() : type === 4 ? this.object() : this.function()
        this.seen.set(index, value)
        return value
      }
      default:
        throw new CutShort()
    }
  }

  private table(): LuaTable {
    const table = new LuaTable()
    const count = this.input.int()
    if (count < 0) throw new CutShort()
    let key: LuaValue | undefined
    this.open.push({
      left: 2 * count,
      take(value) {
        if (key === undefined) key = value
        else {
          table.add(key, value)
          key = undefined
        }
      },
    })
    return table
  }

  /** Bytecode and a table of the values that it captured; both are passed over. */
  private function(): LuaFunction {
    this.input.skip(this.input.int())
    this.open.push({ left: 1, take() {} })
    return new LuaFunction()
  }

  private object(): LuaValue {
    const { input } = this
    const version = input.string()
    // Files of version 0 begin with the class itself.
    const type = /^V \d+$/.test(version) ? input.string() : version
    if (isOfGpu(type)) this.gpu ??= type
    const number = numberTypeOf(type)
    if (number && type.endsWith('Storage')) {
      return new LuaStorage(type, input.numbers(number, input.long()))
    }
    if (number) return this.tensor()
    const object = new LuaObject(type)
    this.open.push({
      left: 1,
      take(value) {
        object.content = value
      },
    })
    return object
  }

  private tensor(): LuaTensor {
    const { input } = this
    const dimensions = input.int()
    if (!(dimensions >= 0 && dimensions <= MOST_DIMENSIONS)) throw new CutShort()
    const shape = Array.from({ length: dimensions }, () => input.long())
    const stride = Array.from({ length: dimensions }, () => input.long())
    const offset = input.long() - 1
    if (shape.some(n => n < 0) || stride.some(n => n < 0)) throw new CutShort()
    const tensor = new LuaTensor({ shape, stride, offset })
    this.open.push({
      left: 1,
      take(value) {
        if (value !== null && !(value instanceof LuaStorage)) throw new CutShort()
        tensor.storage = value
      },
    })
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
 * @throws FileError for a damaged file, or one beyond the limits
 */
export function readTorch7({ bytes, name }: SourceFile): LuaValue {
  const ascii = (bytes[0] ?? 0) >= 0x30
  return new Reader(ascii ? new AsciiInput(bytes) : new BinaryInput(bytes), {
    name,
    size: bytes.length,
  }).read()
}
