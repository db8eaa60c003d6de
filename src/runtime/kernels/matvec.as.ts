/**
 * z = init + x W: the only product in the runtime; nearly all time is spent here.
 *
 * W lies in panels of 12 columns, each panel [K][12] contiguous, one after the other. Two walks go
 * side by side, one through the first half of the panels, one through the second. A column is summed
 * in the order of k, one product and one sum at a time (no fused multiply-add, which not every
 * machine has): the result does not depend on the panels, on the engine or on the CPU.
 *
 * Why 24 columns at a time: six sums run side by side, enough to hide the latency of an addition, and
 * with their six loads and the splat of x they fit the 15 vector registers that V8 has on x64. At 32
 * columns V8 11 (Node 20) spills a running sum to the stack in each row and halves the speed;
 * unrolling rows does the same. Against 16 columns: +8% while the weights fit the L2 cache.
 *
 * Why two walks: each draws its own hardware prefetches, and neither ever jumps. Median of 150 rounds
 * on a busy machine, GB/s at 0.8 MB and 12.7 MB: one walk 52 and 25 to 33; two walks through
 * neighbouring panels, which jump at each panel, 51 and 31 to 39; two through the halves 58 and 36 to
 * 40; a mere read in two walks 68 and 33 to 40.
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
