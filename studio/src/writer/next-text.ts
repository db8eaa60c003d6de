/**
 * The nearest temperature at which a stretch of text, written at one temperature, is another text:
 * just outside of the interval that all its choices have in common.
 */
import type { Interval, Position, Writer } from 'ondo'
import { intersect } from 'ondo/temperature'

/** Digits after the point that a temperature may need; beyond them the next double is taken. */
const MOST_DIGITS = 12

const EVERY_T: Interval = { low: 0, high: Number.POSITIVE_INFINITY }

interface Stretch {
  readonly interval: Interval
  readonly positions: readonly Position[]
}

export function writeStretch(writer: Writer, length: number, temperature: number): Stretch {
  const positions: Position[] = []
  let interval = EVERY_T
  while (positions.length < length) {
    const position = writer.next(temperature)
    positions.push(position)
    if (position.interval) interval = intersect(interval, position.interval)
  }
  return { interval, positions }
}

/**
 * The temperature with the fewest digits that gives the very next text, none left out.
 * @param writer a fresh writer before the stretch, for every call
 * @returns undefined when the text is the same all the way
 */
export function nextTemperature(
  writer: () => Writer,
  length: number,
  temperature: number,
  direction: 'up' | 'down',
): number | undefined {
  const at = (T: number): Interval => {
    const one = writer()
    try {
      return writeStretch(one, length, T).interval
    } finally {
      one.dispose()
    }
  }
  const { low, high } = at(temperature)
  const up = direction === 'up'
  if (up ? high === Number.POSITIVE_INFINITY : low <= 0) return undefined
  for (let digits = 2; digits <= MOST_DIGITS; digits++) {
    const T = up ? above(high, digits) : below(low, digits)
    if (!(up ? T > high : T > 0 && T <= low)) continue
    const next = at(T)
    if (up ? next.low <= high : next.high >= low) return T
  }
  return up ? high * (1 + 2 ** -52) : low
}

/** The smallest number with so many digits after the point that is above x. */
function above(x: number, digits: number): number {
  const scale = 10 ** digits
  const floor = Math.floor(x * scale)
  const first = Number((floor / scale).toFixed(digits))
  return first > x ? first : Number(((floor + 1) / scale).toFixed(digits))
}

/** The largest number with so many digits after the point that is at most x. */
function below(x: number, digits: number): number {
  const scale = 10 ** digits
  const ceiling = Math.ceil(x * scale)
  const first = Number((ceiling / scale).toFixed(digits))
  return first <= x ? first : Number(((ceiling - 1) / scale).toFixed(digits))
}
