/**
 * z = init + scale (q W): the matrix product of networks with 8-bit weights. W has whole numbers from
 * -127 to 127, and x is rounded to whole numbers q so small that no sum overflows 32 bits. Sums of whole
 * numbers are exact, so the result has the same bits in any order, engine and CPU.
 *
 * W is stored in groups of 24 columns, each contiguous as [K / 2][24][2] int16: one instruction
 * multiplies two rows of four columns and adds the pairs. The scales [N] follow the matrix. Plain twin:
 * src/model/network.reference.ts.
 *
 * Why int16 in memory where the file has int8: widening takes a third of the vector instructions, and
 * they, not the reads, bound the speed. Times float32, LSTM 2x128, 2x256, 2x512: int8 1.30, 1.53, 1.78;
 * int16 1.63, 1.78, 1.90. Two pairs of rows in one turn of the loop make V8 11 spill: 1.2.
 */

/** Bytes of two rows of a group. */
const ROWS: usize = 24 * 2 * 2

/**
 * q = round(levels x), limited to [-levels, levels]; NaN becomes 0.
 * @param x [bytes / 4] float32 @param bytes a multiple of 16 @param q [bytes / 4] int16
 */
export function toWhole(x: usize, bytes: usize, levels: f32, q: usize): void {
  const high = f32x4.splat(levels)
  const low = f32x4.splat(-levels)
  for (let j: usize = 0; j < bytes; j += 16) {
    const scaled = f32x4.min(f32x4.max(f32x4.mul(v128.load(x + j), high), low), high)
    const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(scaled))
    v128.store64_lane(q + (j >> 1), i16x8.narrow_i32x4_s(whole, whole), 0)
  }
}

// @inline
function scaled(sum: v128, scale: usize, init: usize): v128 {
  return f32x4.add(v128.load(init), f32x4.mul(f32x4.convert_i32x4_s(sum), v128.load(scale)))
}

/**
 * @param q [K] int16 @param K even @param W packed [K][N] int16, then [N] float32 scales
 * @param N columns, a multiple of 24
 * @param init [N] start of the sums (a bias, a row of a table, or z itself) @param z [N] result
 */
export function matvecInt8(q: usize, K: usize, W: usize, N: usize, init: usize, z: usize): void {
  const qEnd = q + (K << 1)
  const zEnd = z + (N << 2)
  let scale = W + 2 * K * N
  while (z < zEnd) {
    let s0 = i32x4.splat(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    let s4 = s0
    let s5 = s0
    let k = q
    do {
      const pair = v128.load32_splat(k)
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(pair, v128.load(W)))
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(pair, v128.load(W, 16)))
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(pair, v128.load(W, 32)))
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(pair, v128.load(W, 48)))
      s4 = i32x4.add(s4, i32x4.dot_i16x8_s(pair, v128.load(W, 64)))
      s5 = i32x4.add(s5, i32x4.dot_i16x8_s(pair, v128.load(W, 80)))
      W += ROWS
      k += 4
    } while (k < qEnd)
    v128.store(z, scaled(s0, scale, init))
    v128.store(z, scaled(s1, scale + 16, init + 16), 16)
    v128.store(z, scaled(s2, scale + 32, init + 32), 32)
    v128.store(z, scaled(s3, scale + 48, init + 48), 48)
    v128.store(z, scaled(s4, scale + 64, init + 64), 64)
    v128.store(z, scaled(s5, scale + 80, init + 80), 80)
    scale += 96
    init += 96
    z += 96
  }
}
