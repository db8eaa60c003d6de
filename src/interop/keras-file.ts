/**
 * Keras' files of all versions as a list of layers with their tensors: legacy HDF5 files (.h5, .hdf5) of
 * weights or of whole models, Keras 3's archives (.keras) and its files of weights (.weights.h5).
 *
 * Source: Keras' saving code (legacy HDF5 format; saving_lib of Keras 3).
 */
import { FileError, quote } from '../errors.js'
import { isRecord, parseJson } from '../file/json.js'
import { type Hdf5Group, isHdf5, openHdf5 } from './hdf5.js'
import { jsonIn } from './json-file.js'
import { cellsOf, type KerasDescription, layersOf, tensorsIn } from './keras-config.js'
import type { KerasLayer } from './keras-layers.js'
import type { SourceFile } from './source.js'
import { isZip, readZip, zipNames } from './zip.js'

export interface KerasNetwork {
  /** Layers from the input up; undefined where the file holds weights only. */
  readonly layers: readonly KerasDescription[] | undefined
  /** Keras' version in the file: `2.1.5`. */
  readonly version: string | undefined
  readonly file: string
  readonly tensors: readonly KerasLayer[]
}

type Tensors = KerasLayer['tensors']

export const refuse = (file: string, what: string): FileError =>
  new FileError('keras', `The Keras model ${quote(file)} ${what}.`)

function recordIn(text: string | undefined, what: string): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  const { value } = parseJson(text, what)
  return isRecord(value) ? value : undefined
}

