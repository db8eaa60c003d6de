/**
 * The written form of schedules, for a flag, a URL and a file:
 *
 *   0.8                    always
 *   0.4@0 1.2@200          keyframes: straight lines in log T between, level before and after
 *   cycle 1,0.5,0.2        one after another, one a symbol
 *   word 1.2/0.4           the first letter of a word / inside it
 *   entropy 0.3..1.2^1     from the first to the second with the next step's normalised entropy
 *                          (dynamic temperature), to the power given
 *   surprise 2.5           steered so that the running surprisal is 2.5 bits a symbol
 *   escape 0.2             like its operand, but rises while the text loops
 *
 * and they combine: `A * B` multiplies, `A until 100 then B` changes at a position,
 * `(...)` groups, and `escape` takes any schedule: `escape (word 0.9/0.2)`.
 */
import { beginning, didYouMean, InputError, shorten } from '../../errors.js'
import { commaHint, formatNumber, plainNumber, readNumber } from '../../knob.js'
import { checkTemperature } from '../distribution.js'
import type { Schedule } from './schedule.js'

/** The written form; `parseSchedule` reads it back to an equal value. */
export function formatSchedule(schedule: Schedule): string {
  const grouped = (inner: Schedule): string =>
    inner.kind === 'product' || inner.kind === 'then'
      ? `(${formatSchedule(inner)})`
      : formatSchedule(inner)
  switch (schedule.kind) {
    case 'constant':
      return formatNumber(schedule.temperature)
    case 'keyframes':
      return schedule.frames.map(f => `${formatNumber(f.temperature)}@${f.at}`).join(' ')
    case 'cycle':
      return `cycle ${schedule.temperatures.map(x => formatNumber(x)).join(',')}`
    case 'word':
      return `word ${formatNumber(schedule.first)}/${formatNumber(schedule.inside)}`
    case 'entropy':
      return `entropy ${formatNumber(schedule.low)}..${formatNumber(schedule.high)}^${formatNumber(schedule.power)}`
    case 'surprise':
      return `surprise ${formatNumber(schedule.bits)}`
    case 'escape':
      return `escape ${grouped(schedule.base)}`
    case 'product':
      return `${grouped(schedule.factors[0])} * ${grouped(schedule.factors[1])}`
    case 'then':
      return `${grouped(schedule.first)} until ${schedule.until} then ${grouped(schedule.next)}`
  }
}

const TOKEN =
  /\s*(\+?\d+\.?\d*(?:e[+-]?\d+)?|\+?\.\d+(?:e[+-]?\d+)?|inf\b|∞|[a-z]+|\.\.|[@,/^*()])/iy

/** The words that a schedule may begin with. */
const NAMES = ['cycle', 'word', 'entropy', 'surprise', 'escape', 'inf']

/** The deepest nesting of brackets and `escape`: the call stack has room for it. */
export const DEEPEST = 1000

/** Splits a written form into tokens with their positions. A number never takes a dot of the `..` of a range. */
class Reader {
  private readonly source: string
  private at = 0
  private depth = 0

  constructor(source: string) {
    this.source = source
  }

  /** Reads what is inside a bracket, an `escape` or after `then`. */
  inside<T>(read: (reader: Reader) => T): T {
    if (++this.depth > DEEPEST) {
      this.fail(`at most ${DEEPEST} schedules inside each other (in brackets, or after \`then\`)`)
    }
    const found = read(this)
    this.depth--
    return found
  }

  /** The next token without taking it; '' at the end. */
  peek(): string {
    return this.match()?.[1] ?? ''
  }

  take(): string {
    const found = this.match()
    if (found) this.at += found[0].length
    return found?.[1] ?? ''
  }

  private match(): RegExpExecArray | null {
    const rest = this.source.slice(this.at)
    // `0.3..1.2`: the number ends before two dots.
    const range = /^\s*(\+?\d+)(?=\.\.)/.exec(rest) ?? /^\s*(\+?\d*\.\d+)(?=\.\.)/.exec(rest)
    if (range) return range
    TOKEN.lastIndex = 0
    return TOKEN.exec(rest)
  }

  /** @param after a sentence to add */
  fail(expected: string, after = ''): never {
    const place = this.at + (/^\s*/.exec(this.source.slice(this.at))?.[0].length ?? 0)
    const came = beginning(this.source.slice(place), 12)
    const { source } = this
    throw new InputError(
      'schedule',
      `The schedule "${shorten(source)}" has ${came === '' ? 'ended' : `"${came}"`} at character ${place + 1}; expected ${expected}.${after}${this.commas()}`,
    )
  }

  /** What to write instead, where commas are used as decimal points. */
  private commas(): string {
    const pointed = this.source.replaceAll(/(?<=\d),(?=\d)/g, '.')
    const short = pointed.length <= 60
    const counted = /cycle/i.test(this.source)
    return pointed !== this.source && short && !counted
      ? ` Decimals take a point: use ${pointed.trim()}.`
      : ''
  }

