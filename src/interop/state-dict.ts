/**
 * A recurrent language model from named tensors, as PyTorch's `state_dict` has them. Attribute names
 * are free in PyTorch, so layers are found by the endings that `nn.LSTM`, `nn.GRU`, `nn.RNN` and their
 * cells give (`weight_ih_l0`), the head and the embedding by shape, then by name.
 */
import { counted, FileError, quote } from '../errors.js'
import type { CellKind } from '../model/config.js'
import { assemble, type LayerMatrices } from './assemble.js'

/** A tensor of any source. */
export interface NamedTensor {
  readonly shape: readonly number[]
  toFloat32(): Float32Array
}

export type StateDict = ReadonlyMap<string, NamedTensor>

export interface StateDictHints {
  /** The name that errors show. */
  readonly file: string
  /** `relu` where a module says so; a state_dict alone does not. */
  readonly activation?: 'tanh' | 'relu'
}

/** One recurrent layer by its names. */
interface Found {
  /** `rnn.` or `lstm1.` */
  readonly prefix: string
  readonly suffix: string
  readonly gates: number
  /** K, inputs; H, units; P, width of what it gives: H, or less with a projection. */
  readonly inputs: number
  readonly units: number
  readonly outputs: number
}

const LAYER = /^(.*?)weight_ih(_l(\d+))?$/
const KIND_OF_GATES: Readonly<Record<number, CellKind>> = { 1: 'rnn', 3: 'gru', 4: 'lstm' }
const HEAD_NAMES = /head|decoder|out|fc|linear|dense|proj|h2o|logit|classifier|i2o|hidden2/i
const EMBEDDING_NAMES = /emb|encoder|wte|lookup|word|table/i

const refuse = (file: string, what: string): FileError =>
  new FileError('state-dict', `The model in ${quote(file)} ${what}.`)

const shapeText = (name: string, { shape }: NamedTensor): string => `${name} [${shape.join(', ')}]`

function isMatrix(tensor: NamedTensor | undefined, rows: number, columns: number): boolean {
  return tensor?.shape.length === 2 && tensor.shape[0] === rows && tensor.shape[1] === columns
}

function layerAt(dict: StateDict, name: string, file: string): Found {
  const [, prefix = '', suffix = ''] = LAYER.exec(name) ?? []
  const [rows = 0, inputs = 0] = dict.get(name)?.shape ?? []
  const recurrent = dict.get(`${prefix}weight_hh${suffix}`)
  if (!recurrent || recurrent.shape[0] !== rows) {
    throw refuse(file, `has ${name} without a fitting weight_hh${suffix}`)
  }
  const outputs = recurrent.shape[1] ?? 0
  const projection = dict.get(`${prefix}weight_hr${suffix}`)
  const units = projection ? (projection.shape[1] ?? 0) : outputs
  const gates = rows / units
  if (KIND_OF_GATES[gates] === undefined) {
    throw refuse(
      file,
      `has ${name} with ${rows} rows for ${counted(units, 'unit')}; expected 1 (RNN), 3 (GRU) or 4 (LSTM) rows a unit`,
    )
  }
  return { prefix, suffix, gates, inputs, units, outputs }
}

/** All recurrent layers from the input up. */
function layersOf(dict: StateDict, file: string): Found[] {
  const names = [...dict.keys()]
  if (names.some(name => /_reverse$/.test(name))) {
    throw refuse(
      file,
      'reads its text in both directions (bidirectional), so that it cannot write one character after the other',
    )
  }
  const stacks = new Map<string, Found[]>()
  for (const name of names.filter(name => LAYER.test(name))) {
    const layer = layerAt(dict, name, file)
    const stack = stacks.get(layer.prefix) ?? []
    stack[Number(LAYER.exec(name)?.[3] ?? 0)] = layer
    stacks.set(layer.prefix, stack)
  }
  if (stacks.size === 0) {
    throw refuse(file, 'has no nn.LSTM, nn.GRU or nn.RNN: no tensor is named weight_ih_l0')
  }
  // Several modules, one above the other: each takes what the one below gives.
  const layers = [...stacks.values()].flat()
  const kinds = new Set(layers.map(({ gates }) => gates))
  const chained = layers.every(
    (layer, k) => k === 0 || layer.inputs === (layers[k - 1] as Found).outputs,
  )
  if (kinds.size > 1 || !chained) {
    throw refuse(
      file,
      `has several recurrent modules that do not stand one above the other: ${[...stacks.keys()].map(quote).join(', ')}; save the one that writes text by itself`,
    )
  }
  return layers
}

/** The one of several candidates whose name says so; a sentence lists them otherwise. */
function choose(
  candidates: readonly string[],
  dict: StateDict,
  what: { readonly file: string; readonly role: string; readonly names: RegExp },
): string | undefined {
  if (candidates.length <= 1) return candidates[0]
  const named = candidates.filter(name => what.names.test(name))
  if (named.length === 1) return named[0]
  const listed = candidates.map(name => shapeText(name, dict.get(name) as NamedTensor))
  throw refuse(
    what.file,
    `has several tensors that may be its ${what.role}: ${listed.join(', ')}; rename the others or leave them out of the state_dict`,
  )
}

