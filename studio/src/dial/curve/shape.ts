/** The part of a schedule that is known before the text is written, and edits of its keyframes. */
import { formatSchedule, type Schedule } from 'ondo'
import { startSchedule } from 'ondo/temperature'
import { HIGHEST, LOWEST } from '../../../shared/temperature-scale.js'

export interface Frame {
  readonly at: number
  readonly temperature: number
}

/** Whether the schedule depends only on the position. */
export function isFixed(schedule: Schedule): boolean {
  switch (schedule.kind) {
    case 'constant':
    case 'keyframes':
    case 'cycle':
      return true
    case 'product':
      return schedule.factors.every(isFixed)
    case 'then':
      return isFixed(schedule.first) && isFixed(schedule.next)
    default:
      return false
  }
}

/** T at each of the positions, for a schedule that depends on nothing else. */
export function fixedCurve(schedule: Schedule, positions: readonly number[]): number[] {
  const at = startSchedule(schedule)
  return positions.map(position =>
    at({ position, text: '', normalisedEntropy: () => 0, lastSurprisal: undefined, looping: 0 }),
  )
}

/** The bounds of a schedule that follows the text; empty if it has none. */
export function levelsOf(schedule: Schedule): readonly number[] {
  switch (schedule.kind) {
    case 'word':
      return [schedule.first, schedule.inside]
    case 'entropy':
      return [schedule.low, schedule.high]
    case 'constant':
      return [schedule.temperature]
    case 'escape':
      return levelsOf(schedule.base)
    default:
      return []
  }
}

export const writeFrames = (frames: readonly Frame[]): string =>
  formatSchedule({ kind: 'keyframes', frames })

const inRange = (T: number): number =>
  Math.round(Math.min(HIGHEST, Math.max(LOWEST, T)) * 100) / 100

/** Moves a keyframe; it stays between its neighbours. */
export function moveFrame(frames: readonly Frame[], i: number, to: Frame): Frame[] {
  const low = i === 0 ? 0 : frames[i - 1].at + 1
  const high = i === frames.length - 1 ? Number.MAX_SAFE_INTEGER : frames[i + 1].at - 1
  const at = Math.round(Math.min(high, Math.max(low, to.at)))
  return frames.with(i, { at, temperature: inRange(to.temperature) })
}

/** Adds a keyframe; one at the same position takes the new temperature. */
export function addFrame(frames: readonly Frame[], frame: Frame): Frame[] {
  const at = Math.max(0, Math.round(frame.at))
  const others = frames.filter(each => each.at !== at)
  return [...others, { at, temperature: inRange(frame.temperature) }].sort((a, b) => a.at - b.at)
}

export const removeFrame = (frames: readonly Frame[], i: number): Frame[] =>
  frames.length > 1 ? frames.filter((_, k) => k !== i) : [...frames]
