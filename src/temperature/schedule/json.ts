/** Schedules from outside, as JSON has them: a number, the written form, or the value itself. */
import { InputError, quote } from '../../errors.js'
import { toJson } from '../../knob.js'
import { checkTemperature } from '../distribution.js'
import type { Schedule } from './schedule.js'
import { DEEPEST, parseSchedule } from './syntax.js'

const KINDS = [
  ...(['constant', 'keyframes', 'cycle', 'word', 'entropy', 'surprise'] as const),
  ...(['escape', 'product', 'then'] as const),
]

const refuse = (what: string, came: unknown, expected: string): never => {
  throw new InputError(
    'schedule',
    `The schedule's ${what} is ${quote(came)}; expected ${expected}.`,
  )
}

const finite = (value: unknown): value is number => Number.isFinite(value)
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)

/** A number that must have a logarithm. */
const positive = (what: string, value: unknown): number =>
  finite(value) && value > 0 ? value : refuse(what, value, 'a number above 0')
const whole = (what: string, value: unknown): number =>
  isWhole(value) && value >= 0 ? value : refuse(what, value, 'a whole number from 0')

/** 0 to inf; "inf" stands for infinity, which JSON lacks. */
function temperature(what: string, value: unknown): number {
  try {
    return checkTemperature(value)
  } catch {
    return refuse(what, value, 'a number from 0, or "inf"')
  }
}

/**
 * Reads a schedule from anywhere: a number, its written form, or the value, where "inf" may stand
 * for infinity.
 * @throws InputError: what is wrong in it, or the character of the written form
 */
export function checkSchedule(value: unknown): Schedule {
  if (typeof value === 'number') {
    return { kind: 'constant', temperature: checkTemperature(value) }
  }
  return typeof value === 'string' ? parseSchedule(value) : checkValue(value, 0)
}

function checkValue(value: unknown, depth: number): Schedule {
  if (depth > DEEPEST) return refuse('depth', depth, `at most ${DEEPEST}`)
  if (typeof value !== 'object' || value === null) {
    return refuse('value', value, 'a number, the written form, or an object with a kind')
  }
  const given: Readonly<Record<string, unknown>> = { ...value }
  const inner = (part: unknown): Schedule => checkValue(part, depth + 1)
  const kind = KINDS.find(kind => kind === given.kind)
  switch (kind) {
    case 'constant':
      return { kind, temperature: temperature('temperature', given.temperature) }
    case 'keyframes':
      return { kind, frames: frames(given.frames) }
    case 'cycle': {
      const list: unknown = given.temperatures
      if (!Array.isArray(list) || list.length === 0) {
        return refuse('temperatures', list, 'a list of at least one')
      }
      return { kind, temperatures: list.map(T => temperature('temperatures', T)) }
    }
    case 'word': {
      const first = temperature('first', given.first)
      return { kind, first, inside: temperature('inside', given.inside) }
    }
    case 'entropy': {
      const [low, high] = [positive('low', given.low), positive('high', given.high)]
      return { kind, low, high, power: positive('power', given.power ?? 1) }
    }
    case 'surprise': {
      const { bits } = given
      const good = finite(bits) && bits >= 0
      return { kind, bits: good ? bits : refuse('bits', bits, 'a number from 0') }
    }
    case 'escape':
      return { kind, base: inner(given.base) }
    case 'product': {
      const list: unknown = given.factors
      if (!Array.isArray(list) || list.length !== 2) {
        return refuse('factors', list, 'a list of two schedules')
      }
      return { kind, factors: [inner(list[0]), inner(list[1])] }
    }
    case 'then': {
      const first = inner(given.first)
      return { kind, first, until: whole('until', given.until), next: inner(given.next) }
    }
    default:
      return refuse('kind', given.kind, KINDS.join(', '))
  }
}

function frames(value: unknown): { at: number; temperature: number }[] {
  if (!Array.isArray(value) || value.length === 0) {
    return refuse('frames', value, 'a list of at least one')
  }
  const list = value.map((frame: unknown) => {
    const { at, temperature: T } = (frame ?? {}) as Record<string, unknown>
    return { at: whole('at', at), temperature: positive('temperature', T) }
  })
  if (list.some(({ at }, i) => i > 0 && at <= list[i - 1].at)) {
    return refuse('frames', value, 'rising positions')
  }
  return list
}

/** The value for JSON: infinity is the word "inf", which `checkSchedule` reads. */
export function scheduleJson(schedule: Schedule): unknown {
  return JSON.parse(toJson(schedule))
}
