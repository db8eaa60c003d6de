/**
 * NumPy's arrays: `.npy` files, and `.npz`, a zip of them. Numbers are read in any order (C or
 * Fortran), width and byte order; text of fixed width (`<U1`, `|S1`) too. Object arrays are pickles
 * and are refused.
 *
 * Source: numpy/lib/format.py, versions 1.0 to 3.0.
 */
import { FileError, quote } from '../errors.js'
import { f16ToF32Bits } from '../file/half.js'
import type { SourceFile } from './source.js'
import { copyView, sizeOf } from './strided.js'

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** Dimensions and numbers that no model of ours reaches. */
const MOST_DIMENSIONS = 32
const MOST_NUMBERS = 2 ** 30

export const isNpy = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte)

interface Header {
  /** `f4`, `i8`, `U12`: kind and width, with the byte order apart. */
  readonly kind: string
  readonly width: number
  readonly little: boolean
  readonly fortran: boolean
  readonly shape: readonly number[]
  readonly start: number
}

/** A number at a byte of a view, by the kind and the width in bytes of the type. */
type Read = (view: DataView, at: number, little: boolean) => number

const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)

const READERS: Readonly<Record<string, Read>> = {
  f2(view, at, little) {
    bits[0] = f16ToF32Bits(view.getUint16(at, little))
    return float[0] as number
  },
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  b1: (view, at) => view.getUint8(at),
}

/** An array of a file: numbers, or text of a fixed width. */
export class NumpyArray {
  readonly shape: readonly number[]
  private readonly header: Header
  private readonly view: DataView
  private readonly name: string

  /** @param name how sentences call the array, quoted */
  constructor(name: string, bytes: Uint8Array, header: Header) {
    this.name = name
    this.header = header
    this.shape = header.shape
    this.view = new DataView(bytes.buffer, bytes.byteOffset + header.start)
  }

  get isText(): boolean {
    return this.header.kind === 'U' || this.header.kind === 'S'
  }

  private strides(): number[] {
    const { shape, fortran } = this.header
    const order = shape.map((_, d) => d)
    if (!fortran) order.reverse()
    const stride = new Array<number>(shape.length).fill(0)
    let step = 1
    for (const d of order) {
      stride[d] = step
      step *= shape[d] as number
    }
    return stride
  }

  /** The numbers as float32, row-major. @throws FileError for text, and for values beyond float32 */
  toFloat32(): Float32Array {
    const { kind, width, little, shape } = this.header
    const read = READERS[`${kind}${width}`]
    if (!read) throw refuse(this.name, 'holds text; expected numbers')
    return copyView({ shape, stride: this.strides(), offset: 0 }, index =>
      read(this.view, index * width, little),
    )
  }

  /** Text of each element, without the NULs that fill it up, row-major. */
  toTexts(): string[] {
    const { kind, width, little, shape } = this.header
    const unit = kind === 'U' ? 4 : 1
    const places = copyView({ shape, stride: this.strides(), offset: 0 }, index => index)
    return Array.from(places, place => {
      const points: number[] = []
      for (let at = place * width; at < (place + 1) * width; at += unit) {
        points.push(unit === 4 ? this.view.getUint32(at, little) : this.view.getUint8(at))
      }
      while (points.at(-1) === 0) points.pop()
      if (points.some(point => point > 0x10ffff)) {
        throw refuse(this.name, 'has text that is no Unicode; it is damaged')
      }
      return String.fromCodePoint(...points)
    })
  }
}

const refuse = (name: string, what: string): FileError =>
  new FileError('numpy', `The array ${name} ${what}.`, { ja: `配列 ${name} を読み込めません。` })

/** `(3, 4)`, `(5,)`, `()`. */
function shapeOf(text: string): number[] | undefined {
  const parts = text.split(',').map(part => part.trim())
  if (parts.at(-1) === '') parts.pop()
  // Python 2 writes 3L.
  const sizes = parts.map(part => (/^\d+L?$/.test(part) ? Number.parseInt(part, 10) : -1))
  return sizes.every(size => size >= 0) ? sizes : undefined
}

function headerOf(name: string, bytes: Uint8Array): Header {
  const damaged = (): FileError => refuse(name, 'is damaged or cut short; save it again')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!isNpy(bytes) || bytes.length < 12) throw damaged()
  const major = bytes[6] as number
  if (major < 1 || major > 3) throw refuse(name, `is of version ${major}; expected 1, 2 or 3`)
  const [begin, length] =
    major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  if (length > 65_536 || begin + length > bytes.length) throw damaged()
  const text = new TextDecoder('latin1').decode(bytes.subarray(begin, begin + length))
  const descr = /'descr'\s*:\s*u?'([^']*)'/.exec(text)?.[1]
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const shape = shapeOf(/'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1] ?? '-')
  if (/'descr'\s*:\s*\[/.test(text)) throw refuse(name, 'is a table of several types; expected one')
  if (descr === undefined || fortran === undefined || !shape) throw damaged()
  const [, order = '', kind = '', digits = ''] = /^([<>|=]?)([a-zA-Z])(\d*)/.exec(descr) ?? []
  if (kind === 'O') {
    throw refuse(
      name,
      'holds Python objects, which can run code when they are read; save it as numbers or text, without dtype=object',
    )
  }
  const width = Number(digits) * (kind === 'U' ? 4 : 1)
  const isText = (kind === 'U' || kind === 'S') && width > 0 && width <= 4096
  if (!isText && !READERS[`${kind}${width}`]) {
    throw refuse(
      name,
      `has the type ${quote(descr)}; expected float16, float32, float64 or integers`,
    )
  }
  const size = sizeOf({ shape, stride: [], offset: 0 })
  if (shape.length > MOST_DIMENSIONS || !(size <= MOST_NUMBERS)) throw damaged()
  if (begin + length + size * width > bytes.length) throw damaged()
  return {
    kind,
    width,
    little: order !== '>',
    fortran: fortran === 'True',
    shape,
    start: begin + length,
  }
}

/**
 * Reads one array.
 * @param name how sentences call it, not quoted
 * @throws FileError for a damaged array, one of Python objects, or a type that is no number
 */
export function readNpy({ name, bytes }: SourceFile): NumpyArray {
  return new NumpyArray(quote(name), bytes, headerOf(quote(name), bytes))
}
