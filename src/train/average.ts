/**
 * The running average of the weights (Polyak & Juditsky 1992, in its exponential form): the noise
 * of single updates cancels, so the average predicts better than the weights it follows, most of
 * all while the rate is still high. It is what is validated and saved; training itself never sees it.
 */
import type { Tensors } from './optimizer/optimizer.js'

/** Updates over which a young average still forgets faster, so that the first weights leave it. */
const YOUNG = 9

/** A copy to start from. */
export function copyTensors(weights: Tensors): Map<string, Float32Array> {
  return new Map(Array.from(weights, ([name, data]) => [name, data.slice()]))
}

/**
 * How much of the average stays at an update: `decay`, and less at first, step / (step + 9).
 * @param step of the whole run, from 1
 */
export function decayAt(decay: number, step: number): number {
  return Math.min(decay, step / (step + YOUNG))
}

/**
 * Moves the average towards the weights, in place: a = k a + (1 - k) w.
 * @param step of the whole run, from 1, which has just changed the weights
 */
export function updateAverage(
  average: Tensors,
  weights: Tensors,
  decay: number,
  step: number,
): void {
  const fresh = 1 - decayAt(decay, step)
  for (const [name, w] of weights) {
    const a = average.get(name)!
    for (let i = 0; i < a.length; i++) a[i] += fresh * (w[i] - a[i])
  }
}
