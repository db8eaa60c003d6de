/** Writes what torch.save writes: the zip of PyTorch 1.6 and later, and the legacy form. */
import { zipSync } from 'fflate'
import { Global, Persistent, type PyInput, Reduce, Tuple, writePickle } from './pickle.fixture.js'
import { floatBytes, join, utf8 } from './sample.fixture.js'

const torch = (name: string): Global => new Global('torch', name)

/** Storages of one file; tensors are views into them. */
export class TorchStorages {
  readonly all: { bytes: Uint8Array; count: number }[] = []

  /** A tensor of float32 with a storage of its own; `transposed` stores the columns first. */
  tensor(shape: readonly number[], data: Float32Array, transposed = false): Reduce {
    const stride = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1))
    if (!transposed) return this.view(this.add(data), shape, stride)
    const [rows = 1, columns = 1] = shape
    const turned = Float32Array.from(data, (_, i) => {
      return data[(i % rows) * columns + Math.floor(i / rows)] as number
    })
    return this.view(this.add(turned), shape, [1, rows])
  }

  add(data: Float32Array): Persistent {
    const key = String(this.all.length)
    this.all.push({ bytes: floatBytes(data), count: data.length })
    return new Persistent(new Tuple('storage', torch('FloatStorage'), key, 'cpu', data.length))
  }

  view(
    storage: Persistent,
    shape: readonly number[],
    stride: readonly number[],
    offset = 0,
  ): Reduce {
    return new Reduce(new Global('torch._utils', '_rebuild_tensor_v2'), [
      storage,
      offset,
      new Tuple(...shape),
      new Tuple(...stride),
      false,
      ordered([]),
    ])
  }
}

/** A collections.OrderedDict of some entries. */
export function ordered(entries: readonly (readonly [PyInput, PyInput])[]): Reduce {
  const pairs = entries.map(([key, value]) => [key, value])
  return new Reduce(new Global('collections', 'OrderedDict'), [pairs])
}

/** The zip form: NAME/data.pkl, NAME/byteorder, NAME/data/KEY, NAME/version. */
export function writeTorchZip(value: PyInput, storages: TorchStorages, name = 'model'): Uint8Array {
  const entries: Record<string, Uint8Array> = {
    [`${name}/data.pkl`]: writePickle(value),
    [`${name}/byteorder`]: utf8('little'),
  }
  for (const [key, { bytes }] of storages.all.entries()) entries[`${name}/data/${key}`] = bytes
  entries[`${name}/version`] = utf8('3\n')
  return zipSync(entries, { level: 0 })
}

/** Four pickles, the list of storage keys, and the storages with their counts. */
export function writeTorchLegacy(value: PyInput, storages: TorchStorages): Uint8Array {
  const system = new Map<PyInput, PyInput>([
    ['protocol_version', 1001],
    ['little_endian', true],
    ['type_sizes', { short: 2, int: 4, long: 4 }],
  ])
  return join(
    writePickle(0x1950a86a20f9469cfc6cn),
    writePickle(1001),
    writePickle(system),
    writePickle(value),
    writePickle(storages.all.map((_, key) => String(key))),
    ...storages.all.map(({ bytes, count }) => {
      const head = new Uint8Array(8)
      new DataView(head.buffer).setBigUint64(0, BigInt(count), true)
      return join(head, bytes)
    }),
  )
}