  end(): void {
    if (this.source.slice(this.at).trim() !== '') this.fail('the end, `*` or `until`')
  }

  temperature(hint = ''): number {
    const token = this.peek()
    if (/^(inf|∞)$/i.test(token)) {
      this.take()
      return Number.POSITIVE_INFINITY
    }
    return this.number('a temperature (a number from 0, or inf)', hint)
  }

  number(what: string, hint = ''): number {
    if (!/^\+?[\d.]/.test(this.peek()) || this.peek() === '..') this.fail(what, hint)
    return Number(this.take())
  }

  /** A temperature that has a logarithm. */
  finite(where: string): number {
    const token = this.peek()
    if (!/^\+?[\d.]/.test(token) || !(Number(token) > 0)) {
      this.fail(`a temperature above 0 and below inf (${where})`)
    }
    return Number(this.take())
  }

  symbol(symbol: string, what: string): void {
    if (this.peek() !== symbol) this.fail(what)
    this.take()
  }
}

/**
 * A temperature as a flag gives it: one number, or a schedule.
 * @throws InputError: for what looks like one number, the range; else the place that is wrong
 */
export function readTemperature(text: string): number | Schedule {
  if (
    !Number.isNaN(readNumber(text)) ||
    commaHint(text) !== '' ||
    (/^[-+]?[\w.∞]*$/.test(text.trim()) && !/^\s*(cycle|word|entropy|surprise|escape)/i.test(text))
  ) {
    return checkTemperature(text)
  }
  return parseSchedule(text)
}

/** @throws InputError that points at the character */
export function parseSchedule(text: string): Schedule {
  const reader = new Reader(plainNumber(text))
  const schedule = readThen(reader)
  reader.end()
  return schedule
}

function readThen(reader: Reader): Schedule {
  const first = readProduct(reader)
  if (reader.peek() !== 'until') return first
  reader.take()
  const until = reader.number('a position (a whole number)')
  if (!Number.isSafeInteger(until)) reader.fail('a whole position before this')
  reader.symbol('then', '`then` and the schedule that follows')
  return { kind: 'then', first, until, next: reader.inside(readThen) }
}

function readProduct(reader: Reader): Schedule {
  let left = readOne(reader)
  for (let factors = 2; reader.peek() === '*'; factors++) {
    if (factors > DEEPEST) reader.fail(`at most ${DEEPEST} factors`)
    reader.take()
    left = { kind: 'product', factors: [left, readOne(reader)] }
  }
  return left
}

function readOne(reader: Reader): Schedule {
  const word = reader.peek().toLowerCase()
  switch (word) {
    case '(': {
      reader.take()
      const inner = reader.inside(readThen)
      reader.symbol(')', '`)`')
      return inner
    }
    case 'cycle': {
      reader.take()
      const temperatures = [reader.temperature()]
      while (reader.peek() === ',') {
        reader.take()
        temperatures.push(reader.temperature())
      }
      return { kind: 'cycle', temperatures }
    }
    case 'word': {
      reader.take()
      const first = reader.temperature()
      reader.symbol('/', '`/` and the temperature inside words')
      return { kind: 'word', first, inside: reader.temperature() }
    }
    case 'entropy': {
      reader.take()
      const low = reader.finite('entropy LOW..HIGH^POWER')
      reader.symbol('..', '`..` and the temperature at full entropy')
      const high = reader.finite('entropy LOW..HIGH^POWER')
      if (reader.peek() !== '^') return { kind: 'entropy', low, high, power: 1 }
      reader.take()
      return { kind: 'entropy', low, high, power: reader.finite('the power') }
    }
    case 'surprise':
      reader.take()
      return { kind: 'surprise', bits: reader.number('bits a symbol') }
    case 'escape':
      reader.take()
      return { kind: 'escape', base: reader.inside(readOne) }
    default:
      return readNumbers(reader, word)
  }
}

/** A constant, or keyframes when an `@` follows. @param word the first word, which may be a misspelt name */
function readNumbers(reader: Reader, word: string): Schedule {
  const hint = /^[a-z]/.test(word) ? didYouMean(word, NAMES) : ''
  const temperature = reader.temperature(hint)
  if (reader.peek() !== '@') return { kind: 'constant', temperature }
  const frames: { at: number; temperature: number }[] = []
  let T = temperature
  for (;;) {
    if (!(T > 0 && T < Number.POSITIVE_INFINITY)) {
      reader.fail('a keyframe above 0 and below inf before this (lines are straight in log T)')
    }
    reader.symbol('@', '`@` and the position of the keyframe')
    const at = reader.number('a position (a whole number)')
    if (!Number.isSafeInteger(at) || (frames.length > 0 && at <= frames[frames.length - 1].at)) {
      reader.fail('whole, rising positions of keyframes before this')
    }
    frames.push({ at, temperature: T })
    if (!/^[\d.]/.test(reader.peek())) return { kind: 'keyframes', frames }
    T = reader.temperature()
  }
}
