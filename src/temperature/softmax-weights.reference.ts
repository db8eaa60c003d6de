/** The plain twin of kernels/weights.as.ts. */
import { exp } from '../numeric.js'

/** @param weights [V] where to write them */
export function weigh(
  logits: ArrayLike<number>,
  max: number,
  temperature: number,
  weights: Float64Array,
): { readonly partition: number; readonly moment: number } {
  let partition = 0
  let moment = 0
  for (let i = 0; i < logits.length; i++) {
    const x = (logits[i] - max) / temperature
    const weight = exp(x)
    weights[i] = weight
    partition += weight
    if (weight > 0) moment += weight * x
  }
  return { partition, moment }
}
