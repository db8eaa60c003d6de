/** Statistics for the measures. Random numbers come from a `Random` that the caller passes in. */
import { counted, InputError } from '../errors.js'
import { exp, log } from '../numeric.js'
import type { Random } from '../random.js'

/** A confidence interval. */
export interface ConfidenceInterval {
  readonly low: number
  readonly high: number
  /** Probability with which it covers the true value. */
  readonly level: number
}

function sorted(values: ArrayLike<number>): Float64Array {
  if (values.length === 0) {
    throw new InputError('no-values', 'There are no values; expected at least one.')
  }
  return Float64Array.from(values).sort()
}

function checkLevel(level: number): void {
  if (!(level > 0 && level < 1)) {
    throw new InputError(
      'level',
      `The confidence level is ${level}; expected a number between 0 and 1, such as 0.95.`,
    )
  }
}

/** @throws InputError for no values */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) sorted(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/**
 * The q-quantile of a sample, interpolated linearly: definition 7 of Hyndman and Fan (The American
 * Statistician 50, 1996), the default of R and NumPy.
 * @param q 0 (the least) to 1 (the greatest)
 * @throws InputError for no values, or q out of range
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  if (!(q >= 0 && q <= 1)) {
    throw new InputError('quantile', `The quantile is ${q}; expected a number from 0 to 1.`)
  }
  const order = sorted(values)
  const position = q * (order.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, order.length - 1)
  const a = order[below]
  const b = order[above]
  return a === b ? a : a + (position - below) * (b - a)
}

/** @throws InputError for no values */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/**
 * A distribution-free confidence interval for the median: the narrowest pair of k-th smallest and
 * k-th largest value whose coverage, 1 - 2 P(Binomial(n, 1/2) < k), reaches `level`. Few values can't
 * reach every level (5 values give at most 0.9375). The interval is then the smallest and the largest
 * value, and the returned `level` is its true coverage.
 *
 * Source: Thompson, Annals of Mathematical Statistics 7 (1936).
 */
export function medianInterval(values: ArrayLike<number>, level = 0.95): ConfidenceInterval {
  checkLevel(level)
  const order = sorted(values)
  const n = order.length
  // The term P(Binomial(n, 1/2) = k) is kept as a logarithm, because 2^-n is 0 from n = 1075 on.
  let logTerm = -n * Math.LN2
  let below = 0
  let k = 0
  while (2 * (k + 1) <= n) {
    const next = below + exp(logTerm)
    if (k > 0 && 1 - 2 * next < level) break
    below = next
    k++
    logTerm += log((n - k + 1) / k)
  }
  return k === 0
    ? { low: order[0], high: order[n - 1], level: 0 }
    : { low: order[k - 1], high: order[n - k], level: 1 - 2 * below }
}

/**
 * A percentile bootstrap confidence interval: the statistic of samples drawn with replacement.
 * Pass one value per text, because the characters of one text are not independent.
 *
 * Source: Efron and Tibshirani, "An introduction to the bootstrap" (1993), section 13.3.
 * @param random read at the positions 0 to resamples * n - 1
 */
export function bootstrapInterval<Value>(
  values: readonly Value[],
  statistic: (sample: readonly Value[]) => number,
  options: { random: Random; level?: number; resamples?: number },
): ConfidenceInterval {
  const { random, level = 0.95, resamples = 2000 } = options
  checkLevel(level)
  const n = values.length
  if (n === 0 || !Number.isSafeInteger(resamples) || resamples < 1) {
    throw new InputError(
      'no-values',
      `The sample has ${counted(n, 'value')}, to be drawn ${counted(resamples, 'time')}; expected at least one of each.`,
    )
  }
  const results = new Float64Array(resamples)
  const sample: Value[] = new Array(n)
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) {
      // A coin is in (0, 1], so 1 gives the last value.
      sample[i] = values[Math.ceil(random.coin(r * n + i) * n) - 1]
    }
    results[r] = statistic(sample)
  }
  const tail = (1 - level) / 2
  return { low: quantile(results, tail), high: quantile(results, 1 - tail), level }
}

/**
 * Isotonic regression: the nondecreasing sequence nearest to the values in weighted least squares.
 * Neighbours that decrease are pooled into their mean until none decreases.
 *
 * Source: Barlow, Bartholomew, Bremner and Brunk, "Statistical inference under order restrictions"
 * (1972), pool adjacent violators. The plain twin is in statistics.test.ts.
 * @param weights positive, [values.length]; default all equal
 * @returns [values.length]
 */
export function isotonicRegression(
  values: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Float64Array {
  const means: number[] = []
  const masses: number[] = []
  const sizes: number[] = []
  for (let i = 0; i < values.length; i++) {
    let value = values[i]
    let mass = weights ? weights[i] : 1
    let size = 1
    while (means.length > 0 && means[means.length - 1] >= value) {
      const before = masses.pop()!
      value = (means.pop()! * before + value * mass) / (before + mass)
      mass += before
      size += sizes.pop()!
    }
    means.push(value)
    masses.push(mass)
    sizes.push(size)
  }
  const fitted = new Float64Array(values.length)
  let at = 0
  for (let block = 0; block < means.length; block++) {
    fitted.fill(means[block], at, at + sizes[block])
    at += sizes[block]
  }
  return fitted
}
