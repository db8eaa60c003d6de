/**
 * The plain twin of the GRU: rows r z n; h' = (1 - z) n + z h, with
 * n = tanh(Wx + b + r (Uh + b')) when reset acts after, tanh(Wx + b + U(r h) + b') when before.
 */
import type { ModelConfig } from '../../model/config.js'
import { affine, affineBackward, type TwinCell, type TwinGate } from './cell.reference.js'

export function gruTwin(reset: ModelConfig['reset'], gate: TwinGate): TwinCell {
  return (w, x, { h }) => {
    const H = h.length
    const gateRows = 2 * H * H
    const a = affine(w.weightIh, x, w.biasIh)
    const gateWeight = w.weightHh.subarray(0, gateRows)
    const candidateWeight = w.weightHh.subarray(gateRows)
    const q = affine(gateWeight, h, w.biasHh.subarray(0, 2 * H))
    const r = h.map((_, j) => gate.of(a[j] + q[j]))
    const z = h.map((_, j) => gate.of(a[H + j] + q[H + j]))
    const gated = reset === 'after' ? h : h.map((v, j) => r[j] * v)
    const p = affine(candidateWeight, gated, w.biasHh.subarray(2 * H))
    const n = h.map((_, j) => Math.tanh(a[2 * H + j] + (reset === 'after' ? r[j] * p[j] : p[j])))
    return {
      state: { h: h.map((v, j) => (1 - z[j]) * n[j] + z[j] * v) },
      backward(after, d) {
        const dn = after.h.map((g, j) => g * (1 - z[j]) * (1 - n[j] ** 2))
        const dp = reset === 'after' ? dn.map((g, j) => g * r[j]) : dn
        const dGated = affineBackward(
          dp,
          candidateWeight,
          gated,
          d.weightHh.subarray(gateRows),
          d.biasHh.subarray(2 * H),
        )
        const dGates = new Float64Array(2 * H)
        for (let j = 0; j < H; j++) {
          const dr = reset === 'after' ? dn[j] * p[j] : dGated[j] * h[j]
          dGates[j] = dr * gate.slope(r[j])
          dGates[H + j] = after.h[j] * (h[j] - n[j]) * gate.slope(z[j])
        }
        const dh = affineBackward(
          dGates,
          gateWeight,
          h,
          d.weightHh.subarray(0, gateRows),
          d.biasHh.subarray(0, 2 * H),
        )
        for (let j = 0; j < H; j++) {
          dh[j] += after.h[j] * z[j] + (reset === 'after' ? dGated[j] : dGated[j] * r[j])
        }
        const da = new Float64Array(3 * H)
        da.set(dGates)
        da.set(dn, 2 * H)
        return {
          input: affineBackward(da, w.weightIh, x, d.weightIh, d.biasIh),
          before: { h: dh },
        }
      },
    }
  }
}
