/** Keras' recurrent layers of all versions in PyTorch's layout. */
import { FileError, quote } from '../errors.js'
import { isRecord } from '../file/json.js'
import type { CellKind, GateKind } from '../model/config.js'
import { concatenate, type LayerMatrices, reorderGates, transpose } from './assemble.js'
import type { NamedTensor } from './state-dict.js'

/** One layer: its class, its config where the file has one, its tensors in the order of the file. */
export interface KerasLayer {
  readonly type: string
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: readonly { readonly name: string; readonly tensor: NamedTensor }[]
}

/** A recurrent layer and what its config says of the cell. */
export interface KerasRecurrent {
  readonly cell: CellKind
  readonly activation: 'tanh' | 'relu'
  readonly reset: 'after' | 'before'
  readonly gates: GateKind
  readonly matrices: LayerMatrices
}

/** The place of each gate of ours (GRU r z n) in Keras' z r h. The LSTM's i f c o is our order. */
const GRU_ORDER = [1, 0, 2]
/** Keras 1 lists an LSTM's arrays in the order i c f o, a GRU's in z r h. */
const KERAS1_LETTERS: Readonly<Record<number, readonly string[]>> = {
  1: [''],
  3: ['_r', '_z', '_h'],
  4: ['_i', '_f', '_c', '_o'],
}

const refuse = (layer: KerasLayer, what: string): FileError =>
  new FileError('keras', `The layer ${quote(layer.name)} (${layer.type}) ${what}.`)

/** Keras 1 names arrays `lstm_1_W_i`; later versions `kernel`. */
const isKeras1 = ({ tensors }: KerasLayer): boolean =>
  tensors.some(({ name }) => /_[WU](_[a-z])?(:0)?$/.test(name))

/** The name of a function in a config: a string, or an object of Keras 3; undefined for none. */
export function functionName(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  return isRecord(value) ? String(value.class_name ?? value.name ?? '') : String(value)
}

function cellOf(layer: KerasLayer): { cell: CellKind; gates: number } {
  if (/LSTM/.test(layer.type)) return { cell: 'lstm', gates: 4 }
  if (/GRU/.test(layer.type)) return { cell: 'gru', gates: 3 }
  return { cell: 'rnn', gates: 1 }
}

/**
 * The function of the gates.
 * @param old whether the file is of Keras 1 or 2.0 to 2.2 @param sixth whether it is of Keras 3
 */
function gatesOf(layer: KerasLayer, old: boolean, sixth: boolean): GateKind {
  const { config } = layer
  const named = functionName(config.recurrent_activation ?? config.inner_activation)
  const hard: GateKind = sixth ? 'hard-sixth' : 'hard-fifth'
  if (/CuDNN/.test(layer.type)) return 'sigmoid'
  if (named === undefined) return old ? hard : 'sigmoid'
  if (named === 'sigmoid') return 'sigmoid'
  if (named === 'hard_sigmoid') return hard
  throw refuse(layer, `has gates of ${quote(named)}; expected sigmoid or hard_sigmoid`)
}

function activationOf(layer: KerasLayer, cell: CellKind): 'tanh' | 'relu' {
  // A config without the key has Keras' default; null is the identity.
  const given = layer.config.activation
  const activation = given === null ? 'linear' : (functionName(given) ?? 'tanh')
  if (activation === 'tanh' || (activation === 'relu' && cell === 'rnn')) return activation
  throw refuse(
    layer,
    `has the activation ${quote(activation)}; expected tanh${cell === 'rnn' ? ' or relu' : ''}`,
  )
}

function tensorNamed(layer: KerasLayer, pattern: RegExp): NamedTensor | undefined {
  return layer.tensors.find(({ name }) => pattern.test(name))?.tensor
}

/** Keras 1: an array a gate, [in, H] and [H, H], named by letters. */
function keras1Matrices(layer: KerasLayer, gates: number): LayerMatrices {
  const letters = KERAS1_LETTERS[gates] as readonly string[]
  const blocks = (kind: string): Float32Array =>
    concatenate(
      letters.map(letter => {
        const tensor = tensorNamed(layer, new RegExp(`_${kind}${letter}(:0)?$`))
        if (!tensor) throw refuse(layer, `lacks the array ${kind}${letter}`)
        const [rows = 1, columns] = tensor.shape
        const numbers = tensor.toFloat32()
        return columns === undefined ? numbers : transpose(numbers, rows, columns)
      }),
    )
  const bias = blocks('b')
  return {
    weightIh: blocks('W'),
    weightHh: blocks('U'),
    biasIh: bias,
    biasHh: bias.map(() => 0),
  }
}

