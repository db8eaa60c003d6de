import { type GateKind, gateFunction } from './config.js'
import { affine, type LayerState, type LayerWeights } from './product.reference.js'

/**
 * One step of a long short-term memory; rows of the weights in the order i, f, g, o.
 *
 *     i  = σ(W_ii x + b_ii + W_hi h + b_hi)       input gate
 *     f  = σ(W_if x + b_if + W_hf h + b_hf)       forget gate
 *     g  = tanh(W_ig x + b_ig + W_hg h + b_hg)    candidate
 *     o  = σ(W_io x + b_io + W_ho h + b_ho)       output gate
 *     c' = f ⊙ c + i ⊙ g
 *     h' = o ⊙ tanh(c')
 *
 * Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997, with the
 * forget gate of Gers, Schmidhuber and Cummins, "Learning to forget", 2000; `torch.nn.LSTM`.
 *
 * @param x [in] @param gates what σ is
 */
export function lstmStep(
  x: ArrayLike<number>,
  { h, c }: LayerState,
  weights: LayerWeights,
  gates?: GateKind,
): LayerState {
  const σ = gateFunction(gates)
  const H = h.length
  const input = affine(weights.weightIh, x, weights.biasIh, weights.inputLevels)
  const recurrent = affine(weights.weightHh, h, weights.biasHh, weights.levels)
  const z = input.map((a, row) => a + recurrent[row])
  const next = c.map((value, j) => {
    const i = σ(z[j])
    const f = σ(z[H + j])
    const g = Math.tanh(z[2 * H + j])
    return f * value + i * g
  })
  return { h: next.map((value, j) => σ(z[3 * H + j]) * Math.tanh(value)), c: next }
}
