/**
 * TensorFlow's checkpoints. The second form (a "tensor bundle", since 0.12) has an index, which is a
 * sorted table with a record a tensor, and files of numbers; in the first form one table holds all.
 *
 * Source: TensorFlow's tensor_bundle.proto and saved_tensor_slice.proto.
 */
import { counted, FileError, quote } from '../errors.js'
import { bf16ToF32, f16ToF32 } from '../file/half.js'
import { crc32c, maskCrc } from './crc32c.js'
import { Cursor, Damaged, SortedTable } from './sorted-table.js'
import type { SourceFile } from './source.js'
import type { NamedTensor } from './state-dict.js'

/** How numbers are kept, by the code of `DataType` in types.proto. */
const TYPES: Readonly<Record<number, { size: number; at(view: DataView, at: number): number }>> = {
  1: { size: 4, at: (view, at) => view.getFloat32(at, true) },
  2: { size: 8, at: (view, at) => view.getFloat64(at, true) },
  14: { size: 2, at: (view, at) => bf16ToF32(view.getUint16(at, true)) },
  19: { size: 2, at: (view, at) => f16ToF32(view.getUint16(at, true)) },
}

/** The fields of a protobuf message by number: numbers for varint and fixed32, bytes for the rest. */
function fieldsOf(message: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const cursor = new Cursor(message)
  const fields = new Map<number, (number | Uint8Array)[]>()
  while (cursor.at < cursor.end) {
    const tag = cursor.varint()
    const number = Math.floor(tag / 8)
    const kind = tag % 8
    const value =
      kind === 0
        ? cursor.varint()
        : kind === 2
          ? cursor.take(cursor.varint())
          : kind === 5
            ? cursor.fixed32()
            : kind === 1
              ? cursor.take(8)
              : undefined
    if (value === undefined) throw new Damaged()
    const list = fields.get(number)
    if (list) list.push(value)
    else fields.set(number, [value])
  }
  return fields
}

type Fields = ReturnType<typeof fieldsOf>

const numberIn = (fields: Fields, field: number): number => {
  const value = fields.get(field)?.at(-1) ?? 0
  if (typeof value !== 'number') throw new Damaged()
  return value
}

const messagesIn = (fields: Fields, field: number): Uint8Array[] =>
  (fields.get(field) ?? []).map(value => {
    if (typeof value === 'number') throw new Damaged()
    return value
  })

/** What the index says of a tensor (BundleEntryProto). */
interface Entry {
  readonly type: number
  readonly shape: readonly number[]
  readonly shard: number
  readonly offset: number
  readonly size: number
  readonly crc: number
}

/** The sizes in a TensorShapeProto. */
const shapeOf = (message: Uint8Array | undefined): number[] =>
  messagesIn(fieldsOf(message ?? new Uint8Array()), 2).map(dimension =>
    numberIn(fieldsOf(dimension), 1),
  )

function entryOf(message: Uint8Array): Entry {
  const fields = fieldsOf(message)
  return {
    type: numberIn(fields, 1),
    shape: shapeOf(messagesIn(fields, 2)[0]),
    shard: numberIn(fields, 3),
    offset: numberIn(fields, 4),
    size: numberIn(fields, 5),
    crc: numberIn(fields, 6),
  }
}

const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/** The numbers of a shard: `model.ckpt-500.data-00000-of-00001`, or a lone file of fitting size. */
class Shards {
  private readonly index: SourceFile
  private readonly files: readonly SourceFile[]
  private readonly count: number
  /** Bytes that the tensors of a lone shard need. */
  private readonly size: number

  constructor(index: SourceFile, files: readonly SourceFile[], count: number, size: number) {
    this.index = index
    this.files = files
    this.count = count
    this.size = size
  }

  bytes(shard: number): Uint8Array {
    const { index, files, count, size } = this
    const digits = (value: number): string => String(value).padStart(5, '0')
    const name = `${baseName(index.name).replace(/\.index$/, '')}.data-${digits(shard)}-of-${digits(count)}`
    const found =
      files.find(file => baseName(file.name) === name) ??
      (count === 1 ? files.find(file => file.bytes.length === size) : undefined)
    if (found) return found.bytes
    throw new FileError(
      'tensorflow',
      `The checkpoint ${quote(index.name)} keeps its numbers in ${quote(name)}, but it is not there; choose both files.`,
    )
  }
}

function tensorOf(key: string, entry: Entry, shards: Shards): NamedTensor {
  const { type, shape, offset, size, crc } = entry
  const read = TYPES[type] as (typeof TYPES)[number]
  return {
    shape,
    toFloat32() {
      const bytes = shards.bytes(entry.shard)
      const count = shape.reduce((a, b) => a * b, 1)
      const own = bytes.subarray(offset, offset + size)
      if (own.length !== size || count * read.size !== size || maskCrc(crc32c(own)) !== crc) {
        throw new FileError(
          'tensorflow',
          `The numbers of ${quote(key)} are damaged: expected ${counted(size, 'byte')} at byte ${offset} with the checksum of the index; save or download the checkpoint again.`,
        )
      }
      const view = new DataView(own.buffer, own.byteOffset, own.byteLength)
      return Float32Array.from({ length: count }, (_, i) => read.at(view, read.size * i))
    },
  }
}

