/** Writes TensorFlow's checkpoints: sorted tables, records and files of numbers. */
import { crc32c, maskCrc } from './crc32c.js'
import { floatBytes, join, utf8 } from './sample.fixture.js'

export interface CheckpointTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) | 0x80)
  }
}

const fixed32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)

/** A protobuf field of a whole number, or of bytes. */
const whole = (field: number, value: number): Uint8Array => join(varint(8 * field), varint(value))
const nested = (field: number, bytes: Uint8Array): Uint8Array =>
  join(varint(8 * field + 2), varint(bytes.length), bytes)

const checksum = (bytes: Uint8Array): number => maskCrc(crc32c(bytes))

const shapeMessage = (shape: readonly number[]): Uint8Array =>
  join(...shape.map(size => nested(2, whole(1, size))))

type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** A block; every fourth key is whole, the others name what they share with the one before. */
function block(entries: readonly Entry[], compression: number): Uint8Array {
  const restarts: number[] = []
  let bytes = new Uint8Array()
  let before = new Uint8Array()
  entries.forEach(([key, value], i) => {
    let shared = 0
    if (i % 4 === 0) restarts.push(bytes.length)
    else while (shared < key.length && key[shared] === before[shared]) shared++
    const head = join(varint(shared), varint(key.length - shared), varint(value.length))
    bytes = join(bytes, head, key.subarray(shared), value) as Uint8Array<ArrayBuffer>
    before = key as Uint8Array<ArrayBuffer>
  })
  const content = join(bytes, ...restarts.map(fixed32), fixed32(restarts.length))
  const typed = join(content, Uint8Array.of(compression))
  return join(typed, fixed32(checksum(typed)))
}

/**
 * A sorted table of blocks of some entries each.
 * @param compression what its blocks say @param repeat how often the index names each block
 */
export function writeSortedTable(
  entries: readonly Entry[],
  { compression = 0, repeat = 1 } = {},
): Uint8Array {
  const PER_BLOCK = 5
  const parts: Uint8Array[] = []
  let at = 0
  const add = (bytes: Uint8Array): Uint8Array => {
    parts.push(bytes)
    at += bytes.length
    return join(varint(at - bytes.length), varint(bytes.length - 5))
  }
  const index: Entry[] = []
  for (let i = 0; i < entries.length; i += PER_BLOCK) {
    const own = entries.slice(i, i + PER_BLOCK)
    const named: Entry = [(own.at(-1) as Entry)[0], add(block(own, compression))]
    for (let n = 0; n < repeat; n++) index.push(named)
  }
  const meta = add(block([], 0))
  const handles = join(meta, add(block(index, 0)))
  const magic = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb)
  return join(...parts, handles, new Uint8Array(40 - handles.length), magic)
}

const sorted = (tensors: readonly CheckpointTensor[]): CheckpointTensor[] =>
  [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1))

const OBJECT_GRAPH = '_CHECKPOINTABLE_OBJECT_GRAPH'

/** The description of objects: for each key the name that its variable had in the program. */
function objectGraph(names: ReadonlyMap<string, string>): Uint8Array {
  const objects = [...names].map(([key, name]) => {
    const parts = [utf8('VARIABLE_VALUE'), utf8(name), utf8(key)]
    return nested(1, nested(2, join(...parts.map((part, i) => nested(i + 1, part)))))
  })
  const graph = join(...objects)
  const length = varint(graph.length)
  return join(length, fixed32(checksum(length)), graph)
}

/**
 * The second form: index and numbers, in shards in turn.
 * @param names of variables in their program, by key
 */
export function writeBundle(
  tensors: readonly CheckpointTensor[],
  shards = 1,
  names: ReadonlyMap<string, string> = new Map(),
): { index: Uint8Array; data: Uint8Array[] } {
  const data: Uint8Array[] = Array.from({ length: shards }, () => new Uint8Array())
  const graph = names.size > 0 ? [{ name: OBJECT_GRAPH, shape: [], data: [] }] : []
  const entries = sorted([...graph, ...tensors]).map(({ name, shape, data: numbers }, k): Entry => {
    const isGraph = name === OBJECT_GRAPH
    const bytes = isGraph ? objectGraph(names) : floatBytes(numbers)
    const shard = k % shards
    const before = data[shard] as Uint8Array
    data[shard] = join(before, bytes)
    const record = join(
      whole(1, isGraph ? 7 : 1),
      nested(2, shapeMessage(shape)),
      whole(3, shard),
      whole(4, before.length),
      whole(5, bytes.length),
      join(varint(8 * 6 + 5), fixed32(checksum(bytes))),
    )
    return [utf8(name), record]
  })
  const header = join(whole(1, shards), nested(3, whole(1, 1)))
  return { index: writeSortedTable([[utf8(''), header], ...entries]), data }
}

/** The first form: one table with all. */
export function writeFirstForm(tensors: readonly CheckpointTensor[]): Uint8Array {
  const all = sorted(tensors)
  const meta = all.map(({ name, shape }) =>
    nested(1, join(nested(1, utf8(name)), nested(2, shapeMessage(shape)), whole(3, 1))),
  )
  const entries = all.map(({ name, data }): Entry => {
    const slice = join(nested(1, utf8(name)), nested(3, nested(5, floatBytes(data))))
    return [utf8(`\x01${name}`), nested(2, slice)]
  })
  return writeSortedTable([[utf8(''), nested(1, join(...meta))], ...entries])
}
