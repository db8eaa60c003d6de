import { type GateKind, gateFunction } from './config.js'
import { affine, type LayerState, type LayerWeights } from './product.reference.js'

/**
 * One step of a gated recurrent unit; rows of the weights in the order r, z, n.
 *
 *     r  = σ(W_ir x + b_ir + W_hr h + b_hr)       reset gate: the part of h that reaches the candidate
 *     z  = σ(W_iz x + b_iz + W_hz h + b_hz)       update gate: the part of h that is kept
 *     n  = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))      reset after the product (PyTorch, cuDNN)
 *     n  = tanh(W_in x + b_in + W_hn (r ⊙ h) + b_hn)      reset before it
 *     h' = (1 - z) ⊙ n + z ⊙ h
 *
 * Weights trained with one variant do not work with the other, because r does not commute with W_hn.
 * Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014,
 * arXiv:1406.1078 (reset before; also char-rnn, which writes z for our 1 - z); `torch.nn.GRU`.
 *
 * @param x [in] @param gates what σ is
 */
export function gruStep(
  x: ArrayLike<number>,
  { h }: LayerState,
  weights: LayerWeights,
  reset: 'after' | 'before',
  gates?: GateKind,
): LayerState {
  const σ = gateFunction(gates)
  const H = h.length
  const input = affine(weights.weightIh, x, weights.biasIh, weights.inputLevels)
  const recurrent = affine(weights.weightHh, h, weights.biasHh, weights.levels)
  const r = h.map((_, j) => σ(input[j] + recurrent[j]))
  const z = h.map((_, j) => σ(input[H + j] + recurrent[H + j]))
  let recurrentInput: Float64Array
  if (reset === 'after') {
    recurrentInput = h.map((_, j) => r[j] * recurrent[2 * H + j])
  } else {
    const gated = h.map((value, j) => r[j] * value)
    recurrentInput = affine(weights.weightHh, gated, weights.biasHh, weights.levels).subarray(2 * H)
  }
  const next = h.map((value, j) => {
    const n = Math.tanh(input[2 * H + j] + recurrentInput[j])
    return (1 - z[j]) * n + z[j] * value
  })
  return { h: next, c: new Float64Array(0) }
}
