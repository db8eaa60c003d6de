/**
 * The running average of the weights (Polyak & Juditsky 1992, in its exponential form): the noise
 * of single updates cancels, so the average predicts better than the weights it follows, mostly while
 * the rate is still high. The average is validated and saved; training does not use it.
 */
import type { Tensors } from './optimizer/optimizer.js'

/** Makes the decay smaller in the first updates, so that the initial weights leave the average. */
const WARM_UP = 9

/** Copies every tensor. */
export function copyTensors(weights: Tensors): Map<string, Float32Array> {
  return new Map(Array.from(weights, ([name, data]) => [name, data.slice()]))
}

/**
 * The decay at an update: `decay`, and at first less, step / (step + 9).
 * @param step number in the whole run, from 1
 */
export function decayAt(decay: number, step: number): number {
  return Math.min(decay, step / (step + WARM_UP))
}

/**
 * Moves the average towards the weights, in place: a = k a + (1 - k) w.
 * @param step number in the whole run, from 1, of the update that has just changed the weights
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
