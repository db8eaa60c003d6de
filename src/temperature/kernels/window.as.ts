/**
 * Computes sums of V terms at many temperatures that are only a few doubles apart; docs/intervals.md
 * explains why the results are exact. Terms are stored in four arrays, `stride` bytes apart: d = l - m,
 * weights, runs, floors. A run is the sum of the terms between two evaluated ones; it is added before
 * each term and at the end, where d is -Infinity. A run is valid while the sum is in [floor, 2 floor)
 * before and after it; floor is 0 if the sum is 0.
 */
import { exp } from './exp.as'

/** Below this sum, a multiple of its last bit may be subnormal. */
const TINY: f64 = 1.1830521861667747e-271
/** exp is 0 at this x and near it. */
const NOTHING: f64 = -750
/** Returns the largest power of two that is not above x, a normal number above 0. */
// @inline
function powerBelow(x: f64): f64 {
  return reinterpret<f64>(reinterpret<i64>(x) & 0x7ff0000000000000)
}

/** Returns 1 / g, where g is the last bit of a sum with this `floor`. */
// @inline
function bitsOf(floor: f64): f64 {
  return 4503599627370496.0 / floor
}

/** Memory for the terms of a pair and for their possible errors. */
const TERMS = memory.data(16, 16)
const SPANS = memory.data(16, 16)

/**
 * Selects the terms to evaluate and sums the others into runs. The selection is unpredictable, so that
 * a branch would be slow: each term is written, and the next one overwrites it if it is not selected.
 * @param d [n] l - m in order @param w [n] weights at `temperature` @param terms address for the terms
 * @param middle temperature in the middle of the window @param divisor of all weights at the middle
 * @param depth how fast the divisor changes, d ln Z / d ln T
 * @param perMove, perX, loose relative error of a term: perMove |x + depth| + perX |x| + loose
 * @param counted address for the number of terms
 * @returns the sum at the middle, except for the last bits of the evaluated terms
 */
export function plan(
  d: usize,
  w: usize,
  n: i32,
  terms: usize,
  stride: usize,
  temperature: f64,
  middle: f64,
  divisor: f64,
  depth: f64,
  perMove: f64,
  perX: f64,
  loose: f64,
  counted: usize,
): f64 {
  const inverse = f64x2.splat(1 / temperature)
  const share = f64x2.splat(1 / divisor)
  // The weights belong to a T near the middle; three terms of exp correct them: w exp(-x moved).
  const moved = f64x2.splat((temperature - middle) / middle)
  const least = f64x2.splat(NOTHING)
  const one = f64x2.splat(1)
  const half = f64x2.splat(0.5)
  let sum: f64 = 0
  // The next power of two above the sum, and 1 / g, where g is the last bit of the sum.
  let top: f64 = 0
  let perBit: f64 = 0
  /** The loop writes indices where d will be, terms for weights, and sums before them for runs. */
  let to = terms
  for (let i = 0; i < n; i += 2) {
    const at = (<usize>i) << 3
    const x = f64x2.pmax(f64x2.mul(v128.load(d + at), inverse), least)
    const h = f64x2.mul(x, moved)
    const bend = f64x2.add(one, f64x2.mul(h, f64x2.add(one, f64x2.mul(h, half))))
    const both = f64x2.mul(f64x2.mul(v128.load(w + at), bend), share)
    const move = f64x2.mul(f64x2.splat(perMove), f64x2.abs(f64x2.add(x, f64x2.splat(depth))))
    const besides = f64x2.add(
      f64x2.mul(f64x2.splat(-perX), x),
      f64x2.abs(f64x2.mul(f64x2.mul(h, h), h)),
    )
    const span = f64x2.mul(both, f64x2.add(f64x2.add(f64x2.splat(loose), move), besides))
    const first = f64x2.extract_lane(both, 0)
    const second = f64x2.extract_lane(both, 1)
    const middleSum = sum + first
    const after = middleSum + second
    if (after < top && i < n - 1) {
      const bits = f64x2.mul(both, f64x2.splat(perBit))
      const off = f64x2.abs(f64x2.sub(f64x2.sub(bits, f64x2.floor(bits)), half))
      const evaluated = i64x2.bitmask(f64x2.le(off, f64x2.mul(span, f64x2.splat(perBit))))
      store<i64>(to, i)
      store<f64>(to + stride, first)
      store<f64>(to + 2 * stride, sum)
      to += (<usize>(evaluated & 1)) << 3
      store<i64>(to, i + 1)
      store<f64>(to + stride, second)
      store<f64>(to + 2 * stride, middleSum)
      to += (<usize>(evaluated & 2)) << 2
      sum = after
      continue
    }
    // The sum reaches the next power of two, or only one term is left.
    v128.store(TERMS, both)
    v128.store(SPANS, span)
    for (let lane = 0; lane < min(2, n - i); lane++) {
      const term = load<f64>(TERMS + ((<usize>lane) << 3))
      store<i64>(to, i + lane)
      store<f64>(to + stride, term)
      store<f64>(to + 2 * stride, sum)
      to +=
        (<usize>isEvaluated(sum, term, load<f64>(SPANS + ((<usize>lane) << 3)), top, perBit)) << 3
      sum += term
      if (sum >= top && sum > TINY) {
        top = 2 * powerBelow(sum)
        perBit = bitsOf(0.5 * top)
      }
    }
  }
  settle(d, w, terms, stride, to, sum)
  store<f64>(counted, <f64>((to - terms) >> 3) + 1)
  return sum
}

/** Whether a term takes the sum to the next power of two, or is too near to a rounding boundary. */
// @inline
function isEvaluated(sum: f64, term: f64, span: f64, top: f64, perBit: f64): i32 {
  const bits = term * perBit
  const clear = Math.abs(bits - Math.floor(bits) - 0.5) > span * perBit
  return i32(!(sum + term < top)) | i32(!clear)
}

