/** Types and functions that the reference cells share: a layer's tensors, and W x + b in float64. */

/** Tensors of one layer, row-major, by PyTorch's names. `in` is E or V for the first layer, else H. */
export interface LayerWeights {
  /** [G H, in] */
  readonly weightIh: ArrayLike<number>
  /** [G H, H] */
  readonly weightHh: ArrayLike<number>
  /** [G H] */
  readonly biasIh: ArrayLike<number>
  /** [G H] */
  readonly biasHh: ArrayLike<number>
  /** With 8-bit weights, the levels to which x and h are rounded (quantize.ts); absent for float32. */
  readonly inputLevels?: number
  readonly levels?: number
}

/** State of one layer, [H] each; c is empty except for the LSTM. */
export interface LayerState {
  readonly h: Float64Array
  readonly c: Float64Array
}

/**
 * W x + b.
 * @param W [rows, x.length] row-major @param b [rows] @param levels round(levels x) / levels takes
 *   the place of x @returns [rows]
 */
export function affine(
  W: ArrayLike<number>,
  x: ArrayLike<number>,
  b: ArrayLike<number>,
  levels?: number,
): Float64Array {
  const K = x.length
  const seen = levels === undefined ? x : Float64Array.from(x, v => Math.round(levels * v) / levels)
  return Float64Array.from({ length: b.length }, (_, row) => {
    let sum = b[row]
    for (let k = 0; k < K; k++) sum += W[row * K + k] * seen[k]
    return sum
  })
}
