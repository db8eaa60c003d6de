/**
 * Computes e^x of two float64 at a time, with the same bits as `exp` of src/numeric.ts, because every
 * lane performs the same operations in the same order. That file explains the constants.
 */

const LN2_HIGH: f64 = 0.6931471803691238
const LN2_LOW: f64 = 1.9082149292705877e-10
const INVERSE_LN2: f64 = 1.4426950408889634
const TWO_TO_MINUS_64: f64 = 5.421010862427522e-20
/** e^x is 0 below this x, and a normal number above `NORMAL`. */
const NOTHING: f64 = -745.1332191019412
const NORMAL: f64 = -708

// @inline
function powerOfTwo(k: i64): f64 {
  return reinterpret<f64>((k + 1023) << 52)
}

/**
 * The constants are in memory because a load is one instruction; the engines' compilers would build a
 * vector constant with four instructions at each use.
 */
const CONSTANTS = memory.data<f64>([
  LN2_HIGH,
  LN2_LOW,
  INVERSE_LN2,
  0.5,
  1,
  6755399441055744,
  NORMAL,
  0.5,
  0.16666666666666666,
  0.041666666666666664,
  0.008333333333333333,
  0.001388888888888889,
  0.0001984126984126984,
  0.0000248015873015873,
  0.0000027557319223985893,
  2.755731922398589e-7,
  2.505210838544172e-8,
  2.08767569878681e-9,
  1.6059043836821613e-10,
])

/** Indices of the constants. SHIFT (1.5 x 2^52) moves a whole number to the low bits; TAYLOR is 1/2!. */
const HIGH: usize = 0
const LOW: usize = 1
const PER_LN2: usize = 2
const HALF: usize = 3
const ONE: usize = 4
const SHIFT: usize = 5
const SMALL: usize = 6
const TAYLOR: usize = 7

// @inline
function constant(i: usize): v128 {
  return v128.load64_splat(CONSTANTS + (i << 3))
}

// @inline
function line(low: usize, r: v128): v128 {
  return f64x2.add(constant(low), f64x2.mul(constant(low + 1), r))
}

/** Four terms of the series, starting at index `low`. */
// @inline
function four(low: usize, r: v128, r2: v128): v128 {
  return f64x2.add(line(low, r), f64x2.mul(line(low + 2, r), r2))
}

/** Computes e^x / 2^k of both lanes. */
// @inline
function mantissa(x: v128, k: v128): v128 {
  const high = f64x2.sub(x, f64x2.mul(k, constant(HIGH)))
  const low = f64x2.mul(k, constant(LOW))
  const r = f64x2.sub(high, low)
  const lost = f64x2.sub(f64x2.sub(high, r), low)
  const r2 = f64x2.mul(r, r)
  const r4 = f64x2.mul(r2, r2)
  const ab = f64x2.add(four(TAYLOR, r, r2), f64x2.mul(four(TAYLOR + 4, r, r2), r4))
  const sum = f64x2.add(ab, f64x2.mul(four(TAYLOR + 8, r, r2), f64x2.mul(r4, r4)))
  const tail = f64x2.add(f64x2.add(f64x2.mul(r2, sum), lost), f64x2.mul(r, lost))
  return f64x2.add(constant(ONE), f64x2.add(r, tail))
}

/** Computes e^x of one lane when the result may be subnormal or 0. */
function small(x: f64): f64 {
  if (x < NOTHING) return 0
  const whole = Math.floor(x * INVERSE_LN2 + 0.5)
  const y = f64x2.extract_lane(mantissa(f64x2.splat(x), f64x2.splat(whole)), 0)
  const k = i64(whole)
  if (k < -1022) return y * powerOfTwo(k + 64) * TWO_TO_MINUS_64
  return y * powerOfTwo(k)
}

function smallPair(x: v128): v128 {
  const first = f64x2.splat(small(f64x2.extract_lane(x, 0)))
  return f64x2.replace_lane(first, 1, small(f64x2.extract_lane(x, 1)))
}

/** Computes e^x of both lanes, for x of at most 709. */
// @inline
export function exp(x: v128): v128 {
  if (v128.any_true(f64x2.lt(x, constant(SMALL)))) return smallPair(x)
  const k = f64x2.floor(f64x2.add(f64x2.mul(x, constant(PER_LN2)), constant(HALF)))
  // The low bits of k + 1.5 x 2^52 are k. Adding k to the exponent multiplies a normal number by 2^k.
  return i64x2.add(mantissa(x, k), i64x2.shl(f64x2.add(k, constant(SHIFT)), 52))
}
