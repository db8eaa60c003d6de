/**
 * The interface of all optimizers. A new one needs a file, a kernel and its plain twin, and a line in
 * index.ts and in the tests. All arithmetic is float32 in a fixed order, so equal inputs give equal bits.
 */

/** Float32 tensors by name. */
export type Tensors = ReadonlyMap<string, Float32Array>

/** Parameters of one update. */
export interface Update {
  /** The learning rate of this step. */
  readonly rate: number
  /** Multiplies every gradient (clipping by norm). */
  readonly scale: number
  /** Clamps every gradient, after `scale`, to [-limit, limit]; Infinity: no clamp. */
  readonly limit: number
  /** Step number in the whole run, from 1. */
  readonly step: number
}

export interface Optimizer {
  /** A copy of the initial weights, changed by updates. */
  readonly weights: Tensors
  /** The caller fills these before an update. */
  readonly gradients: Tensors
  /** The optimizer's state by kind of moment, for the checkpoint; live arrays, zero at the start. */
  readonly moments: ReadonlyMap<string, Tensors>
  /** Euclidean norm of the current gradients; NaN or Infinity when an element is. */
  norm(): number
  /** Changes weights and moments in place. */
  update(request: Update): void
}

/** Zeros of the same names and sizes. */
export function zerosLike(weights: Tensors): Map<string, Float32Array> {
  return new Map(Array.from(weights, ([name, data]) => [name, new Float32Array(data.length)]))
}

/** Whether weight decay applies: to matrices, not to biases. */
export function decays(name: string): boolean {
  return !name.includes('bias')
}
