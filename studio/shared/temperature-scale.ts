/**
 * The scale of the slider. A temperature divides the logits, so the slider is logarithmic: one hundred
 * positions per decade from 0.05 to 10. Beyond a gap at each end are the two limits, 0 and infinity, as
 * exact stops. (A linear slider would use 2 % of its length for all temperatures below 0.2.)
 */
import { HEAT_TEMPERATURES } from 'ondo/temperature'

const PER_DECADE = 100
const GAP = 16
export const LOWEST = 0.05
export const HIGHEST = 10
/** Largest finite temperature that the number box accepts. */
export const BOX_LIMIT = 100

/** Position of T = 1. */
export const ONE = GAP + 130
const END = ONE + PER_DECADE
/** Position of infinity. The temperature 0 has position 0. */
export const LAST = END + GAP
/** Distance from the position of 1 within which dragging selects exactly 1. */
const DETENT = 2.5

/** Temperatures marked on the scale; PageUp and PageDown move between them. */
export const TICKS = [0, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, Number.POSITIVE_INFINITY] as const

const toHundredth = (x: number): number => Math.round(x * 100) / 100

/** Returns the temperature of a slider position, rounded to the two decimals that are shown. */
export function temperatureAt(position: number): number {
  if (position <= GAP / 2) return 0
  if (position >= END + GAP / 2) return Number.POSITIVE_INFINITY
  if (Math.abs(position - ONE) <= DETENT) return 1
  const T = 10 ** ((position - ONE) / PER_DECADE)
  return Math.min(HIGHEST, Math.max(LOWEST, toHundredth(T)))
}

/** Returns the slider position of any temperature; in the gaps it lies between the two ends. */
export function positionOf(T: number): number {
  if (T === Number.POSITIVE_INFINITY) return LAST
  if (T < LOWEST) return (GAP * T) / LOWEST
  const position = ONE + PER_DECADE * Math.log10(T)
  if (T <= HIGHEST) return Math.max(GAP, position)
  return END + 0.9 * GAP * Math.min(1, Math.log10(T / HIGHEST))
}

/** Position of a temperature as a fraction of the slider, 0 to 1. */
export const fractionOf = (T: number): number => positionOf(T) / LAST

/** Step sizes, each with the highest temperature to which it applies. */
type StepSizes = readonly (readonly [upTo: number, step: number])[]

/** Steps of the arrow keys: the smallest ones that are visible. */
const FINE: StepSizes = [
  [2, 0.01],
  [5, 0.05],
  [HIGHEST, 0.1],
]
/** Steps of the buttons - and +, and of the keys [ and ]. */
const NUDGE: StepSizes = [
  [1, 0.05],
  [2, 0.1],
  [5, 0.5],
  [HIGHEST, 1],
]

function move(T: number, direction: 1 | -1, stepSizes: StepSizes): number {
  if (direction > 0) {
    if (T < LOWEST) return LOWEST
    if (T >= HIGHEST) return Number.POSITIVE_INFINITY
  } else {
    if (T > HIGHEST) return HIGHEST
    if (T <= LOWEST) return 0
  }
  // At a border between two step sizes, the side of the movement decides.
  const step = stepSizes.find(([upTo]) => (direction > 0 ? T < upTo : T <= upTo))![1]
  // Moves to the next multiple of the step; the tolerance handles 0.3 / 0.1 = 2.9999999999999996.
  const steps = T / step
  const tolerance = 1e-9
  const next = direction > 0 ? Math.floor(steps + tolerance) + 1 : Math.ceil(steps - tolerance) - 1
  return Math.min(HIGHEST, Math.max(LOWEST, toHundredth(next * step)))
}

export const fine = (T: number, direction: 1 | -1): number => move(T, direction, FINE)
export const nudge = (T: number, direction: 1 | -1): number => move(T, direction, NUDGE)

export function tick(T: number, direction: 1 | -1): number {
  const found =
    direction > 0 ? TICKS.find(each => each > T) : TICKS.findLast((each: number) => each < T)
  return found ?? T
}

/** Reads a typed temperature (`0.8`, `0,8`, `８`, `∞`, `inf`); undefined when the text is none. */
export function readTemperature(text: string): number | undefined {
  const plain = text.normalize('NFKC').trim().toLowerCase().replace(',', '.')
  if (['inf', '+inf', 'infinity', '∞'].includes(plain)) return Number.POSITIVE_INFINITY
  if (!/^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/.test(plain)) return undefined
  const T = Number(plain)
  return T <= BOX_LIMIT ? T : undefined
}

/** The colours are --heat-0 .. --heat-5 in styles/paper.css; colours between two of them are mixed. */
const HEAT = HEAT_TEMPERATURES.map(fractionOf)
export const HEAT_STOPS: readonly number[] = HEAT

/** Returns the colour of a temperature as a CSS value. */
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
