/**
 * One history for all that was done: choices, branches, beginnings, temperatures. An entry is how
 * the desk stood; what was written while it stood is kept in it when it is left, so that redo leads
 * back to the very end.
 */
import type { Place } from './draft.js'

export interface Moment {
  readonly place: Place
  readonly temperature: number
  /** As written, while one steers. */
  readonly schedule: string | undefined
}

/** Moves of the temperature that follow each other so closely are one, ms. */
const ONE_MOVE = 1000

export class History {
  private readonly moments: Moment[] = []
  private at = -1
  private lastTemperature = Number.NEGATIVE_INFINITY

  get canUndo(): boolean {
    return this.at > 0
  }

  get canRedo(): boolean {
    return this.at < this.moments.length - 1
  }

  /** Something was done. @param before how the desk stood until now */
  did(before: Moment, after: Moment): void {
    if (this.at >= 0) this.moments[this.at] = before
    else this.moments[++this.at] = before
    this.moments.length = this.at + 1
    this.moments.push(after)
    this.at++
    this.lastTemperature = Number.NEGATIVE_INFINITY
  }

  /** The temperature was moved; a drag is one entry. @param now ms */
  moved(before: Moment, after: Moment, now: number): void {
    const goesOn = now - this.lastTemperature < ONE_MOVE && this.at >= 0
    if (goesOn) this.moments[this.at] = after
    else this.did(before, after)
    this.lastTemperature = now
  }

  /** @param now how the desk stands @returns how it stood before the last thing done */
  undo(now: Moment): Moment | undefined {
    if (!this.canUndo) return undefined
    this.moments[this.at] = now
    this.lastTemperature = Number.NEGATIVE_INFINITY
    return this.moments[--this.at]
  }

  redo(now: Moment): Moment | undefined {
    if (!this.canRedo) return undefined
    this.moments[this.at] = now
    this.lastTemperature = Number.NEGATIVE_INFINITY
    return this.moments[++this.at]
  }
}
