/**
 * Temperature as a function of the position in the text: T(position, last text, entropy of the next
 * step). Written forms: syntax.ts and docs/schedules.md.
 */
import { exp, log } from '../../numeric.js'
import { checkTemperature } from '../distribution.js'

/** What a schedule may read; all of it is known before the draw. */
export interface ScheduleInput {
  /** Position of the symbol to be drawn, from 0. */
  readonly position: number
  /** The text so far, prompt included, or its end. */
  readonly text: string
  /** Entropy of the next step at T = 1, bits, divided by log2 of the symbols allowed: 0 to 1. */
  normalisedEntropy(): number
  /** Surprisal of the last symbol in bits, or undefined at the start. */
  readonly lastSurprisal: number | undefined
  /** The number of symbols for which a loop has been seen at the end of the text; 0 when there is none. */
  readonly looping: number
}

/** A schedule as a value: JSON-able, with one written form. */
export type Schedule =
  | { readonly kind: 'constant'; readonly temperature: number }
  | { readonly kind: 'keyframes'; readonly frames: readonly { at: number; temperature: number }[] }
  | { readonly kind: 'cycle'; readonly temperatures: readonly number[] }
  | { readonly kind: 'word'; readonly first: number; readonly inside: number }
  | {
      readonly kind: 'entropy'
      readonly low: number
      readonly high: number
      readonly power: number
    }
  | { readonly kind: 'surprise'; readonly bits: number }
  | { readonly kind: 'escape'; readonly base: Schedule }
  | { readonly kind: 'product'; readonly factors: readonly [Schedule, Schedule] }
  | {
      readonly kind: 'then'
      readonly first: Schedule
      readonly until: number
      readonly next: Schedule
    }

/** How fast `escape` rises: T doubles for every this many symbols since the loop was seen. */
const ESCAPE_DOUBLING = 12
/** `surprise`: the step of log T for each bit off the goal, and the range of T. */
const SURPRISE_RATE = 0.05
export const SURPRISE_RANGE = [0.05, 10] as const

const LETTER = /[\p{L}\p{M}\p{N}]$/u

/** A started schedule. `surprise` has a state, so each run needs its own. */
export type TemperatureAt = (moment: ScheduleInput) => number

/** @throws InputError for a temperature out of range */
export function startSchedule(schedule: Schedule): TemperatureAt {
  switch (schedule.kind) {
    case 'constant': {
      const T = checkTemperature(schedule.temperature)
      return () => T
    }
    case 'keyframes':
      return ({ position }) => atKeyframe(schedule.frames, position)
    case 'cycle':
      return ({ position }) => schedule.temperatures[position % schedule.temperatures.length]
    case 'word':
      return ({ text }) => (LETTER.test(text) ? schedule.inside : schedule.first)
    case 'entropy':
      return moment => {
        const share = exp(schedule.power * log(moment.normalisedEntropy()))
        return schedule.low + (schedule.high - schedule.low) * share
      }
    case 'surprise': {
      let logT = 0
      return ({ lastSurprisal }) => {
        if (lastSurprisal !== undefined) logT += SURPRISE_RATE * (schedule.bits - lastSurprisal)
        logT = Math.min(log(SURPRISE_RANGE[1]), Math.max(log(SURPRISE_RANGE[0]), logT))
        return exp(logT)
      }
    }
    case 'escape': {
      const base = startSchedule(schedule.base)
      return moment => {
        const T = base(moment)
        if (moment.looping === 0) return T
        // Doubling 0 gives 0, so it starts at the low end of the usual range.
        return Math.max(T, 0.1) * exp((moment.looping / ESCAPE_DOUBLING) * Math.LN2)
      }
    }
    case 'product': {
      const [a, b] = schedule.factors.map(startSchedule)
      return moment => {
        const [x, y] = [a(moment), b(moment)]
        return x === 0 || y === 0 ? 0 : x * y // 0 * inf is NaN; T = 0 is the limit that is certain
      }
    }
    case 'then': {
      const first = startSchedule(schedule.first)
      const next = startSchedule(schedule.next)
      return moment => (moment.position < schedule.until ? first(moment) : next(moment))
    }
  }
}

/** Whether the schedule has a state (`surprise`), so that a rewind must replay it. */
export function hasState(schedule: Schedule): boolean {
  switch (schedule.kind) {
    case 'surprise':
      return true
    case 'escape':
      return hasState(schedule.base)
    case 'product':
      return schedule.factors.some(hasState)
    case 'then':
      return hasState(schedule.first) || hasState(schedule.next)
    default:
      return false
  }
}

function atKeyframe(
  frames: readonly { at: number; temperature: number }[],
  position: number,
): number {
  let after = 0
  for (let end = frames.length; after < end; ) {
    const middle = (after + end) >> 1
    if (frames[middle].at > position) end = middle
    else after = middle + 1
  }
  if (after === 0) return frames[0].temperature
  if (after === frames.length) return frames[frames.length - 1].temperature
  const a = frames[after - 1]
  if (a.at === position) return a.temperature // as written, not through a logarithm and back
  const b = frames[after]
  const share = (position - a.at) / (b.at - a.at)
  return exp((1 - share) * log(a.temperature) + share * log(b.temperature))
}
