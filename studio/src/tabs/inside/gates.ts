/**
 * The gates of one unit along a text. The kernels do not return them; they are computed again from the
 * states and the unit's rows of the weights: G dot products a step.
 */
import type { ModelConfig } from 'ondo'
import { gateFunction, type Weights } from 'ondo/model'
import type { Quantity, Unit } from './protocol.js'

/**
 * The quantities of a cell that can be shown. With a reset gate inside the product, the candidate can't.
 * With a window the state before a symbol is not that after the one before it, from which gates follow.
 */
export function quantitiesOf(config: ModelConfig): Quantity[] {
  const { cell, reset } = config
  if (config.window !== undefined) return cell === 'lstm' ? ['h', 'c'] : ['h']
  if (cell === 'lstm') return ['h', 'c', 'i', 'f', 'g', 'o']
  if (cell === 'gru') return reset === 'after' ? ['h', 'r', 'z', 'n'] : ['h', 'r', 'z']
  return ['h']
}

/** The gates in the order of the weights' rows, as in PyTorch. */
const BLOCKS: Readonly<Partial<Record<Quantity, number>>> = {
  i: 0,
  f: 1,
  g: 2,
  o: 3,
  r: 0,
  z: 1,
  n: 2,
}

/**
 * @param ids read, [count]
 * @param states after each of them, [count]
 * @param before the state before the first
 * @returns [count]
 */
export function gateSeries(
  config: ModelConfig,
  weights: Weights,
  gate: Exclude<Quantity, 'h' | 'c'>,
  { layer, unit }: Unit,
  ids: ArrayLike<number>,
  states: readonly Float32Array[],
  before: Float32Array,
): Float32Array<ArrayBuffer> {
  const { hidden: H, embedding: E, vocabulary: V, restart } = config
  const sigmoid = gateFunction(config.gates)
  const zero = new Float32Array(before.length)
  const inputs = weights.get(`rnn.weight_ih_l${layer}`)!
  const recurrent = weights.get(`rnn.weight_hh_l${layer}`)!
  const biasInput = weights.get(`rnn.bias_ih_l${layer}`)!
  const biasRecurrent = weights.get(`rnn.bias_hh_l${layer}`)!
  const embedding = weights.get('embedding.weight')
  const width = layer > 0 ? H : E || V
  const dot = (
    matrix: Float32Array,
    row: number,
    columns: number,
    x: Float32Array,
    at: number,
  ): number => {
    let sum = 0
    for (let j = 0; j < columns; j++) sum += matrix[row * columns + j] * x[at + j]
    return sum
  }
  const fromInput = (row: number, n: number): number => {
    if (layer > 0) return dot(inputs, row, H, states[n], (layer - 1) * H)
    if (embedding && E > 0) return dot(inputs, row, E, embedding, ids[n] * E)
    return inputs[row * width + ids[n]]
  }
  const sums = (block: number, n: number): [input: number, state: number] => {
    const row = block * H + unit
    const h = ids[n] === restart ? zero : n > 0 ? states[n - 1] : before
    return [
      fromInput(row, n) + biasInput[row],
      dot(recurrent, row, H, h, layer * H) + biasRecurrent[row],
    ]
  }
  return Float32Array.from({ length: states.length }, (_, n) => {
    const [input, state] = sums(BLOCKS[gate]!, n)
    if (gate === 'g') return Math.tanh(input + state)
    if (gate !== 'n') return sigmoid(input + state)
    const [resetInput, resetState] = sums(0, n)
    return Math.tanh(input + sigmoid(resetInput + resetState) * state)
  })
}
