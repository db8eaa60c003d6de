/**
 * Keeps a running training session within its time: it measures the speed and changes the number of
 * updates when the plan no longer fits the time that is left.
 */
import type { Clock } from '../clock.js'
import type { Pace, PaceChange } from './pace.js'

/** The plan stays as it is when the number of remaining updates would change by less than this share. */
const SMALLEST_CHANGE = 0.02

export interface GovernorOptions {
  readonly clock: Clock
  /** End of the budget on the clock, ms. */
  readonly deadline: number
  readonly pace: Pace
  /** Updates done. */
  readonly step: number
  /** Schedule positions from one validation to the next. */
  readonly every: number
  /** Measured before the run; 0 when nothing was measured. */
  readonly secondsPerStep: number
  /** Estimated cost of one validation, in training steps. */
  readonly validation: number
}

export class Governor {
  private readonly options: GovernorOptions
  /** Seconds per step, measured in the current window. */
  private perStep: number
  /** Cost of one validation and of what follows it, in steps: a slower machine is slower at both. */
  private validation: number
  private windowFrom: number
  private windowStep: number
  /** Seconds spent on validations in the current window. */
  private validating = 0
  private nextCheck: number

  constructor(options: GovernorOptions) {
    this.options = options
    this.perStep = options.secondsPerStep
    this.validation = options.validation
    this.windowFrom = options.clock()
    this.windowStep = options.step
    // Where no speed is known yet, the first update measures it.
    this.nextCheck = options.step + (options.secondsPerStep > 0 ? this.interval(options.step) : 1)
  }

  /** Updates until the next check: an eighth of those left, so checks become closer towards the end. */
  private interval(step: number): number {
    return Math.max(1, Math.ceil((this.options.pace.steps - step) / 8))
  }

  private measure(step: number): void {
    const passed = (this.options.clock() - this.windowFrom) / 1000 - this.validating
    if (step > this.windowStep) this.perStep = Math.max(1e-9, passed / (step - this.windowStep))
  }

  /**
   * Records that a validation after update `step` has just ended.
   * @param began on the clock, ms
   */
  validated(step: number, began: number): void {
    const seconds = (this.options.clock() - began) / 1000
    this.validating += seconds
    this.measure(step)
    this.validation = seconds / this.perStep
  }

  /**
   * Checks the clock after update `step` and changes the number of updates where that is needed.
   * @returns the change, if there was one
   */
  update(step: number): PaceChange | undefined {
    const { clock, deadline, pace, every } = this.options
    const left = (deadline - clock()) / 1000
    const late = left < this.validation * this.perStep && step < pace.steps
    if (step < this.nextCheck && !late) return undefined
    this.measure(step)
    this.windowFrom = clock()
    this.windowStep = step
    this.validating = 0
    const validations = Math.ceil((pace.plannedSteps - pace.position(step)) / every)
    const steps = left / this.perStep
    // On a machine that became slow, validations may take at most half of the time.
    const least = (steps - this.validation) / 2
    const fits = Math.max(0, Math.floor(Math.max(least, steps - this.validation * validations)))
    const planned = pace.steps - step
    const difference = Math.abs(fits - planned)
    const changes = late || (difference > 1 && difference > SMALLEST_CHANGE * planned)
    if (changes) pace.change(step, step + (late ? 0 : fits))
    this.nextCheck = step + this.interval(step)
    return changes ? pace.changes.at(-1) : undefined
  }
}
