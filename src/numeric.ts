/**
 * exp, log and the loss of a symbol, with the same bits on every engine.
 *
 * `Math.exp` and `Math.log` may differ in the last bit between engines, and one bit is enough to draw
 * another character. These functions use only + - * / and bit operations on doubles, which IEEE 754
 * defines exactly. The error is below 1 ulp (measured against 50-digit references in numeric.test.ts).
 */

const buffer = new DataView(new ArrayBuffer(8))

/** ln 2 in two parts. The high part has 32 trailing zero bits: k * LN2_HIGH is exact for |k| < 2^11. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
export const LN2 = Math.LN2
const INVERSE_LN2 = Math.LOG2E
const TWO_TO_MINUS_64 = 5.421010862427522e-20

/** 2^k at index k + 1022, for -1022 <= k <= 1023. */
const POWERS_OF_TWO = new Float64Array(2046)
for (let k = -1022; k <= 1023; k++) {
  buffer.setInt32(0, (k + 1023) << 20)
  buffer.setInt32(4, 0)
  POWERS_OF_TWO[k + 1022] = buffer.getFloat64(0)
}
const powerOfTwo = (k: number): number => POWERS_OF_TWO[k + 1022]

/** e^x. exp(-Infinity) = 0, exp(710) = Infinity, exp(NaN) = NaN. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -745.1332191019412) return 0
  // Math.floor is exact, and rounding to the nearest k keeps |r| <= ln2/2 (and a rounding error).
  const k = Math.floor(x * INVERSE_LN2 + 0.5)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  // The rounding error of the subtraction, which the sum below adds again.
  const lost = high - r - low
  // The Taylor terms 1/2! .. 1/13!. They are grouped in pairs of pairs, so that the processor can
  // evaluate them in parallel, and written out, because every draw calls exp V times. The first term
  // left out is below 2^-60 for |r| <= ln2/2.
  const r2 = r * r
  const r4 = r2 * r2
  const a = 0.5 + 0.16666666666666666 * r + (0.041666666666666664 + 0.008333333333333333 * r) * r2
  const b =
    0.001388888888888889 +
    0.0001984126984126984 * r +
    (0.0000248015873015873 + 0.0000027557319223985893 * r) * r2
  const c =
    2.755731922398589e-7 +
    2.505210838544172e-8 * r +
    (2.08767569878681e-9 + 1.6059043836821613e-10 * r) * r2
  const tail = r2 * (a + b * r4 + c * (r4 * r4)) + lost + r * lost
  const y = 1 + (r + tail)
  // Two factors are needed at the ends: 2^1024 overflows, and a subnormal must be rounded only once.
  if (k > 1023) return y * 2 * powerOfTwo(k - 1)
  if (k < -1022) return y * powerOfTwo(k + 64) * TWO_TO_MINUS_64
  return y * powerOfTwo(k)
}

/** 2/3, 2/5, .. 2/21: coefficients of 2 atanh(s) / s - 2 as a series in s^2; |s| <= 0.1716. */
const LOG_TERMS = [
  0.6666666666666666, 0.4, 0.2857142857142857, 0.2222222222222222, 0.18181818181818182,
  0.15384615384615385, 0.13333333333333333, 0.11764705882352941, 0.10526315789473684,
  0.09523809523809523,
]

/** Natural logarithm. log(0) = -Infinity, log(x < 0) = NaN. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN
  if (x === 0) return Number.NEGATIVE_INFINITY
  if (x === Number.POSITIVE_INFINITY) return x
  let k = 0
  let m = x
  if (m < 2.2250738585072014e-308) {
    m *= 18014398509481984 // 2^54 makes a subnormal normal
    k = -54
  }
  buffer.setFloat64(0, m)
  const top = buffer.getInt32(0)
  k += ((top >> 20) & 0x7ff) - 1023
  buffer.setInt32(0, (top & 0xfffff) | (1023 << 20))
  m = buffer.getFloat64(0)
  if (m > Math.SQRT2) {
    m *= 0.5
    k++
  }
  // ln m = f - f^2/2 + s (f^2/2 + R), f = m - 1, s = f / (2 + f). The leading terms are added
  // last, so that the result is rounded once.
  const f = m - 1
  const s = f / (2 + f)
  const z = s * s
  let series = 0
  for (let i = LOG_TERMS.length - 1; i >= 0; i--) series = series * z + LOG_TERMS[i]
  series *= z
  const half = 0.5 * f * f
  return k * LN2_HIGH - (half - (s * (half + series) + k * LN2_LOW) - f)
}

/** Logarithm to base 2, which converts nats to bits. */
export function log2(x: number): number {
  return log(x) * INVERSE_LN2
}

/** The loss of one symbol in nats: -ln softmax(logits)[id]. @param logits [V] */
export function negativeLogLikelihood(logits: ArrayLike<number>, id: number): number {
  const size = logits.length
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < size; i++) if (logits[i] > max) max = logits[i]
  let sum = 0
  for (let i = 0; i < size; i++) sum += exp(logits[i] - max)
  return log(sum) - (logits[id] - max)
}
