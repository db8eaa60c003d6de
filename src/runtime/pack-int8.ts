/** Packs matrices of 8-bit weights as kernels/matvec-int8.as.ts reads them. */
import { wholeLevels, wholeWeights } from '../model/quantize.js'
import type { Blocks } from './layout.js'

/** Columns of a group. */
const GROUP = 24

/**
 * @param buffer the kernels' memory, zero before @param at address in bytes
 * @param N columns of the packed matrix, a multiple of 24
 * @param W [.. H, K] row-major @param scales [.. H] of its rows
 */
export function packInt8(
  buffer: ArrayBufferLike,
  at: number,
  N: number,
  W: Float32Array,
  scales: Float32Array,
  { first, gates, H, gate }: Blocks,
): void {
  const whole = wholeWeights(W, scales)
  const K = W.length / scales.length
  const numbers = new Int16Array(buffer)
  const pairs = Math.ceil(K / 4) * 2
  const packedScales = new Float32Array(buffer, at + N * 4 * pairs, N)
  const levels = wholeLevels(K)
  for (let g = 0; g < gates; g++) {
    for (let unit = 0; unit < H; unit++) {
      const row = (first + g) * H + unit
      const column = g * gate + unit
      const to = at / 2 + Math.floor(column / GROUP) * GROUP * 2 * pairs + (column % GROUP) * 2
      for (let k = 0; k < K; k++) {
        numbers[to + (k >> 1) * GROUP * 2 + (k & 1)] = whole[row * K + k] as number
      }
      packedScales[column] = (scales[row] as number) / levels
    }
  }
}
