/** The update rule of an optimizer. */
import type { Kernels, Range } from './memory.js'
import type { Update } from './optimizer.js'

export interface Rule {
  /** Names of its moments, each with one number for each weight. */
  readonly moments: readonly string[]
  /**
   * Updates one range.
   * @param addresses of the range in weights, gradients, and each of the moments
   */
  apply(kernels: Kernels, addresses: readonly number[], range: Range, request: Update): void
}
