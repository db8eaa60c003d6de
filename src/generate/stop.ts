/**
 * Stop strings, held back until decided: text that may be the beginning of a stop string waits, so
 * that no reader ever sees half of one.
 */
import { counted, InputError, quote } from '../errors.js'
import type { SymbolRecord } from './writer.js'

export type StopReason = 'length' | 'stop'

export interface Step extends SymbolRecord {
  /** On the last step: why the text ended. */
  readonly stop?: StopReason
  /** The stop string that was met; it is not part of any step's text. */
  readonly stopString?: string
}

/** Stop strings of a text at most. */
const MOST_STOPS = 1000
/** UTF-16 units that they may have together. */
const MOST_UNITS = 100_000

/**
 * How much of a stop string the text ends with, unit by unit: Knuth, Morris, Pratt, "Fast pattern
 * matching in strings" (1977). A unit costs the same however long the string is.
 */
class StopMatcher {
  readonly stop: string
  /** Units of the stop string with which the text so far ends; never all of them. */
  matched = 0
  /** Of each beginning of n units: the next shorter one with which it ends, at n - 1. */
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

  /** @returns whether the stop string ends with this unit */
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
  /** Once a stop string was met: how many of the last steps given hold a part of it. */
  overlap = 0
  private readonly matchers: readonly StopMatcher[]
  private held: SymbolRecord[] = []
  private heldText = ''

  /** @throws InputError for a stop string that is none, for too many, or too long ones */
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
   * Takes a position; gives those that are decided. The last one carries `stop` when a stop string
   * is complete; then its positions come too, with the text before the stop string only.
   */
  push(position: SymbolRecord): Step[] {
    this.held.push(position)
    const met = this.match(position.text)
    this.heldText += position.text
    if (met) {
      this.overlap = this.held.length - this.countBefore(met.start)
      const steps = this.release(met.start)
      const last = steps.length - 1
      steps[last] = { ...steps[last], stop: 'stop', stopString: met.stop }
      return steps
    }
    const undecided = this.matchers.reduce((most, { matched }) => Math.max(most, matched), 0)
    // Every position that ends before the undecided text may go.
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

  /** How many of the held symbols come before this character of their text. */
  private countBefore(start: number): number {
    let count = 0
    for (let end = 0; end < start; count++) {
      end += this.held[count].text.length
      if (end > start) return count
    }
    return count
  }

  /** What is still held when the text ends for another reason. */
  flush(): Step[] {
    return this.release(this.heldText.length)
  }

  /** All held positions, their text cut after `length` characters. */
  private release(length: number): Step[] {
    let left = length
    const steps = this.held.map(position => {
      const text = position.text.slice(0, Math.max(0, left))
      left -= position.text.length
      return text === position.text ? position : { ...position, text }
    })
    this.held = []
    this.heldText = ''
    for (const matcher of this.matchers) matcher.matched = 0
    return steps
  }

  /**
   * Reads more text. @returns the stop string that begins first; of two that begin together the one
   * listed first
   */
  private match(text: string): { start: number; stop: string } | undefined {
    let found: { start: number; stop: string } | undefined
    for (let i = 0; i < text.length; i++) {
      for (const matcher of this.matchers) {
        if (!matcher.push(text[i])) continue
        const { stop } = matcher
        const start = this.heldText.length + i + 1 - stop.length
        if (
          !found ||
          start < found.start ||
          (start === found.start && this.placeOf(stop) < this.placeOf(found.stop))
        ) {
          found = { start, stop }
        }
      }
    }
    return found
  }

  private placeOf(stop: string): number {
    return this.matchers.findIndex(matcher => matcher.stop === stop)
  }
}
