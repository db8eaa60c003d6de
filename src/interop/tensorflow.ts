/**
 * TensorFlow's checkpoints (`.index` and `.data-00000-of-00001`, or one file before 0.12): of TensorFlow 1's cells, as
 * char-rnn-tensorflow saves them, and of Keras layers in TensorFlow 2 (`save_weights`).
 *
 * BasicLSTMCell: kernel [in + H, 4H], columns i j f o, to which the cell adds a forget bias of 1.
 * GRUCell: gates [in + H, 2H], columns r u; candidate [in + H, H] of x and r h; h' = u h + (1 - u) c,
 * so that u is our z. BasicRNNCell: kernel [in + H, H], tanh.
 *
 * Source: TensorFlow's rnn_cell_impl.py; char-rnn-tensorflow's model.py.
 */
import { counted, FileError, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { type CellKind, GATES } from '../model/config.js'
import {
  assemble,
  concatenate,
  type LayerMatrices,
  type NetworkMatrices,
  transpose,
} from './assemble.js'
import { importKerasNetwork } from './keras.js'
import { typeOf } from './keras-file.js'
import type { KerasLayer } from './keras-layers.js'
import { basicLstmLayer } from './ml5.js'
import { readPickle } from './pickle.js'
import { pickledSymbols } from './pickled-symbols.js'
import { isSortedTable } from './sorted-table.js'
import type { Format, Imported, ImportOptions, SourceFile, Vocabulary } from './source.js'
import type { NamedTensor } from './state-dict.js'
import { type Checkpoint, readCheckpoint } from './tf-checkpoint.js'

type Tensors = ReadonlyMap<string, NamedTensor>

const refuse = (file: string, what: string): FileError =>
  new FileError('tensorflow', `The TensorFlow checkpoint ${quote(file)} ${what}.`)

/**
 * A cell's tensor: the cell's path, its class, the part of a GRU, and which tensor. TensorFlow before 1.0
 * wrote `MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix`.
 */
const CELL =
  /^(.*?)(basic_?lstm_?cell|lstm_?cell|gru_?cell|basic_?rnn_?cell|nas_?cell|rnn_?cell)(?:_\d+)?\/(?:(gates|candidate)\/)?(?:linear\/)?(kernel|weights|matrix|bias|biases)$/i
/** A tensor of a Keras layer: its name, then perhaps the cell, then which tensor. */
const KERAS =
  /^(.*?)(?:\/(?:cell|(?:lstm|gru|simple_rnn)_cell(?:_\d+)?))?\/(kernel|recurrent_kernel|bias|embeddings)$/
const OBJECT_SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE'
/** What is saved beside the weights. */
const NO_WEIGHT =
  /(^|\/)(optimizer|save_counter|keras_api|_CHECKPOINTABLE_OBJECT_GRAPH)(\/|$)|\.OPTIMIZER_SLOT/

/** A key that says nothing of the layer: a SavedModel of Keras has the weights of its cells under such. */
const NAMELESS = /^variables\/\d+$/

/**
 * The weights alone, by names that tell their layer: without an optimiser's tensors, which are named
 * after a weight (`kernel/Adam`).
 */
function weightsOf({ tensors, programNames }: Checkpoint): Tensors {
  const weights = new Map<string, NamedTensor>()
  for (const [key, tensor] of tensors) {
    const name = key.endsWith(OBJECT_SUFFIX) ? key.slice(0, -OBJECT_SUFFIX.length) : key
    const owner = name.slice(0, Math.max(0, name.lastIndexOf('/')))
    if (tensors.has(owner) || NO_WEIGHT.test(name)) continue
    weights.set(NAMELESS.test(name) ? (programNames.get(key) ?? name) : name, tensor)
  }
  return weights
}

/** Names in the order of people: cell_2 before cell_10. */
const byNumber = new Intl.Collator('en', { numeric: true }).compare

interface Cell {
  readonly kind: CellKind
  readonly tensors: Map<string, NamedTensor>
}

/** The recurrent cells of TensorFlow 1 from the input up. */
function cellsOf(file: string, weights: Tensors): Cell[] {
  const cells = new Map<string, Cell>()
  for (const [name, tensor] of weights) {
    const [, path = '', type = '', part = '', which = ''] = CELL.exec(name) ?? []
    // A Keras cell of the same name has its recurrent matrix by itself.
    if (type === '' || weights.has(name.replace(/[^/]+$/, 'recurrent_kernel'))) continue
    if (/nas/i.test(type)) throw refuse(file, 'has the cell NASCell, which Ondo has not')
    const kind = /lstm/i.test(type) ? 'lstm' : /gru/i.test(type) ? 'gru' : 'rnn'
    const key = `${path}${type}`
    const cell = cells.get(key) ?? { kind, tensors: new Map() }
    cells.set(key, cell)
    const role = /^bias/i.test(which) ? 'bias' : 'kernel'
    cell.tensors.set(`${part.toLowerCase()}${role}`, tensor)
  }
  return [...cells].sort(([a], [b]) => byNumber(a, b)).map(([, cell]) => cell)
}

/** A matrix [in + H, columns] that takes x and h, as two of rows of outputs. */
function split(kernel: NamedTensor, H: number): { ih: Float32Array; hh: Float32Array } {
  const [rows = 0, columns = 0] = kernel.shape
  const numbers = kernel.toFloat32()
  const inputs = rows - H
  return {
    ih: transpose(numbers.subarray(0, inputs * columns), inputs, columns),
    hh: transpose(numbers.subarray(inputs * columns), H, columns),
  }
}

function layerOf(file: string, { kind, tensors }: Cell, k: number): LayerMatrices {
  /** A kernel and its bias, of `parts` columns a unit. */
  const pair = (name: string, parts: number): { kernel: NamedTensor; bias: Float32Array } => {
    const kernel = tensors.get(`${name}kernel`)
    const bias = tensors.get(`${name}bias`)
    const [rows = 0, columns = 0] = kernel?.shape ?? []
    const H = columns / parts
    const fits = Number.isInteger(H) && H > 0 && rows > H && kernel?.shape.length === 2
    if (!kernel || !bias || !fits || bias.shape.length !== 1 || bias.shape[0] !== columns) {
      throw refuse(
        file,
        `has no ${name}kernel and ${name}bias of its recurrent layer ${k + 1} that belong together: [${kernel?.shape ?? ''}] and [${bias?.shape ?? ''}]`,
      )
    }
    return { kernel, bias: bias.toFloat32() }
  }
  if (kind === 'lstm') {
    const { kernel, bias } = pair('', 4)
    return basicLstmLayer(kernel.toFloat32(), bias)
  }
  if (kind === 'rnn') {
    const { kernel, bias } = pair('', 1)
    const { ih, hh } = split(kernel, bias.length)
    return { weightIh: ih, weightHh: hh, biasIh: bias, biasHh: new Float32Array(bias.length) }
  }
  const gates = pair('gates', 2)
  const candidate = pair('candidate', 1)
  const H = candidate.bias.length
  if (gates.bias.length !== 2 * H || gates.kernel.shape[0] !== candidate.kernel.shape[0]) {
    throw refuse(file, `has gates and a candidate of different sizes in its layer ${k + 1}`)
  }
  const both = [split(gates.kernel, H), split(candidate.kernel, H)]
  return {
    weightIh: concatenate(both.map(({ ih }) => ih)),
    weightHh: concatenate(both.map(({ hh }) => hh)),
    biasIh: concatenate([gates.bias, candidate.bias]),
    biasHh: new Float32Array(3 * H),
  }
}

/** The one of several weights of one shape that a name tells. */
function choose(
  file: string,
  role: string,
  names: readonly string[],
  pattern: RegExp,
): string | undefined {
  if (names.length <= 1) return names[0]
  const said = names.filter(name => pattern.test(name))
  if (said.length === 1) return said[0]
  throw refuse(
    file,
    `has several tensors that may be its ${role}: ${names.slice(0, 6).map(quote).join(', ')}`,
  )
}

const HEAD = /softmax|logit|output|dense|fully|proj|head/i
const EMBEDDING = /emb/i

type Ends = Pick<NetworkMatrices, 'headWeight' | 'headBias' | 'embedding'>

/** The output layer [H, V] with its bias, and the embedding [V, E], among what belongs to no cell. */
function endsOf(
  file: string,
  weights: Tensors,
  cell: CellKind,
  layers: readonly LayerMatrices[],
): Ends {
  const [first] = layers as [LayerMatrices]
  const H = (layers.at(-1) as LayerMatrices).biasIh.length / GATES[cell]
  const K = first.weightIh.length / first.biasIh.length
  const free = [...weights].filter(([name]) => !CELL.test(name))
  const ofShape = (test: (shape: readonly number[]) => boolean): string[] =>
    free.filter(([, { shape }]) => test(shape)).map(([name]) => name)
  const heads = ofShape(shape => shape.length === 2 && shape[0] === H)
  const notTables = heads.filter(name => !EMBEDDING.test(name))
  const head = choose(file, 'output layer', notTables, HEAD)
  if (head === undefined) throw refuse(file, `has no output layer: no matrix of ${H} rows`)
  const matrix = weights.get(head) as NamedTensor
  const V = matrix.shape[1] as number
  const folder = head.slice(0, head.lastIndexOf('/') + 1)
  const biases = ofShape(shape => shape.length === 1 && shape[0] === V)
  const near = biases.filter(name => name.startsWith(folder))
  const bias = choose(file, 'output bias', near.length > 0 ? near : biases, HEAD)
  const tables = ofShape(shape => shape.length === 2 && shape[0] === V && shape[1] === K)
  const others = tables.filter(name => name !== head)
  const table = choose(file, 'embedding', others, EMBEDDING)
  if (table === undefined && K !== V) {
    throw refuse(file, `has no embedding of ${V} by ${K}, and its first layer takes ${K} inputs`)
  }
  return {
    headWeight: transpose(matrix.toFloat32(), H, V),
    headBias:
      bias === undefined ? new Float32Array(V) : (weights.get(bias) as NamedTensor).toFloat32(),
    ...(table !== undefined && { embedding: (weights.get(table) as NamedTensor).toFloat32() }),
  }
}

const NOTES: Readonly<Record<CellKind, readonly Bilingual[]>> = {
  lstm: [
    {
      en: 'the forget bias 1.0, which the cell adds by default, is now in the bias; columns i j f o became rows i f g o',
      ja: 'セルが既定で足す忘却バイアス1.0をバイアスに含め、ゲートの列i j f oを行i f g oに並べ替えました',
    },
  ],
  gru: [],
  rnn: [],
}

/** A network of TensorFlow 1's cells. */
function fromCells(
  file: string,
  weights: Tensors,
  cells: readonly Cell[],
): ReturnType<typeof assemble> {
  const [{ kind }] = cells as [Cell]
  if (cells.some(cell => cell.kind !== kind)) throw refuse(file, 'mixes cells of different kinds')
  const layers = cells.map((cell, k) => layerOf(file, cell, k))
  return assemble({
    cell: kind,
    ...(kind === 'gru' && { reset: 'before' as const }),
    layers,
    ...endsOf(file, weights, kind, layers),
  })
}

/** Where a layer stands, as far as its class tells. */
const rankOf = ({ type }: KerasLayer): number =>
  type === 'Embedding' ? 0 : type === 'Dense' ? 2 : 1

/**
 * Keras layers by their tensors' names. Names with a number tell the order; names of attributes
 * (`self.gru`) do not, so that their classes do.
 */
function kerasLayers(weights: Tensors): KerasLayer[] {
  const groups = new Map<string, { name: string; tensor: NamedTensor }[]>()
  for (const [name, tensor] of weights) {
    const [, layer, which] = KERAS.exec(name) ?? []
    if (layer === undefined || which === undefined) continue
    const group = groups.get(layer)
    if (group) group.push({ name: which, tensor })
    else groups.set(layer, [{ name: which, tensor }])
  }
  const layers = [...groups].map(([name, tensors]): KerasLayer => {
    const shapes = tensors.map(({ tensor }) => tensor.shape)
    const names = tensors.map(tensor => tensor.name)
    return { type: typeOf(name, shapes, names), name, config: {}, tensors }
  })
  const isNumbered = layers.every(({ name }) => /layer_with_weights-\d+$/.test(name))
  return layers.sort((a, b) => (isNumbered ? 0 : rankOf(a) - rankOf(b)) || byNumber(a.name, b.name))
}

/** The index of the checkpoint: the only one, or the one that the file `checkpoint` names. */
function indexOf(files: readonly SourceFile[]): SourceFile {
  const indices = files.filter(isSortedTable)
  const [first] = indices as [SourceFile]
  if (indices.length === 1) return first
  const text = files.find(({ name }) => /(^|\/)checkpoint$/.test(name))
  const [, path = ''] =
    /^model_checkpoint_path:\s*"([^"\n]*)"/m.exec(new TextDecoder().decode(text?.bytes)) ?? []
  const last = (name: string): string => name.slice(name.lastIndexOf('/') + 1)
  const named = indices.find(({ name }) => last(name).replace(/\.index$/, '') === last(path))
  if (named) return named
  throw new FileError(
    'tensorflow',
    `There are ${counted(indices.length, 'checkpoint')}: ${indices
      .slice(0, 4)
      .map(({ name }) => quote(name))
      .join(', ')}; choose one of them.`,
  )
}

