/**
 * Puts symbols with nearly the same d = m - l into bins, and sums over the bins at any temperature (see
 * docs/intervals.md). There are two halves: symbols before and symbols after a given one in rank order.
 * A bin is named by its range of d and its half, and takes the next free slot when its first symbol
 * comes. The memory at `bins` holds arrays of MOST entries: slot + 1 by name (int32, all 0 between
 * calls), name by slot (int32), middles (float64), and the six moments in two layouts (float64).
 */
import { exp } from './exp.as'

/** Low bits of a float32 that do not name its bin; 8 bits of the exponent and 5 of the fraction do. */
const BELOW = 23 - 5
/** All smaller d share one bin, whose middle is 0. */
const SMALLEST: f32 = 9.5367431640625e-7
const FIRST = (107 << 5) - 1
/** Number of bins of a half; they cover d from 2^-20 to 2^10. */
const BINS = (137 << 5) - FIRST
/** Number of bins of both halves. */
const MOST = 2 * BINS
const NAMES: usize = 4 * MOST
const MIDDLES: usize = 2 * NAMES
const MOMENTS: usize = MIDDLES + 8 * MOST
const MOMENT: usize = 8 * MOST
const SIX: usize = MOMENTS + 6 * MOMENT
/** Terms below exp(-45) of the largest do not change a sum, even if there are 65,536 of them. */
const UNSEEN: f64 = -45

/**
 * Puts all symbols except one into bins.
 * @param l [n] logits @param max m @param own id of the excluded symbol
 * @param left address for two results: the smallest d after that symbol, and the largest d of all
 * @returns number of bins that are in use
 */
export function fill(l: usize, max: f64, n: i32, own: i32, bins: usize, left: usize): i32 {
  const ownD = max - load<f64>(l + ((<usize>own) << 3))
  let next = Infinity
  let widest: f64 = 0
  let slots = 0
  for (let id = 0; id < n; id++) {
    const distance = max - load<f64>(l + ((<usize>id) << 3))
    if (id == own || distance == Infinity) continue
    const after = i32(distance > ownD) | (i32(distance == ownD) & i32(id > own))
    if (after && distance < next) next = distance
    if (distance > widest) widest = distance
    const single = <f32>distance
    const bin = single < SMALLEST ? 0 : min(BINS - 1, (reinterpret<i32>(single) >> BELOW) - FIRST)
    const name = bin + after * BINS
    let slot = load<i32>(bins + ((<usize>name) << 2)) - 1
    if (slot < 0) {
      slot = slots++
      const middle = bin ? <f64>reinterpret<f32>(((bin + FIRST) << BELOW) | (1 << (BELOW - 1))) : 0
      store<i32>(bins + ((<usize>name) << 2), slot + 1)
      store<i32>(bins + ((<usize>slot) << 2), name, NAMES)
      clear(bins, slot, middle)
    }
    const at = bins + ((<usize>slot) << 3)
    // The moments in pairs: (1, t), (t^2, t^3), (t^4, t^5).
    const t = distance - load<f64>(at, MIDDLES)
    const square = f64x2.splat(t * t)
    const first = f64x2.replace_lane(f64x2.splat(1), 1, t)
    const second = f64x2.mul(first, square)
    const own = sixOf(bins, slot)
    add(own, 0, first)
    add(own, 16, second)
    add(own, 32, f64x2.mul(second, square))
  }
  for (let slot = 0; slot < slots; slot++) {
    const name = load<i32>(bins + ((<usize>slot) << 2), NAMES)
    store<i32>(bins + ((<usize>name) << 2), 0)
    turn(bins, slot)
  }
  if (slots & 1) {
    // `sums` reads bins in pairs. With an odd number of bins an empty one completes the last pair.
    clear(bins, slots, 0)
    turn(bins, slots)
    store<i32>(bins + ((<usize>slots) << 2), 0, NAMES)
  }
  store<f64>(left, next)
  store<f64>(left, widest, 8)
  return slots
}

