/** From what a person asks for (a size, so many minutes) to settings of training. */
import { FORWARD_COST } from 'ondo/train'

export const SIZES = {
  small: { layers: 1, hidden: 128 },
  medium: { layers: 2, hidden: 128 },
  large: { layers: 2, hidden: 256 },
} as const
export type Size = keyof typeof SIZES

/** Below this a text is mostly learned by heart, symbols; a small model does so least. */
export const SHORT = 100_000

/** What a text of so many symbols is trained with, where nobody says. */
export function sizeFor(symbols: number): Size {
  return symbols < SHORT ? 'small' : 'medium'
}

export interface Wish {
  readonly size: Size
  /** One of the two. */
  readonly epochs?: number
  readonly minutes?: number
  /** Any of training's own settings, over what the size says. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** Scored at each validation: enough for the third digit of the loss. */
const HELD_OUT = 100_000
/** Validations in a run, about; a point on the curve each. */
const VALIDATIONS = 25
/** Share of a budget of minutes that may go into validation. */
const LOOKING = 0.1
/** Work that a closed tab may lose, seconds. */
const KEEP_EVERY = 10

/** Settings that the wish and the text decide; what a wish says itself stands above them. */
export function settingsFor(wish: Wish, symbols: number): Record<string, unknown> {
  return {
    ...SIZES[wish.size],
    holdout: Math.min(0.1, HELD_OUT / Math.max(1, symbols)),
    ...(wish.epochs !== undefined && { epochs: wish.epochs }),
    ...wish.settings,
  }
}

/** How a run is spread over time, from the measured speed. */
export function pace(
  wish: Wish,
  measured: {
    readonly secondsPerStep: number
    readonly stepsPerEpoch: number
    /** Symbols validated, as a share of those trained on in an epoch. */
    readonly validation: number
  },
): Record<string, number> {
  const { secondsPerStep, stepsPerEpoch, validation } = measured
  /** Seconds of one validation. */
  const looking = validation * stepsPerEpoch * secondsPerStep * FORWARD_COST
  let validations = VALIDATIONS
  let steps: number | undefined
  if (wish.minutes !== undefined) {
    const budget = wish.minutes * 60
    const affordable = Math.floor((LOOKING * budget) / Math.max(looking, 1e-9))
    validations = Math.min(VALIDATIONS, Math.max(1, affordable))
    const left = Math.max(budget - validations * looking, budget / 2)
    steps = Math.max(1, Math.round(left / secondsPerStep))
  }
  const whole = steps ?? (wish.epochs ?? 1) * stepsPerEpoch
  return {
    ...(steps !== undefined && { steps }),
    evaluateEvery: Math.max(1, Math.round(whole / validations)),
    checkpointEvery: Math.min(1000, Math.max(1, Math.round(KEEP_EVERY / secondsPerStep))),
  }
}
