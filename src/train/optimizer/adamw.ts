/** AdamW: Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2). */
import type { Rule } from './rule.js'

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Shrinks matrices by rate x weightDecay at every step; biases are left alone. */
  readonly weightDecay: number
}

export function adamw({ beta1, beta2, epsilon, weightDecay }: AdamWOptions): Rule {
  return {
    moments: ['first', 'second'],
    apply({ adamw }, [w, g, m, v], { bytes, decays }, { rate, scale, limit, step }) {
      // Bias corrections: the averages start at zero and would be too small at first.
      const size = rate / (1 - beta1 ** step)
      const spread = 1 / Math.sqrt(1 - beta2 ** step)
      const keep = decays ? 1 - rate * weightDecay : 1
      const averages = [beta1, 1 - beta1, beta2, 1 - beta2] as const
      adamw(w, g, m, v, bytes, scale, limit, ...averages, keep, size, spread, epsilon)
    },
  }
}
