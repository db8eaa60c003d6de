/**
 * The number of updates of a run, which may change while it runs. The learning rate must reach its
 * final value at the last update, whenever that turns out to be. Each change is written into the
 * checkpoint, so a step's position on the schedule is a pure function of the changes before it.
 */

/** A change after update `step`: from then on, the run has `steps` updates in all. */
export interface PaceChange {
  readonly step: number
  readonly steps: number
}

export class Pace {
  /** Updates that were planned at first: the length of the schedule. */
  readonly plannedSteps: number
  private readonly list: PaceChange[]

  constructor(plannedSteps: number, changes: readonly PaceChange[] = []) {
    this.plannedSteps = plannedSteps
    this.list = [...changes]
  }

  get changes(): readonly PaceChange[] {
    return this.list
  }

  /** Updates in the whole run, by the latest change. */
  get steps(): number {
    return this.list.at(-1)?.steps ?? this.plannedSteps
  }

  /** @param step updates done; no step after it has been taken yet */
  change(step: number, steps: number): void {
    this.list.push({ step, steps: Math.max(step, steps) })
  }

  /** Whether this step reaches a multiple of `every` on the schedule: validations come there. */
  crosses(step: number, every: number): boolean {
    return Math.floor(this.position(step) / every) > Math.floor(this.position(step - 1) / every)
  }

  /**
   * The position of a step on the schedule of `plannedSteps` updates: the step itself while nothing
   * has changed. After a change, the rest of the schedule is spread evenly over the steps left.
   */
  position(step: number): number {
    let from = 0
    let reached = 0
    let to = this.plannedSteps
    for (const change of this.list) {
      if (change.step >= step) break
      reached += ((this.plannedSteps - reached) * (change.step - from)) / Math.max(1, to - from)
      from = change.step
      to = change.steps
    }
    if (from === 0 && to === this.plannedSteps) return step
    // Exact at the end, so that the last validation is not missed by rounding.
    if (step >= to) return this.plannedSteps
    return reached + ((this.plannedSteps - reached) * (step - from)) / Math.max(1, to - from)
  }
}
