/** What a long computation does so that timers, messages and aborts come through. */
import { turn } from '../generate/generate.js'

/** How long to compute before the others have their turn, ms. */
const SLICE = 50

export class Turns {
  private readonly signal: AbortSignal | undefined
  private sliceEnd = performance.now() + SLICE

  constructor(signal?: AbortSignal) {
    this.signal = signal
  }

  /** Is it the others' turn? Looks at the clock: ask some thousand times a second, not a million. */
  get due(): boolean {
    return performance.now() > this.sliceEnd
  }

  /** Lets them have it. @throws the signal's reason */
  async pass(): Promise<void> {
    await turn()
    this.signal?.throwIfAborted()
    this.sliceEnd = performance.now() + SLICE
  }
}
