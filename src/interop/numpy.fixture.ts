/** Writes NumPy arrays as np.save, np.savez and np.savez_compressed do, of a plain RNN. */
import { zipSync } from 'fflate'
import { f32ToF16Bits } from '../file/half.js'
import {
  add,
  type FormatFixture,
  join,
  Numbers,
  type Sample,
  type SampleRequest,
  timesColumn,
  utf8,
} from './sample.fixture.js'

export interface NpyArray {
  readonly shape: readonly number[]
  /** Row-major. */
  readonly data: ArrayLike<number> | readonly string[]
  /** `<f4`, `>f8`, `<U1`, `|S1`, `|O`. */
  readonly descr: string
  readonly fortran?: boolean
  readonly version?: 1 | 2 | 3
}

/** Places of the elements of a row-major array in Fortran's order. */
function fortranOrder(shape: readonly number[]): number[] {
  const size = shape.reduce((a, b) => a * b, 1)
  return Array.from({ length: size }, (_, i) => {
    let rest = i
    const index = shape.map(n => {
      const at = rest % n
      rest = Math.floor(rest / n)
      return at
    })
    return shape.reduce((at, n, d) => at * n + (index[d] as number), 0)
  })
}

function put(view: DataView, at: number, descr: string, value: number | string): void {
  const little = descr[0] !== '>'
  const kind = descr.slice(1)
  if (typeof value === 'string') {
    const points = [...value].map(character => character.codePointAt(0) as number)
    for (const [i, point] of points.entries()) {
      if (kind.startsWith('U')) view.setUint32(at + 4 * i, point, little)
      else view.setUint8(at + i, point)
    }
  } else if (kind === 'f2')
    view.setUint16(
      at,
      f32ToF16Bits(new Uint32Array(Float32Array.of(value).buffer)[0] as number),
      little,
    )
  else if (kind === 'f4') view.setFloat32(at, value, little)
  else if (kind === 'f8') view.setFloat64(at, value, little)
  else if (kind === 'i8') view.setBigInt64(at, BigInt(value), little)
  else if (kind === 'i4') view.setInt32(at, value, little)
  else if (kind === 'u1') view.setUint8(at, value)
}

/** The bytes of a .npy file. */
export function writeNpy({
  shape,
  data,
  descr,
  fortran = false,
  version = 1,
}: NpyArray): Uint8Array {
  const digits = Number(/\d+$/.exec(descr)?.[0] ?? 8)
  const width = digits * (descr[1] === 'U' ? 4 : 1)
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${list}), }`
  const before = version === 1 ? 10 : 12
  const length = Math.ceil((before + dict.length + 1) / 64) * 64 - before
  const head = new Uint8Array(before)
  head.set([0x93, ...utf8('NUMPY'), version, 0])
  const view = new DataView(head.buffer)
  if (version === 1) view.setUint16(8, length, true)
  else view.setUint32(8, length, true)
  const body = new Uint8Array(data.length * width)
  const bodyView = new DataView(body.buffer)
  const order = fortran ? fortranOrder(shape) : Array.from({ length: data.length }, (_, i) => i)
  for (const [at, from] of order.entries()) put(bodyView, at * width, descr, data[from] as number)
  return join(head, utf8(`${dict.padEnd(length - 1)}\n`), body)
}

/** The bytes of a .npz file. */
export function writeNpz(
  arrays: Readonly<Record<string, NpyArray>>,
  compressed = false,
): Uint8Array {
  const entries = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)])
  return zipSync(Object.fromEntries(entries), { level: compressed ? 6 : 0 })
}

const transposed = (data: ArrayLike<number>, rows: number, columns: number): number[] =>
  Array.from({ length: rows * columns }, (_, i) => {
    const [c, r] = [Math.floor(i / rows), i % rows]
    return data[r * columns + c] as number
  })

const VARIANTS: Readonly<Record<string, Partial<NpyArray> & { readonly files?: string }>> = {
  'float64, columns': { descr: '<f8' },
  'float32, rows': { descr: '<f4' },
  'float32, columns, Fortran order, compressed': {
    descr: '<f4',
    fortran: true,
    files: 'compressed',
  },
  'big-endian float64, rows, Fortran order, version 2': { descr: '>f8', fortran: true, version: 2 },
  'float32 in .npy files, columns': { descr: '<f4', files: 'separate', version: 3 },
}

function write({ variant, symbols, outputs, hidden = 6, seed = 1 }: SampleRequest): Sample {
  const V = outputs ?? symbols.length
  const H = hidden
  const form = VARIANTS[variant] ?? {}
  const descr = form.descr ?? '<f8'
  const isRows = variant.includes('rows')
  const numbers = new Numbers(seed)
  const [Wxh, Whh, Why] = [numbers.matrix(H, V), numbers.matrix(H, H), numbers.matrix(V, H)]
  const [bh, by] = [numbers.matrix(H), numbers.matrix(V)]
  const matrix = (data: Float32Array, rows: number, columns: number): NpyArray =>
    isRows
      ? { ...form, descr, shape: [columns, rows], data: transposed(data, rows, columns) }
      : { ...form, descr, shape: [rows, columns], data }
  const vector = (data: Float32Array): NpyArray => ({
    ...{ ...form, descr, data },
    shape: isRows ? [data.length] : [data.length, 1],
  })
  const width = Math.max(1, ...symbols.map(symbol => [...symbol].length))
  const arrays: Record<string, NpyArray> = {
    Wxh: matrix(Wxh, H, V),
    Whh: matrix(Whh, H, H),
    Why: matrix(Why, V, H),
    bh: vector(bh),
    by: vector(by),
    chars: { shape: [symbols.length], data: symbols, descr: `<U${width}` },
  }
  const files =
    form.files === 'separate'
      ? Object.entries(arrays).map(([name, array]) => ({
          name: `${name}.npy`,
          bytes: writeNpy(array),
          named: true,
        }))
      : [{ name: 'model.npz', bytes: writeNpz(arrays, form.files === 'compressed') }]
  return {
    files,
    forward(ids) {
      let h: number[] = new Array(H).fill(0)
      return ids.map(id => {
        const x = Array.from({ length: V }, (_, i) => (i === id ? 1 : 0))
        h = add(timesColumn(Wxh, x), timesColumn(Whh, h), bh).map(Math.tanh)
        return add(timesColumn(Why, h), by)
      })
    },
  }
}

export const numpy: FormatFixture = {
  kind: 'numpy',
  variants: Object.keys(VARIANTS),
  vocabulary: 'in the files',
  write,
}
