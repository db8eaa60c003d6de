/** A tree of texts as plain data: branches, and where a text runs through them. */

import type { Seed } from '../../random.js'
import type { LinkInput, Schedule } from '../../temperature/index.js'
import type { Position } from '../writer.js'

/** What a branch is written with, as it is kept: text and whole numbers. */
export interface BranchSettings {
  /** The schedule as written. */
  readonly temperature: string
  /** As text: JSON numbers end at 2^53. */
  readonly seed: string
  readonly stream: number
  /** The chain as written; absent for temperature alone. */
  readonly chain?: string
}

export interface Branch {
  /** Its place in `tree.branches`. */
  readonly id: number
  /** Absent for the first. */
  readonly parent?: number
  /** The position at which it leaves its parent; its own symbols begin there. */
  readonly at: number
  readonly settings: BranchSettings
  /** The symbol that was put at `at` by hand. */
  readonly choice?: number
  /** Its own symbols, with the record of why each came. */
  readonly steps: readonly Position[]
}

/** A place in the tree: before the symbol at `position`, with the settings of `branch`. */
export interface Place {
  readonly branch: number
  readonly position: number
}

/** A way the text went at a position. */
export interface Alternative {
  readonly branch: number
  readonly step: Position
}

/** New settings; what is left out stays as it is. `chain: null` takes the chain away. */
export interface SettingsChange {
  readonly temperature?: number | string | Schedule
  readonly seed?: Seed
  readonly stream?: number
  readonly chain?: string | readonly LinkInput[] | null
}

export const sameSettings = (a: BranchSettings, b: BranchSettings): boolean =>
  a.temperature === b.temperature &&
  a.seed === b.seed &&
  a.stream === b.stream &&
  a.chain === b.chain

export const samePlace = (a: Place, b: Place): boolean =>
  a.branch === b.branch && a.position === b.position

export const endOf = (branch: Branch): number => branch.at + branch.steps.length

/** On the path to a branch, the one that a position belongs to. */
export function ownerOf(branches: readonly Branch[], branch: number, position: number): number {
  let owner = branch
  for (;;) {
    const { at, parent } = branches[owner]
    if (at <= position || parent === undefined) return owner
    owner = parent
  }
}

/** The records from the beginning of the text to a place. */
export function stepsTo(branches: readonly Branch[], place: Place): Position[] {
  const steps = new Array<Position>(place.position)
  let end = place.position
  for (let at: number | undefined = place.branch; at !== undefined; at = branches[at].parent) {
    const branch = branches[at]
    for (let i = branch.at; i < end; i++) steps[i] = branch.steps[i - branch.at]
    end = Math.min(end, branch.at)
  }
  return steps
}

/**
 * All that stands at a position in texts that are the same up to there; the one on the path to
 * `branch` first.
 */
export function alternativesAt(
  branches: readonly Branch[],
  branch: number,
  position: number,
): Alternative[] {
  // Whose the symbol before is: equal for two texts if and only if they have the beginning in common.
  const before = (id: number): number => (position === 0 ? -1 : ownerOf(branches, id, position - 1))
  const own = ownerOf(branches, branch, position)
  const inOrder = [branches[own], ...branches.filter(({ id }) => id !== own)]
  return inOrder.flatMap(({ id, at, steps }) =>
    at <= position && position < at + steps.length && before(id) === before(branch)
      ? [{ branch: id, step: steps[position - at] }]
      : [],
  )
}