/** Converts the arrays that `plan` wrote to those that `addUp` reads, and adds the end. */
function settle(d: usize, w: usize, terms: usize, stride: usize, to: usize, sum: f64): void {
  let begun: f64 = 0
  for (let at = terms; at < to; at += 8) {
    const from = (<usize>load<i64>(at)) << 3
    const term = load<f64>(at + stride)
    store<f64>(at, load<f64>(d + from))
    store<f64>(at + stride, load<f64>(w + from))
    begun = run(at, stride, load<f64>(at + 2 * stride), begun) + term
  }
  run(to, stride, sum, begun)
  end(to, stride)
}

/** Writes the run from the sum `begun` to the sum before a term. @returns the sum before the term */
// @inline
function run(at: usize, stride: usize, before: f64, begun: f64): f64 {
  store<f64>(at + 2 * stride, before - begun)
  store<f64>(at + 3 * stride, before > TINY ? powerBelow(before) : 0)
  return before
}

/** Writes the end and pads the terms to a multiple of 4. The run of the end is already written. */
function end(to: usize, stride: usize): void {
  store<f64>(to, -Infinity)
  store<f64>(to + stride, 0)
  for (let at = to + 8; at < to + 32; at += 8) {
    store<f64>(at, -Infinity)
    store<f64>(at + 2 * stride, 0)
    store<f64>(at + 3 * stride, 0)
  }
}

/**
 * Does what `plan` does for a narrower window, but reads only the n terms (with their end) that an
 * earlier plan selected.
 * @returns the sum at the middle, or NaN if a run is not valid there
 */
export function replan(
  terms: usize,
  n: i32,
  stride: usize,
  temperature: f64,
  middle: f64,
  divisor: f64,
  depth: f64,
  perMove: f64,
  perX: f64,
  loose: f64,
  counted: usize,
): f64 {
  const inverse = 1 / temperature
  const share = 1 / divisor
  const moved = (temperature - middle) / middle
  let sum: f64 = 0
  let floor: f64 = 0
  let top: f64 = 0
  let perBit: f64 = 0
  let held = 1
  let to = terms
  for (let i = 0; i < n - 1; i++) {
    const at = terms + ((<usize>i) << 3)
    const below = load<f64>(at)
    const weight = load<f64>(at + stride)
    const before = sum + load<f64>(at + 2 * stride)
    held &= i32(load<f64>(at + 3 * stride) == floor) & (i32(before < top) | i32(floor == 0))
    const x = max(below * inverse, NOTHING)
    const h = x * moved
    const term = weight * (1 + h * (1 + h * 0.5)) * share
    const off = loose + perMove * Math.abs(x + depth) + (Math.abs(h * h * h) - perX * x)
    // The loop writes sums before the terms where runs will be, and terms where floors will be.
    store<f64>(to, below)
    store<f64>(to + stride, weight)
    store<f64>(to + 2 * stride, before)
    store<f64>(to + 3 * stride, term)
    to += (<usize>isEvaluated(before, term, term * off, top, perBit)) << 3
    sum = before + term
    if (sum >= top && sum > TINY) {
      floor = powerBelow(sum)
      top = 2 * floor
      perBit = bitsOf(floor)
    }
  }
  const last = terms + ((<usize>(n - 1)) << 3)
  sum += load<f64>(last + 2 * stride)
  held &= i32(load<f64>(last + 3 * stride) == floor) & (i32(sum < top) | i32(floor == 0))
  let begun: f64 = 0
  for (let at = terms; at < to; at += 8) {
    const term = load<f64>(at + 3 * stride)
    begun = run(at, stride, load<f64>(at + 2 * stride), begun) + term
  }
  run(to, stride, sum, begun)
  end(to, stride)
  store<f64>(counted, <f64>((to - terms) >> 3) + 1)
  return held ? sum : NaN
}

/** Whether a run from `sum` to `after` is valid. A branch would be slow, as it is unpredictable. */
// @inline
function holds(sum: f64, after: f64, floor: f64): i32 {
  return i32(sum >= floor) & (i32(after < 2 * floor) | i32(floor == 0))
}

/**
 * Sums the terms e^(d / T) / divisor and the runs between them.
 * @param n number of terms with the end @returns the sum, or NaN if a run is not valid
 */
export function addUp(terms: usize, stride: usize, n: i32, temperature: f64, divisor: f64): f64 {
  const runs = terms + 2 * stride
  const floors = runs + stride
  const T = f64x2.splat(temperature)
  const by = f64x2.splat(divisor)
  const end = (<usize>n) << 3
  let sum: f64 = 0
  let held: i32 = 1
  for (let at: usize = 0; at < end; at += 32) {
    const first = f64x2.div(exp(f64x2.div(v128.load(terms + at), T)), by)
    const second = f64x2.div(exp(f64x2.div(v128.load(terms + at, 16), T)), by)
    // A term without a run before it has a run of 0.
    let after = sum + load<f64>(runs + at)
    held &= holds(sum, after, load<f64>(floors + at))
    sum = after + f64x2.extract_lane(first, 0)
    after = sum + load<f64>(runs + at, 8)
    held &= holds(sum, after, load<f64>(floors + at, 8))
    sum = after + f64x2.extract_lane(first, 1)
    after = sum + load<f64>(runs + at, 16)
    held &= holds(sum, after, load<f64>(floors + at, 16))
    sum = after + f64x2.extract_lane(second, 0)
    after = sum + load<f64>(runs + at, 24)
    held &= holds(sum, after, load<f64>(floors + at, 24))
    sum = after + f64x2.extract_lane(second, 1)
  }
  return held ? sum : NaN
}
