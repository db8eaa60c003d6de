/**
 * Ends a text at a stop string. Text that may be the beginning of a stop string is held back until
 * this is decided, so that no part of a stop string is ever output.
 */
import { counted, InputError, quote } from '../errors.js'
import type { SymbolRecord } from './writer.js'

export type StopReason = 'length' | 'stop'

export interface Step extends SymbolRecord {
  /** Why the text ended; only in the last step. */
  readonly stop?: StopReason
  /** The stop string that ended the text. It is not part of the text of any step. */
  readonly stopString?: string
}

/** Maximum number of stop strings. */
const MOST_STOPS = 1000
/** Maximum length of all stop strings together, UTF-16 units. */
const MOST_UNITS = 100_000

/**
 * Matches one stop string, unit by unit: Knuth, Morris, Pratt, "Fast pattern matching in strings"
 * (1977). The amortized cost of a unit does not depend on the length of the string.
 */
class StopMatcher {
  readonly stop: string
  /** The length of the longest proper prefix of the stop string with which the text ends. */
  matched = 0
  /** Entry n - 1: length of the longest shorter prefix with which the prefix of n units ends. */
  private readonly shorter: Int32Array

  constructor(stop: string) {
    this.stop = stop
    this.shorter = new Int32Array(stop.length)
    for (let n = 1, k = 0; n < stop.length; n++) {
      while (k > 0 && stop[n] !== stop[k]) k = this.shorter[k - 1]
      if (stop[n] === stop[k]) k++
      this.shorter[n] = k
    }
  }

  /** Reads the next unit. @returns whether it completes the stop string */
  push(unit: string): boolean {
    const { stop, shorter } = this
    while (this.matched > 0 && unit !== stop[this.matched]) {
      this.matched = shorter[this.matched - 1]
    }
    if (unit === stop[this.matched]) this.matched++
    if (this.matched < stop.length) return false
    this.matched = shorter[this.matched - 1]
    return true
  }
}

export class StopGate {
  /** After a match: how many of the last returned steps contain a part of the stop string. */
  overlap = 0
  private readonly matchers: readonly StopMatcher[]
  private held: SymbolRecord[] = []
  private heldText = ''

  /** @throws InputError for an empty stop string, too many, or too long ones */
  constructor(stops: readonly string[]) {
    if (stops.length > MOST_STOPS) {
      throw new InputError(
        'stop',
        `There are ${stops.length} stop strings; expected at most ${MOST_STOPS}.`,
      )
    }
    for (const stop of stops) {
      if (typeof stop !== 'string' || stop === '') {
        throw new InputError(
          'stop',
          `A stop string is ${quote(stop)}; expected text of at least one character.`,
        )
      }
    }
    const units = stops.reduce((sum, stop) => sum + stop.length, 0)
    if (units > MOST_UNITS) {
      throw new InputError(
        'stop',
        `The stop strings are ${counted(units, 'character')} long together; expected at most ${MOST_UNITS}.`,
      )
    }
    this.matchers = stops.map(stop => new StopMatcher(stop))
  }

  /**
   * Takes the record of a symbol.
   * @returns the steps that are decided. When a stop string is complete, these are all steps; the last
   *   one has `stop`, and their text ends before the stop string
   */
  push(record: SymbolRecord): Step[] {
    this.held.push(record)
    const met = this.findStop(record.text)
    this.heldText += record.text
    if (met) {
      this.overlap = this.held.length - this.countBefore(met.start)
      const steps = this.release(met.start)
      const last = steps.length - 1
      steps[last] = { ...steps[last], stop: 'stop', stopString: met.stop }
      return steps
    }
    const undecided = this.matchers.reduce((most, { matched }) => Math.max(most, matched), 0)
    // Release every record whose text ends before the undecided part.
    let length = this.heldText.length
    let keep = this.held.length
    while (keep > 0 && undecided > 0) {
      keep--
      length -= this.held[keep].text.length
      if (this.heldText.length - length >= undecided) break
    }
    if (undecided === 0) keep = this.held.length
    const free = this.held.splice(0, keep)
    this.heldText = this.heldText.slice(free.reduce((sum, step) => sum + step.text.length, 0))
    return free
  }

  /** How many of the held symbols end before this position of their text. */
  private countBefore(start: number): number {
    let count = 0
    for (let end = 0; end < start; count++) {
      end += this.held[count].text.length
      if (end > start) return count
    }
    return count
  }

  /** Returns the held steps when the text ends for another reason. */
  flush(): Step[] {
    return this.release(this.heldText.length)
  }

  /** Returns all held records, with their text cut to `length` UTF-16 units. */
  private release(length: number): Step[] {
    let left = length
    const steps = this.held.map(record => {
      const text = record.text.slice(0, Math.max(0, left))
      left -= record.text.length
      return text === record.text ? record : { ...record, text }
    })
    this.held = []
    this.heldText = ''
    for (const matcher of this.matchers) matcher.matched = 0
    return steps
  }

  /**
   * Reads more text.
   * @returns the completed stop string that begins first; of two with the same start, the one that is
   *   listed first
   */
  private findStop(text: string): { start: number; stop: string } | undefined {
    let found: { start: number; stop: string } | undefined
    for (let i = 0; i < text.length; i++) {
      for (const matcher of this.matchers) {
        if (!matcher.push(text[i])) continue
        const { stop } = matcher
        const start = this.heldText.length + i + 1 - stop.length
        if (
          !found ||
          start < found.start ||
          (start === found.start && this.indexOf(stop) < this.indexOf(found.stop))
        ) {
          found = { start, stop }
        }
      }
    }
    return found
  }

  private indexOf(stop: string): number {
    return this.matchers.findIndex(matcher => matcher.stop === stop)
  }
}
