/** A text that is to end before a stop string: what may be the beginning of one waits. */
import type { Position } from 'ondo'
import { textOf } from './columns.js'

export interface Decided {
  /** Written for good. */
  readonly positions: readonly Position[]
  /** Symbols behind them that belong to the stop string; undefined as long as there was none. */
  readonly dropped?: number
}

export class Stops {
  private readonly stops: readonly string[]
  private readonly longest: number
  private held: Position[] = []

  constructor(stops: readonly string[]) {
    this.stops = stops
    this.longest = Math.max(0, ...stops.map(stop => stop.length))
  }

  push(positions: readonly Position[]): Decided {
    this.held.push(...positions)
    const text = textOf(this.held)
    const starts = this.stops.map(stop => text.indexOf(stop)).filter(at => at >= 0)
    const end = starts.length > 0 ? Math.min(...starts) : text.length - this.longest + 1
    let whole = 0
    let length = 0
    while (whole < this.held.length && length + this.held[whole].text.length <= end) {
      length += this.held[whole++].text.length
    }
    const free = this.held.splice(0, whole)
    return starts.length > 0 ? { positions: free, dropped: this.held.length } : { positions: free }
  }

  /** What still waits when the text ends for another reason. */
  flush(): Position[] {
    return this.held.splice(0)
  }
}
