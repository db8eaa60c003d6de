/** The optimizers by name. */
import { adamw } from './adamw.js'
import type { Optimizer, Tensors } from './optimizer.js'
import { rmsprop } from './rmsprop.js'
import { sgd } from './sgd.js'

export const OPTIMIZERS = ['adamw', 'rmsprop', 'sgd'] as const
export type OptimizerKind = (typeof OPTIMIZERS)[number]

export interface OptimizerOptions {
  readonly beta1: number
  readonly beta2: number
  readonly decay: number
  readonly momentum: number
  readonly weightDecay: number
}

/** Below it a root of squares counts as zero; the value of PyTorch and of Torch's optim. */
const EPSILON = 1e-8

export function createOptimizer(
  kind: OptimizerKind,
  weights: Tensors,
  options: OptimizerOptions,
): Optimizer {
  switch (kind) {
    case 'adamw':
      return adamw(weights, { ...options, epsilon: EPSILON })
    case 'rmsprop':
      return rmsprop(weights, { ...options, epsilon: EPSILON })
    case 'sgd':
      return sgd(weights, options)
  }
}
