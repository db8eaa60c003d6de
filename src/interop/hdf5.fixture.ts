/**
 * Writes HDF5 files as h5py does by default: superblock 0, groups as symbol tables, contiguous or
 * chunked datasets, attributes of fixed-length strings (HDF5 File Format Specification, version 3).
 */
import { zlibSync } from 'fflate'
import { join, utf8 } from './sample.fixture.js'

export interface Hdf5Data {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
  /** In chunks of so many rows, gzip and shuffle; else contiguous float32. */
  readonly chunkRows?: number
}

export interface Hdf5Tree {
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>
  readonly groups?: Readonly<Record<string, Hdf5Tree>>
  readonly datasets?: Readonly<Record<string, Hdf5Data>>
}

/** Symbols that one node of a symbol table holds: half of them, times two. */
const LEAF_K = 512
const UNDEFINED = 0xffffffffffffffffn

const padded = (bytes: Uint8Array, to = 8): Uint8Array =>
  join(bytes, new Uint8Array((to - (bytes.length % to)) % to))

/** Little-endian numbers: [width in bytes, value]. */
function fields(
  ...list: readonly (readonly [width: number, value: number | bigint])[]
): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [width]) => sum + width, 0))
  let at = 0
  for (const [width, value] of list) {
    let rest = BigInt.asUintN(64, BigInt(value))
    for (let i = 0; i < width; i++, rest >>= 8n) bytes[at++] = Number(rest & 255n)
  }
  return bytes
}

function dataspace(shape: readonly number[]): Uint8Array {
  return join(
    fields([1, 1], [1, shape.length], [1, 0], [5, 0]),
    ...shape.map(size => fields([8, size])),
  )
}

/** IEEE float32, little-endian. */
const FLOAT = fields(
  [1, 0x11],
  [1, 0x20],
  [1, 31],
  [1, 0],
  [4, 4],
  [2, 0],
  [2, 32],
  [1, 23],
  [1, 8],
  [1, 0],
  [1, 23],
  [4, 127],
)
const stringType = (size: number): Uint8Array => fields([1, 0x13], [1, 1], [2, 0], [4, size])

function message(type: number, body: Uint8Array): Uint8Array {
  const whole = padded(body)
  return join(fields([2, type], [2, whole.length], [1, 0], [3, 0]), whole)
}

function attribute(name: string, value: string | readonly string[]): Uint8Array {
  const texts = (typeof value === 'string' ? [value] : value).map(utf8)
  const size = Math.max(1, ...texts.map(({ length }) => length))
  const label = utf8(`${name}\0`)
  const type = stringType(size)
  const space = dataspace(typeof value === 'string' ? [] : [texts.length])
  return message(
    0x0c,
    join(
      fields([1, 1], [1, 0], [2, label.length], [2, type.length], [2, space.length]),
      padded(label),
      padded(type),
      padded(space),
      ...texts.map(text => join(text, new Uint8Array(size - text.length))),
    ),
  )
}

function shuffled(bytes: Uint8Array, width: number): Uint8Array {
  const count = bytes.length / width
  return Uint8Array.from(
    bytes,
    (_, i) => bytes[(i % count) * width + Math.floor(i / count)] as number,
  )
}

class Writer {
  private readonly parts: Uint8Array[] = []
  private end = 96

  /** @returns the address of the bytes */
  put(bytes: Uint8Array): number {
    const address = this.end
    const whole = padded(bytes)
    this.parts.push(whole)
    this.end += whole.length
    return address
  }

  private header(messages: readonly Uint8Array[]): number {
    const size = messages.reduce((sum, { length }) => sum + length, 0)
    return this.put(
      join(fields([1, 1], [1, 0], [2, messages.length], [4, 1], [4, size], [4, 0]), ...messages),
    )
  }

