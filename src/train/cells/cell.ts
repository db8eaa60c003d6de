/**
 * The interface of a cell in the training graph: one layer, forward over T steps and backward. Matrices
 * of all steps are time-major: row t B + b. N = T B.
 */
import { GATE_SLOPES, type ModelConfig } from '../../model/config.js'
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
  /** What is left of the state before each step, [T]. */
  readonly kept: readonly Kept[]
}

/** What is left of a state where texts or windows begin: all, nothing, or a factor [B, 1] of 0 and 1. */
export type Kept = 'all' | 'nothing' | Value

/** A state before a step. @param state [B, H] */
export function keep(graph: Graph, state: Value, kept: Kept, { B, H }: LayerSizes): Value {
  if (kept === 'all') return state
  if (kept !== 'nothing') return graph.multiply(state, kept)
  return graph.op('Expand', [graph.float32s([0], [1, 1]), graph.int64s([B, H])])
}

/** The gradient of a state before a step from that of what was left of it; undefined for none. */
export function keepGradient(graph: Graph, gradient: Value, kept: Kept): Value | undefined {
  if (kept === 'all') return gradient
  return kept === 'nothing' ? undefined : graph.multiply(gradient, kept)
}

/**
 * d loss / d h after a step.
 * @param own what the step's output adds, [B, H]
 * @param kept before the next step
 * @param passed what the next step passes back, plus a summand
 */
export function withPassed(
  graph: Graph,
  own: Value,
  kept: Kept,
  passed: (plus?: Value) => Value,
): Value {
  if (kept === 'all') return passed(own)
  const gradient = kept === 'nothing' ? undefined : keepGradient(graph, passed(), kept)
  return gradient === undefined ? own : graph.add(own, gradient)
}

/** The function of the gates of a GRU or LSTM. */
export interface GateFunction {
  /** The gates of h U^T + `plus`: [B, R]. */
  of(graph: Graph, h: Value, rows: Value, plus: Value): Value
  /**
   * The factors from the gradients of gated values to those of the pre-activations.
   * @param s the gates @param gated s times what they gate @param ungated what they gate; [B, R] each
   */
  factors(graph: Graph, s: Value, gated: () => Value, ungated: () => Value): Value
}

/** Source: config.ts; the derivative of a piecewise linear gate is its slope between 0 and 1, else 0. */
export function gateFunctionOf({ gates }: Pick<ModelConfig, 'gates'>): GateFunction {
  if (gates === undefined || gates === 'sigmoid') {
    return {
      of: (g, h, rows, plus) =>
        g.product(h, rows, { transposeB: true, plus, activation: 'Sigmoid' }),
      // s (1 - s) v, from the product s v.
      factors(g, s, gated) {
        const products = gated()
        return g.subtract(products, g.multiply(products, s))
      },
    }
  }
  const slope = GATE_SLOPES[gates]
  return {
    of: (g, h, rows, plus) =>
      g.op('HardSigmoid', [g.product(h, rows, { transposeB: true, plus })], {
        alpha: { float: slope },
        beta: { float: 0.5 },
      }),
    factors(g, s, _gated, ungated) {
      const inside = g.op('Sign', [g.multiply(s, g.subtract(g.float32s([1]), s))])
      return g.multiply(g.multiply(inside, g.float32s([slope])), ungated())
    },
  }
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
