/**
 * Parses JSON of untrusted files. `JSON.parse` silently keeps the last of two equal keys, so that two
 * readers can see different values in the same bytes, and it accepts any depth. Both are refused here
 * before it runs.
 */
import { counted, FileError, quote } from '../errors.js'

/** Values above this are no vocabulary, run or record of ours, and take seconds and gigabytes. */
const MOST_VALUES = 8_000_000

/** Nesting above this is no header, config or record of ours. */
const MAX_DEPTH = 32

export interface ParsedJson {
  readonly value: unknown
  /** Keys of the outermost object in the order of the file; `Object.keys` puts numerals first. */
  readonly keys: readonly string[]
}

const endOfString = (text: string, start: number): number => {
  let i = start + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return Math.min(i + 1, text.length)
}

const isKey = (text: string, after: number): boolean => {
  let i = after
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\t' || text[i] === '\r') i++
  return text[i] === ':'
}

/** The string that a JSON literal writes, or the literal itself when it is broken. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal)
  } catch {
    return literal
  }
}

/**
 * Parses JSON strictly.
 * @param what how the sentence calls the text: `The header`
 * @param options.wholeNumbers refuse every number that is not written as plain digits up to 2^53 - 1
 * @param options.most values that may stand in lists and objects, all together
 * @throws FileError code `json`: bad syntax, a key given twice, deeper than 32, lone surrogates
 */
export function parseJson(
  text: string,
  what: string,
  options: { readonly wholeNumbers?: boolean; readonly most?: number } = {},
): ParsedJson {
  const { wholeNumbers = false, most = MOST_VALUES } = options
  let values = 0
  const refuse = (why: string, cause?: unknown): FileError =>
    new FileError('json', `${what} ${why}; the file is damaged or not well made: get it again.`, {
      cause,
    })
  const open: Set<string>[] = []
  let keys: readonly string[] = []
  for (let i = 0; i < text.length; ) {
    const c = text[i]
    if (c === '"') {
      const end = endOfString(text, i)
      if (open.length > 0 && isKey(text, end)) {
        const key = unescaped(text.slice(i, end))
        const seen = open[open.length - 1]
        if (seen.has(key)) throw refuse(`gives the key ${quote(key)} twice`)
        seen.add(key)
      }
      i = end
    } else if (c === '{' || c === '[') {
      open.push(new Set())
      if (open.length > MAX_DEPTH) throw refuse(`is nested more than ${MAX_DEPTH} levels deep`)
      i++
    } else if (c === ',') {
      if (++values > most) throw refuse(`holds more than ${counted(most, 'value')}`)
      i++
    } else if (c === '}' || c === ']') {
      const closed = open.pop()
      if (open.length === 0 && closed !== undefined) keys = [...closed]
      i++
    } else if (wholeNumbers && (c === '-' || (c >= '0' && c <= '9'))) {
      let end = i + 1
      while (end < text.length && /[0-9+\-.eE]/.test(text[end])) end++
      const number = text.slice(i, end)
      if (!/^(0|[1-9][0-9]*)$/.test(number) || !Number.isSafeInteger(Number(number))) {
        throw refuse(`holds ${quote(number)} where a whole number from 0 to 2^53 - 1 must stand`)
      }
      i = end
    } else i++
  }
  // Lone surrogates can hide in \uD800 escapes, and no UTF-8 can carry them on; 1e999 would read as
  // Infinity, and no JSON can carry that on.
  const whole = (key: string, value: unknown): unknown => {
    for (const text of [key, value]) {
      if (typeof text === 'string' && !isWellFormed(text)) {
        throw refuse(`holds half a character (a lone surrogate) in ${quote(text)}`)
      }
    }
    if (typeof value !== 'number') return value
    if (!Number.isFinite(value)) throw refuse(`holds a number beyond 1.8e308 in ${quote(key)}`)
    return value === 0 ? 0 : value // -0 would come back as 0 after writing
  }
  try {
    return { value: JSON.parse(text, whole), keys }
  } catch (error) {
    if (error instanceof FileError) throw error
    throw refuse('is not valid JSON', error)
  }
}

/** JSON has no Infinity and no NaN; as words they can be read again by `readNumber` (knob.ts). */
export function writeJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  )
}

/** String.prototype.isWellFormed is not in ES2023. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
