/**
 * sigmoid and tanh on four float32 lanes, from + - * / and bit operations only: `Math.exp` may differ
 * in its last bit between engines, and these cannot. Both have a *relative* error of a few ulp
 * (measured in kernels.test.ts); tanh(x) = 2 sigmoid(2x) - 1 would lose that precision near 0.
 *
 * e^y = 2^n (1 + p(r)), n = round(y / ln 2), r = y - n ln 2, |r| <= ln(2)/2.
 * p(r) = r + r^2 (C2 + C3 r + .. + C6 r^4): minimax in the relative error of 1 + p, by Remez exchange
 * in 40 digits; error 3.1e-9 before the coefficients were rounded to float32.
 *
 * Measured (LSTM, 128 units, one pass over the gates, Node 20): constants loaded from memory instead
 * of immediates, for which V8 emits four instructions each, 1,134 -> 1,081 ns; Estrin's order for the
 * polynomial and two short passes, -> 842 ns; without inlining 1,241 ns (scripts/kernels.mjs turns the
 * marker into AssemblyScript's decorator).
 */
const CONSTANTS = memory.data<f32>([
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits of the sum.
  12582912.0, 1.4426950408889634,
  // ln 2 in two parts; the first has 9 significant bits, so that its product with n is exact.
  0.693359375, -2.1219444005469057e-4,
  // C2 .. C6
  0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.008368716575205326,
  0.001381459878757596,
  // Other constants
  1.0, 2.0, -2.0, -20.0, 87.0, -87.0,
])
const ROUND = 0
const INVERSE_LN2 = 4
const LN2_HIGH = 8
const LN2_LOW = 12
const C2 = 16
const C3 = 20
const C4 = 24
const C5 = 28
const C6 = 32
const ONE = 36
const TWO = 40
const MINUS_TWO = 44
const MINUS_TWENTY = 48
const LIMIT = 52
const MINUS_LIMIT = 56

// @inline
function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset)
}

/** y / ln 2 rounded, plus 1.5 * 2^23. */
// @inline
function quotient(y: v128): v128 {
  return f32x4.add(f32x4.mul(y, constant(INVERSE_LN2)), constant(ROUND))
}

/** 2^n, from the sum whose low bits are n; -126 <= n <= 127. */
// @inline
function powerOfTwo(rounded: v128): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), constant(ONE))
}

/** p(r) of y, given its rounded quotient. */
// @inline
function reduced(y: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, constant(ROUND))
  const r = f32x4.sub(
    f32x4.sub(y, f32x4.mul(n, constant(LN2_HIGH))),
    f32x4.mul(n, constant(LN2_LOW)),
  )
  const rr = f32x4.mul(r, r)
  const low = f32x4.add(f32x4.mul(r, constant(C3)), constant(C2))
  const high = f32x4.add(f32x4.mul(r, constant(C5)), constant(C4))
  const q = f32x4.add(f32x4.mul(f32x4.add(f32x4.mul(rr, constant(C6)), high), rr), low)
  return f32x4.add(r, f32x4.mul(rr, q))
}

/**
 * 1 / (1 + e^-x). NaN stays NaN. The argument is clamped to +-87, beyond which the true value is
 * within 2e-38 of 0 or 1 (pmin and pmax are one instruction each and pass NaN on).
 */
// @inline
export function sigmoid(x: v128): v128 {
  const y = f32x4.pmin(f32x4.pmax(f32x4.neg(x), constant(MINUS_LIMIT)), constant(LIMIT))
  const rounded = quotient(y)
  const e = f32x4.mul(f32x4.add(constant(ONE), reduced(y, rounded)), powerOfTwo(rounded))
  return f32x4.div(constant(ONE), f32x4.add(constant(ONE), e))
}

/** e^x for x <= 0; below -87 that of -87. NaN stays NaN. */
// @inline
export function exponential(x: v128): v128 {
  const y = f32x4.pmax(x, constant(MINUS_LIMIT))
  const rounded = quotient(y)
  return f32x4.mul(f32x4.add(constant(ONE), reduced(y, rounded)), powerOfTwo(rounded))
}

/** min(1, max(0, slope x + 1/2)): Keras' piecewise linear gate. NaN stays NaN. */
// @inline
export function hardSigmoid(x: v128, slope: f32): v128 {
  const line = f32x4.add(f32x4.mul(x, f32x4.splat(slope)), f32x4.splat(0.5))
  return f32x4.pmin(f32x4.pmax(line, f32x4.splat(0)), f32x4.splat(1))
}

/**
 * tanh(x) = sign(x) * -m / (2 + m) with m = e^(-2|x|) - 1 = 2^n p(r) + (2^n - 1): near 0, n = 0 and
 * m = p(r) without cancellation. From |x| = 9.02 on, tanh is 1 in float32.
 */
// @inline
export function tanh(x: v128): v128 {
  const y = f32x4.pmax(f32x4.mul(f32x4.abs(x), constant(MINUS_TWO)), constant(MINUS_TWENTY))
  const rounded = quotient(y)
  const scale = powerOfTwo(rounded)
  const m = f32x4.add(f32x4.mul(scale, reduced(y, rounded)), f32x4.sub(scale, constant(ONE)))
  const positive = f32x4.div(f32x4.neg(m), f32x4.add(constant(TWO), m))
  return v128.or(positive, v128.and(x, i32x4.splat(0x80000000)))
}
