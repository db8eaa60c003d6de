/**
 * z = init + x W: the only matrix product of the runtime, which takes nearly all of its time.
 *
 * W is stored in panels of 12 columns, one after the other, each panel contiguous as [K][12]. The loop
 * processes two panels at a time, one of the first half and one of the second. A column is summed in
 * the order of k, one product and one sum at a time, without fused multiply-add, which not every
 * machine has: the result does not depend on the panels, the engine or the CPU.
 *
 * Why 24 columns at a time: six independent sums hide the latency of an addition, and with their six
 * loads and the splat of x they fit the 15 vector registers that V8 has on x64. At 32 columns, V8 11
 * (Node 20) spills a sum to the stack in each row and halves the speed; unrolling rows does the same.
 * Compared with 16 columns: +8% while the weights fit the L2 cache.
 *
 * Why one panel of each half: each sequence of reads has its own hardware prefetcher, and neither
 * jumps. Median of 150 rounds on a busy machine, GB/s at 0.8 MB and 12.7 MB: one sequence 52 and 25 to
 * 33; two neighbouring panels, which jump at each panel, 51 and 31 to 39; one panel of each half 58
 * and 36 to 40; a plain read in two sequences 68 and 33 to 40.
 */

/** Bytes in a row of a panel. */
const ROW: usize = 12 * 4

/**
 * @param x [K] @param W packed [K][N] @param N columns, a multiple of 24
 * @param init [N] start of the sums (a bias, a row of a table, or z itself) @param z [N] result
 */
export function matvec(x: usize, K: usize, W: usize, N: usize, init: usize, z: usize): void {
  const xEnd = x + (K << 2)
  /** Bytes from a column to its partner in the second half. */
  const half = N << 1
  const zEnd = z + half
  let V = W + K * half
  while (z < zEnd) {
    let s0 = v128.load(init)
    let s1 = v128.load(init, 16)
    let s2 = v128.load(init, 32)
    let s3 = v128.load(init + half)
    let s4 = v128.load(init + half, 16)
    let s5 = v128.load(init + half, 32)
    let k = x
    do {
      const xk = v128.load32_splat(k)
      s0 = f32x4.add(s0, f32x4.mul(xk, v128.load(W)))
      s1 = f32x4.add(s1, f32x4.mul(xk, v128.load(W, 16)))
      s2 = f32x4.add(s2, f32x4.mul(xk, v128.load(W, 32)))
      s3 = f32x4.add(s3, f32x4.mul(xk, v128.load(V)))
      s4 = f32x4.add(s4, f32x4.mul(xk, v128.load(V, 16)))
      s5 = f32x4.add(s5, f32x4.mul(xk, v128.load(V, 32)))
      W += ROW
      V += ROW
      k += 4
    } while (k < xEnd)
    v128.store(z, s0)
    v128.store(z, s1, 16)
    v128.store(z, s2, 32)
    v128.store(z + half, s3)
    v128.store(z + half, s4, 16)
    v128.store(z + half, s5, 32)
    init += ROW
    z += ROW
  }
}

/** Two float32 at an address as float64. */
// @inline
function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at))
}

/**
 * The same with sums in float64, rounded once at the end: for logits that are sums of large numbers
 * with both signs (textgenrnn's, up to 60), whose error falls from 3.5e-5 to 1.4e-5. A product of two
 * float32 is exact in float64.
 */
export function matvecDouble(x: usize, K: usize, W: usize, N: usize, init: usize, z: usize): void {
  const xEnd = x + (K << 2)
  const zEnd = z + (N << 2)
  while (z < zEnd) {
    let s0 = two(init)
    let s1 = two(init + 8)
    let s2 = two(init + 16)
    let s3 = two(init + 24)
    let s4 = two(init + 32)
    let s5 = two(init + 40)
    for (let k = x; k < xEnd; k += 4) {
      const xk = f64x2.splat(load<f32>(k))
      s0 = f64x2.add(s0, f64x2.mul(xk, two(W)))
      s1 = f64x2.add(s1, f64x2.mul(xk, two(W + 8)))
      s2 = f64x2.add(s2, f64x2.mul(xk, two(W + 16)))
      s3 = f64x2.add(s3, f64x2.mul(xk, two(W + 24)))
      s4 = f64x2.add(s4, f64x2.mul(xk, two(W + 32)))
      s5 = f64x2.add(s5, f64x2.mul(xk, two(W + 40)))
      W += ROW
    }
    v128.store64_lane(z, f32x4.demote_f64x2_zero(s0), 0)
    v128.store64_lane(z + 8, f32x4.demote_f64x2_zero(s1), 0)
    v128.store64_lane(z + 16, f32x4.demote_f64x2_zero(s2), 0)
    v128.store64_lane(z + 24, f32x4.demote_f64x2_zero(s3), 0)
    v128.store64_lane(z + 32, f32x4.demote_f64x2_zero(s4), 0)
    v128.store64_lane(z + 40, f32x4.demote_f64x2_zero(s5), 0)
    init += ROW
    z += ROW
  }
}
