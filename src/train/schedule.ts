/** The learning rate as a pure function of the step, so a checkpoint need not store it. */

export const SCHEDULES = ['constant', 'step', 'cosine'] as const
export type ScheduleKind = (typeof SCHEDULES)[number]

export interface Schedule {
  readonly kind: ScheduleKind
  /** The highest rate. */
  readonly rate: number
  /** cosine: the rate at the end, as a fraction of `rate`. */
  readonly finalFraction: number
  /** Number of steps in which the rate rises linearly from 0, under every schedule. */
  readonly warmup: number
  /** step: factor of the rate after each epoch beyond `decayAfter`. */
  readonly decay: number
  /** step: the last epoch, from 1, with the full rate. */
  readonly decayAfter: number
}

export interface SchedulePosition {
  /** The step about to be taken, from 1; fractional after the number of steps has changed (`Pace`). */
  readonly step: number
  /** Steps of the whole run. */
  readonly steps: number
  /** The current epoch, from 1. */
  readonly epoch: number
}

/** @returns the learning rate of one step */
export function learningRate(schedule: Schedule, { step, steps, epoch }: SchedulePosition): number {
  const { kind, rate, finalFraction, warmup, decay, decayAfter } = schedule
  if (step <= warmup) return (rate * step) / (warmup + 1)
  switch (kind) {
    case 'constant':
      return rate
    case 'step':
      return rate * decay ** Math.max(0, epoch - decayAfter)
    case 'cosine': {
      const done = Math.min(1, (step - warmup - 1) / Math.max(1, steps - warmup))
      return rate * (finalFraction + (1 - finalFraction) * 0.5 * (1 + Math.cos(Math.PI * done)))
    }
  }
}
