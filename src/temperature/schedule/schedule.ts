/**
 * Temperature as a function of where the text is: T(position, last text, entropy of the next step).
 * Each form has a written form, so that it fits a flag, a URL and a file:
 *
 *   0.8                    always
 *   0.4@0 1.2@200          keyframes: straight lines in log T between, level before and after
 *   cycle 1,0.5,0.2        in turn, one a symbol
 *   word 1.2/0.4           the first letter of a word / inside it
 *   entropy 0.3..1.2^1     from the first to the second with the next step's normalised entropy
 *                          (dynamic temperature), to the power given
 *   surprise 2.5           steered so that the running surprisal is 2.5 bits a symbol
 *   escape 0.2             like its operand, but rises while the text loops
 *
 * and they combine: `A * B` multiplies, `A until 100 then B` goes over at a position,
 * `(...)` groups, and `escape` takes any schedule: `escape (word 0.9/0.2)`.
 */
import { beginning, didYouMean, InputError, shorten } from '../../errors.js'
import { commaHint, plainNumber, readNumber } from '../../knob.js'
import { exp, log } from '../../numeric.js'
import { checkTemperature } from '../distribution.js'

/** What a schedule may look at; all of it is known before the draw. */
export interface ScheduleInput {
  /** Place of the symbol to be drawn, from 0. */
  readonly position: number
  /** The text so far, prompt included, or its end. */
  readonly text: string
  /** Entropy of the next step at T = 1, bits, divided by log2 of the symbols allowed: 0 to 1. */
  normalisedEntropy(): number
  /** Surprisal of the last symbol in bits, or undefined at the start. */
  readonly lastSurprisal: number | undefined
  /** For how many symbols a loop has been seen at the end of the text; 0 when there is none. */
  readonly looping: number
}

/** A schedule as a value: JSON-able, with one way to write it. */
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
/** `surprise`: step of log T for each bit off the goal, and how far it may go. */
const SURPRISE_RATE = 0.05
export const SURPRISE_RANGE = [0.05, 10] as const

const LETTER = /[\p{L}\p{M}\p{N}]$/u

/** A schedule in use. It keeps what it must remember (`surprise`), so each run needs its own. */
export type TemperatureAt = (moment: ScheduleInput) => number

/** @throws InputError for a temperature out of range */
export function start(schedule: Schedule): TemperatureAt {
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
      const base = start(schedule.base)
      return moment => {
        const T = base(moment)
        if (moment.looping === 0) return T
        // From T = 0 nothing can rise by doubling: it starts at the low end of the usual range.
        return Math.max(T, 0.1) * exp((moment.looping / ESCAPE_DOUBLING) * Math.LN2)
      }
    }
    case 'product': {
      const [a, b] = schedule.factors.map(start)
      return moment => {
        const [x, y] = [a(moment), b(moment)]
        return x === 0 || y === 0 ? 0 : x * y // 0 * inf is neither; the limit that is certain wins
      }
    }
    case 'then': {
      const first = start(schedule.first)
      const next = start(schedule.next)
      return moment => (moment.position < schedule.until ? first(moment) : next(moment))
    }
  }
}

/** Does the schedule remember what it was told before (`surprise`), so that a rewind must replay it? */
export function remembers(schedule: Schedule): boolean {
  switch (schedule.kind) {
    case 'surprise':
      return true
    case 'escape':
      return remembers(schedule.base)
    case 'product':
      return schedule.factors.some(remembers)
    case 'then':
      return remembers(schedule.first) || remembers(schedule.next)
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

// --- the written form ---

const number = (x: number): string => (x === Number.POSITIVE_INFINITY ? 'inf' : String(x))

/** The written form; `parseSchedule` reads it back to an equal value. */
export function formatSchedule(schedule: Schedule): string {
  const grouped = (inner: Schedule): string =>
    inner.kind === 'product' || inner.kind === 'then'
      ? `(${formatSchedule(inner)})`
      : formatSchedule(inner)
  switch (schedule.kind) {
    case 'constant':
      return number(schedule.temperature)
    case 'keyframes':
      return schedule.frames.map(f => `${number(f.temperature)}@${f.at}`).join(' ')
    case 'cycle':
      return `cycle ${schedule.temperatures.map(number).join(',')}`
    case 'word':
      return `word ${number(schedule.first)}/${number(schedule.inside)}`
    case 'entropy':
      return `entropy ${number(schedule.low)}..${number(schedule.high)}^${number(schedule.power)}`
    case 'surprise':
      return `surprise ${number(schedule.bits)}`
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

/** What a schedule may begin with, beside a number. */
const NAMES = ['cycle', 'word', 'entropy', 'surprise', 'escape', 'inf']

/** Brackets and `escape`s inside each other: more than anybody writes, fewer than a call can go. */
export const DEEPEST = 1000

/** Splits a written form into tokens with their places. Numbers never swallow the `..` of a range. */
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

  /** @param after a sentence more */
  fail(expected: string, after = ''): never {
    const place = this.at + (/^\s*/.exec(this.source.slice(this.at))?.[0].length ?? 0)
    const came = beginning(this.source.slice(place), 12)
    const { source } = this
    throw new InputError(
      'schedule',
      `The schedule "${shorten(source)}" has ${came === '' ? 'ended' : `"${came}"`} at character ${place + 1}; expected ${expected}.${after}${this.commas()}`,
    )
  }

  /** Where commas stand as decimal points: what to write instead. */
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

  /** A temperature of which a logarithm can be taken. */
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

/** A constant, or keyframes when an `@` follows. @param word what begins it: a name misspelt? */
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
