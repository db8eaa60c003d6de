/**
 * Computes exp((l - m) / T) of V logits and sums them in order. The number of logits is padded to a
 * multiple of 4 with -Infinity, whose weight is 0. Plain twin: ../softmax-weights.reference.ts.
 */
import { exp } from './exp.as'

export { fill, sums } from './bins.as'
export { addUp, plan, replan } from './window.as'

/**
 * Writes the weights at T, and the sum of weight x (l - m) / T at `moment`. Sums are in order of id.
 * @param l [n] logits @param max m @param d [n] l - m @param w [n] weights
 * @param bytes 8 n, where n is a multiple of 4
 * @returns the sum of the weights
 */
export function weigh(
  l: usize,
  max: f64,
  temperature: f64,
  d: usize,
  w: usize,
  bytes: usize,
  moment: usize,
): f64 {
  const m = f64x2.splat(max)
  const T = f64x2.splat(temperature)
  const zero = f64x2.splat(0)
  let sum: f64 = 0
  let moments: f64 = 0
  // Two independent pairs per iteration let the processor evaluate them in parallel.
  for (let at: usize = 0; at < bytes; at += 32) {
    const below0 = f64x2.sub(v128.load(l + at), m)
    const below1 = f64x2.sub(v128.load(l + at, 16), m)
    const x0 = f64x2.div(below0, T)
    const x1 = f64x2.div(below1, T)
    const weight0 = exp(x0)
    const weight1 = exp(x1)
    v128.store(d + at, below0)
    v128.store(d + at, below1, 16)
    v128.store(w + at, weight0)
    v128.store(w + at, weight1, 16)
    sum += f64x2.extract_lane(weight0, 0)
    sum += f64x2.extract_lane(weight0, 1)
    sum += f64x2.extract_lane(weight1, 0)
    sum += f64x2.extract_lane(weight1, 1)
    // 0 x -Infinity is NaN, but must add 0.
    const part0 = v128.and(f64x2.mul(weight0, x0), f64x2.gt(weight0, zero))
    const part1 = v128.and(f64x2.mul(weight1, x1), f64x2.gt(weight1, zero))
    moments += f64x2.extract_lane(part0, 0)
    moments += f64x2.extract_lane(part0, 1)
    moments += f64x2.extract_lane(part1, 0)
    moments += f64x2.extract_lane(part1, 1)
  }
  store<f64>(moment, moments)
  return sum
}

/**
 * Writes d and the weights of the first n ranks in order of rank.
 * @param ids [n] ids of ranks 1..n
 * @returns their share of the sum, C_n
 */
export function gather(
  d: usize,
  w: usize,
  ids: usize,
  n: i32,
  rankedD: usize,
  rankedW: usize,
  partition: f64,
): f64 {
  let sum: f64 = 0
  for (let i = 0; i < n; i++) {
    const from = (<usize>load<i32>(ids + ((<usize>i) << 2))) << 3
    const to = (<usize>i) << 3
    const weight = load<f64>(w + from)
    store<f64>(rankedD + to, load<f64>(d + from))
    store<f64>(rankedW + to, weight)
    sum += weight / partition
  }
  return sum
}
