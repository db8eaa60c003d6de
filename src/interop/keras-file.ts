/**
 * Keras' files of all versions as a list of layers with their tensors: legacy HDF5 files (.h5, .hdf5) of
 * weights or of whole models, and Keras 3's archives (.keras).
 *
 * Source: Keras' saving code (legacy HDF5 format; saving_lib of Keras 3).
 */
import { FileError, quote } from '../errors.js'
import { isRecord, parseJson } from '../file/json.js'
import { type Hdf5Group, isHdf5, openHdf5 } from './hdf5.js'
import { jsonIn } from './json-file.js'
import type { KerasLayer } from './keras-layers.js'
import type { SourceFile } from './source.js'
import { isZip, readZip, zipNames } from './zip.js'

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

export interface KerasNetwork extends Description {
  readonly file: string
  readonly tensors: readonly KerasLayer[]
}

export const refuse = (file: string, what: string): FileError =>
  new FileError('keras', `The Keras model ${quote(file)} ${what}.`)

function recordIn(text: string | undefined, what: string): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  const { value } = parseJson(text, what)
  return isRecord(value) ? value : undefined
}

/** The layers of a Sequential or Functional config, in all its forms. */
export function layersOf(model: Record<string, unknown> | undefined): Description['layers'] {
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
export function typeOf(
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
export function readLegacy(file: SourceFile, others: readonly SourceFile[]): KerasNetwork {
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
function readArchive(file: SourceFile): KerasNetwork {
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

/** The network of the first file that holds one. */
export function networkOf(files: readonly SourceFile[]): KerasNetwork {
  const archive = files.find(isArchive)
  if (archive) return readArchive(archive)
  const file = files.find(isHdf5) as SourceFile
  return readLegacy(file, files)
}

/** Whether a file is an archive of Keras 3. */
export function isArchive(file: SourceFile): boolean {
  if (!isZip(file.bytes)) return false
  return zipNames(file.bytes).includes('model.weights.h5')
}
