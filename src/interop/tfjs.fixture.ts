/** Writes TensorFlow.js layers models: model.json and the files of its weights. */
import { f16ToF32, f32ToF16Bits } from '../file/half.js'
import { E, GATES, type KerasModel, kerasConfig, kerasLogits, kerasModel } from './keras.fixture.js'
import { type FormatFixture, floatBytes, join, type SampleFile, utf8 } from './sample.fixture.js'

interface Written {
  readonly spec: Readonly<Record<string, unknown>>
  readonly bytes: Uint8Array
  /** What the bytes stand for: other numbers than were given where they are quantised. */
  readonly numbers: Float32Array
}

type Packing = 'float32' | 'float16' | 'uint8' | 'uint16'

const floatBits = (value: number): number =>
  new Uint32Array(Float32Array.of(value).buffer)[0] as number

/** A tensor as tfjs' converter packs it: whole numbers q stand for q scale + min. */
function pack(name: string, shape: readonly number[], data: Float32Array, as: Packing): Written {
  if (as === 'float32') {
    return { spec: { name, shape, dtype: 'float32' }, bytes: floatBytes(data), numbers: data }
  }
  if (as === 'float16') {
    const halves = Uint16Array.from(data, value => f32ToF16Bits(floatBits(value)))
    return {
      spec: {
        name,
        shape,
        dtype: 'float32',
        quantization: { dtype: as, original_dtype: 'float32' },
      },
      bytes: new Uint8Array(halves.buffer),
      numbers: Float32Array.from(halves, f16ToF32),
    }
  }
  const most = as === 'uint8' ? 255 : 65_535
  const min = Math.min(...data)
  const scale = (Math.max(...data) - min) / most || 1
  const whole = Array.from(data, value => Math.round((value - min) / scale))
  const packed = as === 'uint8' ? Uint8Array.from(whole) : Uint16Array.from(whole)
  return {
    spec: { name, shape, dtype: 'float32', quantization: { dtype: as, min, scale } },
    bytes: new Uint8Array(packed.buffer),
    numbers: Float32Array.from(whole, q => q * scale + min),
  }
}

interface Names {
  readonly recurrent: (k: number) => string
  readonly dense: string
}

/** All tensors in order, and the network with the numbers that they stand for. */
function packed(
  model: KerasModel,
  as: Packing,
  names: Names,
): { tensors: Written[]; model: KerasModel } {
  const tensors: Written[] = []
  const add = (name: string, shape: readonly number[], data: Float32Array): Float32Array => {
    const written = pack(name, shape, data, as)
    tensors.push(written)
    return written.numbers
  }
  const { H, V, embedding, layers, head } = model
  const columns = GATES[model.cell] * H
  const table = embedding && add('embedding_1/embeddings', [V, E], embedding)
  const read = layers.map((layer, k) => {
    const at = names.recurrent(k)
    const twoBiases = layer.bias.length === 2 * columns
    return {
      ...layer,
      kernel: add(`${at}/kernel`, [layer.inputs, columns], layer.kernel),
      recurrent: add(`${at}/recurrent_kernel`, [H, columns], layer.recurrent),
      bias: add(`${at}/bias`, twoBiases ? [2, columns] : [columns], layer.bias),
    }
  })
  const kernel = add(`${names.dense}/kernel`, [H, V], head.kernel)
  const bias = add(`${names.dense}/bias`, [V], head.bias)
  return { tensors, model: { ...model, embedding: table, layers: read, head: { kernel, bias } } }
}

const camelCase = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camelCase)
  if (typeof value === 'string') return value.replace('hard_sigmoid', 'hardSigmoid')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelCase(one),
    ]),
  )
}

interface Config {
  readonly class_name: string
  config: { layers: { class_name: string; config: Record<string, unknown> }[] }
}

/** Both recurrent layers as cells of one `RNN`. */
function stacked({ config: { layers } }: Config): Config {
  const isRecurrent = (layer: Config['config']['layers'][number]): boolean =>
    String(layer.config.name).startsWith('rnn_')
  const cells = layers.filter(isRecurrent).map(({ class_name, config }) => ({
    class_name: `${class_name}Cell`,
    config,
  }))
  const cell = { class_name: 'StackedRNNCells', config: { name: 'stacked', cells } }
  const rnn = { class_name: 'RNN', config: { name: 'rnn_RNN1', cell } }
  const rest = layers.filter(layer => !isRecurrent(layer))
  const at = rest.length - 1
  return {
    class_name: 'Sequential',
    config: { layers: [...rest.slice(0, at), rnn, ...rest.slice(at)] },
  }
}

/** The topology in one of the forms that programs wrote. */
function topologyOf(model: KerasModel, variant: string): unknown {
  const config: Config = JSON.parse(kerasConfig(model, false))
  for (const layer of config.config.layers) {
    if (variant.includes('defaults')) delete layer.config.recurrent_activation
  }
  if (variant.includes('stacked'))
    return { ...stacked(config), keras_version: 'tfjs-layers 4.22.0' }
  if (variant.includes('camelCase')) return camelCase(config)
  if (variant.includes('converted')) return { keras_version: '2.4.0', model_config: config }
  return { ...config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' }
}

/** One group: its bytes in shards of a size; one file when the size is 0. */
function shards(bytes: Uint8Array, size: number): SampleFile[] {
  if (size === 0) return [{ name: 'model.weights.bin', bytes }]
  const count = Math.ceil(bytes.length / size)
  return Array.from({ length: count }, (_, k) => ({
    name: `group1-shard${k + 1}of${count}.bin`,
    bytes: bytes.slice(k * size, (k + 1) * size),
    named: true,
  }))
}

/** The files and the network that they stand for. */
export function writeTfjs(
  given: KerasModel,
  variant: string,
  more: Readonly<Record<string, unknown>> = {},
): { files: SampleFile[]; model: KerasModel } {
  const as = (/float16|uint8|uint16/.exec(variant)?.[0] ?? 'float32') as Packing
  const { tensors, model } = packed(given, as, {
    recurrent: k =>
      variant.includes('stacked')
        ? `rnn_RNN1/RNNCell_${k}`
        : variant.includes('converted')
          ? `sequential/rnn_${k + 1}/lstm_cell`
          : `rnn_${k + 1}`,
    dense: variant.includes('converted') ? 'sequential/dense_1' : 'dense_1',
  })
  const bytes = join(...tensors.map(tensor => tensor.bytes))
  const files = shards(bytes, variant.includes('shards') ? 500 : 0)
  const json = {
    modelTopology: topologyOf(given, variant),
    format: 'layers-model',
    weightsManifest: [
      { paths: files.map(({ name }) => `./${name}`), weights: tensors.map(({ spec }) => spec) },
    ],
    ...more,
  }
  return { files: [{ name: 'model.json', bytes: utf8(JSON.stringify(json)) }, ...files], model }
}

export const tfjs: FormatFixture = {
  kind: 'tfjs',
  variants: [
    'lstm one-hot hard',
    'lstm one-hot hard shards',
    'lstm one-hot hard defaults camelCase',
    'lstm stacked one-hot hard',
    'lstm converted float16',
    'gru reset before hard uint16 shards',
    'gru reset after converted',
    'rnn uint8',
  ],
  vocabulary: 'given',
  write(request) {
    const { files, model } = writeTfjs(kerasModel(request), request.variant)
    return {
      files,
      options: { vocabulary: { symbols: request.symbols } },
      forward: ids => kerasLogits(model, ids),
    }
  },
}
