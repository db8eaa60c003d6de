/**
 * How many updates a run has, where that may change on the way. The learning rate must come down to
 * its floor at the end, whenever that turns out to be; so each change (a turn) is written into the
 * checkpoint, and a step's place on the schedule is a pure function of the turns before it.
 */

/** After update `step` the run was given `steps` in all. */
export interface Turn {
  readonly step: number
  readonly steps: number
}

export class Pace {
  /** Updates that the run was given at first: the length of its schedule. */
  readonly first: number
  private readonly list: Turn[]

  constructor(first: number, turns: readonly Turn[] = []) {
    this.first = first
    this.list = [...turns]
  }

  get turns(): readonly Turn[] {
    return this.list
  }

  /** Updates in the whole run, as things stand. */
  get steps(): number {
    return this.list.at(-1)?.steps ?? this.first
  }

  /** @param step updates done; no step after it has been taken yet */
  turn(step: number, steps: number): void {
    this.list.push({ step, steps: Math.max(step, steps) })
  }

  /** Whether something that comes every so many places of the schedule comes after this step. */
  passes(step: number, every: number): boolean {
    return Math.floor(this.place(step) / every) > Math.floor(this.place(step - 1) / every)
  }

  /**
   * Where a step stands on the schedule of `first` updates: the step itself while nothing turned, and
   * from a turn on in even strides to the end.
   */
  place(step: number): number {
    let from = 0
    let reached = 0
    let to = this.first
    for (const turn of this.list) {
      if (turn.step >= step) break
      reached += ((this.first - reached) * (turn.step - from)) / Math.max(1, to - from)
      from = turn.step
      to = turn.steps
    }
    if (from === 0 && to === this.first) return step
    // Exactly, so that what is due at the end is due.
    if (step >= to) return this.first
    return reached + ((this.first - reached) * (step - from)) / Math.max(1, to - from)
  }
}
