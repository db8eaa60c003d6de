/**
 * Describes each knob once: name, range, default, and one sentence in English and Japanese. `--help`,
 * HTTP checks, the studio's controls and the docs are generated from it.
 */
import { didYouMean, InputError, quote } from './errors.js'
import { readSeed, SEED_RANGE } from './random.js'

export interface Bilingual {
  readonly en: string
  readonly ja: string
}

interface KnobBase<T> {
  /** The name in code, `batchSize`. The command line has it in kebab case: `--batch-size`. */
  readonly name: string
  readonly default: T
  readonly about: Bilingual
}

export interface NumberKnob extends KnobBase<number> {
  readonly kind: 'number' | 'whole'
  readonly min: number
  readonly max: number
  /** `min` itself is not allowed (a rate above 0). */
  readonly above?: boolean
}

export interface ChoiceKnob<T extends string = string> extends KnobBase<T> {
  readonly kind: 'choice'
  readonly choices: readonly T[]
}

export interface TextKnob extends KnobBase<string> {
  readonly kind: 'text'
}

export interface FlagKnob extends KnobBase<boolean> {
  readonly kind: 'flag'
}

/** A key of the random generator, 0 to 2^64 - 1. */
export interface SeedKnob extends KnobBase<number> {
  readonly kind: 'seed'
}

export type Knob = NumberKnob | ChoiceKnob | TextKnob | FlagKnob | SeedKnob

/** The name in words, `batch size`, for messages. */
export const wordsOf = (name: string): string => flagName(name).replaceAll('-', ' ')

export const flagName = (name: string): string =>
  name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

/** The range in words, for help and error messages. */
export function rangeOf(knob: Knob): string {
  switch (knob.kind) {
    case 'choice':
      return knob.choices.join(' | ')
    case 'text':
      return 'text'
    case 'flag':
      return 'true or false'
    case 'seed':
      return SEED_RANGE
    default: {
      const noun = knob.kind === 'whole' ? 'a whole number' : 'a number'
      const from = knob.above ? `above ${knob.min}` : `from ${knob.min}`
      if (knob.max === Number.POSITIVE_INFINITY && knob.kind === 'number') {
        return `${noun} ${from} to inf`
      }
      return knob.max >= Number.MAX_SAFE_INTEGER
        ? `${noun} ${from}`
        : `${noun} ${from} to ${knob.max}`
    }
  }
}

/** The same range in Japanese. */
function rangeInJapanese(knob: Knob): string {
  switch (knob.kind) {
    case 'choice':
      return `${knob.choices.join('、')} のいずれか`
    case 'text':
      return '文字列'
    case 'flag':
      return 'trueかfalse'
    case 'seed':
      return '0から2^64 - 1までの整数'
    default: {
      const noun = knob.kind === 'whole' ? '整数' : '数'
      const from = knob.above ? `${knob.min}より大きい` : `${knob.min}以上の`
      if (knob.max === Number.POSITIVE_INFINITY && knob.kind === 'number') {
        return `${from}${noun}（infも可）`
      }
      if (knob.max >= Number.MAX_SAFE_INTEGER) return `${from}${noun}`
      return `${knob.above ? `${knob.min}より大きく` : `${knob.min}以上`}${knob.max}以下の${noun}`
    }
  }
}

const INFINITE = new Set(['inf', '+inf', 'infinity', '∞'])

/** Converts full-width digits, points and signs (`０．７`, `−1`) to ASCII. */
export const plainNumber = (text: string): string =>
  text.normalize('NFKC').replaceAll('\u2212', '-').trim()

/**
 * Reads a number as people write it: `0.8`, `.5`, `+0.5`, `1e-3`, `０．７`, `inf`, `∞`. Returns NaN for
 * any other text. A comma is not a decimal point, because it separates numbers elsewhere.
 */
export function readNumber(text: string): number {
  const trimmed = plainNumber(text)
  if (INFINITE.has(trimmed.toLowerCase())) return Number.POSITIVE_INFINITY
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : Number.NaN
}

/**
 * Writes a number so that `readNumber` reads it back; infinity becomes `inf`.
 * @param finite writes finite numbers; default: all digits
 */
export const formatNumber = (x: number, finite: (x: number) => string = String): string =>
  x === Number.POSITIVE_INFINITY ? 'inf' : finite(x)

/**
 * Writes JSON, with replacements for values that JSON lacks: infinity becomes the string "inf", which
 * all temperature options accept, and a bigint becomes a string of digits.
 * @param indent number of spaces for each level; without it the result is one line
 */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(
    value,
    (_key, item: unknown) =>
      item === Number.POSITIVE_INFINITY ? 'inf' : typeof item === 'bigint' ? String(item) : item,
    indent,
  )

/**
 * Suggests how to write a number without its comma: a sentence with a leading space, or ''.
 * @param whole whether the number is whole, so that its commas separate thousands
 */
export function commaHint(text: string, whole = false): string {
  const plain = plainNumber(text)
  if (whole && /^\+?\d{1,3}(,\d{3})+$/.test(plain)) {
    return ` Thousands take no comma: use ${plain.replaceAll(',', '')}.`
  }
  return /^[+-]?\d*,\d+(e[+-]?\d+)?$/i.test(plain) && plain.length <= 40
    ? ` Decimals take a point: use ${plain.replace(/^([+-]?),/, '$10,').replace(',', '.')}.`
    : ''
}

/**
 * Checks a value from a command line, a JSON body or a call.
 * @throws InputError that names the value and the allowed range
 */
export function readKnob(knob: NumberKnob, value: unknown): number
export function readKnob<T extends string>(knob: ChoiceKnob<T>, value: unknown): T
export function readKnob(knob: TextKnob, value: unknown): string
export function readKnob(knob: FlagKnob, value: unknown): boolean
export function readKnob(knob: SeedKnob, value: unknown): number | string
export function readKnob(knob: Knob, value: unknown): string | number | boolean
export function readKnob(knob: Knob, value: unknown): string | number | boolean {
  const refuse = (hint = ''): never => {
    const came = quote(value)
    const words = wordsOf(knob.name)
    // The value of a knob with a plural name (layers, seeds, steps) is a number of them.
    const noun = knob.kind === 'whole' && /[^s]s$/.test(words) ? `number of ${words}` : words
    throw new InputError(knob.name, `The ${noun} is ${came}; expected ${rangeOf(knob)}.${hint}`, {
      ja: `${flagName(knob.name)}の値が${came}です。${rangeInJapanese(knob)}を指定してください。`,
    })
  }
  switch (knob.kind) {
    case 'choice':
      if (typeof value === 'string' && knob.choices.includes(value)) return value
      return refuse(typeof value === 'string' ? didYouMean(value, knob.choices) : '')
    case 'text':
      return typeof value === 'string' ? value : refuse()
    case 'flag':
      if (typeof value === 'boolean') return value
      return value === 'true' ? true : value === 'false' ? false : refuse()
    case 'seed':
      return readSeed(value, knob.name)
    default: {
      const number = typeof value === 'string' ? readNumber(value) : value
      if (typeof number !== 'number' || Number.isNaN(number)) {
        return refuse(typeof value === 'string' ? commaHint(value, knob.kind === 'whole') : '')
      }
      if (number < knob.min || number > knob.max) return refuse()
      if (knob.above && number === knob.min) return refuse()
      if (knob.kind === 'whole' && !Number.isSafeInteger(number)) return refuse()
      return number
    }
  }
}
