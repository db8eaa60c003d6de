/** Stochastic gradient descent with momentum (Polyak 1964), as in PyTorch: v = mu v + g, w -= rate v. */
import type { Rule } from './rule.js'

export interface SgdOptions {
  /** 0: plain gradient descent. */
  readonly momentum: number
}

export function sgd({ momentum }: SgdOptions): Rule {
  return {
    moments: ['velocity'],
    apply({ sgd }, [w, g, v], { bytes }, { rate, scale, limit }) {
      sgd(w, g, v, bytes, scale, limit, momentum, rate)
    },
  }
}
