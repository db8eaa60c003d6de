/**
 * The weights of a TensorFlow.js model: groups of tensors one after the other in the bytes of a group's
 * files (shards), perhaps quantised.
 *
 * Source: tfjs-core's io_utils.ts and types.ts (WeightsManifestConfig).
 */
import { counted, FileError, quote } from '../errors.js'
import { f16ToF32 } from '../file/half.js'
import { isRecord } from '../file/json.js'
import type { SourceFile } from './source.js'
import type { NamedTensor } from './state-dict.js'

/** How the numbers of a tensor are kept: their type, and for whole numbers what they stand for. */
interface Stored {
  readonly type: keyof typeof READ
  readonly scale: number
  readonly min: number
}

const READ = {
  float32: { size: 4, at: (view: DataView, at: number) => view.getFloat32(at, true) },
  float16: { size: 2, at: (view: DataView, at: number) => f16ToF32(view.getUint16(at, true)) },
  int32: { size: 4, at: (view: DataView, at: number) => view.getInt32(at, true) },
  uint16: { size: 2, at: (view: DataView, at: number) => view.getUint16(at, true) },
  uint8: { size: 1, at: (view: DataView, at: number) => view.getUint8(at) },
  bool: { size: 1, at: (view: DataView, at: number) => view.getUint8(at) },
} as const

const refuse = (json: string, what: string): FileError =>
  new FileError('tfjs', `The TensorFlow.js model ${quote(json)} ${what}.`)

const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

function storedOf(json: string, spec: Record<string, unknown>): Stored {
  const packed = isRecord(spec.quantization) ? spec.quantization : undefined
  const type = packed ? packed.dtype : spec.dtype
  const { scale = 1, min = 0 } = packed ?? {}
  if (typeof type !== 'string' || !Object.hasOwn(READ, type)) {
    throw refuse(
      json,
      `keeps ${quote(spec.name)} as ${typeof type === 'string' ? quote(type) : 'numbers of no type'}; expected ${Object.keys(READ).join(', ')}`,
    )
  }
  if (typeof scale !== 'number' || typeof min !== 'number') {
    throw refuse(json, `has no number as scale or min of ${quote(spec.name)}`)
  }
  return { type: type as Stored['type'], scale, min }
}

interface Placed extends Stored {
  readonly name: string
  readonly shape: readonly number[]
  readonly start: number
  readonly count: number
}

/** Where the tensors of one group stand in its bytes, and how many bytes it needs. */
function layoutOf(json: string, specs: readonly unknown[]): { placed: Placed[]; size: number } {
  let size = 0
  const placed = specs.map((spec): Placed => {
    const { name, shape } = isRecord(spec) ? spec : {}
    const isShape = Array.isArray(shape) && shape.every(n => Number.isSafeInteger(n) && n >= 0)
    if (!isRecord(spec) || typeof name !== 'string' || !isShape) {
      throw refuse(json, 'lists weights without a name and a shape')
    }
    const stored = storedOf(json, spec)
    const count = (shape as number[]).reduce((a, b) => a * b, 1)
    const start = size
    size += count * READ[stored.type].size
    return { ...stored, name, shape: shape as number[], start, count }
  })
  return { placed, size }
}

/** The bytes of a group. A file of weights alone is known by its size, too, whatever its name. */
function bytesOf(
  json: string,
  paths: readonly unknown[],
  size: number,
  files: readonly SourceFile[],
): Uint8Array {
  // A list that names one file many times would take many times its memory.
  if (new Set(paths.map(path => baseName(String(path)))).size < paths.length) {
    throw refuse(json, 'lists a file of weights twice; save the model again')
  }
  const shards = paths.map(path => {
    const found =
      files.find(({ name }) => baseName(name) === baseName(String(path))) ??
      (paths.length === 1 ? files.find(({ bytes }) => bytes.length === size) : undefined)
    if (found) return found.bytes
    throw refuse(
      json,
      `names the file ${quote(path)} for its weights, but it is not there; choose all files of the model`,
    )
  })
  const length = shards.reduce((sum, shard) => sum + shard.length, 0)
  if (length !== size) {
    throw refuse(
      json,
      `needs ${counted(size, 'byte')} of weights, but its files have ${length}: it is incomplete, download it again`,
    )
  }
  const [first] = shards
  if (first && shards.length === 1) return first
  const bytes = new Uint8Array(length)
  let at = 0
  for (const shard of shards) {
    bytes.set(shard, at)
    at += shard.length
  }
  return bytes
}

/**
 * All tensors of a manifest in its order.
 * @param json the name of the file that holds the manifest
 * @throws FileError for a file that is missing or has another size, or numbers of another type
 */
export function tensorsOf(
  json: string,
  manifest: readonly unknown[],
  files: readonly SourceFile[],
): { name: string; tensor: NamedTensor }[] {
  return manifest.flatMap(group => {
    if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw refuse(json, 'has a weightsManifest without paths and weights')
    }
    const { placed, size } = layoutOf(json, group.weights)
    const bytes = bytesOf(json, group.paths, size, files)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return placed.map(({ name, shape, start, count, type, scale, min }) => {
      const read = READ[type]
      const at = (i: number): number => read.at(view, start + read.size * i) * scale + min
      const toFloat32 = (): Float32Array => Float32Array.from({ length: count }, (_, i) => at(i))
      return { name, tensor: { shape, toFloat32 } }
    })
  })
}
