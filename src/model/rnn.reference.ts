import { affine, type LayerState, type LayerWeights } from './product.reference.js'

/**
 * One step of a simple recurrent layer (Elman, "Finding structure in time", Cognitive Science 14,
 * 1990; equation as in `torch.nn.RNN`):
 *
 *     h' = s(W_ih x + b_ih + W_hh h + b_hh)      s = tanh, or relu(a) = max(0, a)
 *
 * @param x [in]
 */
export function rnnStep(
  x: ArrayLike<number>,
  { h }: LayerState,
  weights: LayerWeights,
  activation: 'tanh' | 'relu',
): LayerState {
  const input = affine(weights.weightIh, x, weights.biasIh, weights.inputLevels)
  const recurrent = affine(weights.weightHh, h, weights.biasHh, weights.levels)
  const next = input.map((a, j) => {
    const sum = a + recurrent[j]
    return activation === 'tanh' ? Math.tanh(sum) : Math.max(0, sum)
  })
  return { h: next, c: new Float64Array(0) }
}
