/**
 * RMSProp (Tieleman & Hinton 2012, lecture 6e), as in Torch's `optim.rmsprop` and PyTorch's
 * `RMSprop`: the root first, then epsilon.
 */
import { type Optimizer, type Tensors, zerosLike } from './optimizer.js'

export interface RmsPropOptions {
  /** How much of the running mean of squares is kept at each step. */
  readonly decay: number
  readonly epsilon: number
}

export function rmsprop(weights: Tensors, { decay, epsilon }: RmsPropOptions): Optimizer {
  const squares = zerosLike(weights)
  return {
    moments: new Map([['square', squares]]),
    update(weights, gradients, { rate, scale, limit }) {
      const fresh = 1 - decay
      for (const [name, w] of weights) {
        const g = gradients.get(name)!
        const v = squares.get(name)!
        for (let i = 0; i < w.length; i++) {
          const slope = Math.min(limit, Math.max(-limit, g[i] * scale))
          const square = decay * v[i] + fresh * slope * slope
          v[i] = square
          w[i] -= (rate * slope) / (Math.sqrt(square) + epsilon)
        }
      }
    },
  }
}
