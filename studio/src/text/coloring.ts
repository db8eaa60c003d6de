/**
 * Colourings of the text. Each has a few steps, weak to strong; a step is a shade and a line at a height
 * of its own, so that it can be read without colour. The shades are a sequential scale that grows darker
 * in the light theme and lighter in the dark one (as cividis does), readable by the colour-blind.
 */
import type { Tint } from '../settings/settings.svelte.js'
import type { Records } from './records.js'

/** Lower bounds of the steps above 0. */
export const STEPS = {
  /** bits */
  surprise: [1, 3, 5, 8],
  /** 1 - p at the temperature of the draw: improbable symbols are strong. */
  probability: [0.5, 0.75, 0.9, 0.97],
  rank: [2, 3, 6, 21],
  temperature: [0.3, 0.6, 1, 1.5, 2.5],
} as const satisfies Record<Exclude<Tint, 'none'>, readonly number[]>

function step(value: number, bounds: readonly number[]): number {
  let at = 0
  while (at < bounds.length && value >= bounds[at]) at++
  return at
}

/** The class of symbol n, or '' for no colour. */
export function tintOf(tint: Tint, records: Records, n: number): string {
  // A line break has no glyph to shade.
  if (tint === 'none' || records.text[records.start(n)] === '\n') return ''
  const values = {
    surprise: records.surprisals[n],
    probability: 1 - records.tempered[n],
    rank: records.ranks[n],
    temperature: records.temperatures[n],
  }
  const at = step(values[tint], STEPS[tint])
  if (tint === 'temperature') return `heat-${at}`
  return at === 0 ? '' : `shade-${at}`
}
