/**
 * What `torch.save` writes: a zip with `data.pkl` and a file a storage, or (before PyTorch 1.6) four
 * pickles and the storages in a row. Gives the saved value with its tensors; what they belong to is
 * for pytorch.ts to find.
 *
 * Source: torch/serialization.py and torch/_utils.py.
 */
import { FileError, quote } from '../errors.js'
import { bf16ToF32Bits, f16ToF32Bits } from '../file/half.js'
import { NUMPY_CALLS } from './numpy-values.js'
import { readPickle } from './pickle.js'
import { type Call, PyGlobal, type PyValue } from './pickle-values.js'
import type { SourceFile } from './source.js'
import { copyView, fits, type View } from './strided.js'
import { isZip, readZip, zipNames } from './zip.js'

const DTYPES = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const
export type Dtype = keyof typeof DTYPES

const STORAGES: Readonly<Record<string, Dtype>> = {
  FloatStorage: 'float32',
  DoubleStorage: 'float64',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  // Bytes; the type stands beside them in `_rebuild_tensor_v3`.
  UntypedStorage: 'uint8',
}

/** The numbers of one or more tensors. */
export class Storage {
  readonly dtype: Dtype
  readonly key: string
  /** Bytes of its numbers, little-endian; set late in the legacy form. */
  bytes: Uint8Array | undefined
  constructor(dtype: Dtype, key: string) {
    this.dtype = dtype
    this.key = key
  }
}

/** A tensor: a view into a storage. */
export class TorchTensor {
  readonly view: View
  readonly storage: Storage
  private readonly file: string

  /** @param file for refusals */
  constructor(file: string, storage: Storage, view: View) {
    this.file = file
    this.storage = storage
    this.view = view
  }

  get shape(): readonly number[] {
    return this.view.shape
  }

  get dtype(): string {
    return this.storage.dtype
  }

  /** Two tensors with one id are the same numbers of the file. */
  get id(): string {
    const { offset, shape, stride } = this.view
    return `${this.storage.key} ${offset} ${shape} ${stride}`
  }

  /**
   * Its numbers as float32, row-major.
   * @throws FileError when the view leaves the storage
   */
  toFloat32(): Float32Array {
    const { storage, view } = this
    const bytes = storage.bytes ?? new Uint8Array()
    if (!fits(view, bytes.length / DTYPES[storage.dtype])) {
      throw new FileError(
        'torch-storage',
        `A tensor of ${quote(this.file)} has ${view.shape.join(' x ')} numbers, but its storage ends before; the file is damaged or cut short.`,
      )
    }
    return copyView(view, reader(storage.dtype, bytes))
  }
}

/** A function from an index to the number there. */
function reader(dtype: Dtype, bytes: Uint8Array): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bits = new Uint32Array(1)
  const float = new Float32Array(bits.buffer)
  switch (dtype) {
    case 'float32':
      return i => view.getFloat32(4 * i, true)
    case 'float64':
      return i => view.getFloat64(8 * i, true)
    case 'float16':
    case 'bfloat16': {
      const widen = dtype === 'float16' ? f16ToF32Bits : bf16ToF32Bits
      return i => {
        bits[0] = widen(view.getUint16(2 * i, true))
        return float[0] as number
      }
    }
    case 'int64':
      return i => Number(view.getBigInt64(8 * i, true))
    case 'int32':
      return i => view.getInt32(4 * i, true)
    case 'int16':
      return i => view.getInt16(2 * i, true)
    case 'int8':
      return i => view.getInt8(i)
    default:
      return i => view.getUint8(i)
  }
}

const isWholes = (value: PyValue | undefined): value is number[] =>
  Array.isArray(value) && value.every(n => Number.isSafeInteger(n) && (n as number) >= 0)

/** Kinds of tensors that are no plain numbers. */
const REFUSED: Readonly<Record<string, string>> = {
  _rebuild_qtensor: 'keeps quantized tensors; save the model before it was quantized',
  _rebuild_sparse_tensor: 'keeps sparse tensors; save them with tensor.to_dense()',
  _rebuild_nested_tensor: 'keeps nested tensors; save them as plain ones',
  _rebuild_meta_tensor_no_storage:
    'keeps tensors of the device meta, which have no numbers; save the model after its weights were loaded',
  _rebuild_wrapper_subclass: 'keeps tensors of a class of their own; save them as plain tensors',
}

/** Tensors whose type stands beside an untyped storage: those that came after PyTorch 2.1. */
const rebuildTyped =
  (file: string): Call =>
  ([, , , , , , dtype]) => {
    const name = dtype instanceof PyGlobal ? dtype.name : 'an unknown type'
    throw new FileError(
      'torch-storage',
      `The PyTorch file ${quote(file)} keeps numbers as ${quote(name)}; expected ${Object.keys(DTYPES).join(', ')}: convert the model with model.float() and save it again.`,
    )
  }

/** The calls by which PyTorch rebuilds tensors. @param file for refusals */
function tensorCalls(file: string): Map<string, Call> {
  const rebuild: Call = ([storage, offset, shape, stride]) => {
    const isTensor =
      storage instanceof Storage && isWholes([offset ?? -1]) && isWholes(shape) && isWholes(stride)
    if (!isTensor || shape.length !== stride.length) return undefined
    return new TorchTensor(file, storage, { offset: offset as number, shape, stride })
  }
  const itself: Call = ([tensor]) => tensor
  return new Map<string, Call>([
    ['torch._utils._rebuild_tensor', rebuild],
    ['torch._utils._rebuild_tensor_v2', rebuild],
    ['torch._utils._rebuild_parameter', itself],
    ['torch._utils._rebuild_parameter_with_state', itself],
    ['torch._tensor._rebuild_from_type_v2', ([, , args]) => rebuild(args as PyValue[])],
    ['torch.nn.parameter.Parameter', itself],
    ['torch.Size', ([sizes]) => sizes ?? []],
    ['torch.device', args => args.join(':')],
    ['torch.serialization._get_layout', ([name]) => name],
    // A weight-tied module in old files refers to its own forward hooks in this way.
    ['torch.utils.hooks.RemovableHandle', () => null],
    ['torch._utils._rebuild_tensor_v3', rebuildTyped(file)],
    ...Object.entries(REFUSED).map(([name, what]): [string, Call] => [
      `torch._utils.${name}`,
      () => {
        throw new FileError('torch-storage', `The PyTorch file ${quote(file)} ${what}.`)
      },
    ]),
    ...NUMPY_CALLS,
  ])
}

