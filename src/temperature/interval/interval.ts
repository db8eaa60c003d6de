/**
 * The interval of a choice: at which temperatures the same coin picks the same symbol.
 *
 * C_r(T) never rises with T, so rank r is picked exactly for T in (low, high] with
 * high = sup {T : C_r(T) >= u} and low = sup {T : C_{r-1}(T) >= u}; rank 1 is also picked at T = 0.
 * Only with temperature alone in the chain: a truncating sampler makes the set something else.
 */
import type { Distribution } from '../distribution.js'
import { fromOrdinal, LAST, nextDouble, ordinal } from './doubles.js'
import { Halves, type Root } from './root.js'
import { Window } from './window.js'

export interface Interval {
  /** The choice is made above this temperature (and at 0 itself, for rank 1). */
  readonly low: number
  /** The choice is made up to and including this temperature. */
  readonly high: number
}

/** Half of a double's last bit, for what is just below 1. */
const HALF_BIT = 2 ** -53
/** More than the rounding of 65,536 sums. */
const ROUNDING = 1e-10
/** Of fewer symbols all are sooner asked than sorted out. */
const FEW = 256
/** Between neighbouring temperatures rounding moves C by fewer of its last bits. */
const BITS = 4
const MOST_DOUBLES = 2n ** 24n
const MOST_STEPS = 16
/** A bracket of fewer is not worth a narrower window. */
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

/** The last double from `at` upwards, which covers, before one that does not. */
function crossingAbove(covers: (T: number) => boolean, at: number, step = 1n): number {
  let below = ordinal(at)
  for (let by = step; ; by *= 2n) {
    let above = below + by
    if (above > LAST) above = LAST
    if (!covers(fromOrdinal(above))) return settle(covers, below, above)
    if (above === LAST) return Number.POSITIVE_INFINITY
    below = above
  }
}

/** The nearest double below `at`, which does not cover, that does; 0 when none does. */
function crossingBelow(covers: (T: number) => boolean, at: number, step = 1n): number {
  let above = ordinal(at)
  for (let by = step; ; by *= 2n) {
    const below = above - by
    if (below <= 0n) return 0
    if (covers(fromOrdinal(below))) return settle(covers, below, above)
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
  return new Ends(distribution, rank, coin, 1).last(rank)
}

/** The ends of a rank and of the one before it, which look at the same symbols. */
class Ends {
  private readonly distribution: Distribution
  private readonly rank: number
  private readonly coin: number
  private readonly near: number
  private halves: Halves | undefined

  /** @param near a temperature to begin at */
  constructor(distribution: Distribution, rank: number, coin: number, near: number) {
    this.distribution = distribution
    this.rank = rank
    this.coin = coin
    this.near = near
  }

  /** @param rank this one, or the one before it */
  last(rank: number): number {
    const { distribution, coin } = this
    // The last rank takes what rounding leaves over, so it covers every coin.
    if (rank >= distribution.allowed) return Number.POSITIVE_INFINITY
    const covers = (T: number): boolean => distribution.cumulative(rank, T) >= coin
    // Of `rank` equal shares; only where that is near the coin does their rounding matter.
    const share = rank / distribution.allowed
    const doubtful = Math.abs(share - coin) < ROUNDING
    if (doubtful ? covers(Number.POSITIVE_INFINITY) : share > coin) return Number.POSITIVE_INFINITY
    this.halves ??= new Halves(distribution, this.rank)
    const root = this.halves.root(coin, rank === this.rank, this.near)
    const found = root && this.around(root, rank)
    if (found !== undefined) return found
    if (!covers(Number.MIN_VALUE)) return 0
    return settle(covers, 1n, LAST)
  }

  /** The last double near the root that covers, before one that does not. */
  private around(root: Root, rank: number): number | undefined {
    const { distribution, coin } = this
    // The last bits of a root depend on the way to it; all who look for it shall begin alike.
    const T = fromOrdinal((ordinal(root.temperature) >> 5n) << 5n)
    // By how much T moves when C moves by its last bit.
    const bit = HALF_BIT / root.steepness
    // Rounding V sums puts C off by some dozens of such bits. Nearby it is off by nearly as much, so
    // that one C, as it is rounded, tells where it crosses the coin but for a few.
    const window = distribution.size < FEW ? undefined : new Window(distribution, rank, T)
    const value = window ? window.value : distribution.cumulative(rank, T)
    const guess = T * (1 + (value - coin) / (coin * root.steepness))
    const covers = (t: number): boolean =>
      (window ? window.cumulative(t) : distribution.cumulative(rank, t)) >= coin
    // Steps of a power of two of doubles, counted from 0, so wide that C crosses the coin in one only.
    let step = 16n
    while (step < MOST_DOUBLES && Number(step) * HALF_BIT < BITS * bit) step *= 2n
    const there = window?.open(guess, 3 * Number(step) * HALF_BIT) ?? coin
    const better = guess * (1 + (there - coin) / (coin * root.steepness))
    if (!(better > 0 && better < Number.POSITIVE_INFINITY)) return undefined
    let below = (ordinal(better) / step) * step
    for (let i = 0; i < MOST_STEPS && below > 0n && below + step < LAST; i++) {
      if (!covers(fromOrdinal(below))) below -= step
      else if (covers(fromOrdinal(below + step))) below += step
      else return settleEvenly(covers, fromOrdinal(below), Number(step), window)
    }
    return undefined
  }
}

/** Between a T that covers and one that does not: the last double that covers. */
function settle(covers: (T: number) => boolean, low: bigint, high: bigint): number {
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
 * The same from `low` to `count` doubles after it, between two powers of two, where doubles lie evenly.
 * @param window is narrowed along the way: what it costs falls with the bracket, and to narrow it costs
 *   about as much as to ask it
 */
function settleEvenly(
  covers: (T: number) => boolean,
  low: number,
  count: number,
  window: Window | undefined,
): number {
  const gap = nextDouble(low) - low
  let a = 0
  let b = count
  let told = Number.POSITIVE_INFINITY
  while (b - a > 1) {
    const middle = (a + b) >> 1
    if (window && 4 * (b - a) <= told && b - a >= FEW_DOUBLES) {
      window.close(low + middle * gap, 1.01 * (b - a) * HALF_BIT)
      told = b - a
    }
    if (covers(low + middle * gap)) a = middle
    else b = middle
  }
  return low + a * gap
}