/** The address of a bin's six moments, which are adjacent while bins are filled. */
// @inline
function sixOf(bins: usize, slot: i32): usize {
  return bins + SIX + <usize>slot * 48
}

function clear(bins: usize, slot: i32, middle: f64): void {
  const own = sixOf(bins, slot)
  store<f64>(bins + ((<usize>slot) << 3), middle, MIDDLES)
  for (let at = own; at < own + 48; at += 8) store<f64>(at, 0)
}

// @inline
function add(at: usize, k: usize, by: v128): void {
  v128.store(at + k, f64x2.add(v128.load(at + k), by))
}

/** Copies a bin's moments to the arrays that `sums` reads, multiplied by (-1)^k / k!. */
function turn(bins: usize, slot: i32): void {
  const own = sixOf(bins, slot)
  let factor: f64 = 1
  for (let k: usize = 0; k < 6; k++) {
    const moment = load<f64>(own + (k << 3)) * factor
    store<f64>(bins + k * MOMENT + ((<usize>slot) << 3), moment, MOMENTS)
    factor /= -(<f64>(k + 1))
  }
}

/**
 * Sums exp(-b d) and d exp(-b d) over each half.
 * @param slots number of bins @param b 1 / T
 * @param shift subtracted from d in the half after, so that its largest term is 1: exp(-b (d - shift))
 * @param left address for four results: the sums before and after, then their moments
 */
export function sums(bins: usize, slots: i32, b: f64, shift: f64, left: usize): void {
  const minus = f64x2.splat(-b)
  const by = f64x2.splat(b)
  const zero = f64x2.splat(0)
  let whole0 = zero
  let whole1 = zero
  let moment0 = zero
  let moment1 = zero
  for (let slot = 0; slot < slots; slot += 2) {
    const at = bins + ((<usize>slot) << 3)
    const names = v128.load64_zero(bins + ((<usize>slot) << 2), NAMES)
    const after = i64x2.extend_low_i32x4_s(i32x4.ge_s(names, i32x4.splat(BINS)))
    const middle = v128.load(at, MIDDLES)
    const shifts = v128.and(after, f64x2.splat(shift))
    const x = f64x2.mul(minus, f64x2.sub(middle, shifts))
    if (!v128.any_true(f64x2.ge(x, f64x2.splat(UNSEEN)))) continue
    let sum = v128.load(at + 5 * MOMENT, MOMENTS)
    let slope = sum
    for (let k: usize = 4; k > 0; k--) {
      sum = f64x2.add(f64x2.mul(sum, by), v128.load(at + k * MOMENT, MOMENTS))
      slope = f64x2.add(f64x2.mul(slope, by), sum)
    }
    sum = f64x2.add(f64x2.mul(sum, by), v128.load(at, MOMENTS))
    // A middle may be smaller than the shift, but by less than 700 / b at all useful temperatures.
    const weight = exp(f64x2.pmin(x, f64x2.splat(700)))
    const whole = f64x2.mul(weight, sum)
    const moment = f64x2.sub(f64x2.mul(whole, middle), f64x2.mul(weight, slope))
    whole0 = f64x2.add(whole0, v128.andnot(whole, after))
    whole1 = f64x2.add(whole1, v128.and(whole, after))
    moment0 = f64x2.add(moment0, v128.andnot(moment, after))
    moment1 = f64x2.add(moment1, v128.and(moment, after))
  }
  store<f64>(left, f64x2.extract_lane(whole0, 0) + f64x2.extract_lane(whole0, 1))
  store<f64>(left, f64x2.extract_lane(whole1, 0) + f64x2.extract_lane(whole1, 1), 8)
  store<f64>(left, f64x2.extract_lane(moment0, 0) + f64x2.extract_lane(moment0, 1), 16)
  store<f64>(left, f64x2.extract_lane(moment1, 0) + f64x2.extract_lane(moment1, 1), 24)
}