/** The class of a layer that only its weights describe. */
export function typeOf(
  name: string,
  shapes: readonly (readonly number[])[],
  names: readonly string[],
): string {
  if (names.some(one => /(^|\/)(forward|backward)_/.test(one))) return 'Bidirectional'
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

/** A layer with its tensors; an RNN of cells as the layers of its cells. */
function withTensors(layer: KerasDescription, tensors: Tensors): KerasLayer[] {
  const cells = cellsOf(layer)
  if (!cells) return [{ ...layer, tensors }]
  let at = 0
  return cells.map(cell => {
    const count = tensorsIn(cell)
    at += count
    return { ...cell, tensors: tensors.slice(at - count, at) }
  })
}

function legacyLayer(name: string, tensors: Tensors): KerasLayer {
  const shapes = tensors.map(({ tensor }) => tensor.shape)
  const names = tensors.map(tensor => tensor.name)
  return { type: typeOf(name, shapes, names), name, config: {}, tensors }
}

/** Weights by their path: those of a model within the model belong to several layers. */
function byGroup(tensors: Tensors): [path: string, tensors: Tensors][] {
  const groups = new Map<string, KerasLayer['tensors'][number][]>()
  for (const one of tensors) {
    const path = one.name.slice(0, Math.max(0, one.name.lastIndexOf('/')))
    groups.set(path, [...(groups.get(path) ?? []), one])
  }
  return [...groups]
}

/** A legacy HDF5 file: layer_names, and weight_names a layer. */
export function readLegacy(file: SourceFile, others: readonly SourceFile[]): KerasNetwork {
  const root = openHdf5(file)
  const weights = root.child('model_weights') ?? root
  const model = recordIn(root.text('model_config'), 'The model config') ?? architectureIn(others)
  const layers = layersOf(model)
  const version = root.text('keras_version') ?? weights.text('keras_version') ?? versionOf(model)
  const stored = weights.names('layer_names').map(name => {
    const group = weights.child(name)
    const names = group?.names('weight_names') ?? []
    const tensors = names.map(path => {
      const tensor = group?.tensor(path)
      if (!tensor) throw refuse(file.name, `lacks the weights ${quote(path)}; it is incomplete`)
      return { name: path, tensor }
    })
    return { name, names, tensors }
  })
  /** The tensors of a described layer: its own group, or its part of that of the model around it. */
  const tensorsOf = ({ name, within }: KerasDescription): Tensors | undefined => {
    const own = stored.find(one => one.name === (within[0] ?? name))
    return within.length === 0
      ? own?.tensors
      : own?.tensors.filter(tensor => tensor.name.split('/').includes(name))
  }
  const described = layers?.map(layer => ({ layer, tensors: tensorsOf(layer) }))
  if (described?.some(({ tensors }) => (tensors?.length ?? 0) > 0)) {
    const tensors = described.flatMap(({ layer, tensors = [] }) => withTensors(layer, tensors))
    return { file: file.name, layers, version, tensors }
  }
  const tensors = stored.flatMap(({ name, tensors }) => {
    const groups = byGroup(tensors)
    return groups.length > 1
      ? groups.map(([path, own]) => legacyLayer(`${name}/${path}`, own))
      : [legacyLayer(name, tensors)]
  })
  return { file: file.name, layers, version, tensors }
}

/** A JSON file beside the weights that describes the network (`model.to_json()`). */
function architectureIn(files: readonly SourceFile[]): Record<string, unknown> | undefined {
  return files.map(jsonIn).find((json): json is Record<string, unknown> => {
    return isRecord(json) && typeof json.class_name === 'string' && json.config !== undefined
  })
}

/** Keras' version in a description: Keras 3 writes none, but names its modules. */
function versionOf(model: Record<string, unknown> | undefined): string | undefined {
  const version = model?.keras_version
  if (typeof version === 'string') return version
  return typeof model?.module === 'string' ? '3.0.0' : undefined
}

/** Groups of what is no layer: the optimiser, and the random numbers of Dropout. */
const NO_LAYERS = /^(optimizer|seed_generator|_seed_generators?)$/

/** Groups inside groups: a damaged file may have one that holds itself. */
const DEEPEST = 24

/** All datasets `vars/0`, `vars/1`, ... below a group, in order; the cells of a stack by their numbers. */
function variablesOf(group: Hdf5Group, path = '', depth = 0): Tensors {
  if (depth > DEEPEST) return []
  const own = group.child('vars')
  const here =
    own?.keys
      .sort((a, b) => Number(a) - Number(b))
      .map(key => ({ name: `${path}${key}`, tensor: own.tensor(key) })) ?? []
  const below = group.keys
    .filter(key => key !== 'vars' && !NO_LAYERS.test(key))
    .sort(naturally)
    .flatMap(key => {
      const child = group.child(key)
      return child ? variablesOf(child, `${path}${key}/`, depth + 1) : []
    })
  return [...here, ...below].flatMap(({ name, tensor }) => (tensor ? [{ name, tensor }] : []))
}

/** `lstm`, `lstm_2`, `lstm_10`: as numbers where numbers are. */
function naturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** The class of a layer of Keras 3 that only the shapes of its variables describe. */
function typeOfShapes(path: string, shapes: readonly (readonly number[])[]): string {
  if (/(^|\/)(forward|backward)_layer(\/|$)/.test(path)) return 'Bidirectional'
  const [first = [], second] = shapes
  if (first.length !== 2 || shapes.length > 3) return 'unknown'
  if (second?.length === 2) {
    const [rows = 1, columns = 0] = second
    return { 4: 'LSTM', 3: 'GRU', 1: 'SimpleRNN' }[columns / rows] ?? 'RNN'
  }
  if (second === undefined) return /dense|head|output|logits/i.test(path) ? 'Dense' : 'Embedding'
  return shapes.length === 2 ? 'Dense' : 'unknown'
}

/** Layers of a file of weights without a description: every group with variables is one. */
function undescribed(group: Hdf5Group, path = '', depth = 0): KerasLayer[] {
  if (depth > DEEPEST) return []
  const found = group.keys
    .filter(key => key !== 'vars' && !NO_LAYERS.test(key))
    .sort(naturally)
    .flatMap(key => {
      const child = group.child(key)
      return child ? undescribed(child, path === '' ? key : `${path}/${key}`, depth + 1) : []
    })
  const own = group.child('vars')
  const tensors = own ? variablesOf(group).filter(({ name }) => /^\d+$/.test(name)) : []
  if (tensors.length === 0) return found
  const shapes = tensors.map(({ tensor }) => tensor.shape)
  return [{ type: typeOfShapes(path, shapes), name: path, config: {}, tensors }, ...found]
}

/** What a file of weights alone says: recurrent layers in the order in which their widths fit. */
function inOrder(layers: readonly KerasLayer[]): KerasLayer[] {
  const isRecurrent = ({ type }: KerasLayer): boolean => /^(LSTM|GRU|SimpleRNN)$/.test(type)
  const left = layers.filter(isRecurrent)
  const embedding = layers.filter(({ type }) => type === 'Embedding')
  const rest = layers.filter(layer => !isRecurrent(layer) && layer.type !== 'Embedding')
  const sizes = ({ tensors: [kernel, recurrent] }: KerasLayer): [number, number] => [
    kernel?.tensor.shape[0] ?? 0,
    recurrent?.tensor.shape[0] ?? 0,
  ]
  const outputs = rest.find(({ type }) => type === 'Dense')?.tensors[0]?.tensor.shape[1]
  let width = embedding[0]?.tensors[0]?.tensor.shape[1] ?? outputs
  const recurrent: KerasLayer[] = []
  while (left.length > 0) {
    const next = left.findIndex(layer => sizes(layer)[0] === width)
    const [layer] = left.splice(Math.max(0, next), 1) as [KerasLayer]
    recurrent.push(layer)
    width = sizes(layer)[1]
  }
  return [...embedding, ...recurrent, ...rest]
}

/** The layers of a file of Keras 3's weights. */
function readWeights(
  root: Hdf5Group,
  layers: readonly KerasDescription[] | undefined,
): KerasLayer[] {
  if (!layers) return inOrder(undescribed(root))
  const older = root.child('_layer_checkpoint_dependencies')
  return layers.flatMap(layer => {
    const group =
      root.child(layer.group) ??
      older?.child(layer.group.replace(/^layers\//, '')) ??
      root.child(`layers/${layer.name}`)
    return withTensors(layer, group ? variablesOf(group) : [])
  })
}

/** Keras 3's archive: config.json, metadata.json, model.weights.h5. */
function readArchive(file: SourceFile): KerasNetwork {
  const entries = readZip(file)
  const text = (name: string): string | undefined => {
    const bytes = entries.get(name)
    return bytes && new TextDecoder().decode(bytes)
  }
  const bytes = entries.get('model.weights.h5')
  const config = recordIn(text('config.json'), 'The file config.json')
  if (!bytes || !config) throw refuse(file.name, 'lacks config.json or model.weights.h5')
  const version = recordIn(text('metadata.json'), 'The file metadata.json')?.keras_version
  // A model of a class of its own lists no layers.
  const layers = layersOf(config)
  const tensors = readWeights(openHdf5({ name: 'model.weights.h5', bytes }), layers)
  return { file: file.name, layers, version: String(version ?? '3.0.0'), tensors }
}

/** The network of the first file that holds one. */
export function networkOf(files: readonly SourceFile[]): KerasNetwork {
  const archive = files.find(isArchive)
  if (archive) return readArchive(archive)
  const file = files.find(isHdf5) as SourceFile
  const root = openHdf5(file)
  if ((root.child('model_weights') ?? root).names('layer_names').length > 0) {
    return readLegacy(file, files)
  }
  const model = architectureIn(files)
  const layers = layersOf(model)
  return { file: file.name, layers, version: versionOf(model), tensors: readWeights(root, layers) }
}

/** Whether a file is an archive of Keras 3. */
export function isArchive(file: SourceFile): boolean {
  if (!isZip(file.bytes)) return false
  return zipNames(file.bytes).includes('model.weights.h5')
}
