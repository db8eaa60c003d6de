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
}

/** State of one layer, [H] each; c is empty except for the LSTM. */
export interface LayerState {
  readonly h: Float64Array
  readonly c: Float64Array
}

/** W x + b. @param W [rows, x.length] row-major @param b [rows] @returns [rows] */
export function affine(
  W: ArrayLike<number>,
  x: ArrayLike<number>,
  b: ArrayLike<number>,
): Float64Array {
  const K = x.length
  return Float64Array.from({ length: b.length }, (_, row) => {
    let sum = b[row]
    for (let k = 0; k < K; k++) sum += W[row * K + k] * x[k]
    return sum
  })
}
