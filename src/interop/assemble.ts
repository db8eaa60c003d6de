/**
 * From the matrices of other systems to a network of ours: gates in PyTorch's order, rows of outputs,
 * layers of one width.
 */
import { counted, InputError } from '../errors.js'
import { GATES, LIMITS, type ModelConfig, modelConfig, type Weights } from '../model/config.js'

/** One recurrent layer in PyTorch's layout; G gates, K inputs, H units. */
export interface LayerMatrices {
  /** [G H, K] */
  readonly weightIh: Float32Array
  /** [G H, H] */
  readonly weightHh: Float32Array
  /** [G H] */
  readonly biasIh: Float32Array
  /** [G H] */
  readonly biasHh: Float32Array
}

/** A network before its layers have one width. */
export interface NetworkMatrices
  extends Pick<ModelConfig, 'cell'>,
    Partial<
      Omit<ModelConfig, 'cell' | 'hidden' | 'layers' | 'vocabulary' | 'embedding' | 'attention'>
    > {
  /** [V, E]; absent for one-hot input. */
  readonly embedding?: Float32Array
  readonly layers: readonly LayerMatrices[]
  /** [V, H of the last layer]; with skip connections [V, E + all H] */
  readonly headWeight: Float32Array
  /** Attention's weights, as wide as a row of `headWeight`. */
  readonly attentionWeight?: Float32Array
  /** [V] */
  readonly headBias: Float32Array
}

/** [rows, columns] to [columns, rows], row-major. */
export function transpose(matrix: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c] as number
  }
  return out
}

/**
 * Reorders blocks of rows, one block a gate.
 * @param matrix [G H, width], or [G H] with width 1
 * @param order for each gate of ours (LSTM i f g o, GRU r z n), its place in theirs
 */
export function reorderGates(
  matrix: Float32Array,
  width: number,
  order: readonly number[],
): Float32Array {
  const block = matrix.length / order.length
  if (!Number.isInteger(block / width)) {
    throw new InputError(
      'import',
      `A matrix of ${matrix.length} numbers does not divide into ${order.length} gates of rows of ${width}.`,
    )
  }
  const out = new Float32Array(matrix.length)
  order.forEach((from, to) => {
    out.set(matrix.subarray(from * block, (from + 1) * block), to * block)
  })
  return out
}

/** Blocks one after the other. */
export function concatenate(blocks: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(blocks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const block of blocks) {
    out.set(block, at)
    at += block.length
  }
  return out
}

/** Widens rows of `from` numbers to `to` with zeros. */
function widenRows(matrix: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return matrix
  const rows = matrix.length / from
  const out = new Float32Array(rows * to)
  for (let r = 0; r < rows; r++) out.set(matrix.subarray(r * from, (r + 1) * from), r * to)
  return out
}

/** Widens rows that are made of parts, each part by itself. */
function widenParts(
  matrix: Float32Array,
  from: readonly number[],
  to: readonly number[],
): Float32Array {
  const width = from.reduce((a, b) => a + b, 0)
  const wide = to.reduce((a, b) => a + b, 0)
  if (width === wide) return matrix
  const out = new Float32Array((matrix.length / width) * wide)
  for (let row = 0; row < matrix.length / width; row++) {
    let [read, written] = [row * width, row * wide]
    for (const [i, part] of from.entries()) {
      out.set(matrix.subarray(read, read + part), written)
      read += part
      written += to[i] as number
    }
  }
  return out
}

/** Widens each gate's block of `from` rows to `to` rows with zeros. */
function widenGates(
  matrix: Float32Array,
  width: number,
  gates: number,
  [from, to]: readonly [number, number],
): Float32Array {
  if (from === to) return matrix
  const out = new Float32Array(gates * to * width)
  for (let g = 0; g < gates; g++) {
    out.set(matrix.subarray(g * from * width, (g + 1) * from * width), g * to * width)
  }
  return out
}

