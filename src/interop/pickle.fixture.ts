/** Writes Python pickles of protocol 2, as torch.save does. */
import { join, joined, utf8 } from './sample.fixture.js'

/** A name: a class or a function. */
export class Global {
  readonly module: string
  readonly name: string
  constructor(module: string, name: string) {
    this.module = module
    this.name = name
  }
}

export class Tuple {
  readonly items: readonly PyInput[]
  constructor(...items: readonly PyInput[]) {
    this.items = items
  }
}

/** A call, and the state that `__setstate__` gets: REDUCE and BUILD. */
export class Reduce {
  readonly callee: Global
  readonly args: readonly PyInput[]
  readonly state: PyInput | undefined
  constructor(callee: Global, args: readonly PyInput[], state?: PyInput) {
    this.callee = callee
    this.args = args
    this.state = state
  }
}

/** An instance of a class: NEWOBJ and BUILD. */
export class Instance {
  readonly type: Global
  readonly state: PyInput
  constructor(type: Global, state: PyInput) {
    this.type = type
    this.state = state
  }
}

/** A reference to data outside the pickle. */
export class Persistent {
  readonly id: PyInput
  constructor(id: PyInput) {
    this.id = id
  }
}

/** A float, where a JavaScript number would be written as an int. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

export type PyInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly PyInput[]
  | ReadonlyMap<PyInput, PyInput>
  | ReadonlySet<PyInput>
  | { readonly [key: string]: PyInput }
  | Global
  | Tuple
  | Reduce
  | Instance
  | Persistent
  | Float

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

class Writer {
  readonly parts: Uint8Array[] = []
  private readonly memo = new Map<PyInput, number>()

  private code(...bytes: number[]): void {
    this.parts.push(Uint8Array.from(bytes))
  }

  private number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
      this.parts.push(join(Uint8Array.of(0x4a), u32(value >>> 0))) // BININT
    } else if (Number.isSafeInteger(value)) this.long(BigInt(value))
    else this.float(value)
  }

  private float(value: number): void {
    const bytes = new Uint8Array(9)
    bytes[0] = 0x47 // BINFLOAT
    new DataView(bytes.buffer).setFloat64(1, value, false)
    this.parts.push(bytes)
  }

  private long(value: bigint): void {
    const bytes: number[] = []
    let rest = value
    while (rest !== 0n && rest !== -1n) {
      bytes.push(Number(rest & 255n))
      rest >>= 8n
    }
    const negative = rest === -1n
    if (negative !== (bytes.at(-1) ?? 0) >= 0x80) bytes.push(negative ? 255 : 0)
    this.code(0x8a, bytes.length, ...bytes) // LONG1
  }

  private global({ module, name }: Global): void {
    this.parts.push(utf8(`c${module}\n${name}\n`)) // GLOBAL
  }

  private tuple(items: readonly PyInput[]): void {
    if (items.length === 0) {
      this.code(0x29) // EMPTY_TUPLE
      return
    }
    if (items.length > 3) this.code(0x28) // MARK
    for (const item of items) this.value(item)
    this.code(items.length > 3 ? 0x74 : 0x84 + items.length) // TUPLE, TUPLE1..3
  }

  value(value: PyInput): void {
    if (value === null) this.code(0x4e)
    else if (typeof value === 'boolean') this.code(value ? 0x88 : 0x89)
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'bigint') this.long(value)
    else if (value instanceof Float) this.float(value.value)
    else if (typeof value === 'string') {
      const bytes = utf8(value)
      this.parts.push(join(Uint8Array.of(0x58), u32(bytes.length), bytes)) // BINUNICODE
    } else this.shared(value)
  }

  /** A value that may be met again: later mentions refer to the memo. */
  private shared(value: Exclude<PyInput, null | boolean | number | bigint | string>): void {
    const known = this.memo.get(value)
    if (known !== undefined) {
      this.parts.push(join(Uint8Array.of(0x6a), u32(known))) // LONG_BINGET
      return
    }
    this.begin(value)
    const index = this.memo.size
    this.memo.set(value, index)
    this.parts.push(join(Uint8Array.of(0x72), u32(index))) // LONG_BINPUT
    this.fill(value)
  }

  /** The value itself, containers still empty. */
  private begin(value: object): void {
    if (value instanceof Global) this.global(value)
    else if (value instanceof Tuple) this.tuple(value.items)
    else if (value instanceof Persistent) {
      this.value(value.id)
      this.code(0x51) // BINPERSID
    } else if (value instanceof Reduce) {
      this.value(value.callee)
      this.tuple(value.args)
      this.code(0x52) // REDUCE
    } else if (value instanceof Instance) {
      this.value(value.type)
      this.code(0x29, 0x81) // EMPTY_TUPLE NEWOBJ
    } else if (value instanceof Set) {
      this.global(new Global('__builtin__', 'set'))
      this.tuple([[...value]])
      this.code(0x52)
    } else this.code(Array.isArray(value) ? 0x5d : 0x7d) // EMPTY_LIST, EMPTY_DICT
  }

  private fill(value: object): void {
    if (value instanceof Instance || (value instanceof Reduce && value.state !== undefined)) {
      this.value((value as Instance).state)
      this.code(0x62) // BUILD
      return
    }
    const plain = Object.getPrototypeOf(value) === Object.prototype
    const items = Array.isArray(value)
      ? (value as PyInput[])
      : value instanceof Map
        ? [...value].flat()
        : plain
          ? Object.entries(value as Record<string, PyInput>).flat()
          : []
    if (items.length === 0) return
    this.code(0x28)
    for (const item of items) this.value(item as PyInput)
    this.code(Array.isArray(value) ? 0x65 : 0x75) // APPENDS, SETITEMS
  }
}

export function writePickle(value: PyInput): Uint8Array {
  const writer = new Writer()
  writer.value(value)
  return joined([Uint8Array.of(0x80, 2), ...writer.parts, Uint8Array.of(0x2e)])
}
