/** The learning rate as a pure function of where training is: nothing to save, nothing to restore. */

export const SCHEDULES = ['constant', 'step', 'cosine'] as const
export type ScheduleKind = (typeof SCHEDULES)[number]

export interface Schedule {
  readonly kind: ScheduleKind
  /** The highest rate. */
  readonly rate: number
  /** cosine: the rate at the end, as a part of `rate`. */
  readonly floor: number
  /** Steps of linear warm-up from 0, under every schedule. */
  readonly warmup: number
  /** step: multiplies the rate after each epoch past `decayAfter`. */
  readonly decay: number
  /** step: the last epoch, from 1, with the full rate. */
  readonly decayAfter: number
}

export interface Place {
  /** From 1: the step about to be taken; between two steps where the clock changed their number. */
  readonly step: number
  /** Steps of the whole run. */
  readonly steps: number
  /** From 1. */
  readonly epoch: number
}

/** The learning rate of one step. */
export function learningRate(schedule: Schedule, { step, steps, epoch }: Place): number {
  const { kind, rate, floor, warmup, decay, decayAfter } = schedule
  if (step <= warmup) return (rate * step) / (warmup + 1)
  switch (kind) {
    case 'constant':
      return rate
    case 'step':
      return rate * decay ** Math.max(0, epoch - decayAfter)
    case 'cosine': {
      const done = Math.min(1, (step - warmup - 1) / Math.max(1, steps - warmup))
      return rate * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done)))
    }
  }
}