function storageOf(type: PyValue | undefined, key: PyValue | undefined): Storage | undefined {
  const name = type instanceof PyGlobal ? type.name : ''
  const dtype = Object.hasOwn(STORAGES, name) ? STORAGES[name] : undefined
  return dtype === undefined ? undefined : new Storage(dtype, String(key))
}

/** Storages by key, made when a pickle first refers to one. */
class Storages {
  readonly byKey = new Map<string, Storage>()
  private readonly file: string
  constructor(file: string) {
    this.file = file
  }

  /** `('storage', type, key, location, count)` and, in old files, a view into it. */
  readonly persistent = (id: PyValue): PyValue => {
    if (!Array.isArray(id) || id[0] !== 'storage') {
      // Legacy files of whole modules keep their source beside them: ('module', type, path, source).
      if (Array.isArray(id) && id[0] === 'module') return id[1] as PyValue
      throw this.refuse('refers to data of an unknown kind')
    }
    const known = this.byKey.get(String(id[2]))
    if (known) return known
    const storage = storageOf(id[1] as PyValue, id[2] as PyValue)
    if (!storage) {
      const name = id[1] instanceof PyGlobal ? id[1].path : 'no type'
      if (/Q(U?Int|Storage)/.test(name)) {
        throw this.refuse(
          `keeps quantized numbers (${quote(name)}); save the model before it was quantized`,
        )
      }
      throw this.refuse(
        `keeps numbers as ${quote(name)}; expected ${Object.keys(STORAGES).join(', ')}: convert the model with model.float() and save it again`,
      )
    }
    this.byKey.set(storage.key, storage)
    return storage
  }

  refuse(what: string): FileError {
    return new FileError('torch-storage', `The PyTorch file ${quote(this.file)} ${what}.`)
  }
}

/** First bytes of the legacy form: a pickle of the number 0x1950a86a20f9469cfc6c. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn

/** The pickle of the zip form, in a folder named after the model. */
const PICKLE = /^([^/]+\/)?data\.pkl$/

function readZipForm(file: SourceFile): PyValue {
  const entries = readZip(file)
  const pickle = [...entries.keys()].find(name => PICKLE.test(name))
  const storages = new Storages(file.name)
  if (pickle === undefined) throw storages.refuse('is a zip archive without data.pkl')
  const root = pickle.slice(0, -'data.pkl'.length)
  const order = entries.get(`${root}byteorder`)
  if (order && String.fromCharCode(...order.subarray(0, 3)) === 'big') {
    throw storages.refuse('is of a big-endian machine; save it again on a common one')
  }
  const { value } = readPickle(entries.get(pickle) as Uint8Array, {
    name: file.name,
    size: file.bytes.length,
    calls: tensorCalls(file.name),
    persistent: storages.persistent,
  })
  for (const storage of storages.byKey.values()) {
    storage.bytes = entries.get(`${root}data/${storage.key}`)
    if (!storage.bytes) throw storages.refuse(`lacks the storage ${quote(storage.key)}`)
  }
  return value
}

function readLegacyForm(file: SourceFile): PyValue {
  const { bytes, name } = file
  const storages = new Storages(name)
  const options = { name, calls: tensorCalls(name), persistent: storages.persistent }
  let at = 0
  const next = (): PyValue => {
    const { value, end } = readPickle(bytes, options, at)
    at = end
    return value
  }
  next() // the magic number, which `isTorchFile` has seen
  if (next() !== 1001) throw storages.refuse('is of an unknown version')
  const system = next()
  if (system instanceof Map && system.get('little_endian') === false) {
    throw storages.refuse('is of a big-endian machine; save it again on a common one')
  }
  const value = next()
  const keys = next()
  if (!Array.isArray(keys)) throw storages.refuse('lacks its list of storages')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const key of keys) {
    const storage = storages.byKey.get(String(key))
    if (!storage || at + 8 > bytes.length) throw storages.refuse('is cut short')
    const count = Number(view.getBigInt64(at, true))
    const size = count * DTYPES[storage.dtype]
    at += 8
    if (!(count >= 0 && at + size <= bytes.length)) throw storages.refuse('is cut short')
    storage.bytes = bytes.subarray(at, at + size)
    at += size
  }
  return value
}

function isLegacy(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x80 || bytes.length < 20) return false
  try {
    return readPickle(bytes.subarray(0, 64), { name: '' }).value === LEGACY_MAGIC
  } catch {
    return false
  }
}

/** Whether `torch.save` wrote it, in either form, or TorchScript, which keeps its module likewise. */
export function isTorchFile(file: SourceFile): boolean {
  if (!isZip(file.bytes)) return isLegacy(file.bytes)
  return zipNames(file.bytes).some(name => PICKLE.test(name))
}

/**
 * The value that was saved.
 * @throws FileError for a damaged file, a pickle that does more than keep tensors, or a big-endian one
 */
export function readTorchFile(file: SourceFile): PyValue {
  return isZip(file.bytes) ? readZipForm(file) : readLegacyForm(file)
}
