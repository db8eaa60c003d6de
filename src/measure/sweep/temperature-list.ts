/**
 * Parses a list of temperatures, as a flag and a file write it:
 *
 *   0,0.5,1,inf        single ones
 *   0.1..3             the preferred numbers between the ends, ten a decade, and the ends:
 *                      0.1 0.125 0.16 0.2 0.25 0.315 0.4 0.5 0.63 0.8 1 1.25 1.6 2 2.5 3
 *   0.1..3/20          twenty, evenly spread in log T
 *   0..3:0.1           steps of 0.1
 */
import { beginning, InputError, shorten } from '../../errors.js'
import { plainNumber } from '../../knob.js'
import { exp, log } from '../../numeric.js'

/** The preferred numbers R10 of ISO 3, rounded values of 10^(k/10). */
const PREFERRED = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8]
/** A preferred number within this factor of an end of the range is left out. */
const TOO_NEAR = 1.06
/** Limit of a list, so that a slip such as `0..3:0.00001` is refused instead of run for hours. */
const MOST = 1000

/** The default list of a sweep. */
export const DEFAULT_TEMPERATURES = '0,0.1..3,inf'

const rounded = (T: number): number => Number(T.toPrecision(6))

class Reader {
  readonly source: string
  private at = 0

  constructor(source: string) {
    this.source = source
  }

  private skip(): void {
    while (this.source[this.at] === ' ') this.at++
  }

  get ended(): boolean {
    this.skip()
    return this.at >= this.source.length
  }

  /** Position of the next token, for an error message. */
  get position(): number {
    this.skip()
    return this.at
  }

  fail(expected: string, position = this.position): never {
    const came = beginning(this.source.slice(position), 12)
    throw new InputError(
      'temperatures',
      `The temperatures "${shorten(this.source)}" have ${came === '' ? 'ended' : `"${shorten(came)}"`} at character ${position + 1}; expected ${expected}.`,
    )
  }

  take(symbol: string): boolean {
    this.skip()
    if (!this.source.startsWith(symbol, this.at)) return false
    this.at += symbol.length
    return true
  }

  /** Reads a number, but not the `..` of a range that follows it. */
  number(expected: string): number {
    this.skip()
    const found = /^\+?(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:e[+-]?\d+)?/i.exec(
      this.source.slice(this.at),
    )
    if (!found) return this.fail(expected)
    this.at += found[0].length
    return Number(found[0])
  }

  temperature(): number {
    const found = /^(?:inf(?:inity)?\b|∞)/i.exec(this.source.slice(this.position))
    if (!found) return this.number('a temperature (a number from 0, or inf)')
    this.at += found[0].length
    return Number.POSITIVE_INFINITY
  }
}

/** The preferred numbers between two temperatures, both ends included. */
function preferred(from: number, to: number): number[] {
  const found = [from]
  for (let decade = Math.floor(log(from) / Math.LN10) - 1; ; decade++) {
    for (const mantissa of PREFERRED) {
      const T = rounded(mantissa * 10 ** decade)
      if (T * TOO_NEAR > to) return [...found, to]
      if (T > from * TOO_NEAR) found.push(T)
    }
  }
}

function readRange(reader: Reader, from: number, start: number): number[] {
  const end = reader.position
  const to = reader.temperature()
  if (!(to > from && to < Number.POSITIVE_INFINITY)) {
    reader.fail(`a temperature above ${from} and below inf (inf stands alone)`, end)
  }
  if (reader.take(':')) {
    const position = reader.position
    const step = reader.number('a step above 0')
    if (!(step > 0)) reader.fail('a step above 0', position)
    const count = Math.floor((to - from) / step + 1e-9)
    if (count >= MOST) reader.fail(`a step that gives at most ${MOST} temperatures`, position)
    return Array.from({ length: count + 1 }, (_, i) => rounded(from + i * step))
  }
  if (from === 0) {
    reader.fail('a start above 0 (log T has no 0), or steps: 0..3:0.1', start)
  }
  if (!reader.take('/')) return preferred(from, to)
  const position = reader.position
  const count = reader.number('how many temperatures')
  if (!Number.isSafeInteger(count) || count < 2 || count > MOST) {
    reader.fail(`a whole number of temperatures from 2 to ${MOST}`, position)
  }
  const [a, b] = [log(from), log(to)]
  return Array.from({ length: count }, (_, i) =>
    i === 0 ? from : i === count - 1 ? to : rounded(exp(a + ((b - a) * i) / (count - 1))),
  )
}

/**
 * Parses a list of temperatures. Refuses two whole numbers with a comma and no space, such as `0,7`,
 * because many people write 0.7 that way.
 * @returns ascending, each once
 * @throws InputError that names the position of the character
 */
export function parseTemperatures(text: string): number[] {
  const plain = plainNumber(text)
  if (/^\d+,\d+$/.test(plain)) {
    const [first, second] = plain.split(',')
    throw new InputError(
      'temperatures',
      `The temperatures "${plain}" may mean ${first}.${second}, or ${first} and ${second}; use ${first}.${second} for the one, "${first}, ${second}" with a space for the two.`,
    )
  }
  const reader = new Reader(plain)
  const found = new Set<number>()
  do {
    const start = reader.position
    const T = reader.temperature()
    if (!reader.take('..')) found.add(T)
    else {
      if (T === Number.POSITIVE_INFINITY) reader.fail('a finite start of the range', start)
      for (const each of readRange(reader, T, start)) found.add(each)
    }
    if (found.size > MOST) reader.fail(`at most ${MOST} temperatures before this`)
  } while (reader.take(','))
  if (!reader.ended)
    reader.fail('`,` and another temperature, `..` and the end of a range, or the end')
  return [...found].sort((a, b) => a - b)
}
