/**
 * The slider's scale. A temperature is a ratio, so the slider is logarithmic: one hundred positions
 * a decade from 0.05 to 10, and beyond a gap at either end the two limits, 0 and infinity, as exact
 * stops. (A linear slider over the same range leaves 2 % of its length to everything below 0.2.)
 */
import { HEAT_TEMPERATURES } from 'ondo/temperature'

const PER_DECADE = 100
const GAP = 16
export const LOWEST = 0.05
export const HIGHEST = 10
/** What the number box takes at most, infinity aside. */
export const BOX_LIMIT = 100

/** Position of T = 1. */
export const ONE = GAP + 130
const END = ONE + PER_DECADE
/** Position of infinity; 0 is at 0. */
export const LAST = END + GAP
/** Positions to either side of 1 that count as 1 while dragging. */
const DETENT = 2.5

/** Marked on the scale, and the stops of PageUp and PageDown. */
export const TICKS = [0, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, Number.POSITIVE_INFINITY] as const

const toHundredth = (x: number): number => Math.round(x * 100) / 100

/** The temperature of a slider position. What is shown with two decimals is what is used. */
export function temperatureAt(position: number): number {
  if (position <= GAP / 2) return 0
  if (position >= END + GAP / 2) return Number.POSITIVE_INFINITY
  if (Math.abs(position - ONE) <= DETENT) return 1
  const T = 10 ** ((position - ONE) / PER_DECADE)
  return Math.min(HIGHEST, Math.max(LOWEST, toHundredth(T)))
}

/** The slider position of any temperature; those between the stops stand between them. */
export function positionOf(T: number): number {
  if (T === Number.POSITIVE_INFINITY) return LAST
  if (T < LOWEST) return (GAP * T) / LOWEST
  const position = ONE + PER_DECADE * Math.log10(T)
  if (T <= HIGHEST) return Math.max(GAP, position)
  return END + 0.9 * GAP * Math.min(1, Math.log10(T / HIGHEST))
}

/** 0 to 1 along the slider. */
export const fractionOf = (T: number): number => positionOf(T) / LAST

/** Steps that apply up to and including a temperature. */
type Grain = readonly (readonly [upTo: number, step: number])[]

/** Arrow keys: the smallest step that one can see. */
const FINE: Grain = [
  [2, 0.01],
  [5, 0.05],
  [HIGHEST, 0.1],
]
/** The buttons - and +, and [ and ]. */
const NUDGE: Grain = [
  [1, 0.05],
  [2, 0.1],
  [5, 0.5],
  [HIGHEST, 1],
]

function move(T: number, direction: 1 | -1, grain: Grain): number {
  if (direction > 0) {
    if (T < LOWEST) return LOWEST
    if (T >= HIGHEST) return Number.POSITIVE_INFINITY
  } else {
    if (T > HIGHEST) return HIGHEST
    if (T <= LOWEST) return 0
  }
  // At a border the step is that of the side one moves to.
  const step = grain.find(([upTo]) => (direction > 0 ? T < upTo : T <= upTo))![1]
  // To the next multiple of the step; the hair keeps 0.3 / 0.1 = 2.9999999999999996 from counting.
  const steps = T / step
  const hair = 1e-9
  const next = direction > 0 ? Math.floor(steps + hair) + 1 : Math.ceil(steps - hair) - 1
  return Math.min(HIGHEST, Math.max(LOWEST, toHundredth(next * step)))
}

export const fine = (T: number, direction: 1 | -1): number => move(T, direction, FINE)
export const nudge = (T: number, direction: 1 | -1): number => move(T, direction, NUDGE)

export function tick(T: number, direction: 1 | -1): number {
  const found =
    direction > 0 ? TICKS.find(each => each > T) : TICKS.findLast((each: number) => each < T)
  return found ?? T
}

/** A temperature as people write it: `0.8`, `0,8`, `８`, `∞`, `inf`; undefined when it is none. */
export function readTemperature(text: string): number | undefined {
  const plain = text.normalize('NFKC').trim().toLowerCase().replace(',', '.')
  if (['inf', '+inf', 'infinity', '∞'].includes(plain)) return Number.POSITIVE_INFINITY
  if (!/^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/.test(plain)) return undefined
  const T = Number(plain)
  return T <= BOX_LIMIT ? T : undefined
}

/** Colours stand in styles/paper.css as --heat-0 .. --heat-5; between two of them the colour is mixed. */
const HEAT = HEAT_TEMPERATURES.map(fractionOf)
export const HEAT_STOPS: readonly number[] = HEAT

/** The colour of a temperature, as CSS. */
export function heatOf(T: number): string {
  const at = fractionOf(T)
  const right = Math.max(
    1,
    HEAT.findIndex(stop => stop >= at),
  )
  const share = (at - HEAT[right - 1]) / (HEAT[right] - HEAT[right - 1])
  const percent = Math.round(share * 1000) / 10
  return `color-mix(in oklab, var(--heat-${right - 1}), var(--heat-${right}) ${percent}%)`
}
