/**
 * The nearest temperature at which a text, or the end of one, comes out differently: just outside of
 * the interval that all its choices have in common.
 */
import { type Interval, narrow, nextDouble } from '../temperature/index.js'
import type { SymbolRecord, Writer } from './writer.js'

/** Symbols that were written at one temperature, and where they stay the same. */
export interface Passage {
  readonly temperature: number
  /** The same symbols for every T in (low, high]. */
  readonly interval: Interval
  /** The same symbols at T = 0 too: each is the most likely one. */
  readonly zero: boolean
}

/** Fewest and most digits after the point of a temperature that people read. */
const FEWEST_DIGITS = 2
const MOST_DIGITS = 12

/**
 * The first double above or below a temperature at which the text is another; no double between
 * gives a third text. Undefined where the text stays as it is to the end of the scale.
 */
export function temperatureBeyond(
  { temperature, interval, zero }: Passage,
  direction: 'up' | 'down',
): number | undefined {
  const { low, high } = interval
  if (direction === 'up') return high === Number.POSITIVE_INFINITY ? undefined : nextDouble(high)
  // The lower end itself belongs to the text below.
  return temperature === 0 || (zero && low === 0) ? undefined : low
}

/** Writes symbols with temperature alone. @returns them, and where they stay the same */
export function writePassage(
  writer: Writer,
  length: number,
  temperature: number,
): Passage & { readonly positions: readonly SymbolRecord[] } {
  const positions: SymbolRecord[] = []
  let interval: Interval = { low: 0, high: Number.POSITIVE_INFINITY }
  let zero = true
  while (positions.length < length) {
    const distribution = writer.peek()
    const coin = writer.coin()
    const position = writer.next(temperature)
    positions.push(position)
    interval = narrow(interval, distribution, position.rank, coin, temperature)
    zero &&= position.rank === 1
  }
  return { temperature, interval, zero, positions }
}

/**
 * The temperature at which the very next different text is written, none left out; of all that give
 * that text the one with the fewest digits, and of those the nearest.
 * @param writerThere gives a new writer, with temperature alone, that stands before the stretch
 * @param length of the stretch, symbols
 * @param temperature at which the stretch is written now
 * @returns undefined when the text is the same to the end of the scale
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
 * The number with the fewest digits after the point, at least two, that lies in an interval; of
 * several the nearest to `start`.
 * @param start in (low, high], where the interval is entered
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

/** The smallest number with so many digits after the point that is at least x. */
function roundUp(x: number, digits: number): number {
  const scale = 10 ** digits
  const floor = Math.floor(x * scale)
  const first = Number((floor / scale).toFixed(digits))
  return first >= x ? first : Number(((floor + 1) / scale).toFixed(digits))
}

/** The largest number with so many digits after the point that is at most x. */
function roundDown(x: number, digits: number): number {
  const scale = 10 ** digits
  const ceiling = Math.ceil(x * scale)
  const first = Number((ceiling / scale).toFixed(digits))
  return first <= x ? first : Number(((ceiling - 1) / scale).toFixed(digits))
}
