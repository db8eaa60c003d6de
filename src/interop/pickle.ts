/**
 * Python pickles, read and never run. The opcodes build plain values; a call is made only for a name
 * on the allow-list, by code of ours. Everything else is refused by name. Instances of unknown classes
 * become inert records, because a pickled module is made of them.
 *
 * Source: CPython's Lib/pickletools.py, protocols 0 to 5.
 */
import { quote } from '../errors.js'
import { PickleInput } from './pickle-input.js'
import {
  CALLS,
  type Call,
  inert,
  PyBuilt,
  PyGlobal,
  PyObject,
  type PyValue,
} from './pickle-values.js'

export interface PickleOptions {
  /** The name that errors show. */
  readonly name: string
  /** Allowed calls by `module.name`, besides those of `CALLS`. */
  readonly calls?: ReadonlyMap<string, Call>
  /** What a persistent id stands for. */
  readonly persistent?: (id: PyValue) => PyValue
  /** Bytes of the file that holds the pickle; those of the pickle unless it is a part. */
  readonly size?: number
}

/**
 * Bytes of memory that the values of a small pickle may take, and times its file's size in all others: a
 * container takes one byte in the file, and two hundred here.
 */
const ALWAYS_ALLOWED = 4 * 2 ** 20
const MOST_EXPANSION = 4
/** Bytes of memory of a list or an object, of a dict or a set, and of one place in any of them. */
const CONTAINER = 64
const DICT = 192
const PLACE = 16
/** Bytes of memory of a value's place in the memo. */
const REMEMBERED = 48
const MARK = Symbol('mark')
type Slot = PyValue | typeof MARK

/** Python 2's names of the same things. */
function modern(module: string): string {
  if (module === '__builtin__') return 'builtins'
  if (module === 'copy_reg') return 'copyreg'
  return module
}

class Unpickler {
  private readonly input: PickleInput
  private readonly options: PickleOptions
  private readonly stack: Slot[] = []
  private readonly memo = new Map<number, PyValue>()
  private room: number

  constructor(bytes: Uint8Array, start: number, options: PickleOptions) {
    this.input = new PickleInput(bytes, start, options.name)
    this.options = options
    this.room = Math.max(ALWAYS_ALLOWED, MOST_EXPANSION * (options.size ?? bytes.length))
  }

  /** Counts memory, so that a small hostile pickle costs little. */
  private spend(bytes: number): void {
    this.room -= bytes
    if (this.room < 0) {
      throw this.input.refuse('pickle-limits', 'holds too many values for its size')
    }
  }

  get end(): number {
    return this.input.end
  }

  private push(value: Slot): void {
    if (value instanceof Map || value instanceof Set) this.spend(DICT)
    else if (typeof value === 'object' && value !== null) this.spend(CONTAINER)
    else this.spend(PLACE + (typeof value === 'string' ? 2 * value.length : 0))
    this.stack.push(value)
  }

  private pop(): PyValue {
    const value = this.stack.pop()
    if (value === undefined || value === MARK) throw this.input.damaged()
    return value as PyValue
  }

  private top(): PyValue {
    const value = this.stack.at(-1)
    if (value === undefined || value === MARK) throw this.input.damaged()
    return value as PyValue
  }

  /** Everything above the last mark, which is taken away too. */
  private popToMark(): PyValue[] {
    const mark = this.stack.lastIndexOf(MARK)
    if (mark < 0) throw this.input.damaged()
    const items = this.stack.slice(mark + 1)
    this.stack.length = mark
    return items as PyValue[]
  }

  private remember(index: number): void {
    this.spend(REMEMBERED)
    this.memo.set(index, this.top())
  }

  private recall(index: number): void {
    const value = this.memo.get(index)
    if (value === undefined) throw this.input.damaged()
    this.push(value)
  }

  private global(module: PyValue, name: PyValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.input.damaged()
    this.push(new PyGlobal(modern(module), name))
  }

  /** An allowed call; every other one is refused by name. */
  private call(callee: PyValue, args: PyValue): void {
    if (!Array.isArray(args) || !(callee instanceof PyGlobal)) throw this.input.damaged()
    const { path } = callee
    if (path === 'copyreg._reconstructor' && args[0] instanceof PyGlobal) {
      this.push(this.instance(args[0], []))
      return
    }
    const made =
      (this.options.calls?.get(path) ?? CALLS.get(path))?.(args as PyValue[]) ??
      inert(callee, args as PyValue[])
    if (made === undefined) {
      throw this.input.refuse(
        'pickle-call',
        `calls ${quote(path)}, which tensors do not need; such a file can run programs and is not read: save the state_dict with torch.save(model.state_dict(), path), or as safetensors`,
      )
    }
    this.push(made)
  }

  private instance(type: PyValue, args: PyValue): PyValue {
    if (!(type instanceof PyGlobal)) throw this.input.damaged()
    const given = Array.isArray(args) ? (args as PyValue[]) : []
    const made = (this.options.calls?.get(type.path) ?? CALLS.get(type.path))?.(given)
    return made ?? new PyObject(type, given)
  }

  private build(): void {
    const state = this.pop()
    const target = this.top()
    if (target instanceof PyObject) target.state = state
    else if (target instanceof PyBuilt) target.setState(state)
    // The state of a dict or a tensor subclass (`_metadata` of a state_dict) is not needed.
  }

