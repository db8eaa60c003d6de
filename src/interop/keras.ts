/**
 * Keras 1, 2 and 3: HDF5 files of weights or of whole models (.h5, .hdf5), and Keras 3's archives
 * (.keras). A network is an Embedding or one-hot input, recurrent layers, and a Dense layer with a
 * softmax behind them.
 *
 * Source: Keras' saving code (legacy HDF5 format; saving_lib of Keras 3).
 */
import { counted, FileError, quote } from '../errors.js'
import { isRecord, parseJson } from '../file/json.js'
import type { Bilingual } from '../knob.js'
import type { GateKind } from '../model/config.js'
import { assemble } from './assemble.js'
import { type Hdf5Group, isHdf5, openHdf5 } from './hdf5.js'
import { jsonIn } from './json-file.js'
import { denseOf, type KerasLayer, recurrentOf } from './keras-layers.js'
import type { Format, SourceFile } from './source.js'
import { tokenizerOf, vocabularyFile } from './vocabulary.js'
import { isZip, readZip } from './zip.js'

/** Layers that compute nothing when text is written. */
const PASSIVE = /^(Dropout|SpatialDropout1D|InputLayer|Activation|Masking|GaussianNoise|Softmax)$/
const RECURRENT = /^(CuDNN)?(LSTM|GRU|SimpleRNN)$/
const WRAPPERS = /^TimeDistributed$/

interface Description {
  /** Layers from the input up; undefined where the file holds weights only. */
  readonly layers:
    | readonly {
        readonly type: string
        readonly name: string
        readonly config: Record<string, unknown>
      }[]
    | undefined
  /** Keras' version in the file: `2.1.5`. */
  readonly version: string | undefined
}

interface Network extends Description {
  readonly file: string
  readonly tensors: readonly KerasLayer[]
}

const refuse = (file: string, what: string): FileError =>
  new FileError('keras', `The Keras model ${quote(file)} ${what}.`)

function recordIn(text: string | undefined, what: string): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  const { value } = parseJson(text, what)
  return isRecord(value) ? value : undefined
}

/** The layers of a Sequential or Functional config, in all its forms. */
function layersOf(model: Record<string, unknown> | undefined): Description['layers'] {
  if (!model) return undefined
  const config = model.config
  const list = Array.isArray(config) ? config : isRecord(config) ? config.layers : undefined
  if (!Array.isArray(list)) return undefined
  return list.filter(isRecord).map(layer => {
    const own = isRecord(layer.config) ? layer.config : {}
    const inner = WRAPPERS.test(String(layer.class_name)) && isRecord(own.layer) ? own.layer : layer
    const innerConfig = isRecord(inner.config) ? inner.config : {}
    return {
      type: String(inner.class_name),
      // Keras 3 gives the name of a wrapper to its weights.
      name: String(own.name ?? innerConfig.name ?? layer.name ?? ''),
      config: innerConfig,
    }
  })
}

/** The class of a layer that only its weights describe. */
function typeOf(
  name: string,
  shapes: readonly (readonly number[])[],
  names: readonly string[],
): string {
  const said = /(cudnn)?(lstm|gru|simple_?rnn)/i.exec(`${name} ${names.join(' ')}`)
  if (said) {
    const kind = (said[2] as string).toLowerCase().replace('_', '')
    return { lstm: 'LSTM', gru: 'GRU', simplernn: 'SimpleRNN' }[kind] ?? 'LSTM'
  }
  if (names.some(one => /embeddings/.test(one))) return 'Embedding'
  if (names.some(one => /recurrent_kernel/.test(one))) {
    const [rows = 1, columns = 0] =
      shapes[names.findIndex(one => /recurrent_kernel/.test(one))] ?? []
    return { 4: 'LSTM', 3: 'GRU', 1: 'SimpleRNN' }[columns / rows] ?? 'RNN'
  }
  return shapes.length > 0 ? 'Dense' : 'Activation'
}