/** `chars_vocab.pkl`: the characters, or a pair of them and their ids. */
function pickledVocabulary(files: readonly SourceFile[], V: number): Vocabulary | undefined {
  for (const file of files) {
    // Protocols from 2 begin with 0x80; an older one begins with the mark of a tuple or a list.
    if (![0x80, 0x28, 0x5d].includes(file.bytes[0] ?? 0)) continue
    try {
      const { value } = readPickle(file.bytes, { name: file.name })
      for (const one of Array.isArray(value) ? [value, ...value] : [value]) {
        const symbols = pickledSymbols(one, V)
        if (symbols) return { symbols }
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error
    }
  }
  return undefined
}

export const tensorflow: Format = {
  kind: 'tensorflow',
  about: {
    en: 'TensorFlow checkpoint (.index and .data)',
    ja: 'TensorFlowのチェックポイント（.indexと.data）',
  },

  // The file `checkpoint` names the latest.
  choosesItself: true,

  recognises: files => files.some(isSortedTable),

  read(files, options: ImportOptions): Imported {
    const index = indexOf(files)
    const weights = weightsOf(readCheckpoint(index, files))
    const inside = (V: number): Vocabulary | undefined => pickledVocabulary(files, V)
    const cells = cellsOf(index.name, weights)
    if (cells.length === 0) {
      const tensors = kerasLayers(weights)
      if (!tensors.some(({ type }) => /LSTM|GRU|RNN/.test(type))) {
        const names = [...weights.keys()].slice(0, 5).map(quote).join(', ')
        throw refuse(
          index.name,
          `holds no recurrent layer of TensorFlow or Keras: it has ${names || 'no weights'}`,
        )
      }
      const network = { file: index.name, layers: undefined, version: undefined, tensors }
      return importKerasNetwork(network, { ...options, inside })
    }
    const network = fromCells(index.name, weights, cells)
    const [{ kind }] = cells as [Cell]
    const vocabulary = inside(network.config.vocabulary)
    return { ...network, vocabulary, corpusOrder: 'frequency', notes: NOTES[kind] }
  },
}