  private append(items: readonly PyValue[]): void {
    const target = this.top()
    this.spend(PLACE * items.length)
    if (Array.isArray(target)) for (const item of items) target.push(item)
    else if (target instanceof PyObject) for (const item of items) target.items.push(item)
    else throw this.input.damaged()
  }

  private setItems(items: readonly PyValue[]): void {
    const target = this.top()
    const entries = target instanceof PyObject ? target.entries : target
    this.spend(2 * PLACE * items.length)
    if (!(entries instanceof Map) || items.length % 2 !== 0) throw this.input.damaged()
    for (let i = 0; i < items.length; i += 2) {
      entries.set(items[i] as PyValue, items[i + 1] as PyValue)
    }
  }

  private persistent(id: PyValue): void {
    const { persistent } = this.options
    if (!persistent)
      throw this.input.refuse('pickle-storage', 'refers to data that is not in the file')
    this.push(persistent(id))
  }

  read(): PyValue {
    for (;;) {
      const opcode = this.input.byte()
      if (opcode === 0x2e) return this.pop() // STOP
      const known =
        this.simple(opcode) || this.text(opcode) || this.container(opcode) || this.object(opcode)
      if (!known) {
        throw this.input.refuse('pickle-opcode', `has the unknown instruction ${opcode}`)
      }
    }
  }

  /** Numbers, constants, memo and stack. @returns whether the opcode is one of these */
  private simple(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.input.byte() > 5)
          throw this.input.refuse('pickle-protocol', 'is of a protocol above 5')
        return true
      case 0x95: // FRAME
        this.input.u64()
        return true
      case 0x4e: // NONE
        this.push(null)
        return true
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.push(opcode === 0x88)
        return true
      case 0x4b: // BININT1
        this.push(this.input.byte())
        return true
      case 0x4d: // BININT2
        this.push(this.input.u16())
        return true
      case 0x4a: // BININT
        this.push(this.input.u32() | 0)
        return true
      case 0x49: // INT
      case 0x4c: // LONG
        this.push(this.input.decimal(this.input.line()))
        return true
      case 0x8a: // LONG1
        this.push(this.input.long(this.input.byte()))
        return true
      case 0x8b: // LONG4
        this.push(this.input.long(this.input.u32()))
        return true
      case 0x46: // FLOAT
        this.push(this.input.float(this.input.line()))
        return true
      case 0x47: // BINFLOAT, big-endian
        this.push(this.input.f64())
        return true
      case 0x28: // MARK
        this.push(MARK)
        return true
      case 0x30: // POP
        if (this.stack.pop() === undefined) throw this.input.damaged()
        return true
      case 0x31: // POP_MARK
        this.popToMark()
        return true
      case 0x32: // DUP
        this.push(this.top())
        return true
      case 0x70: // PUT
        this.remember(this.input.index())
        return true
      case 0x71: // BINPUT
        this.remember(this.input.byte())
        return true
      case 0x72: // LONG_BINPUT
        this.remember(this.input.u32())
        return true
      case 0x94: // MEMOIZE
        this.remember(this.memo.size)
        return true
      case 0x67: // GET
        this.recall(this.input.index())
        return true
      case 0x68: // BINGET
        this.recall(this.input.byte())
        return true
      case 0x6a: // LONG_BINGET
        this.recall(this.input.u32())
        return true
      default:
        return false
    }
  }

  /** Strings, bytes and names. @returns whether the opcode is one of these */
  private text(opcode: number): boolean {
    switch (opcode) {
      case 0x53: // STRING
        this.push(this.input.quoted(this.input.line()))
        return true
      case 0x54: // BINSTRING
        this.push(this.input.latin(this.input.u32()))
        return true
      case 0x55: // SHORT_BINSTRING
        this.push(this.input.latin(this.input.byte()))
        return true
      case 0x56: // UNICODE
        this.push(this.input.rawUnicode(this.input.line()))
        return true
      case 0x8c: // SHORT_BINUNICODE
        this.push(this.input.utf8(this.input.byte()))
        return true
      case 0x58: // BINUNICODE
        this.push(this.input.utf8(this.input.u32()))
        return true
      case 0x8d: // BINUNICODE8
        this.push(this.input.utf8(this.input.u64()))
        return true
      case 0x43: // SHORT_BINBYTES
        this.push(this.input.take(this.input.byte()).slice())
        return true
      case 0x42: // BINBYTES
        this.push(this.input.take(this.input.u32()).slice())
        return true
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.push(this.input.take(this.input.u64()).slice())
        return true
      case 0x63: // GLOBAL
        this.global(this.input.line(), this.input.line())
        return true
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop()
        this.global(this.pop(), name)
        return true
      }
      case 0x50: // PERSID
        this.persistent(this.input.line())
        return true
      case 0x51: // BINPERSID
        this.persistent(this.pop())
        return true
      default:
        return false
    }
  }

  /** Containers. @returns whether the opcode is one of these */
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
        if (!(target instanceof Set)) throw this.input.damaged()
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
      default:
        return false
    }
  }

  /** Calls and instances. @returns whether the opcode is one of these */
  private object(opcode: number): boolean {
    switch (opcode) {
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
        const type = new PyGlobal(modern(this.input.line()), this.input.line())
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
