/** The temperature along the text as a line, one column for several symbols. */

import { fractionOf } from '../../shared/temperature-scale.js'
import type { Records } from './records.js'

/** The strip is at least this many symbols wide, so that the line of a short text does not jump. */
const SHORTEST = 200

/**
 * SVG path of the line in a box of `width` x `height`, T = 0 at the bottom.
 * @param length symbols of the whole width; left out, those there are, or some more
 * @param columns at most this many; a column shows the temperature of its last symbol
 */
export function stripPath(
  records: Records,
  width: number,
  height: number,
  columns: number,
  length = 0,
): string {
  const { count, temperatures } = records
  if (count === 0) return ''
  const span = Math.max(length || SHORTEST, count)
  const round = (x: number): number => Math.round(x * 100) / 100
  const y = (T: number): number => round(height * (1 - fractionOf(T)))
  const stride = Math.max(1, Math.ceil(count / columns))
  let last = y(temperatures[0])
  let path = `M0 ${last}`
  for (let n = 0; n < count; n += stride) {
    const now = y(temperatures[Math.min(count, n + stride) - 1])
    if (now === last) continue
    path += `H${round((n / span) * width)}V${now}`
    last = now
  }
  return `${path}H${round((count / span) * width)}`
}

/** Lowest and highest temperature of the text. */
export function temperatureRange(records: Records): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY
  let high = 0
  for (let n = 0; n < records.count; n++) {
    low = Math.min(low, records.temperatures[n])
    high = Math.max(high, records.temperatures[n])
  }
  return [low, high]
}
