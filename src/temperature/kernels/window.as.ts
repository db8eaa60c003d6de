/**
 * Sums of V terms that are asked for at many temperatures a few doubles apart: see
 * docs/intervals.md, which says why this is right. Terms are kept as four arrays, `stride` bytes
 * apart: d = l - m, weights, runs, floors. Before each term a run is added, and one at the end, where
 * d is -Infinity. A run holds while the sum is in [floor, 2 floor) before and after it; floor is 0
 * where the sum is.
 */
import { exp } from './exp.as'

/** Below this a multiple of the last bit may be no normal number. */
const TINY: f64 = 1.1830521861667747e-271
/** exp of it and of all near it is 0. */
const NOTHING: f64 = -750
/** The largest power of two that is not above x, a normal number above 0. */
// @inline
function powerBelow(x: f64): f64 {
  return reinterpret<f64>(reinterpret<i64>(x) & 0x7ff0000000000000)
}

/** How many bits of a sum's last one: 1 / g, for a sum of this `floor`. */
// @inline
function bitsOf(floor: f64): f64 {
  return 4503599627370496.0 / floor
}

/** Of a pair: its terms, and by how much they may be off. */
const TERMS = memory.data(16, 16)
const SPANS = memory.data(16, 16)

/**
 * Which terms to evaluate, and what the others add between them. Nobody could foretell which ones, so
 * there is no branch on it: each is written down as if it were one, and the next one over it if not.
 * @param d [n] in order @param w [n] weights at `temperature` @param terms where to write
 * @param middle of the window @param divisor of all weights there
 * @param depth how fast the divisor moves, d ln Z / d ln T @param perMove, perX, loose how far a term
 *   may be off, relatively: perMove |x + depth| + perX |x| + loose
 * @param counted where to write how many there are
 * @returns the sum at the middle, but for the last bits of what is evaluated
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
  // The weights are those of another T, close by: w exp(-x moved), with exp's first three terms.
  const moved = f64x2.splat((temperature - middle) / middle)
  const least = f64x2.splat(NOTHING)
  const one = f64x2.splat(1)
  const half = f64x2.splat(0.5)
  let sum: f64 = 0
  /** The power of two after the sum. */
  let top: f64 = 0
  /** 1 / g. */
  let perBit: f64 = 0
  /** Until all are known: indices where d will be, terms where weights, sums before them where runs. */
  let to = terms
  const last = n - 1
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
    if (after < top && i < last) {
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
    // The sum comes to the next power of two, or there is but one left.
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

/** Does a term take the sum to another power of two, or may it be a half of its last bit? */
// @inline
function isEvaluated(sum: f64, term: f64, span: f64, top: f64, perBit: f64): i32 {
  const bits = term * perBit
  const clear = Math.abs(bits - Math.floor(bits) - 0.5) > span * perBit
  return i32(!(sum + term < top)) | i32(!clear)
}

/** From what `plan` wrote to what `addUp` reads, and the end. */
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

/** Writes the run from one sum to the one before a term, and gives the latter back. */
// @inline
function run(at: usize, stride: usize, before: f64, begun: f64): f64 {
  store<f64>(at + 2 * stride, before - begun)
  store<f64>(at + 3 * stride, before > TINY ? powerBelow(before) : 0)
  return before
}

/** The end of a sum, and what fills its four; its run is there. */
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
 * `plan` for fewer temperatures, which looks only at the terms that are there: n of them, their end
 * counted.
 * @returns NaN where a run does not hold
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
    // Until all are known: sums before them where runs will be, terms where floors.
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

/** Does a run hold, from `sum` to `after`? Without a branch: half of them could not be foretold. */
// @inline
function holds(sum: f64, after: f64, floor: f64): i32 {
  return i32(sum >= floor) & (i32(after < 2 * floor) | i32(floor == 0))
}

/**
 * The sum of terms e^(d / T) / divisor and of the runs between them.
 * @param n how many, the end among them @returns NaN where a run does not hold
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
    // Where there is no run, 0 is added.
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
