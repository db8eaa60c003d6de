/** Stochastic gradient descent with momentum (Polyak 1964), as in PyTorch: v = mu v + g, w -= rate v. */
import { type Optimizer, type Tensors, zerosLike } from './optimizer.js'

export interface SgdOptions {
  /** 0: plain gradient descent. */
  readonly momentum: number
}

export function sgd(weights: Tensors, { momentum }: SgdOptions): Optimizer {
  const velocity = zerosLike(weights)
  return {
    moments: new Map([['velocity', velocity]]),
    update(weights, gradients, { rate, scale, limit }) {
      for (const [name, w] of weights) {
        const g = gradients.get(name)!
        const v = velocity.get(name)!
        for (let i = 0; i < w.length; i++) {
          const slope = Math.min(limit, Math.max(-limit, g[i] * scale))
          const speed = momentum * v[i] + slope
          v[i] = speed
          w[i] -= rate * speed
        }
      }
    },
  }
}
