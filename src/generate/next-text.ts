/**
 * Finds the nearest temperature at which a text, or a part of one, changes. It lies just outside the
 * interval of temperatures that all symbols of the text have in common.
 */
import { type Interval, narrow, nextDouble } from '../temperature/index.js'
import type { SymbolRecord, Writer } from './writer.js'

/** Symbols written at one temperature, with the temperatures at which they stay the same. */
export interface Passage {
  readonly temperature: number
  /** The symbols are the same for every T in (low, high]. */
  readonly interval: Interval
  /** Whether they are also the same at T = 0, because each is the most likely one. */
  readonly zero: boolean
}

/** Minimum and maximum number of decimals of a temperature for display. */
const FEWEST_DIGITS = 2
const MOST_DIGITS = 12

/**
 * The first double above or below a temperature at which the text changes. Undefined when the text
 * stays the same up to the end of the scale.
 */
export function temperatureBeyond(
  { temperature, interval, zero }: Passage,
  direction: 'up' | 'down',
): number | undefined {
  const { low, high } = interval
  if (direction === 'up') return high === Number.POSITIVE_INFINITY ? undefined : nextDouble(high)
  // The interval is open below: at `low` itself the text is another one.
  return temperature === 0 || (zero && low === 0) ? undefined : low
}

/**
 * Writes symbols with temperature alone.
 * @returns their records, and the temperatures at which they stay the same
 */
export function writePassage(
  writer: Writer,
  length: number,
  temperature: number,
): Passage & { readonly records: readonly SymbolRecord[] } {
  const records: SymbolRecord[] = []
  let interval: Interval = { low: 0, high: Number.POSITIVE_INFINITY }
  let zero = true
  while (records.length < length) {
    const distribution = writer.peek()
    const coin = writer.coin()
    const record = writer.next(temperature)
    records.push(record)
    interval = narrow(interval, distribution, record.rank, coin, temperature)
    zero &&= record.rank === 1
  }
  return { temperature, interval, zero, records }
}

/**
 * The temperature of the next different text; no text between the two is left out. Of the
 * temperatures that give this text, it is one with the fewest decimals, and of those the nearest.
 * @param writerThere returns a new writer, with temperature alone, at the beginning of the passage
 * @param length of the passage, symbols
 * @param temperature of the passage now
 * @returns undefined when the text stays the same up to the end of the scale
 */
export function nextPassageTemperature(
  writerThere: () => Writer,
  length: number,
  temperature: number,
  direction: 'up' | 'down',
): number | undefined {
  const write = (T: number): Passage => {
    const writer = writerThere()
    try {
      return writePassage(writer, length, T)
    } finally {
      writer.dispose()
    }
  }
  const beyond = temperatureBeyond(write(temperature), direction)
  return beyond === undefined ? undefined : shortestFrom(beyond, write(beyond).interval, direction)
}

/**
 * The number in an interval with the fewest decimals, at least two. Of several, the nearest to
 * `start`.
 * @param start the end of (low, high] to start from
 */
export function shortestFrom(
  start: number,
  { low, high }: Interval,
  direction: 'up' | 'down',
): number {
  for (let digits = FEWEST_DIGITS; digits <= MOST_DIGITS; digits++) {
    const T = direction === 'up' ? roundUp(start, digits) : roundDown(start, digits)
    if (direction === 'up' ? T >= start && T <= high : T <= start && T > low) return T
  }
  return start
}

/** The smallest number of at least x with this number of decimals. */
function roundUp(x: number, digits: number): number {
  const scale = 10 ** digits
  const floor = Math.floor(x * scale)
  const first = Number((floor / scale).toFixed(digits))
  return first >= x ? first : Number(((floor + 1) / scale).toFixed(digits))
}

/** The largest number of at most x with this number of decimals. */
function roundDown(x: number, digits: number): number {
  const scale = 10 ** digits
  const ceiling = Math.ceil(x * scale)
  const first = Number((ceiling / scale).toFixed(digits))
  return first <= x ? first : Number(((ceiling - 1) / scale).toFixed(digits))
}