/**
 * Layers are filled up to the widest: a wide one among many narrow ones would take far more memory than
 * its file.
 */
const MOST_WIDENING = 8

/** @throws InputError for more layers than a model has, or for widths that are too different */
export function checkLayers(widths: readonly number[]): void {
  const L = widths.length
  if (L > LIMITS.layers) {
    throw new InputError(
      'import',
      `The model has ${counted(L, 'recurrent layer')}; at most ${LIMITS.layers} can be read.`,
    )
  }
  const own = widths.reduce((sum, H) => sum + H * H, 0)
  const widest = Math.max(...widths)
  if (widest > 256 && L * widest * widest > MOST_WIDENING * own) {
    throw new InputError(
      'import',
      `The model has layers of ${Math.min(...widths)} to ${counted(widest, 'unit')}, which are filled up to the widest; expected widths that are less different.`,
    )
  }
}

/**
 * Config and weights of ours. Layers of different widths are filled up to the widest with units whose
 * weights are all 0: their h stays 0 in every cell (tanh 0 = relu 0 = 0; the LSTM's c stays 0), so
 * that no logit changes.
 * @throws InputError when matrices do not fit together, naming the layer
 */
export function assemble(network: NetworkMatrices): { config: ModelConfig; weights: Weights } {
  const { cell, layers, embedding, headBias, headWeight, attentionWeight, ...rest } = network
  const gates = GATES[cell]
  const V = headBias.length
  const widths = layers.map(({ biasIh }) => biasIh.length / gates)
  checkLayers(widths)
  const H = Math.max(...widths)
  const E = embedding ? embedding.length / V : 0
  const weights = new Map<string, Float32Array>()
  if (embedding) weights.set('embedding.weight', embedding)
  layers.forEach((layer, k) => {
    const own = widths[k] as number
    const below = k > 0 ? (widths[k - 1] as number) : E || V
    const input = k > 0 ? H : below
    const fits =
      Number.isInteger(own) &&
      Number.isInteger(E) &&
      layer.weightIh.length === gates * own * below &&
      layer.weightHh.length === gates * own * own &&
      layer.biasHh.length === gates * own
    if (!fits) {
      throw new InputError(
        'import',
        `Layer ${k + 1} has ${layer.weightIh.length} input weights and ${layer.weightHh.length} recurrent weights; expected ${gates * own * below} and ${gates * own * own} for ${counted(own, 'unit')} with ${below} inputs.`,
      )
    }
    const span = [own, H] as const
    const wide = (matrix: Float32Array, from: number, to: number): Float32Array =>
      widenGates(widenRows(matrix, from, to), to, gates, span)
    weights.set(`rnn.weight_ih_l${k}`, wide(layer.weightIh, below, input))
    weights.set(`rnn.weight_hh_l${k}`, wide(layer.weightHh, own, H))
    weights.set(`rnn.bias_ih_l${k}`, wide(layer.biasIh, 1, 1))
    weights.set(`rnn.bias_hh_l${k}`, wide(layer.biasHh, 1, 1))
  })
  const read = rest.skip ? [E, ...widths] : [widths.at(-1) ?? 0]
  const wide = rest.skip ? [E, ...widths.map(() => H)] : [H]
  const width = read.reduce((a, b) => a + b, 0)
  if (headWeight.length !== V * width || (attentionWeight?.length ?? width) !== width) {
    throw new InputError(
      'import',
      `The output layer has ${headWeight.length} weights and ${V} biases; expected ${V} x ${width}.`,
    )
  }
  if (attentionWeight) weights.set('attention.weight', widenParts(attentionWeight, read, wide))
  weights.set('head.weight', widenParts(headWeight, read, wide))
  weights.set('head.bias', headBias)
  return {
    config: modelConfig({
      ...rest,
      ...(attentionWeight && { attention: true }),
      cell,
      vocabulary: V,
      embedding: E,
      hidden: H,
      layers: layers.length,
    }),
    weights,
  }
}
