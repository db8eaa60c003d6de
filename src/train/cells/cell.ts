/**
 * The interface of a cell in the training graph: one layer, forward over T steps and backward. Matrices
 * of all steps are time-major: row t B + b. N = T B.
 */
import type { Graph, Value } from '../../onnx/graph.js'

export interface LayerSizes {
  /** T, steps. */
  readonly T: number
  /** B, streams. */
  readonly B: number
  /** H, hidden units. */
  readonly H: number
}

/** Parameters of one layer by PyTorch's names; G gates, in the cell's own order of blocks. */
export interface LayerWeights {
  /** [G H, in] */
  readonly weightIh: Value
  /** [G H, H] */
  readonly weightHh: Value
  /** [G H] */
  readonly biasIh: Value
  /** [G H] */
  readonly biasHh: Value
}

export interface LayerGradients {
  /**
   * [N, G H]: d loss / d (W_ih x + b_ih), from which the gradients of W_ih and x follow; blocks, as
   * in all gradients here, in the cell's own order.
   */
  readonly input: Value
  readonly weightHh: Value
  readonly biasIh: Value
  readonly biasHh: Value
}

export interface Layer {
  /** [N, H]: h of every step. */
  readonly output: Value
  /** h, and for the LSTM c, after the last step; each [B, H]. */
  readonly state: readonly Value[]
  /**
   * Adds the backward pass; no gradient comes from steps after the last one (truncated BPTT).
   * @param output [N, H]: d loss / d output
   */
  backward(output: Value): LayerGradients
}

export interface LayerRequest {
  readonly graph: Graph
  readonly sizes: LayerSizes
  readonly weights: LayerWeights
  /** The input of all steps times some rows of W_ih, plus a bias: rows [R, in], bias [R] -> [N, R]. */
  readonly project: (rows: Value, bias: Value) => Value
  /** h, and for the LSTM c, before the first step; each [B, H]. */
  readonly state: readonly Value[]
}

export interface Cell {
  /**
   * The order of the blocks of H rows in the cell, as indices into PyTorch's order; by default PyTorch's.
   * Only exchanges of two blocks are allowed, so that applying the order twice restores PyTorch's.
   */
  readonly order?: readonly number[]
  layer(request: LayerRequest): Layer
}

/** Reorders the blocks of H rows of a weight or gradient into the cell's order, or back. */
export function reorderGates(graph: Graph, { order }: Cell, H: number, value: Value): Value {
  if (order === undefined) return value
  const blocks = graph.split(value, Array<number>(order.length).fill(H), 0)
  return graph.concat(
    order.map(index => blocks[index]),
    0,
  )
}

/** Splits [N, C] into T matrices [B, C]. */
export function splitSteps(graph: Graph, value: Value, { T, B }: LayerSizes): Value[] {
  return graph.split(value, Array<number>(T).fill(B), 0)
}
