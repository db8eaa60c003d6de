/**
 * Python pickles, read and never run. The opcodes build plain values; a call is made only for a name
 * on the allow-list, by code of ours. Everything else is refused by name. Instances of unknown classes
 * become inert records, because a pickled module is made of them.
 *
 * Source: CPython's Lib/pickletools.py, protocols 0 to 5.
 */
import { FileError } from '../errors.js'
import { quote } from '../file/json.js'

/** A name that a pickle refers to: a class, a function, a dtype. */
export class PyGlobal {
  readonly module: string
  readonly name: string
  constructor(module: string, name: string) {
    this.module = module
    this.name = name
  }
  get path(): string {
    return `${this.module}.${this.name}`
  }
}

/** An instance of a class that is not known: its arguments and its state, nothing else. */
export class PyObject {
  readonly type: PyGlobal
  readonly args: readonly PyValue[]
  state: PyValue = null
  /** Items appended to or set on an instance that subclasses list or dict. */
  readonly items: PyValue[] = []
  readonly entries = new Map<PyValue, PyValue>()
  constructor(type: PyGlobal, args: readonly PyValue[]) {
    this.type = type
    this.args = args
  }
  /** A field of the state; undefined when there is none. */
  field(name: string): PyValue | undefined {
    const state = Array.isArray(this.state) ? this.state[0] : this.state
    return state instanceof Map ? state.get(name) : undefined
  }
}

/** Lists and tuples are arrays, dicts are Maps, sets are Sets; a bigint beyond 2^53. */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PyValue[]
  | Map<PyValue, PyValue>
  | Set<PyValue>
  | PyGlobal
  | PyObject
  | object

/** Code for one allowed call. @returns undefined when the arguments are not of its form */
export type Call = (args: readonly PyValue[]) => PyValue | undefined

export interface PickleOptions {
  /** For refusals. */
  readonly name: string
  /** Allowed calls by `module.name`, besides those of `CALLS`. */
  readonly calls?: ReadonlyMap<string, Call>
  /** What a persistent id stands for. */
  readonly persistent?: (id: PyValue) => PyValue
}

/** Limits that no honest model comes near, so that a hostile one costs little. */
const MOST_OPCODES = 20_000_000
const MOST_MEMO = 4_000_000
const MOST_STACK = 4_000_000
/** Bytes in one integer. */
const MOST_LONG = 1024

const MARK = Symbol('mark')
type Slot = PyValue | typeof MARK

const first = (args: readonly PyValue[]): PyValue => args[0] ?? null

function pairsToMap(args: readonly PyValue[]): PyValue | undefined {
  const [pairs] = args
  if (pairs === undefined) return new Map()
  if (pairs instanceof Map) return new Map(pairs)
  if (!Array.isArray(pairs)) return undefined
  const map = new Map<PyValue, PyValue>()
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined
    map.set(pair[0] as PyValue, pair[1] as PyValue)
  }
  return map
}

