/**
 * RMSProp (Tieleman & Hinton 2012, lecture 6e), as in Torch's `optim.rmsprop` and PyTorch's
 * `RMSprop`: the root first, then epsilon.
 */
import type { Rule } from './rule.js'

export interface RmsPropOptions {
  /** Decay of the running mean of squares. */
  readonly decay: number
  readonly epsilon: number
}

export function rmsprop({ decay, epsilon }: RmsPropOptions): Rule {
  return {
    moments: ['square'],
    apply({ rmsprop }, [w, g, v], { bytes }, { rate, scale, limit }) {
      rmsprop(w, g, v, bytes, scale, limit, decay, 1 - decay, rate, epsilon)
    },
  }
}