interface Ends {
  readonly head: string
  /** Undefined for one-hot input. */
  readonly embedding: string | undefined
}

/** Head and embedding: matrices that belong to no recurrent layer. */
function endsOf(dict: StateDict, layers: readonly Found[], file: string): Ends {
  const inputs = (layers[0] as Found).inputs
  const outputs = (layers.at(-1) as Found).outputs
  const free = [...dict.keys()].filter(
    name => dict.get(name)?.shape.length === 2 && !/weight_(ih|hh|hr)(_l\d+)?$/.test(name),
  )
  const biasOf = (name: string): string => name.replace(/weight$/, 'bias')
  const hasBias = (name: string): boolean =>
    name.endsWith('weight') && dict.get(biasOf(name))?.shape[0] === dict.get(name)?.shape[0]
  const asHead = free.filter(name => dict.get(name)?.shape[1] === outputs)
  // A Linear layer has a bias and an Embedding has none; only without any bias names decide.
  const withBias = asHead.filter(hasBias)
  const heads = withBias.length > 0 ? withBias : asHead
  const head = choose(heads, dict, { file, role: 'output layer', names: HEAD_NAMES })
  if (head === undefined) {
    throw refuse(
      file,
      `has no output layer: no matrix of ${outputs} columns among ${free.map(name => shapeText(name, dict.get(name) as NamedTensor)).join(', ') || 'its tensors'}`,
    )
  }
  const V = dict.get(head)?.shape[0] ?? 0
  const tables = free.filter(name => name !== head && isMatrix(dict.get(name), V, inputs))
  const table = choose(tables, dict, { file, role: 'embedding', names: EMBEDDING_NAMES })
  if (table !== undefined) return { head, embedding: table }
  if (EMBEDDING_NAMES.test(head) && inputs === outputs) return { head, embedding: head } // tied
  if (inputs === V) return { head, embedding: undefined }
  throw refuse(
    file,
    `has no embedding of ${counted(V, 'symbol')} by ${inputs}, and its first layer takes ${inputs} inputs, not ${V} as for one-hot input`,
  )
}

/** a [n, m] times b [m, k], row-major, summed in float64. */
function product(a: Float32Array, b: Float32Array, m: number): Float32Array {
  const n = a.length / m
  const k = b.length / m
  const out = new Float32Array(n * k)
  const row = new Float64Array(k)
  for (let i = 0; i < n; i++) {
    row.fill(0)
    for (let j = 0; j < m; j++) {
      const scale = a[i * m + j] as number
      for (let c = 0; c < k; c++) row[c] = (row[c] as number) + scale * (b[j * k + c] as number)
    }
    out.set(row, i * k)
  }
  return out
}

/**
 * The network of a state_dict.
 *
 * A projected LSTM (`proj_size`, Sak et al. 2014) gives h = W_hr m with m = o tanh(c). Every matrix
 * that takes h is multiplied by W_hr here, so that it takes m: the same logits, without a projection.
 * @throws FileError naming the tensors that are missing or ambiguous
 */
export function fromStateDict(dict: StateDict, hints: StateDictHints): ReturnType<typeof assemble> {
  const { file } = hints
  const layers = layersOf(dict, file)
  const ends = endsOf(dict, layers, file)
  const numbers = (name: string): Float32Array => (dict.get(name) as NamedTensor).toFloat32()
  const vector = (name: string, length: number): Float32Array =>
    dict.has(name) ? numbers(name) : new Float32Array(length)
  const projections = layers.map(({ prefix, suffix }) => {
    const name = `${prefix}weight_hr${suffix}`
    return dict.has(name) ? numbers(name) : undefined
  })
  /** A matrix that takes the output of layer k. */
  const taking = (matrix: Float32Array, k: number): Float32Array => {
    const projection = projections[k]
    return projection ? product(matrix, projection, (layers[k] as Found).outputs) : matrix
  }
  const matrices = layers.map(({ prefix, suffix, gates, units }, k): LayerMatrices => {
    const weightIh = numbers(`${prefix}weight_ih${suffix}`)
    return {
      weightIh: k > 0 ? taking(weightIh, k - 1) : weightIh,
      weightHh: taking(numbers(`${prefix}weight_hh${suffix}`), k),
      biasIh: vector(`${prefix}bias_ih${suffix}`, gates * units),
      biasHh: vector(`${prefix}bias_hh${suffix}`, gates * units),
    }
  })
  const cell = KIND_OF_GATES[(layers[0] as Found).gates] as CellKind
  const headWeight = numbers(ends.head)
  return assemble({
    cell,
    ...(cell === 'rnn' && hints.activation && { activation: hints.activation }),
    ...(ends.embedding !== undefined && { embedding: numbers(ends.embedding) }),
    layers: matrices,
    headWeight: taking(headWeight, layers.length - 1),
    headBias: vector(ends.head.replace(/weight$/, 'bias'), dict.get(ends.head)?.shape[0] ?? 0),
  })
}