  private dataset({ shape, data, chunkRows }: Hdf5Data): number {
    const bytes = new Uint8Array(Float32Array.from(data).buffer)
    const messages = [message(1, dataspace(shape)), message(3, FLOAT)]
    if (chunkRows === undefined) {
      const address = bytes.length > 0 ? this.put(bytes) : UNDEFINED
      messages.push(message(8, fields([1, 3], [1, 1], [8, address], [8, bytes.length])))
      return this.header(messages)
    }
    const width = shape.slice(1).reduce((a, b) => a * b, 4)
    const entries: Uint8Array[] = []
    for (let row = 0; row < (shape[0] as number); row += chunkRows) {
      const chunk = new Uint8Array(chunkRows * width)
      chunk.set(bytes.subarray(row * width, (row + chunkRows) * width))
      const packed = zlibSync(shuffled(chunk, 4))
      const offsets = shape.map((_, d): [number, number] => [8, d === 0 ? row : 0])
      const key = join(fields([4, packed.length], [4, 0], ...offsets, [8, 0]))
      entries.push(join(key, fields([8, this.put(packed)])))
    }
    const last = join(fields([8, 0], ...shape.map((size): [number, number] => [8, size]), [8, 0]))
    const tree = this.put(
      join(
        utf8('TREE'),
        fields([1, 1], [1, 0], [2, entries.length], [8, UNDEFINED], [8, UNDEFINED]),
        ...entries,
        last,
      ),
    )
    const sizes = shape.map((size, d): [number, number] => [4, d === 0 ? chunkRows : size])
    messages.push(
      // Shuffle with its one value, then gzip.
      message(
        0x0b,
        join(
          fields([1, 1], [1, 2], [6, 0]),
          fields([2, 2], [2, 0], [2, 1], [2, 1], [4, 4], [4, 0]),
          fields([2, 1], [2, 0], [2, 1], [2, 1], [4, 6], [4, 0]),
        ),
      ),
      message(8, fields([1, 3], [1, 2], [1, shape.length + 1], [8, tree], ...sizes, [4, 4])),
    )
    return this.header(messages)
  }

  /** @returns the address of the group's object header */
  group({ attributes = {}, groups = {}, datasets = {} }: Hdf5Tree): number {
    const children = [
      ...Object.entries(groups).map(([name, tree]) => ({ name, address: this.group(tree) })),
      ...Object.entries(datasets).map(([name, data]) => ({ name, address: this.dataset(data) })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1))
    const names: Uint8Array[] = [new Uint8Array(8)]
    let offset = 8
    const entries = children.map(({ name, address }) => {
      const text = padded(utf8(`${name}\0`))
      names.push(text)
      const entry = fields([8, offset], [8, address], [4, 0], [4, 0], [16, 0])
      offset += text.length
      return entry
    })
    const segment = this.put(join(...names))
    const heap = this.put(
      join(utf8('HEAP'), fields([1, 0], [3, 0], [8, offset], [8, 1], [8, segment])),
    )
    const node = this.put(
      join(utf8('SNOD'), fields([1, 1], [1, 0], [2, entries.length]), ...entries),
    )
    const tree = this.put(
      join(
        utf8('TREE'),
        fields([1, 0], [1, 0], [2, 1], [8, UNDEFINED], [8, UNDEFINED]),
        fields([8, 0], [8, node], [8, 8]),
      ),
    )
    return this.header([
      message(0x11, fields([8, tree], [8, heap])),
      ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    ])
  }

  file(root: number): Uint8Array {
    const superblock = join(
      Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a),
      fields([1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [1, 8], [1, 8], [1, 0]),
      fields([2, LEAF_K], [2, 16], [4, 0], [8, 0], [8, UNDEFINED], [8, this.end], [8, UNDEFINED]),
      fields([8, 0], [8, root], [4, 0], [4, 0], [16, 0]),
    )
    return join(superblock, ...this.parts)
  }
}

export function writeHdf5(tree: Hdf5Tree): Uint8Array {
  const writer = new Writer()
  return writer.file(writer.group(tree))
}
