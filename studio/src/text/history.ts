/**
 * One undo history for choices, branches, new texts and temperatures. An entry is a state of the editor;
 * when it is left, the entry takes in what was written since, so that redo leads back to the end.
 */
import type { Control, SamplingState } from './sampling.svelte.js'
import type { TreePosition } from './text-tree.js'

export interface EditorState extends SamplingState {
  readonly place: TreePosition
}

/** A history as it is stored, with the names of its row (text-rows.ts). */
export interface StoredHistory {
  readonly moments: readonly EditorState[]
  readonly at: number
}

/** How many entries before and after the present one are stored. */
const KEPT = 300

/** Moves of one control within this time of each other are one entry, ms. */
const ONE_MOVE = 1000

export class History {
  private readonly states: EditorState[] = []
  private at = -1
  private lastMove = Number.NEGATIVE_INFINITY
  private moving: Control | undefined

  static of({ moments, at }: StoredHistory): History {
    const history = new History()
    history.states.push(...moments)
    history.at = at
    return history
  }

  /** The entries around the present one, to be stored. */
  get stored(): StoredHistory {
    const first = Math.max(0, this.at - KEPT)
    return { moments: this.states.slice(first, this.at + KEPT), at: this.at - first }
  }

  get canUndo(): boolean {
    return this.at > 0
  }

  get canRedo(): boolean {
    return this.at < this.states.length - 1
  }

  /** Adds an entry. @param before the state until now */
  add(before: EditorState, after: EditorState): void {
    if (this.at >= 0) this.states[this.at] = before
    else this.states[++this.at] = before
    this.states.length = this.at + 1
    this.states.push(after)
    this.at++
    this.lastMove = Number.NEGATIVE_INFINITY
  }

  /** Adds a move of a control; a drag is one entry. @param now ms */
  addMove(
    before: EditorState,
    after: EditorState,
    now: number,
    control: Control = 'temperature',
  ): void {
    const goesOn = now - this.lastMove < ONE_MOVE && this.moving === control && this.at >= 0
    if (goesOn) this.states[this.at] = after
    else this.add(before, after)
    this.lastMove = now
    this.moving = control
  }

  /** @param now the present state @returns the state before the last entry */
  undo(now: EditorState): EditorState | undefined {
    if (!this.canUndo) return undefined
    this.states[this.at] = now
    this.lastMove = Number.NEGATIVE_INFINITY
    return this.states[--this.at]
  }

  redo(now: EditorState): EditorState | undefined {
    if (!this.canRedo) return undefined
    this.states[this.at] = now
    this.lastMove = Number.NEGATIVE_INFINITY
    return this.states[++this.at]
  }
}
