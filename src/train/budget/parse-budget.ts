/** Reads a time budget that a person wrote. */
import { InputError, quote } from '../../errors.js'

/** The shortest budget, in seconds. */
const SHORTEST = 5
/** The longest text, in characters: the expression below takes quadratic time. */
const MAX_LENGTH = 40
const UNITS = { s: 1, m: 60, h: 3600 } as const

/**
 * Parses `90s`, `10m`, `2h` or `1h30m`; a number alone is seconds.
 * @returns seconds
 * @throws InputError for anything else, and for less than 5 seconds
 */
export function parseBudget(text: string): number {
  const trimmed = text.trim().toLowerCase()
  const parts =
    trimmed.length > MAX_LENGTH ? [] : [...trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([smh])/g)]
  const bare = /^\d+(\.\d+)?$/.test(trimmed)
  const seconds = bare
    ? Number(trimmed)
    : parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit as keyof typeof UNITS], 0)
  const valid =
    trimmed.length <= MAX_LENGTH && (bare || /^(\d+(\.\d+)?\s*(s|sec|m|min|h)\s*)+$/.test(trimmed))
  if (!valid || !(seconds >= SHORTEST)) {
    throw new InputError(
      'budget',
      `The budget is ${quote(text)}; expected a time of at least ${SHORTEST} seconds, such as 90s, 10m or 1h30m.`,
    )
  }
  return seconds
}
