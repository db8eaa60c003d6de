/** numpy's arrays and scalars in pickles: numbers and strings as plain values. */
import { type Call, PyBuilt, type PyValue } from './pickle-values.js'

/** A dtype: kind (f, i, u, b, U, S, O), bytes an item, byte order. */
class PyDtype extends PyBuilt {
  readonly kind: string
  readonly size: number
  private little = true

  constructor(kind: string, size: number) {
    super()
    this.kind = kind
    this.size = size
  }

  /** `(version, byte order, ...)`. */
  override setState(state: PyValue): void {
    if (Array.isArray(state)) this.little = state[1] !== '>'
  }

  /** The item at a byte; undefined for kinds that are not read. */
  item(bytes: Uint8Array, at: number): PyValue | undefined {
    const { kind, little, size } = this
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, size)
    switch (`${kind}${size}`) {
      case 'f8':
        return view.getFloat64(0, little)
      case 'f4':
        return view.getFloat32(0, little)
      case 'i8':
        return Number(view.getBigInt64(0, little))
      case 'u8':
        return Number(view.getBigUint64(0, little))
      case 'i4':
        return view.getInt32(0, little)
      case 'u4':
        return view.getUint32(0, little)
      case 'i2':
        return view.getInt16(0, little)
      case 'u2':
        return view.getUint16(0, little)
      case 'i1':
        return view.getInt8(0)
      case 'u1':
        return view.getUint8(0)
      case 'b1':
        return view.getUint8(0) !== 0
    }
    if (kind === 'U') {
      let text = ''
      for (let i = 0; i + 4 <= size; i += 4) {
        const code = view.getUint32(i, little)
        if (code !== 0) text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
      }
      return text
    }
    if (kind === 'S') {
      return String.fromCharCode(...bytes.subarray(at, at + size)).replace(/\0+$/, '')
    }
    return undefined
  }
}

/** Items that are made plain: a vocabulary has at most so many, and longer arrays are data. */
const MOST_ITEMS = 1_114_112
/** Bytes an item: a symbol is short. */
const MOST_SIZE = 256

/** An array; its items are known once its state was set, and only where they may be a vocabulary. */
export class PyArray extends PyBuilt {
  items: readonly PyValue[] | undefined

  /** `(version, shape, dtype, whether columns come first, bytes or a list)`. */
  override setState(state: PyValue): void {
    if (!Array.isArray(state)) return
    const [, , dtype, , data] = state
    if (Array.isArray(data)) this.items = data as PyValue[]
    if (!(dtype instanceof PyDtype && data instanceof Uint8Array)) return
    const { size } = dtype
    const count = data.length / size
    if (!(size > 0 && size <= MOST_SIZE && Number.isInteger(count) && count <= MOST_ITEMS)) return
    if (dtype.kind !== 'U' && dtype.kind !== 'S') return
    this.items = Array.from({ length: count }, (_, i) => dtype.item(data, i * size) ?? null)
  }
}

const dtypeOf: Call = ([text]) => {
  const found = typeof text === 'string' ? /^[<>=|]?([a-zA-Z])(\d*)$/.exec(text) : null
  if (!found) return new PyDtype('V', 0)
  const [, kind = '', size = ''] = found
  return new PyDtype(kind, kind === 'U' ? 4 * Number(size) : Number(size))
}

const scalarOf: Call = ([dtype, bytes]) =>
  dtype instanceof PyDtype && bytes instanceof Uint8Array && bytes.length === dtype.size
    ? (dtype.item(bytes, 0) ?? null)
    : null

/** Calls by which numpy's values are rebuilt, under the names of numpy 1 and 2. */
export const NUMPY_CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['numpy.dtype', dtypeOf],
  ...['numpy.core', 'numpy._core'].flatMap((module): [string, Call][] => [
    [`${module}.multiarray._reconstruct`, () => new PyArray()],
    [`${module}.multiarray.scalar`, scalarOf],
  ]),
])
