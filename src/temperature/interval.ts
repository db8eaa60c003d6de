/**
 * The interval of a choice: at which temperatures the same coin picks the same symbol.
 *
 * C_r(T) never rises with T, so rank r is picked exactly for T in (low, high] with
 * high = sup {T : C_r(T) >= u} and low = sup {T : C_{r-1}(T) >= u}; rank 1 is also picked at T = 0.
 * Only with temperature alone in the chain: a truncating link makes the set something else.
 */
import { exp, log } from '../numeric.js'
import type { Distribution } from './distribution.js'

export interface Interval {
  /** The choice is made above this temperature (and at 0 itself, for rank 1). */
  readonly low: number
  /** The choice is made up to and including this temperature. */
  readonly high: number
}

const NEWTON_STEPS = 40
/** Relative step after which the next would be below a double's last bit: Newton squares errors. */
const CLOSE = 1e-8

/**
 * (low, high] of the choice of `rank` by `coin`.
 * @param at the temperature of the draw, which lies inside. Within rounding of an end C_r(T) may
 *   cross the coin more than once; the ends are then the crossings nearest to it.
 */
export function intervalOf(
  distribution: Distribution,
  rank: number,
  coin: number,
  at = 0,
): Interval {
  const low = rank === 1 ? 0 : lastTemperature(distribution, rank - 1, coin)
  const high = lastTemperature(distribution, rank, coin)
  if (at === 0 || (low < at && at <= high)) return { low, high }
  const covers = (r: number) => (T: number) => distribution.cumulative(r, T) >= coin
  return {
    low: low < at ? low : crossingBelow(covers(rank - 1), at),
    high: high >= at ? high : crossingAbove(covers(rank), at),
  }
}

/** The last double from `at` upwards, which covers, before one that does not. */
function crossingAbove(covers: (T: number) => boolean, at: number): number {
  const start = ordinal(at)
  let below = start
  for (let step = 1n; ; step *= 2n) {
    let above = start + step
    if (above > LAST) above = LAST
    if (!covers(fromOrdinal(above))) return settle(covers, fromOrdinal(below), fromOrdinal(above))
    if (above === LAST) return Number.POSITIVE_INFINITY
    below = above
  }
}

/** The nearest double below `at`, which does not cover, that does; 0 when none does. */
function crossingBelow(covers: (T: number) => boolean, at: number): number {
  const start = ordinal(at)
  let above = start
  for (let step = 1n; ; step *= 2n) {
    const below = start - step
    if (below <= 0n) return 0
    if (covers(fromOrdinal(below))) return settle(covers, fromOrdinal(below), fromOrdinal(above))
    above = below
  }
}

/**
 * The part of an interval in which a choice stays too: `intersect(bounds, intervalOf(...))`, but an
 * end that the choice does not move is not looked for. Along a text nearly none does.
 */
export function narrow(
  bounds: Interval,
  distribution: Distribution,
  rank: number,
  coin: number,
  at: number,
): Interval {
  const { low, high } = bounds
  const stays =
    distribution.cumulative(rank, high) >= coin &&
    (rank === 1 || !(distribution.cumulative(rank - 1, nextDouble(low)) >= coin))
  return stays ? bounds : intersect(bounds, intervalOf(distribution, rank, coin, at))
}

/** Is T where the choice with this interval is made? */
export function inside(interval: Interval, rank: number, temperature: number): boolean {
  if (temperature === 0) return rank === 1
  return temperature > interval.low && temperature <= interval.high
}

/** What two choices have in common; a whole text stays as it is where all its intervals meet. */
export function intersect(a: Interval, b: Interval): Interval {
  return { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) }
}

/**
 * The largest T at which ranks 1..rank still cover the coin: 0 when no T above 0 does, Infinity
 * when all do.
 */
export function lastTemperature(distribution: Distribution, rank: number, coin: number): number {
  // The last rank takes what rounding leaves over, so it covers every coin.
  if (rank >= distribution.allowed) return Number.POSITIVE_INFINITY
  const covers = (T: number): boolean => distribution.cumulative(rank, T) >= coin
  if (covers(Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY
  if (!covers(Number.MIN_VALUE)) return 0
  const root = newton(distribution, rank, coin)
  // The root is rarely more than a few doubles away from where rounding puts the crossing.
  if (!(root >= Number.MIN_VALUE && root < Number.POSITIVE_INFINITY)) {
    return settle(covers, Number.MIN_VALUE, Number.POSITIVE_INFINITY)
  }
  return covers(root) ? crossingAbove(covers, root) : crossingBelow(covers, root)
}

/**
 * Solves C_r = u for b = 1/T. With A and B the sums of exp(-b d) over ranks up to r and after it,
 * d = m - l, the log odds ln A - ln B rise with b and are nearly straight, so that Newton's method
 * needs three to six steps. The slope is the mean of d in B less its mean in A.
 */
function newton(distribution: Distribution, rank: number, coin: number): number {
  const { size } = distribution
  const lastId = distribution.idOfRank(rank)
  const last = distribution.logit(lastId)
  const max = distribution.logit(distribution.idOfRank(1))
  // B is scaled by its own largest term, which would underflow at low T.
  const next = distribution.logit(distribution.idOfRank(rank + 1))
  const goal = log(coin) - log(1 - coin)
  let b = 1
  let lowest = 0
  let highest = Number.POSITIVE_INFINITY
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let a0 = 0
    let a1 = 0
    let b0 = 0
    let b1 = 0
    for (let id = 0; id < size; id++) {
      const logit = distribution.logit(id)
      if (logit > last || (logit === last && id <= lastId)) {
        const weight = exp(b * (logit - max))
        a0 += weight
        a1 += weight * (max - logit)
      } else {
        const weight = exp(b * (logit - next))
        if (weight > 0) {
          b0 += weight
          b1 += weight * (max - logit)
        }
      }
    }
    const excess = log(a0) - (log(b0) + b * (next - max)) - goal
    if (excess > 0) highest = b
    else lowest = b
    let better = b - excess / (b1 / b0 - a1 / a0)
    if (!(better > lowest && better < highest)) {
      better = highest === Number.POSITIVE_INFINITY ? 2 * b : (lowest + highest) / 2
    }
    if (Math.abs(better - b) <= CLOSE * b) return 1 / better
    b = better
  }
  return 1 / b
}

const bits = new DataView(new ArrayBuffer(8))

/** Doubles above 0 in order, as whole numbers: halving these halves the count of doubles between. */
function ordinal(x: number): bigint {
  bits.setFloat64(0, x)
  return bits.getBigInt64(0)
}

/** Infinity's. */
const LAST = ordinal(Number.POSITIVE_INFINITY)

/** The double after this one. @param x 0 to Infinity; after Infinity there is none */
export function nextDouble(x: number): number {
  return x === Number.POSITIVE_INFINITY ? x : fromOrdinal(ordinal(x) + 1n)
}

function fromOrdinal(n: bigint): number {
  bits.setBigInt64(0, n)
  return bits.getFloat64(0)
}

/** Between a T that covers and one that does not: the last double that covers. */
function settle(covers: (T: number) => boolean, low: number, high: number): number {
  let a = ordinal(low)
  let b = ordinal(high)
  while (b - a > 1n) {
    const middle = (a + b) >> 1n
    if (covers(fromOrdinal(middle))) a = middle
    else b = middle
  }
  return fromOrdinal(a)
}
