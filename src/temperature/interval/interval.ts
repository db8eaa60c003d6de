/**
 * The interval of a choice: the temperatures at which the same coin picks the same symbol.
 *
 * C_r(T) never rises with T, so rank r is picked exactly for T in (low, high] with
 * high = sup {T : C_r(T) >= u} and low = sup {T : C_{r-1}(T) >= u}; rank 1 is also picked at T = 0.
 * This holds with temperature alone in the chain; with a truncating sampler the temperatures need
 * not be one interval. Derivation of the method: docs/intervals.md.
 */
import type { Distribution } from '../distribution.js'
import { BinnedLogits, type Root } from './approximate-root.js'
import { fromOrdinal, LAST, nextDouble, ordinal } from './doubles.js'
import { Window } from './window.js'

export interface Interval {
  /** The choice is made above this temperature (and at 0 itself, for rank 1). */
  readonly low: number
  /** The choice is made up to and including this temperature. */
  readonly high: number
}

/** Half of the last bit of a double just below 1. */
const HALF_BIT = 2 ** -53
/** More than the rounding of 65,536 additions. */
const ROUNDING = 1e-10
/** With fewer symbols than this, evaluating all of them is faster than a window. */
const FEW = 256
/** Rounding moves C by less than this many last bits between neighbouring temperatures. */
const BITS = 4
const MOST_DOUBLES = 2n ** 24n
const MOST_STEPS = 16
/** With fewer doubles than this left, narrowing the window costs more than it saves. */
const FEW_DOUBLES = 8

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
  const ends = new Ends(distribution, rank, coin, at)
  const low = rank === 1 ? 0 : ends.last(rank - 1)
  const high = ends.last(rank)
  if (at === 0 || (low < at && at <= high)) return { low, high }
  const covers = (r: number) => (T: number) => distribution.cumulative(r, T) >= coin
  return {
    low: low < at ? low : crossingBelow(covers(rank - 1), at),
    high: high >= at ? high : crossingAbove(covers(rank), at),
  }
}

/**
 * From `at`, which covers the coin, upwards: the last double before one that does not; Infinity when
 * all do.
 */
function crossingAbove(covers: (T: number) => boolean, at: number, step = 1n): number {
  let below = ordinal(at)
  for (let by = step; ; by *= 2n) {
    let above = below + by
    if (above > LAST) above = LAST
    if (!covers(fromOrdinal(above))) return bisect(covers, below, above)
    if (above === LAST) return Number.POSITIVE_INFINITY
    below = above
  }
}

/** The nearest double that covers the coin below `at`, which does not; 0 when none does. */
function crossingBelow(covers: (T: number) => boolean, at: number, step = 1n): number {
  let above = ordinal(at)
  for (let by = step; ; by *= 2n) {
    const below = above - by
    if (below <= 0n) return 0
    if (covers(fromOrdinal(below))) return bisect(covers, below, above)
    above = below
  }
}

/**
 * `intersect(bounds, intervalOf(...))`, faster: where the choice stays the same in all of `bounds`, as
 * nearly all choices of a text do, its own ends are not computed.
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

/** Whether the choice of `rank` with this interval is made at a temperature. */
export function inside(interval: Interval, rank: number, temperature: number): boolean {
  if (temperature === 0) return rank === 1
  return temperature > interval.low && temperature <= interval.high
}

/** The temperatures at which two choices stay. A text stays the same where all its intervals meet. */
export function intersect(a: Interval, b: Interval): Interval {
  return { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) }
}

/**
 * The largest T at which ranks 1..rank cover the coin, C_rank(T) >= coin: 0 when no T above 0 does,
 * Infinity when all do.
 */
export function lastTemperature(distribution: Distribution, rank: number, coin: number): number {
  return new Ends(distribution, rank, coin, 1).last(rank)
}

/** The upper ends of a rank and of the one before it, which share their binned logits. */
class Ends {
  private readonly distribution: Distribution
  private readonly rank: number
  private readonly coin: number
  private readonly near: number
  private bins: BinnedLogits | undefined

  /** @param near the temperature to begin at */
  constructor(distribution: Distribution, rank: number, coin: number, near: number) {
    this.distribution = distribution
    this.rank = rank
    this.coin = coin
    this.near = near
  }