/** A legacy HDF5 file: layer_names, and weight_names a layer. */
function readLegacy(file: SourceFile, others: readonly SourceFile[]): Network {
  const root = openHdf5(file)
  const weights = root.child('model_weights') ?? root
  const model = recordIn(root.text('model_config'), 'The model config') ?? architectureIn(others)
  const layers = layersOf(model)
  const version = root.text('keras_version') ?? weights.text('keras_version')
  const tensors = weights.names('layer_names').map((name): KerasLayer => {
    const group = weights.child(name)
    const names = group?.names('weight_names') ?? []
    const found = names.map(path => {
      const tensor = group?.tensor(path)
      if (!tensor) throw refuse(file.name, `lacks the weights ${quote(path)}; it is incomplete`)
      return { name: path, tensor }
    })
    const described = layers?.find(layer => layer.name === name)
    const shapes = found.map(({ tensor }) => tensor.shape)
    return {
      type: described?.type ?? typeOf(name, shapes, names),
      name,
      config: described?.config ?? {},
      tensors: found,
    }
  })
  return { file: file.name, layers, version, tensors }
}

/** A JSON file beside the weights that describes the network (`model.to_json()`). */
function architectureIn(files: readonly SourceFile[]): Record<string, unknown> | undefined {
  return files.map(jsonIn).find((json): json is Record<string, unknown> => {
    return isRecord(json) && typeof json.class_name === 'string' && json.config !== undefined
  })
}

const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

/** All datasets `vars/0`, `vars/1`, ... below a group, in order. */
function variablesOf(group: Hdf5Group, path = ''): KerasLayer['tensors'] {
  const own = group.child('vars')
  const here =
    own?.keys
      .sort((a, b) => Number(a) - Number(b))
      .map(key => ({ name: `${path}${key}`, tensor: own.tensor(key) })) ?? []
  const below = group.keys
    .filter(key => key !== 'vars')
    .flatMap(key => {
      const child = group.child(key)
      return child ? variablesOf(child, `${path}${key}/`) : []
    })
  return [...here, ...below].flatMap(({ name, tensor }) => (tensor ? [{ name, tensor }] : []))
}

/** Keras 3's archive: config.json, metadata.json, model.weights.h5. */
function readArchive(file: SourceFile): Network {
  const entries = readZip(file)
  const text = (name: string): string | undefined => {
    const bytes = entries.get(name)
    return bytes && new TextDecoder().decode(bytes)
  }
  const bytes = entries.get('model.weights.h5')
  const layers = layersOf(recordIn(text('config.json'), 'The file config.json'))
  if (!bytes || !layers) throw refuse(file.name, 'lacks config.json or model.weights.h5')
  const version = recordIn(text('metadata.json'), 'The file metadata.json')?.keras_version
  const root = openHdf5({ name: 'model.weights.h5', bytes })
  const groups = root.child('layers') ?? root.child('_layer_checkpoint_dependencies') ?? root
  const counts = new Map<string, number>()
  const tensors = layers.map((layer): KerasLayer => {
    // Groups are named after classes, counted in the order of the layers.
    const base = snakeCase(layer.type)
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    const group = groups.child(count === 0 ? base : `${base}_${count}`) ?? groups.child(layer.name)
    return { ...layer, tensors: group ? variablesOf(group) : [] }
  })
  return { file: file.name, layers, version: String(version ?? '3.0.0'), tensors }
}

/** The length of the windows that the network was trained on; undefined where the file says none. */
function windowOf({ layers }: Network): number | undefined {
  for (const { config } of layers ?? []) {
    const shape = config.batch_input_shape ?? config.batch_shape
    const steps = Array.isArray(shape) ? shape[1] : config.input_length
    if (typeof steps === 'number' && config.stateful !== true) return steps
  }
  return undefined
}