/**
 * CuDNN keeps each gate's matrix as [H, in] in the bytes of [in, H], and two biases. The transpose of
 * a block here is those bytes as they lie.
 */
function cudnnBlocks(
  matrix: Float32Array,
  rows: number,
  columns: number,
  gates: number,
): Float32Array {
  const width = columns / gates
  const out = new Float32Array(matrix.length)
  for (let g = 0; g < gates; g++) {
    for (let r = 0; r < rows; r++) {
      const from = matrix.subarray(r * columns + g * width, r * columns + (g + 1) * width)
      out.set(from, g * rows * width + r * width)
    }
  }
  return out
}

/** Keras 2 and 3: kernel [in, G H], recurrent kernel [H, G H], bias [G H], [2, G H] or CuDNN's [2 G H]. */
function kernelMatrices(
  layer: KerasLayer,
  gates: number,
): { matrices: LayerMatrices; twoBiases: boolean } {
  const recurrent = tensorNamed(layer, /recurrent_kernel(:0)?$/) ?? layer.tensors[1]?.tensor
  const kernel =
    layer.tensors.find(({ name }) => /(^|\/|_)kernel(:0)?$/.test(name) && !/recurrent/.test(name))
      ?.tensor ?? layer.tensors[0]?.tensor
  const bias = tensorNamed(layer, /bias(:0)?$/) ?? layer.tensors[2]?.tensor
  const [inputs = 0, columns = 0] = kernel?.shape ?? []
  const H = columns / gates
  if (!kernel || !recurrent || recurrent.shape[0] !== H || recurrent.shape[1] !== columns) {
    throw refuse(layer, 'has no kernel and recurrent kernel that belong together')
  }
  const numbers = bias?.toFloat32() ?? new Float32Array(columns)
  const twoBiases = numbers.length === 2 * columns
  if (!twoBiases && numbers.length !== columns) {
    throw refuse(
      layer,
      `has a bias of ${numbers.length} numbers; expected ${columns} or ${2 * columns}`,
    )
  }
  const isCuDnn = twoBiases && (bias?.shape.length === 1 || /CuDNN/.test(layer.type))
  const order = gates === 3 ? GRU_ORDER : Array.from({ length: gates }, (_, g) => g)
  const rowsOf = (matrix: Float32Array, rows: number): Float32Array =>
    reorderGates(
      isCuDnn ? cudnnBlocks(matrix, rows, columns, gates) : transpose(matrix, rows, columns),
      rows,
      order,
    )
  return {
    matrices: {
      weightIh: rowsOf(kernel.toFloat32(), inputs),
      weightHh: rowsOf(recurrent.toFloat32(), H),
      biasIh: reorderGates(numbers.subarray(0, columns), 1, order),
      biasHh: twoBiases
        ? reorderGates(numbers.subarray(columns), 1, order)
        : new Float32Array(columns),
    },
    twoBiases,
  }
}

/**
 * A recurrent layer of ours.
 * @param version Keras' version where the file says it: 1.x and 2.0 to 2.2 have hard gates by default
 * @throws FileError for a layer that reads backwards, or whose functions the cells lack
 */
export function recurrentOf(layer: KerasLayer, version: string | undefined): KerasRecurrent {
  const { cell, gates: count } = cellOf(layer)
  if (layer.config.go_backwards === true) throw refuse(layer, 'reads its text backwards')
  const keras1 = isKeras1(layer)
  const { matrices, twoBiases } = keras1
    ? { matrices: keras1Matrices(layer, count), twoBiases: false }
    : kernelMatrices(layer, count)
  const old = keras1 || /^(1|2\.[0-2])\./.test(version ?? '')
  const gates = cell === 'rnn' ? 'sigmoid' : gatesOf(layer, old, /^3\./.test(version ?? ''))
  return {
    cell,
    activation: activationOf(layer, cell),
    reset: twoBiases || layer.config.reset_after === true ? 'after' : 'before',
    gates,
    matrices,
  }
}

/** A Dense layer: kernel [H, V] and bias as [V, H] and [V]. */
export function denseOf(layer: KerasLayer): { headWeight: Float32Array; headBias: Float32Array } {
  const kernel = layer.tensors.find(({ tensor }) => tensor.shape.length === 2)?.tensor
  const bias = layer.tensors.find(({ tensor }) => tensor.shape.length === 1)?.tensor
  const [H = 0, V = 0] = kernel?.shape ?? []
  if (!kernel) throw refuse(layer, 'has no kernel')
  return {
    headWeight: transpose(kernel.toFloat32(), H, V),
    headBias: bias?.toFloat32() ?? new Float32Array(V),
  }
}
