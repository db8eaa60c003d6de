/** Maps a unit's value to one of nine tones: blue below the middle, orange above, none in it. */
import type { Quantity } from './protocol.js'

/** Tones on either side of the middle. */
export const TONES = 4

export interface Scale {
  readonly low: number
  readonly middle: number
  readonly high: number
}

/** The scale of a quantity: gates 0 to 1, h and candidates -1 to 1; without bounds, the values' own range. */
export function scaleOf(quantity: Quantity, values: ArrayLike<number>): Scale {
  if ('ifo rz'.includes(quantity)) return { low: 0, middle: 0.5, high: 1 }
  let most = 1
  for (let n = 0; n < values.length; n++) most = Math.max(most, Math.abs(values[n]))
  return { low: -most, middle: 0, high: most }
}

/** The tone of a value, from -TONES to TONES. */
export function toneOf(value: number, { middle, high }: Scale): number {
  const share = (value - middle) / (high - middle)
  return Math.round(Math.max(-1, Math.min(1, share)) * TONES) || 0
}

/** The class that gives a symbol its tone. */
export const toneClass = (tone: number): string =>
  tone === 0 ? '' : tone < 0 ? `unit-below-${-tone}` : `unit-above-${tone}`
