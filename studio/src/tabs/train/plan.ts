/** Converts what a person asks for (a size, a number of minutes) to training settings. */
import { FORWARD_COST } from 'ondo/train'

export const SIZES = {
  small: { layers: 1, hidden: 128 },
  medium: { layers: 2, hidden: 128 },
  large: { layers: 2, hidden: 256 },
} as const
export type Size = keyof typeof SIZES

/** A model mostly memorises a text shorter than this, symbols; a small model memorises least. */
export const SHORT_TEXT = 100_000

/** Returns the default model size for a text of this many symbols. */
export function sizeFor(symbols: number): Size {
  return symbols < SHORT_TEXT ? 'small' : 'medium'
}

/** What a person asks for when a run starts. */
export interface RunRequest {
  readonly size: Size
  /** The sizes are those of a model to go on from. */
  readonly fromModel?: boolean
  /** Length of the run: either epochs or minutes is given. */
  readonly epochs?: number
  readonly minutes?: number
  /** Further training settings; they override those of the size. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** Maximum number of symbols in a validation: enough for the third digit of the loss. */
const MAX_HELD_OUT = 100_000
/** Approximate number of validations in a run; each is a point on the curve. */
const VALIDATIONS = 25
/** Maximum share of the given minutes that validation may take. */
const VALIDATION_SHARE = 0.1
/** Time between checkpoints, seconds: a closed tab loses at most this much work. */
const CHECKPOINT_SECONDS = 10

/** Returns the settings that follow from the request and the text. `request.settings` overrides them. */
export function settingsFor(request: RunRequest, symbols: number): Record<string, unknown> {
  return {
    ...(!request.fromModel && SIZES[request.size]),
    holdout: Math.min(0.1, MAX_HELD_OUT / Math.max(1, symbols)),
    ...(request.epochs !== undefined && { epochs: request.epochs }),
    ...request.settings,
  }
}

/** Returns the number of steps and the intervals of validation and checkpoints for the measured speed. */
export function pace(
  request: RunRequest,
  measured: {
    readonly secondsPerStep: number
    readonly stepsPerEpoch: number
    /** Number of validated symbols as a share of those trained on in an epoch. */
    readonly validation: number
  },
): Record<string, number> {
  const { secondsPerStep, stepsPerEpoch, validation } = measured
  /** Duration of one validation, seconds. */
  const validationSeconds = validation * stepsPerEpoch * secondsPerStep * FORWARD_COST
  let validations = VALIDATIONS
  let steps: number | undefined
  if (request.minutes !== undefined) {
    const budget = request.minutes * 60
    const affordable = Math.floor((VALIDATION_SHARE * budget) / Math.max(validationSeconds, 1e-9))
    validations = Math.min(VALIDATIONS, Math.max(1, affordable))
    const left = Math.max(budget - validations * validationSeconds, budget / 2)
    steps = Math.max(1, Math.round(left / secondsPerStep))
  }
  const whole = steps ?? (request.epochs ?? 1) * stepsPerEpoch
  return {
    ...(steps !== undefined && { steps }),
    evaluateEvery: Math.max(1, Math.round(whole / validations)),
    checkpointEvery: Math.min(1000, Math.max(1, Math.round(CHECKPOINT_SECONDS / secondsPerStep))),
  }
}
