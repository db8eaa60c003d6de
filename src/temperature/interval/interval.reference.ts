/**
 * The plain twin of interval.ts: the largest T at which C_r(T), summed over all V symbols, covers the
 * coin, by bisecting all doubles. window.test.ts compares the two.
 */
import type { Distribution } from '../distribution.js'
import { fromOrdinal, LAST, ordinal } from './doubles.js'

export function lastTemperature(distribution: Distribution, rank: number, coin: number): number {
  const covers = (T: number): boolean => distribution.cumulative(rank, T) >= coin
  if (rank >= distribution.allowed || covers(Number.POSITIVE_INFINITY)) {
    return Number.POSITIVE_INFINITY
  }
  if (!covers(Number.MIN_VALUE)) return 0
  let low = ordinal(Number.MIN_VALUE)
  let high = LAST
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (covers(fromOrdinal(middle))) low = middle
    else high = middle
  }
  return fromOrdinal(low)
}