function latin1(args: readonly PyValue[]): PyValue | undefined {
  const [text, encoding] = args
  if (typeof text !== 'string' || (encoding !== undefined && encoding !== 'latin1'))
    return undefined
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

/** Calls that plain data needs: containers, bytes in Python 2's form, objects of unknown classes. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', pairsToMap],
  ['builtins.dict', pairsToMap],
  ['collections.defaultdict', () => new Map()],
  ['collections.Counter', pairsToMap],
  ['builtins.list', args => (Array.isArray(first(args)) ? [...(args[0] as PyValue[])] : [])],
  ['builtins.tuple', args => (Array.isArray(first(args)) ? [...(args[0] as PyValue[])] : [])],
  ['builtins.set', args => new Set(Array.isArray(first(args)) ? (args[0] as PyValue[]) : [])],
  ['builtins.frozenset', args => new Set(Array.isArray(first(args)) ? (args[0] as PyValue[]) : [])],
  ['builtins.bytearray', args => (args.length === 0 ? new Uint8Array() : latin1(args))],
  ['builtins.complex', args => [...args]],
  ['builtins.slice', args => [...args]],
  ['builtins.range', args => [...args]],
  ['_codecs.encode', latin1],
])

/** Python 2's names of the same things. */
function modern(module: string): string {
  if (module === '__builtin__') return 'builtins'
  if (module === 'copy_reg') return 'copyreg'
  return module
}

class Unpickler {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly options: PickleOptions
  private position: number
  private readonly stack: Slot[] = []
  private readonly memo = new Map<number, PyValue>()

  constructor(bytes: Uint8Array, start: number, options: PickleOptions) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = start
    this.options = options
  }

  get end(): number {
    return this.position
  }

  refuse(code: string, what: string): FileError {
    return new FileError(code, `The pickle in ${quote(this.options.name)} ${what}.`)
  }

  private damaged(): FileError {
    return this.refuse('pickle-damaged', 'is damaged or cut short; save or download it again')
  }

  private take(count: number): Uint8Array {
    if (!(count >= 0 && this.position + count <= this.bytes.length)) throw this.damaged()
    const taken = this.bytes.subarray(this.position, this.position + count)
    this.position += count
    return taken
  }

  private byte(): number {
    return this.take(1)[0] as number
  }

  private u16(): number {
    this.take(2)
    return this.view.getUint16(this.position - 2, true)
  }

  private u32(): number {
    this.take(4)
    return this.view.getUint32(this.position - 4, true)
  }

  private u64(): number {
    this.take(8)
    const value = this.view.getBigUint64(this.position - 8, true)
    if (value > BigInt(this.bytes.length)) throw this.damaged()
    return Number(value)
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.position)
    if (end < 0) throw this.damaged()
    const text = new TextDecoder('latin1').decode(this.bytes.subarray(this.position, end))
    this.position = end + 1
    return text
  }

  private utf8(count: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(count))
  }

  private latin(count: number): string {
    // String.fromCharCode keeps each byte; TextDecoder's latin1 is windows-1252.
    let text = ''
    for (const byte of this.take(count)) text += String.fromCharCode(byte)
    return text
  }

  private push(value: Slot): void {
    if (this.stack.length >= MOST_STACK) throw this.refuse('pickle-limits', 'nests too deeply')
    this.stack.push(value)
  }

  private pop(): PyValue {
    const value = this.stack.pop()
    if (value === undefined || value === MARK) throw this.damaged()
    return value as PyValue
  }

  private top(): PyValue {
    const value = this.stack.at(-1)
    if (value === undefined || value === MARK) throw this.damaged()
    return value as PyValue
  }

  /** Everything above the last mark, which is taken away too. */
  private popToMark(): PyValue[] {
    const mark = this.stack.lastIndexOf(MARK)
    if (mark < 0) throw this.damaged()
    const items = this.stack.splice(mark)
    items.shift()
    return items as PyValue[]
  }

  private remember(index: number): void {
    if (this.memo.size >= MOST_MEMO) throw this.refuse('pickle-limits', 'remembers too many values')
    this.memo.set(index, this.top())
  }

  private recall(index: number): void {
    const value = this.memo.get(index)
    if (value === undefined) throw this.damaged()
    this.push(value)
  }

  private long(count: number): PyValue {
    if (count > MOST_LONG) throw this.refuse('pickle-limits', 'has an integer of too many digits')
    const bytes = this.take(count)
    let value = 0n
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number)
    if (count > 0 && (bytes[count - 1] as number) >= 0x80) value -= 1n << BigInt(8 * count)
    return this.whole(value)
  }

  private whole(value: bigint): PyValue {
    const near = Number(value)
    return Number.isSafeInteger(near) ? near : value
  }

  private decimal(text: string): PyValue {
    if (text === '00') return false
    if (text === '01') return true
    const digits = text.replace(/L$/, '')
    if (!/^[+-]?\d{1,2500}$/.test(digits)) throw this.damaged()
    return this.whole(BigInt(digits))
  }

  private float(text: string): number {
    const value = Number(text.replace('inf', 'Infinity').replace('nan', 'NaN'))
    return value
  }

  /** `'a\\nb'` as Python writes strings in protocol 0. */
  private quoted(text: string): string {
    const inner = /^(['"])(.*)\1$/s.exec(text)?.[2]
    if (inner === undefined) throw this.damaged()
    return inner.replace(/\\(x[0-9a-f]{2}|[\\'"nrt])/gi, (_, sign: string) => {
      if (sign[0] === 'x') return String.fromCharCode(Number.parseInt(sign.slice(1), 16))
      return { n: '\n', r: '\r', t: '\t' }[sign] ?? sign
    })
  }

  private rawUnicode(text: string): string {
    return text.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (_, short, long) => {
      const code = Number.parseInt(short ?? long, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
    })
  }

  private global(module: PyValue, name: PyValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.damaged()
    this.push(new PyGlobal(modern(module), name))
  }

  /** An allowed call; every other one is refused by name. */
  private call(callee: PyValue, args: PyValue): void {
    if (!Array.isArray(args) || !(callee instanceof PyGlobal)) throw this.damaged()
    const { path } = callee
    if (path === 'copyreg._reconstructor' && args[0] instanceof PyGlobal) {
      this.push(this.instance(args[0], []))
      return
    }
    const made = (this.options.calls?.get(path) ?? CALLS.get(path))?.(args as PyValue[])
    if (made === undefined) {
      throw this.refuse(
        'pickle-call',
        `calls ${quote(path)}, which tensors do not need; such a file can run programs and is not read: save the state_dict with torch.save(model.state_dict(), path), or as safetensors`,
      )
    }
    this.push(made)
  }

  private instance(type: PyValue, args: PyValue): PyValue {
    if (!(type instanceof PyGlobal)) throw this.damaged()
    const given = Array.isArray(args) ? (args as PyValue[]) : []
    const made = (this.options.calls?.get(type.path) ?? CALLS.get(type.path))?.(given)
    return made ?? new PyObject(type, given)
  }

  private build(): void {
    const state = this.pop()
    const target = this.top()
    if (target instanceof PyObject) target.state = state
    // The state of a dict or a tensor subclass (`_metadata` of a state_dict) is not needed.
  }

  private append(items: readonly PyValue[]): void {
    const target = this.top()
    if (Array.isArray(target)) for (const item of items) target.push(item)
    else if (target instanceof PyObject) for (const item of items) target.items.push(item)
    else throw this.damaged()
  }

  private setItems(items: readonly PyValue[]): void {
    const target = this.top()
    const entries = target instanceof PyObject ? target.entries : target
    if (!(entries instanceof Map) || items.length % 2 !== 0) throw this.damaged()
    for (let i = 0; i < items.length; i += 2) {
      entries.set(items[i] as PyValue, items[i + 1] as PyValue)
    }
  }

  private persistent(id: PyValue): void {
    const { persistent } = this.options
    if (!persistent) throw this.refuse('pickle-storage', 'refers to data that is not in the file')
    this.push(persistent(id))
  }

  read(): PyValue {
    for (let count = 0; ; count++) {
      if (count > MOST_OPCODES) throw this.refuse('pickle-limits', 'has too many instructions')
      const opcode = this.byte()
      if (opcode === 0x2e) return this.pop() // STOP
      if (!this.simple(opcode) && !this.text(opcode) && !this.container(opcode)) {
        throw this.refuse('pickle-opcode', `has the unknown instruction ${opcode}`)
      }
    }
  }

  /** Numbers, constants, memo and stack. @returns whether the opcode is one of these */
  private simple(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.byte() > 5) throw this.refuse('pickle-protocol', 'is of a protocol above 5')
        return true
      case 0x95: // FRAME
        this.u64()
        return true
      case 0x4e: // NONE
        this.push(null)
        return true
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.push(opcode === 0x88)
        return true
      case 0x4b: // BININT1
        this.push(this.byte())
        return true
      case 0x4d: // BININT2
        this.push(this.u16())
        return true
      case 0x4a: // BININT
        this.push(this.u32() | 0)
        return true
      case 0x49: // INT
      case 0x4c: // LONG
        this.push(this.decimal(this.line()))
        return true
      case 0x8a: // LONG1
        this.push(this.long(this.byte()))
        return true
      case 0x8b: // LONG4
        this.push(this.long(this.u32()))
        return true
      case 0x46: // FLOAT
        this.push(this.float(this.line()))
        return true
      case 0x47: // BINFLOAT, big-endian
        this.take(8)
        this.push(this.view.getFloat64(this.position - 8, false))
        return true
      case 0x28: // MARK
        this.push(MARK)
        return true
      case 0x30: // POP
        if (this.stack.pop() === undefined) throw this.damaged()
        return true
      case 0x31: // POP_MARK
        this.popToMark()
        return true
      case 0x32: // DUP
        this.push(this.top())
        return true
      case 0x70: // PUT
        this.remember(Number(this.line()))
        return true
      case 0x71: // BINPUT
        this.remember(this.byte())
        return true
      case 0x72: // LONG_BINPUT
        this.remember(this.u32())
        return true
      case 0x94: // MEMOIZE
        this.remember(this.memo.size)
        return true
      case 0x67: // GET
        this.recall(Number(this.line()))
        return true
      case 0x68: // BINGET
        this.recall(this.byte())
        return true
      case 0x6a: // LONG_BINGET
        this.recall(this.u32())
        return true
      default:
        return false
    }
  }

  /** Strings, bytes and names. @returns whether the opcode is one of these */
  private text(opcode: number): boolean {
    switch (opcode) {
      case 0x53: // STRING
        this.push(this.quoted(this.line()))
        return true
      case 0x54: // BINSTRING
        this.push(this.latin(this.u32()))
        return true
      case 0x55: // SHORT_BINSTRING
        this.push(this.latin(this.byte()))
        return true
      case 0x56: // UNICODE
        this.push(this.rawUnicode(this.line()))
        return true
      case 0x8c: // SHORT_BINUNICODE
        this.push(this.utf8(this.byte()))
        return true
      case 0x58: // BINUNICODE
        this.push(this.utf8(this.u32()))
        return true
      case 0x8d: // BINUNICODE8
        this.push(this.utf8(this.u64()))
        return true
      case 0x43: // SHORT_BINBYTES
        this.push(this.take(this.byte()).slice())
        return true
      case 0x42: // BINBYTES
        this.push(this.take(this.u32()).slice())
        return true
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.push(this.take(this.u64()).slice())
        return true
      case 0x63: // GLOBAL
        this.global(this.line(), this.line())
        return true
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop()
        this.global(this.pop(), name)
        return true
      }
      case 0x50: // PERSID
        this.persistent(this.line())
        return true
      case 0x51: // BINPERSID
        this.persistent(this.pop())
        return true
      default:
        return false
    }
  }

  /** Containers and objects. @returns whether the opcode is one of these */
  private container(opcode: number): boolean {
    switch (opcode) {
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        this.push([])
        return true
      case 0x6c: // LIST
      case 0x74: // TUPLE
        this.push(this.popToMark())
        return true
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items: PyValue[] = []
        for (let n = opcode - 0x84; n > 0; n--) items.unshift(this.pop())
        this.push(items)
        return true
      }
      case 0x7d: // EMPTY_DICT
        this.push(new Map())
        return true
      case 0x64: {
        // DICT
        const items = this.popToMark()
        this.push(new Map())
        this.setItems(items)
        return true
      }
      case 0x8f: // EMPTY_SET
        this.push(new Set())
        return true
      case 0x91: // FROZENSET
        this.push(new Set(this.popToMark()))
        return true
      case 0x90: {
        // ADDITEMS
        const items = this.popToMark()
        const target = this.top()
        if (!(target instanceof Set)) throw this.damaged()
        for (const item of items) target.add(item)
        return true
      }
      case 0x61: // APPEND
        this.append([this.pop()])
        return true
      case 0x65: // APPENDS
        this.append(this.popToMark())
        return true
      case 0x73: {
        // SETITEM
        const value = this.pop()
        this.setItems([this.pop(), value])
        return true
      }
      case 0x75: // SETITEMS
        this.setItems(this.popToMark())
        return true
      case 0x52: {
        // REDUCE
        const args = this.pop()
        this.call(this.pop(), args)
        return true
      }
      case 0x81: {
        // NEWOBJ
        const args = this.pop()
        this.push(this.instance(this.pop(), args))
        return true
      }
      case 0x92: {
        // NEWOBJ_EX
        this.pop()
        const args = this.pop()
        this.push(this.instance(this.pop(), args))
        return true
      }
      case 0x6f: {
        // OBJ
        const [type, ...args] = this.popToMark()
        this.push(this.instance(type ?? null, args))
        return true
      }
      case 0x69: {
        // INST
        const type = new PyGlobal(modern(this.line()), this.line())
        this.push(this.instance(type, this.popToMark()))
        return true
      }
      case 0x62: // BUILD
        this.build()
        return true
      default:
        return false
    }
  }
}

/**
 * Reads one pickle.
 * @param start where it begins in `bytes`
 * @returns its value and where it ends: legacy PyTorch files hold several in a row
 * @throws FileError for a damaged pickle, a call that is not allowed, or one beyond the limits
 */
export function readPickle(
  bytes: Uint8Array,
  options: PickleOptions,
  start = 0,
): { readonly value: PyValue; readonly end: number } {
  const unpickler = new Unpickler(bytes, start, options)
  const value = unpickler.read()
  return { value, end: unpickler.end }
}