const WINDOW_NOTE = (steps: number, used: boolean): Bilingual =>
  used
    ? {
        en: `each prediction reads the last ${counted(steps, 'symbol')} from a zero state, as in training`,
        ja: `予測のたびに、学習時と同じく直前の${steps}記号を状態0から読みます`,
      }
    : {
        en: `it was trained on windows of ${counted(steps, 'symbol')} from a zero state, and runs here on the whole text; --window ${steps} runs it as it was trained`,
        ja: `状態0から始まる${steps}記号の窓で学習されたモデルです。ここでは全文を続けて読みます（--window ${steps} で学習時と同じ読み方になります）`,
      }

function networkOf(files: readonly SourceFile[]): Network {
  const archive = files.find(isArchive)
  if (archive) return readArchive(archive)
  const file = files.find(isHdf5) as SourceFile
  return readLegacy(file, files)
}

function isArchive(file: SourceFile): boolean {
  if (!isZip(file.bytes)) return false
  const names = String.fromCharCode(...file.bytes.subarray(-4096))
  return names.includes('model.weights.h5')
}

export const keras: Format = {
  kind: 'keras',
  about: { en: 'Keras (.h5, .hdf5, .keras)', ja: 'Keras（.h5、.hdf5、.keras）' },

  recognises: files => files.some(file => isHdf5(file) || isArchive(file)),

  read(files, options) {
    const network = networkOf(files)
    const active = network.tensors.filter(
      ({ type, tensors }) => !PASSIVE.test(type) || tensors.length > 0,
    )
    const unknown = active.find(
      ({ type }) => !RECURRENT.test(type) && !/^(Embedding|Dense)$/.test(type),
    )
    if (unknown) {
      throw refuse(
        network.file,
        `has the layer ${quote(unknown.name)} of the class ${quote(unknown.type)}; expected Embedding, LSTM, GRU, SimpleRNN and Dense`,
      )
    }
    const embedding = active.find(({ type }) => type === 'Embedding')
    const recurrent = active.filter(({ type }) => RECURRENT.test(type))
    const dense = active.filter(({ type }) => type === 'Dense')
    const [head] = dense
    if (recurrent.length === 0 || !head || dense.length > 1) {
      throw refuse(
        network.file,
        `has ${recurrent.length} recurrent and ${dense.length} Dense layers; expected at least one recurrent and one Dense behind it`,
      )
    }
    const layers = recurrent.map(layer => recurrentOf(layer, network.version))
    const [first] = layers as [(typeof layers)[number]]
    const same = layers.every(
      ({ cell, activation, reset, gates }) =>
        cell === first.cell &&
        activation === first.activation &&
        reset === first.reset &&
        gates === first.gates,
    )
    if (!same)
      throw refuse(network.file, 'mixes cells of different kinds; expected one kind in all layers')
    const table = embedding?.tensors[0]?.tensor
    const ends = denseOf(head)
    const V = ends.headBias.length
    const window = options.window
    const trained = windowOf(network)
    return {
      ...assemble({
        cell: first.cell,
        ...(first.cell === 'rnn' && { activation: first.activation }),
        ...(first.cell === 'gru' && { reset: first.reset }),
        ...(first.gates !== 'sigmoid' && { gates: first.gates as GateKind }),
        ...(window !== undefined && { window }),
        ...(table && { embedding: table.toFloat32() }),
        layers: layers.map(({ matrices }) => matrices),
        ...ends,
      }),
      tokenizer: tokenizerOf(options.vocabulary ?? vocabularyFile(files, V), V),
      notes: [
        ...(first.gates === 'sigmoid'
          ? []
          : [
              {
                en: 'the gates are piecewise linear (hard_sigmoid), as in training',
                ja: 'ゲートは学習時と同じ折れ線関数（hard_sigmoid）です',
              },
            ]),
        ...(trained === undefined ? [] : [WINDOW_NOTE(window ?? trained, window !== undefined)]),
      ],
    }
  },
}