/** Where object-based checkpoints describe their objects (a TrackableObjectGraph). */
const OBJECT_GRAPH = '_CHECKPOINTABLE_OBJECT_GRAPH'
const STRING = 7

/** The names that variables had in their program, by the keys of an object-based checkpoint. */
function programNames(entry: Entry | undefined, shards: Shards): Map<string, string> {
  const names = new Map<string, string>()
  if (entry?.type !== STRING) return names
  const bytes = shards.bytes(entry.shard).subarray(entry.offset, entry.offset + entry.size)
  // One string: its length, four bytes of a checksum, then the string.
  const cursor = new Cursor(bytes)
  const length = cursor.varint()
  cursor.take(4)
  const text = (message: Uint8Array | undefined): string => new TextDecoder().decode(message)
  for (const object of messagesIn(fieldsOf(cursor.take(length)), 1)) {
    for (const attribute of messagesIn(fieldsOf(object), 2)) {
      const fields = fieldsOf(attribute)
      names.set(text(messagesIn(fields, 3)[0]), text(messagesIn(fields, 2)[0]))
    }
  }
  return names
}

/** The tensors of the first form: a record that describes all (SavedTensorSliceMeta), then one each. */
function firstForm(meta: Uint8Array, records: readonly Uint8Array[]): Map<string, NamedTensor> {
  const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
  const described = new Map(
    messagesIn(fieldsOf(meta), 1).map(message => {
      const fields = fieldsOf(message)
      const shape = shapeOf(messagesIn(fields, 2)[0])
      return [text(messagesIn(fields, 1)[0]), { shape, type: numberIn(fields, 3) }] as const
    }),
  )
  const tensors = new Map<string, NamedTensor>()
  for (const record of records) {
    const slice = fieldsOf(messagesIn(fieldsOf(record), 2)[0] ?? new Uint8Array())
    const name = text(messagesIn(slice, 1)[0])
    const proto = fieldsOf(messagesIn(slice, 3)[0] ?? new Uint8Array())
    const { shape, type = 0 } = described.get(name) ?? {}
    // float_val is field 5, double_val field 6; both are packed.
    const [packed] = type === 1 ? messagesIn(proto, 5) : type === 2 ? messagesIn(proto, 6) : []
    const read = TYPES[type]
    if (!shape || !packed || !read) continue
    const count = shape.reduce((a, b) => a * b, 1)
    // A tensor that was saved in several slices is left out, so that it is missed by name.
    if (count * read.size !== packed.length) continue
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
    const toFloat32 = (): Float32Array =>
      Float32Array.from({ length: count }, (_, i) => read.at(view, read.size * i))
    tensors.set(name, { shape, toFloat32 })
  }
  return tensors
}

export interface Checkpoint {
  /** The float tensors by key; their numbers are read and checked when asked for. */
  readonly tensors: ReadonlyMap<string, NamedTensor>
  /** The names that variables had in their program, where the keys are those of objects. */
  readonly programNames: ReadonlyMap<string, string>
}

/**
 * What a checkpoint holds.
 * @param index the file that is a sorted table
 * @param files all files, the index among them
 * @throws FileError for an index that is damaged, or files of numbers that are missing or cut short
 */
export function readCheckpoint(index: SourceFile, files: readonly SourceFile[]): Checkpoint {
  try {
    const entries = [...new SortedTable(index).entries()]
    const header = fieldsOf(entries.find(([key]) => key === '')?.[1] ?? new Uint8Array())
    const others = entries.filter(([key]) => key !== '')
    const [meta] = header.get(1) ?? []
    const records = others.map(([, record]) => record)
    if (meta instanceof Uint8Array) {
      return { tensors: firstForm(meta, records), programNames: new Map() }
    }
    if (numberIn(header, 2) !== 0) {
      throw new FileError(
        'tensorflow',
        `The checkpoint ${quote(index.name)} was written by a big-endian computer, which is not read.`,
      )
    }
    const all = others.map(([key, message]) => [key, entryOf(message)] as const)
    const size = all.reduce((most, [, entry]) => Math.max(most, entry.offset + entry.size), 0)
    const shards = new Shards(index, files, Math.max(1, numberIn(header, 1)), size)
    const graph = all.find(([key]) => key === OBJECT_GRAPH)?.[1]
    const tensors = new Map(
      all
        .filter(([, { type }]) => TYPES[type] !== undefined)
        .map(([key, entry]) => [key, tensorOf(key, entry, shards)]),
    )
    return { tensors, programNames: programNames(graph, shards) }
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    throw new FileError(
      'tensorflow',
      `The TensorFlow checkpoint ${quote(index.name)} is damaged; save or download it again.`,
    )
  }
}
