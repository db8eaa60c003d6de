/**
 * 8-bit weights: each matrix as whole numbers q from -127 to 127 and a scale a row, W = scale q.
 *
 * Before a product h is rounded to whole numbers, x = round(levels h) / levels, so that the product is
 * a sum of whole numbers, which is exact: W x = scale / levels * sum_k q_k round(levels x_k). `levels`
 * is the largest number for which no sum overflows 32 bits; at 512 units it is 2^15 - 1, and the
 * rounding of h is lost beside that of the weights.
 *
 * The scale of a row minimises the squared error over 31 clippings from 70% to 100% of the largest
 * weight (as for round-to-nearest in Nagel et al., "A white paper on neural network quantization",
 * 2021, 3.1).
 */
import { InputError } from '../errors.js'
import { GATES, isMatrix, type ModelConfig, modelConfig, scaleOf, type Weights } from './config.js'

const LARGEST = 127

/** Whole numbers on either side of 0 to which h is rounded, for matrices of H columns. */
export const wholeLevels = (hidden: number): number =>
  Math.min(2 ** 15 - 1, Math.floor((2 ** 31 - 1) / (LARGEST * hidden)))

const CLIPPINGS = Array.from({ length: 31 }, (_, i) => 1 - i / 100)

/** The whole number of a weight; plus 0, because a file has no negative zero. */
const nearest = (value: number, scale: number): number =>
  scale === 0 ? 0 : Math.max(-LARGEST, Math.min(LARGEST, Math.round(value / scale))) + 0

/** @param row [K] @returns the scale, a float32 */
function scaleOfRow(row: Float32Array): number {
  const largest = row.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (const clipping of CLIPPINGS) {
    const scale = Math.fround((largest * clipping) / LARGEST)
    let error = 0
    for (const value of row) error += (nearest(value, scale) * scale - value) ** 2
    if (error < least) {
      least = error
      best = scale
    }
  }
  return best
}

/**
 * Rounds the matrices of a network to 8 bits.
 * @returns its config with `bits: 8`; the weights with the rounded matrices and their scales
 * @throws InputError for a network that has them already, or whose h is not within [-1, 1]
 */
export function quantizeWeights(
  config: ModelConfig,
  weights: Weights,
): { config: ModelConfig; weights: Weights } {
  if (config.bits !== undefined) {
    throw new InputError('bits', 'The model has 8-bit weights already; take the one it came from.')
  }
  const quantized = modelConfig({ ...config, bits: 8 })
  const rounded = new Map<string, Float32Array>()
  for (const [name, data] of weights) {
    if (!isMatrix(name)) {
      rounded.set(name, data)
      continue
    }
    const rows = rowsOf(config, name)
    const scales = new Float32Array(rows)
    const matrix = new Float32Array(data.length)
    const K = data.length / rows
    for (let row = 0; row < rows; row++) {
      const from = data.subarray(row * K, (row + 1) * K)
      const scale = scaleOfRow(from)
      scales[row] = scale
      for (let k = 0; k < K; k++) matrix[row * K + k] = nearest(from[k] as number, scale) * scale
    }
    rounded.set(name, matrix)
    rounded.set(scaleOf(name), scales)
  }
  return { config: quantized, weights: rounded }
}

/** The network of float32 with the rounded matrices, for systems without 8-bit weights. */
export function floatWeights(
  config: ModelConfig,
  weights: Weights,
): { config: ModelConfig; weights: Weights } {
  const { bits: _, ...float } = config
  return {
    config: float,
    weights: new Map([...weights].filter(([name]) => !name.endsWith('.scale'))),
  }
}

/** Rows of a matrix: V of embedding and head, else those of all gates. */
function rowsOf({ cell, vocabulary, hidden }: ModelConfig, name: string): number {
  if (!name.startsWith('rnn.')) return vocabulary
  return GATES[cell] * hidden
}

/**
 * The whole numbers of a matrix.
 * @param matrix [rows, K], each number fround(q scale), so that the quotient rounds to q
 * @param scales [rows]
 */
export function wholeWeights(matrix: Float32Array, scales: Float32Array): Int8Array {
  const K = matrix.length / scales.length
  return Int8Array.from(matrix, (value, i) => nearest(value, scales[Math.floor(i / K)] as number))
}
