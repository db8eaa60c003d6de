/**
 * One history for all that was done: choices, branches, beginnings, temperatures. An entry is the
 * state of the editor; what was written in that state is kept in it when it is left, so that redo leads
 * back to the very end.
 */
import type { Control, SamplingState } from './sampling.svelte.js'
import type { Place } from './text-tree.js'

export interface EditorState extends SamplingState {
  readonly place: Place
}

/** A history as it is kept. */
export interface Past {
  readonly moments: readonly EditorState[]
  readonly at: number
}

/** So many things done are kept over a reload. */
const KEPT = 300

/** Moves of one control that follow each other so closely are one, ms. */
const ONE_MOVE = 1000

export class History {
  private readonly moments: EditorState[] = []
  private at = -1
  private lastMove = Number.NEGATIVE_INFINITY
  private moving: Control | undefined

  static of({ moments, at }: Past): History {
    const history = new History()
    history.moments.push(...moments)
    history.at = at
    return history
  }

  /** The last things done, and those undone, to be kept. */
  get past(): Past {
    const first = Math.max(0, this.at - KEPT)
    return { moments: this.moments.slice(first, this.at + KEPT), at: this.at - first }
  }

  get canUndo(): boolean {
    return this.at > 0
  }

  get canRedo(): boolean {
    return this.at < this.moments.length - 1
  }

  /** Something was done. @param before the state until now */
  did(before: EditorState, after: EditorState): void {
    if (this.at >= 0) this.moments[this.at] = before
    else this.moments[++this.at] = before
    this.moments.length = this.at + 1
    this.moments.push(after)
    this.at++
    this.lastMove = Number.NEGATIVE_INFINITY
  }

  /** A control was moved; a drag is one entry. @param now ms */
  moved(
    before: EditorState,
    after: EditorState,
    now: number,
    control: Control = 'temperature',
  ): void {
    const goesOn = now - this.lastMove < ONE_MOVE && this.moving === control && this.at >= 0
    if (goesOn) this.moments[this.at] = after
    else this.did(before, after)
    this.lastMove = now
    this.moving = control
  }

  /** @param now the present state @returns the state before the last thing done */
  undo(now: EditorState): EditorState | undefined {
    if (!this.canUndo) return undefined
    this.moments[this.at] = now
    this.lastMove = Number.NEGATIVE_INFINITY
    return this.moments[--this.at]
  }

  redo(now: EditorState): EditorState | undefined {
    if (!this.canRedo) return undefined
    this.moments[this.at] = now
    this.lastMove = Number.NEGATIVE_INFINITY
    return this.moments[++this.at]
  }
}
