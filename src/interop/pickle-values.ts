/** The values of a Python pickle, and the calls that plain data needs. */

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

/** A value of ours that takes a state after it was made. */
export abstract class PyBuilt {
  abstract setState(state: PyValue): void
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
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** Python's own classes of plain data that are called with their content: kept as inert records. */
const INERT =
  /^(datetime\.\w+|pathlib(\._local)?\.\w+|decimal\.Decimal|fractions\.Fraction|uuid\.UUID|collections\.deque|functools\.partial|re\._compile|random\.Random|torch\._C\.Generator)$/

/** An inert record of a call that makes plain data; undefined for any other name. */
export const inert = (callee: PyGlobal, args: readonly PyValue[]): PyObject | undefined =>
  INERT.test(callee.path) ? new PyObject(callee, args) : undefined

/** Calls that plain data needs: containers, bytes in Python 2's form, objects of unknown classes. */
export const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', pairsToMap],
  ['builtins.dict', pairsToMap],
  ['collections.defaultdict', () => new Map()],
  ['collections.Counter', pairsToMap],
  ['builtins.list', args => (Array.isArray(first(args)) ? [...(args[0] as PyValue[])] : [])],
  ['builtins.tuple', args => (Array.isArray(first(args)) ? [...(args[0] as PyValue[])] : [])],
  ['builtins.set', args => new Set(Array.isArray(first(args)) ? (args[0] as PyValue[]) : [])],
  ['builtins.frozenset', args => new Set(Array.isArray(first(args)) ? (args[0] as PyValue[]) : [])],
  ['builtins.bytearray', args => (args.length === 0 ? new Uint8Array() : latin1(args))],
  // Empty bytes in protocol 2.
  ['builtins.bytes', args => (args.length === 0 ? new Uint8Array() : latin1(args))],
  ['builtins.complex', args => [...args]],
  ['builtins.slice', args => [...args]],
  ['builtins.range', args => [...args]],
  ['builtins.xrange', args => [...args]],
  ['_codecs.encode', latin1],
])
