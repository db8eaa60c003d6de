/**
 * The interface of all optimizers. A new one is one file, its kernel and the kernel's twin, one line in
 * index.ts, one line in its suite. Arithmetic is float32 and the same everywhere, so equal inputs give
 * equal bits.
 */

/** Float32 tensors by name. */
export type Tensors = ReadonlyMap<string, Float32Array>

/** What an update is told. */
export interface Update {
  /** The learning rate of this step. */
  readonly rate: number
  /** Multiplies every gradient (clipping by norm). */
  readonly scale: number
  /** Clamps every gradient, after `scale`, to [-limit, limit]; Infinity: no clamp. */
  readonly limit: number
  /** Of the whole run, from 1. */
  readonly step: number
}

export interface Optimizer {
  /** A copy of what it was made with, changed by updates. */
  readonly weights: Tensors
  /** To be filled before an update. */
  readonly gradients: Tensors
  /** What it remembers, by kind of moment, for the checkpoint; live arrays, zero at the start. */
  readonly moments: ReadonlyMap<string, Tensors>
  /** Euclidean norm of the gradients as they stand; NaN or Infinity when one of them is. */
  norm(): number
  /** Changes weights and moments in place. */
  update(request: Update): void
}

/** Zeros of the same names and sizes. */
export function zerosLike(weights: Tensors): Map<string, Float32Array> {
  return new Map(Array.from(weights, ([name, data]) => [name, new Float32Array(data.length)]))
}

/** Matrices decay, biases don't: a bias has nothing to overfit with. */
export function decays(name: string): boolean {
  return !name.includes('bias')
}
