/** The optimizers by name. */
import { adamw } from './adamw.js'
import { pagesOf, UpdateMemory } from './memory.js'
import type { Optimizer, Tensors } from './optimizer.js'
import { rmsprop } from './rmsprop.js'
import type { Rule } from './rule.js'
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

/** Added to the root of the mean squares; the value of PyTorch and of Torch's optim. */
const EPSILON = 1e-8

function ruleOf(kind: OptimizerKind, options: OptimizerOptions): Rule {
  switch (kind) {
    case 'adamw':
      return adamw({ ...options, epsilon: EPSILON })
    case 'rmsprop':
      return rmsprop({ ...options, epsilon: EPSILON })
    case 'sgd':
      return sgd(options)
  }
}

const WEIGHTS = 0
const GRADIENTS = 1
const MOMENTS = 2

/**
 * Called before weights are made, since a model that is too large would take long to make.
 * @param count trained weights
 * @throws InputError when they need too much memory
 */
export function checkMemory(kind: OptimizerKind, options: OptimizerOptions, count: number): void {
  pagesOf(4 * count * (MOMENTS + ruleOf(kind, options).moments.length))
}

/** Creates an optimizer with a copy of the weights. @throws InputError when they need too much memory */
export function createOptimizer(
  kind: OptimizerKind,
  initial: Tensors,
  options: OptimizerOptions,
): Optimizer {
  const rule = ruleOf(kind, options)
  const sets = MOMENTS + rule.moments.length
  const memory = new UpdateMemory(initial, sets)
  const placed = memory.tensors(WEIGHTS)
  // In the order of `initial`; in memory they are ordered by whether they decay.
  const weights = new Map(Array.from(initial, ([name]) => [name, placed.get(name)!]))
  for (const [name, data] of initial) weights.get(name)!.set(data)
  return {
    weights,
    gradients: memory.tensors(GRADIENTS),
    moments: new Map(rule.moments.map((name, i) => [name, memory.tensors(MOMENTS + i)])),
    norm: () => memory.norm(GRADIENTS),
    update(request) {
      for (const range of memory.ranges) {
        const addresses = Array.from({ length: sets }, (_, set) => memory.address(set) + range.from)
        rule.apply(memory.kernels, addresses, range, request)
      }
    },
  }
}
