/** The plain twin of the simple RNN: h' = act(Wx + b + Uh + b'). */
import type { ModelConfig } from '../../model/config.js'
import { affine, affineBackward, plus, type TwinCell } from './cell.reference.js'

export function rnnTwin(activation: ModelConfig['activation']): TwinCell {
  return (w, x, { h }) => {
    const z = plus(affine(w.weightIh, x, w.biasIh), affine(w.weightHh, h, w.biasHh))
    const next = z.map(v => (activation === 'tanh' ? Math.tanh(v) : Math.max(0, v)))
    return {
      state: { h: next },
      backward(after, d) {
        const dz = after.h.map(
          (g, j) => g * (activation === 'tanh' ? 1 - next[j] ** 2 : z[j] > 0 ? 1 : 0),
        )
        return {
          input: affineBackward(dz, w.weightIh, x, d.weightIh, d.biasIh),
          before: { h: affineBackward(dz, w.weightHh, h, d.weightHh, d.biasHh) },
        }
      },
    }
  }
}
