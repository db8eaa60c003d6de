/** Writes Torch7's serialisation, binary and ASCII (torch7's File.lua). */
import { join, utf8 } from './sample.fixture.js'

/** A torch object with a table of fields, as nn's modules are. */
export class TorchObject {
  readonly type: string
  readonly fields: LuaInput
  constructor(type: string, fields: LuaInput) {
    this.type = type
    this.fields = fields
  }
}

export type NumberType = 'Double' | 'Float' | 'Long' | 'Int' | 'Byte'

/** Numbers that tensors are views into. */
export class TorchStorage {
  readonly type: NumberType | 'Cuda'
  readonly data: ArrayLike<number>
  constructor(data: ArrayLike<number>, type: NumberType | 'Cuda' = 'Float') {
    this.type = type
    this.data = data
  }
}

export class TorchTensor {
  readonly shape: readonly number[]
  readonly storage: TorchStorage
  /** Index of the first number, from 0. */
  readonly offset: number
  readonly stride: readonly number[]
  constructor(
    shape: readonly number[],
    storage: TorchStorage,
    offset = 0,
    stride: readonly number[] = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1)),
  ) {
    this.shape = shape
    this.storage = storage
    this.offset = offset
    this.stride = stride
  }
}

/** A function with captured values; its bytecode is no code. */
export class TorchFunction {}

/** Lists become tables with the keys 1..n, Maps and plain objects tables with their keys. */
export type LuaInput =
  | null
  | boolean
  | number
  | string
  /** A string of any bytes. */
  | Uint8Array
  | readonly LuaInput[]
  | ReadonlyMap<LuaInput, LuaInput>
  | { readonly [key: string]: LuaInput }
  | TorchObject
  | TorchTensor
  | TorchStorage
  | TorchFunction

const BYTES: Readonly<Record<NumberType | 'Cuda', number>> = {
  Double: 8,
  Float: 4,
  Cuda: 4,
  Long: 8,
  Int: 4,
  Byte: 1,
}

function numbersOf(type: NumberType | 'Cuda', data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(data.length * BYTES[type])
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number
    if (type === 'Double') view.setFloat64(8 * i, value, true)
    else if (type === 'Long') view.setBigInt64(8 * i, BigInt(value), true)
    else if (type === 'Int') view.setInt32(4 * i, value, true)
    else if (type === 'Byte') view.setUint8(i, value)
    else view.setFloat32(4 * i, value, true)
  }
  return bytes
}

/** As C prints it: with the sign of zero. */
const printed = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

class Writer {
  readonly parts: Uint8Array[] = []
  private readonly ascii: boolean
  private readonly indices = new Map<LuaInput, number>()

  constructor(ascii: boolean) {
    this.ascii = ascii
  }

  private scalar(type: NumberType, value: number): void {
    this.parts.push(this.ascii ? utf8(`${value}\n`) : numbersOf(type, [value]))
  }

  private text(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? utf8(text) : text
    this.scalar('Int', bytes.length)
    this.parts.push(bytes)
    if (this.ascii) this.parts.push(utf8('\n'))
  }

  private list(type: NumberType | 'Cuda', data: ArrayLike<number>): void {
    if (!this.ascii) this.parts.push(numbersOf(type, data))
    else if (data.length > 0) this.parts.push(utf8(`${Array.from(data, printed).join(' ')}\n`))
  }

  /** Writes the index of a value. @returns whether its content must follow */
  private index(value: LuaInput): boolean {
    const known = this.indices.get(value)
    const index = known ?? this.indices.size + 1
    this.indices.set(value, index)
    this.scalar('Int', index)
    return known === undefined
  }

  private head(type: string): void {
    this.text('V 1')
    this.text(type)
  }

  value(value: LuaInput): void {
    if (value === null) this.scalar('Int', 0)
    else if (typeof value === 'number') {
      this.scalar('Int', 1)
      this.scalar('Double', value)
    } else if (typeof value === 'string' || value instanceof Uint8Array) {
      this.scalar('Int', 2)
      this.text(value)
    } else if (typeof value === 'boolean') {
      this.scalar('Int', 5)
      this.scalar('Int', value ? 1 : 0)
    } else if (
      value instanceof TorchObject ||
      value instanceof TorchTensor ||
      value instanceof TorchStorage
    ) {
      this.scalar('Int', 4)
      if (this.index(value)) this.object(value)
    } else if (value instanceof TorchFunction) {
      this.scalar('Int', 8)
      if (!this.index(value)) return
      this.text('\u001bLua')
      this.value([{ name: 'captured', value: 1 }])
    } else {
      this.scalar('Int', 3)
      if (this.index(value)) this.table(value)
    }
  }

  private object(value: TorchObject | TorchTensor | TorchStorage): void {
    if (value instanceof TorchObject) {
      this.head(value.type)
      this.value(value.fields)
    } else if (value instanceof TorchStorage) {
      this.head(`torch.${value.type}Storage`)
      this.scalar('Long', value.data.length)
      this.list(value.type, value.data)
    } else {
      this.head(`torch.${value.storage.type}Tensor`)
      this.scalar('Int', value.shape.length)
      this.list('Long', value.shape)
      this.list('Long', value.stride)
      this.scalar('Long', value.offset + 1)
      this.value(value.storage)
    }
  }

  private table(value: object): void {
    const entries: [LuaInput, LuaInput][] = Array.isArray(value)
      ? value.map((item, i) => [i + 1, item])
      : value instanceof Map
        ? [...value]
        : Object.entries(value as Record<string, LuaInput>)
    this.scalar('Int', entries.length)
    for (const [key, item] of entries) {
      this.value(key)
      this.value(item)
    }
  }
}

/** The bytes of a .t7 file with one object. */
export function writeTorch7(value: LuaInput, ascii = false): Uint8Array {
  const writer = new Writer(ascii)
  writer.value(value)
  return join(...writer.parts)
}
