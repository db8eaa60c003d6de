/** The plain twin of the LSTM: rows i f g o; c' = f c + i g, h' = o tanh(c'). */
import { affine, affineBackward, plus, type TwinCell, type TwinGate } from './cell.reference.js'

export const lstmTwin =
  (gate: TwinGate): TwinCell =>
  (w, x, before) => {
    const { h } = before
    const H = h.length
    const c = before.c!
    const z = plus(affine(w.weightIh, x, w.biasIh), affine(w.weightHh, h, w.biasHh))
    const i = z.slice(0, H).map(gate.of)
    const f = z.slice(H, 2 * H).map(gate.of)
    const g = z.slice(2 * H, 3 * H).map(Math.tanh)
    const o = z.slice(3 * H).map(gate.of)
    const cell = c.map((v, j) => f[j] * v + i[j] * g[j])
    const squashed = cell.map(Math.tanh)
    return {
      state: { h: o.map((v, j) => v * squashed[j]), c: cell },
      backward(after, d) {
        const dz = new Float64Array(4 * H)
        const dc = new Float64Array(H)
        for (let j = 0; j < H; j++) {
          const dh = after.h[j]
          const dCell = after.c![j] + dh * o[j] * (1 - squashed[j] ** 2)
          dz[j] = dCell * g[j] * gate.slope(i[j])
          dz[H + j] = dCell * c[j] * gate.slope(f[j])
          dz[2 * H + j] = dCell * i[j] * (1 - g[j] ** 2)
          dz[3 * H + j] = dh * squashed[j] * gate.slope(o[j])
          dc[j] = dCell * f[j]
        }
        return {
          input: affineBackward(dz, w.weightIh, x, d.weightIh, d.biasIh),
          before: { h: affineBackward(dz, w.weightHh, h, d.weightHh, d.biasHh), c: dc },
        }
      },
    }
  }
