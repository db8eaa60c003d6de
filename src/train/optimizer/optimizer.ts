/**
 * The interface of all optimizers. A new one is one file, one line in index.ts, one line in its
 * suite. An optimizer holds no weights: it is handed weights and gradients and changes the weights
 * in place. Arithmetic is float64 on float32 arrays, so equal inputs give equal bits everywhere.
 */

/** Float32 tensors by name. */
export type Tensors = ReadonlyMap<string, Float32Array>

export interface Optimizer {
  /** What it remembers, by kind of moment, for the checkpoint; live arrays, zero at the start. */
  readonly moments: ReadonlyMap<string, Tensors>
  /**
   * Changes the weights in place.
   * @param rate the learning rate of this step
   * @param scale multiplies every gradient (clipping by norm)
   * @param limit clamps every gradient, after `scale`, to [-limit, limit]; Infinity: no clamp
   * @param step of the whole run, from 1
   */
  update(
    weights: Tensors,
    gradients: Tensors,
    request: {
      readonly rate: number
      readonly scale: number
      readonly limit: number
      readonly step: number
    },
  ): void
}

/** Zeros of the same names and sizes. */
export function zerosLike(weights: Tensors): Map<string, Float32Array> {
  return new Map(Array.from(weights, ([name, data]) => [name, new Float32Array(data.length)]))
}

/** Matrices decay, biases don't: a bias has nothing to overfit with. */
export function decays(name: string): boolean {
  return !name.includes('bias')
}
