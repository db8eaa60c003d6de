/** The temperatures at which the text would change, from the intervals of its choices. */
import { findLongestLoop, type Loop, MIN_LOOP } from 'ondo/text'
import { CHOSEN } from '../writer/protocol.js'
import type { Records } from './records.js'

/** How many change points beyond the nearest are marked on either side. */
const MORE = 4

export interface Ends {
  /** The first symbol of the stretch that was written at one temperature. */
  readonly from: number
  readonly temperature: number
  /** The whole stretch is as it is above `low` and up to `high`. */
  readonly low: number
  readonly high: number
  /** Symbols that change first, below and above; undefined where none does. */
  readonly lowAt: number | undefined
  readonly highAt: number | undefined
  /** The temperatures at which single choices would change, nearest first, without `low` and `high`. */
  readonly lows: readonly number[]
  readonly highs: readonly number[]
}

/** The first symbol of the last stretch that was drawn (not chosen) at one temperature by one chain. */
export function stretchStart(records: Records, count: number): number {
  if (count === 0) return 0
  const { temperatures, coins, chains } = records
  const T = temperatures[count - 1]
  const chain = chains[count - 1]
  const same = (n: number): boolean =>
    temperatures[n] === T && coins[n] !== CHOSEN && chains[n] === chain
  let from = count
  while (from > 0 && same(from - 1)) from--
  return from
}

/** Inserts x into a list sorted by `before`, of which only the nearest are kept. */
function insert(list: number[], x: number, before: (a: number, b: number) => boolean): void {
  let at = list.length
  while (at > 0 && before(x, list[at - 1])) at--
  if (list[at - 1] === x) return
  list.splice(at, 0, x)
  if (list.length > MORE + 1) list.pop()
}

const descending = (a: number, b: number): boolean => a > b
const ascending = (a: number, b: number): boolean => a < b

export function endsOf(records: Records, count: number): Ends | undefined {
  const from = stretchStart(records, count)
  // With a chain, the temperatures of a choice are not one interval.
  if (from === count || records.chains[count - 1] !== 0) return undefined
  let low = 0
  let high = Number.POSITIVE_INFINITY
  let lowAt: number | undefined
  let highAt: number | undefined
  const lows: number[] = []
  const highs: number[] = []
  for (let n = from; n < count; n++) {
    const below = records.lows[n]
    const above = records.highs[n]
    if (below > low) {
      low = below
      lowAt = n
    }
    if (above < high) {
      high = above
      highAt = n
    }
    if (below > 0 && !(lows.length > MORE && below <= lows[MORE])) insert(lows, below, descending)
    if (above < Number.POSITIVE_INFINITY && !(highs.length > MORE && above >= highs[MORE]))
      insert(highs, above, ascending)
  }
  return {
    from,
    temperature: records.temperatures[count - 1],
    low,
    high,
    lowAt,
    highAt,
    lows: lows.slice(1),
    highs: highs.slice(1),
  }
}

/** How many symbols at the end of a text are searched for a loop. */
const TAIL = 3000

/** The loop in which a text ends; `leave` is the least T at which one of its choices would differ. */
export function loopOf(records: Records): (Loop & { leave: number }) | undefined {
  const from = Math.max(0, records.count - TAIL)
  const loop = findLongestLoop(records.ids.subarray(from, records.count))
  if (!loop || loop.length < MIN_LOOP) return undefined
  let leave = Number.POSITIVE_INFINITY
  // A loop that fills the searched part may have begun before it.
  let start = from + loop.start
  while (start > 0 && records.ids[start - 1] === records.ids[start - 1 + loop.period]) start--
  // A chosen symbol has no interval.
  for (let n = start; n < records.count; n++) {
    if (records.highs[n] < leave) leave = records.highs[n]
  }
  const length = records.count - start
  return { ...loop, start, length, count: Math.floor(length / loop.period), leave }
}