  /** @param rank that of the constructor, or the one before it */
  last(rank: number): number {
    const { distribution, coin } = this
    // The last rank takes what rounding leaves over, so it covers every coin.
    if (rank >= distribution.allowed) return Number.POSITIVE_INFINITY
    const covers = (T: number): boolean => distribution.cumulative(rank, T) >= coin
    // At T = inf all shares are equal. Their rounding matters only where the sum is near the coin.
    const share = rank / distribution.allowed
    const doubtful = Math.abs(share - coin) < ROUNDING
    if (doubtful ? covers(Number.POSITIVE_INFINITY) : share > coin) return Number.POSITIVE_INFINITY
    this.bins ??= new BinnedLogits(distribution, this.rank)
    const root = this.bins.root(coin, rank === this.rank, this.near)
    const found = root && this.refine(root, rank)
    if (found !== undefined) return found
    if (!covers(Number.MIN_VALUE)) return 0
    return bisect(covers, 1n, LAST)
  }

  /** The last double near the root that covers the coin, before one that does not. */
  private refine(root: Root, rank: number): number | undefined {
    const { distribution, coin } = this
    // The last bits of a root depend on where the search began. Without them the result does not.
    const T = fromOrdinal((ordinal(root.temperature) >> 5n) << 5n)
    // How much T moves, relatively, when C moves by its last bit.
    const bit = HALF_BIT / root.steepness
    // Rounding V additions moves C by some dozens of last bits, by nearly the same at all T nearby. So
    // one C, with its rounding, tells where the rounded C crosses the coin, within a few last bits.
    const window = distribution.size < FEW ? undefined : new Window(distribution, rank, T)
    const value = window ? window.value : distribution.cumulative(rank, T)
    const guess = T * (1 + (value - coin) / (coin * root.steepness))
    const covers = (t: number): boolean =>
      (window ? window.cumulative(t) : distribution.cumulative(rank, t)) >= coin
    // Steps of 2^k doubles, counted from 0, so wide that C crosses the coin in only one of them.
    let step = 16n
    while (step < MOST_DOUBLES && Number(step) * HALF_BIT < BITS * bit) step *= 2n
    const atGuess = window?.open(guess, 3 * Number(step) * HALF_BIT) ?? coin
    const better = guess * (1 + (atGuess - coin) / (coin * root.steepness))
    if (!(better > 0 && better < Number.POSITIVE_INFINITY)) return undefined
    let below = (ordinal(better) / step) * step
    for (let i = 0; i < MOST_STEPS && below > 0n && below + step < LAST; i++) {
      if (!covers(fromOrdinal(below))) below -= step
      else if (covers(fromOrdinal(below + step))) below += step
      else return bisectEvenly(covers, fromOrdinal(below), Number(step), window)
    }
    return undefined
  }
}

/** The last double that covers the coin, between ordinal `low`, which does, and `high`, which does not. */
function bisect(covers: (T: number) => boolean, low: bigint, high: bigint): number {
  let a = low
  let b = high
  while (b - a > 1n) {
    const middle = (a + b) >> 1n
    if (covers(fromOrdinal(middle))) a = middle
    else b = middle
  }
  return fromOrdinal(a)
}

/**
 * `bisect` from `low` to `count` doubles after it, between two powers of two, where doubles are evenly
 * spaced.
 * @param window is narrowed on the way: the fewer temperatures, the less each costs. Narrowing costs
 *   about as much as evaluating one.
 */
function bisectEvenly(
  covers: (T: number) => boolean,
  low: number,
  count: number,
  window: Window | undefined,
): number {
  const gap = nextDouble(low) - low
  let a = 0
  let b = count
  let narrowedTo = Number.POSITIVE_INFINITY
  while (b - a > 1) {
    const middle = (a + b) >> 1
    if (window && 4 * (b - a) <= narrowedTo && b - a >= FEW_DOUBLES) {
      window.narrow(low + middle * gap, 1.01 * (b - a) * HALF_BIT)
      narrowedTo = b - a
    }
    if (covers(low + middle * gap)) a = middle
    else b = middle
  }
  return low + a * gap
}
