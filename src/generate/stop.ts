/**
 * Stop strings, held back until decided: text that may be the beginning of a stop string waits, so
 * that no reader ever sees half of one.
 */
import { InputError } from '../errors.js'
import type { Position } from './writer.js'

export type StopReason = 'length' | 'stop'

export interface Step extends Position {
  /** On the last step: why the text ended. */
  readonly stop?: StopReason
  /** The stop string that was met; it is not part of any step's text. */
  readonly stopString?: string
}

export class StopGate {
  /** Once a stop string was met: how many of the last steps given hold a part of it. */
  overlap = 0
  private readonly stops: readonly string[]
  private held: Position[] = []
  private heldText = ''

  constructor(stops: readonly string[]) {
    for (const stop of stops) {
      if (typeof stop !== 'string' || stop === '') {
        throw new InputError(
          'stop',
          `A stop string is ${JSON.stringify(stop)}; expected text of at least one character.`,
        )
      }
    }
    this.stops = stops
  }

  /**
   * Takes a position; gives those that are decided. The last one carries `stop` when a stop string
   * is complete; then its positions come too, with the text before the stop string only.
   */
  push(position: Position): Step[] {
    this.held.push(position)
    this.heldText += position.text
    const met = this.earliestStop()
    if (met) {
      this.overlap = this.held.length - this.countBefore(met.start)
      const steps = this.release(met.start)
      const last = steps.length - 1
      steps[last] = { ...steps[last], stop: 'stop', stopString: met.stop }
      return steps
    }
    const undecided = this.longestBeginning()
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
    return steps
  }

  /** The stop string that begins first; of two that begin together the one listed first. */
  private earliestStop(): { start: number; stop: string } | undefined {
    let found: { start: number; stop: string } | undefined
    for (const stop of this.stops) {
      const start = this.heldText.indexOf(stop)
      if (start >= 0 && (!found || start < found.start)) found = { start, stop }
    }
    return found
  }

  /** Length of the longest end of the held text that begins a stop string. */
  private longestBeginning(): number {
    let longest = 0
    for (const stop of this.stops) {
      for (let n = Math.min(stop.length - 1, this.heldText.length); n > longest; n--) {
        if (this.heldText.endsWith(stop.slice(0, n))) longest = n
      }
    }
    return longest
  }
}
