/** AdamW: Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2). */
import { decays, type Optimizer, type Tensors, zerosLike } from './optimizer.js'

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Shrinks matrices by rate x weightDecay at every step; biases are left alone. */
  readonly weightDecay: number
}

export function adamw(weights: Tensors, options: AdamWOptions): Optimizer {
  const { beta1, beta2, epsilon, weightDecay } = options
  const first = zerosLike(weights)
  const second = zerosLike(weights)
  return {
    moments: new Map([
      ['first', first],
      ['second', second],
    ]),
    update(weights, gradients, { rate, scale, limit, step }) {
      // Bias corrections: the averages start at zero and would be too small at first.
      const size = rate / (1 - beta1 ** step)
      const spread = 1 / Math.sqrt(1 - beta2 ** step)
      const fresh1 = 1 - beta1
      const fresh2 = 1 - beta2
      for (const [name, w] of weights) {
        const g = gradients.get(name)!
        const m = first.get(name)!
        const v = second.get(name)!
        const keep = decays(name) ? 1 - rate * weightDecay : 1
        for (let i = 0; i < w.length; i++) {
          const slope = Math.min(limit, Math.max(-limit, g[i] * scale))
          const mean = beta1 * m[i] + fresh1 * slope
          const square = beta2 * v[i] + fresh2 * slope * slope
          m[i] = mean
          v[i] = square
          w[i] = w[i] * keep - (size * mean) / (Math.sqrt(square) * spread + epsilon)
        }
      }
    },
  }
}
