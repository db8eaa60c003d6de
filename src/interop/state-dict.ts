/**
 * A recurrent language model from named tensors, as PyTorch's `state_dict` has them. Attribute names
 * are free in PyTorch, so layers are found by the endings that `nn.LSTM`, `nn.GRU`, `nn.RNN` and their
 * cells give (`weight_ih_l0`), the head and the embedding by shape, then by name.
 */
import { counted, FileError, quote } from '../errors.js'
import type { CellKind } from '../model/config.js'
import { assemble, type LayerMatrices } from './assemble.js'
import { checkRest, endsOf } from './state-dict-ends.js'

/** A tensor of any source. */
export interface NamedTensor {
  readonly shape: readonly number[]
  /** The type of its numbers: `float32`, `int64`. */
  readonly dtype?: string
  /** The same for two tensors that are the same numbers in the file, as tied weights are. */
  readonly id?: string
  toFloat32(): Float32Array
}

export type StateDict = ReadonlyMap<string, NamedTensor>

export interface StateDictHints {
  /** The name that errors show. */
  readonly file: string
  /** `relu` where a module says so; a state_dict alone does not. */
  readonly activation?: 'tanh' | 'relu'
  /** Classes of the module's parts, where they are known: `between` is a `LayerNorm`. */
  readonly classes?: ReadonlyMap<string, string>
}

/** One recurrent layer by its names. */
export interface Found {
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

const refuse = (file: string, what: string): FileError =>
  new FileError('state-dict', `The model in ${quote(file)} ${what}.`)

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
  for (const [prefix, stack] of stacks) {
    if (stack.length !== Object.keys(stack).length) {
      throw refuse(file, `lacks a layer of ${quote(prefix)} below weight_ih_l${stack.length - 1}`)
    }
  }
  const layers = chainOf(stacks)
  if (!layers || new Set(layers.map(({ gates }) => gates)).size > 1) {
    throw refuse(
      file,
      `has several recurrent modules that do not stand one above the other: ${[...stacks.keys()].map(quote).join(', ')}; save the one that writes text by itself`,
    )
  }
  return layers
}

/**
 * Several modules, one above the other: each takes what the one below gives. Their order in the file is
 * tried first, then that of their names.
 */
function chainOf(stacks: ReadonlyMap<string, Found[]>): Found[] | undefined {
  const byName = [...stacks].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  return [[...stacks], byName]
    .map(order => order.flatMap(([, stack]) => stack))
    .find(layers =>
      layers.every((layer, k) => k === 0 || layer.inputs === (layers[k - 1] as Found).outputs),
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
  checkRest(dict, layers, ends, hints)
  const numbers = (name: string): Float32Array => {
    const tensor = dict.get(name) as NamedTensor
    if (tensor.dtype !== undefined && !/float|^F|^BF/.test(tensor.dtype)) {
      throw refuse(
        file,
        `keeps ${quote(name)} as ${tensor.dtype}; expected floating-point numbers: convert the model with model.float() and save it again`,
      )
    }
    return tensor.toFloat32()
  }
  const vector = (name: string | undefined, length: number): Float32Array =>
    name !== undefined && dict.has(name) ? numbers(name) : new Float32Array(length)
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
    headBias: vector(ends.bias, dict.get(ends.head)?.shape[0] ?? 0),
  })
}
