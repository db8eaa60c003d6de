/**
 * z = init + x W: the only product in the runtime; nearly all time is spent here.
 *
 * W lies in panels of 12 columns, each panel [K][12] contiguous, one after the other, and two
 * neighbours are walked side by side. A column is summed in the order of k, one product and one sum
 * at a time (no fused multiply-add, which not every machine has): the result does not depend on the
 * width of the panels, on the engine or on the CPU.
 *
 * Why 24 columns at a time: six sums run side by side, enough to hide the latency of an addition, and
 * with their six loads and the splat of x they fit the 15 vector registers that V8 has on x64. At 32
 * columns V8 11 (Node 20) spills a running sum to the stack in each row and halves the speed;
 * unrolling rows does the same. Against 16 columns: +8% while the weights fit the L2 cache.
 *
 * Why two walks: each draws its own hardware prefetches. Where the weights are larger than the L2
 * cache (2x512: 12.7 MB) that gives 7% on a quiet machine and up to 36% on a busy one over a single
 * walk, against 1.5% lost inside the cache; three walks gain 2% more there and lose 3% here.
 */

/** Bytes in a row of a panel. */
const ROW: usize = 12 * 4

/**
 * @param x [K] @param W packed [K][N] @param N columns, a multiple of 24
 * @param init [N] start of the sums (a bias, a row of a table, or z itself) @param z [N] result
 */
export function matvec(x: usize, K: usize, W: usize, N: usize, init: usize, z: usize): void {
  const xEnd = x + (K << 2)
  const zEnd = z + (N << 2)
  const panel = K * ROW
  while (z < zEnd) {
    let s0 = v128.load(init)
    let s1 = v128.load(init, 16)
    let s2 = v128.load(init, 32)
    let s3 = v128.load(init, 48)
    let s4 = v128.load(init, 64)
    let s5 = v128.load(init, 80)
    let k = x
    let V = W + panel
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
    W = V
    v128.store(z, s0)
    v128.store(z, s1, 16)
    v128.store(z, s2, 32)
    v128.store(z, s3, 48)
    v128.store(z, s4, 64)
    v128.store(z, s5, 80)
    init += 2 * ROW
    z += 2 * ROW
  }
}
