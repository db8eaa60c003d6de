/**
 * Types and products of the cells' plain twins. A twin computes one stream, one step at a time, in
 * float64 loops that follow the equations.
 */

import { GATE_SLOPES, gateFunction, type ModelConfig } from '../../model/config.js'

/** Parameters of one layer, or their gradients; row-major, PyTorch's names and layouts. */
export interface TwinWeights {
  /** [G H, in] */
  readonly weightIh: Float64Array
  /** [G H, H] */
  readonly weightHh: Float64Array
  /** [G H] */
  readonly biasIh: Float64Array
  /** [G H] */
  readonly biasHh: Float64Array
}

/** State of one stream in one layer; c only for the LSTM. */
export interface TwinState {
  readonly h: Float64Array
  readonly c?: Float64Array
}

export interface TwinStep {
  readonly state: TwinState
  /**
   * Runs backward through this step and adds to the gradients of the weights.
   * @param after d loss / d state after the step
   * @returns d loss / d input [in] and d loss / d state before the step
   */
  backward(
    after: TwinState,
    gradients: TwinWeights,
  ): { readonly input: Float64Array; readonly before: TwinState }
}

export type TwinCell = (weights: TwinWeights, input: Float64Array, before: TwinState) => TwinStep

/** The function of the gates, and its derivative from its value. */
export interface TwinGate {
  of(x: number): number
  slope(s: number): number
}

export function twinGate(gates: ModelConfig['gates']): TwinGate {
  const of = gateFunction(gates)
  if (gates === undefined || gates === 'sigmoid') return { of, slope: s => s * (1 - s) }
  return { of, slope: s => (s > 0 && s < 1 ? GATE_SLOPES[gates] : 0) }
}

/** Computes W x + b: [R, C] [C] -> [R]. */
export function affine(w: Float64Array, x: Float64Array, b: Float64Array): Float64Array {
  return b.map((bias, r) => {
    let sum = bias
    for (let c = 0; c < x.length; c++) sum += w[r * x.length + c] * x[c]
    return sum
  })
}

/** The backward pass of y = W x + b: adds dy x^T to dW and dy to db. @returns W^T dy */
export function affineBackward(
  dy: Float64Array,
  w: Float64Array,
  x: Float64Array,
  dw: Float64Array,
  db: Float64Array,
): Float64Array {
  const dx = new Float64Array(x.length)
  for (let r = 0; r < dy.length; r++) {
    db[r] += dy[r]
    for (let c = 0; c < x.length; c++) {
      dw[r * x.length + c] += dy[r] * x[c]
      dx[c] += w[r * x.length + c] * dy[r]
    }
  }
  return dx
}

export const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v + b[i])
