/** Writes text at a set speed on the main thread, because some browsers forbid workers in a local file. */
import type { Candidates, Model, Network, Writer } from 'ondo'
import { openWriter } from 'ondo/generate'

/** Maximum length of a text, symbols. */
const MAX_SYMBOLS = 100_000
/** Longest time to write in one frame, ms. */
const SLICE = 8

export interface Piece {
  readonly text: string
  readonly temperature: number
}

export class PagedWriter {
  temperature = 0.8
  /** Speed, symbols per second. */
  rate = 20
  playing = true
  private readonly model: Model
  private readonly network: Network
  private readonly show: (pieces: readonly Piece[]) => void
  private writer: Writer | undefined
  private reading: AbortController | undefined
  /** Number of symbols written. */
  private written = 0
  private symbolsDue = 0
  private last = performance.now()

  /** @param show receives new pieces, at most once per frame */
  constructor(model: Model, network: Network, show: (pieces: readonly Piece[]) => void) {
    this.model = model
    this.network = network
    this.show = show
    // A timer keeps writing in a hidden page, which gets no animation frames.
    setInterval(() => this.tick(), 16)
  }

  get full(): boolean {
    return this.written >= MAX_SYMBOLS
  }

  /** Reads a prompt in slices and begins to write. A later call aborts an earlier one that still reads. */
  async begin(ids: ArrayLike<number>, seed: string): Promise<void> {
    this.reading?.abort()
    const reading = new AbortController()
    this.reading = reading
    this.writer?.dispose()
    this.writer = undefined
    this.written = 0
    try {
      const session = this.network.session()
      const options = { seed: BigInt(seed) }
      const writer = await openWriter(this.model, session, ids, options, { signal: reading.signal })
      if (this.reading === reading) this.writer = writer
      else writer.dispose()
      this.symbolsDue = 1
    } catch (error) {
      if (!reading.signal.aborted) throw error
    }
  }

  /** The probabilities of the next symbol before and after temperature. */
  candidates(limit: number): Candidates | undefined {
    return this.writer?.candidates(this.temperature, limit)
  }

  private tick(): void {
    const now = performance.now()
    // After a pause of the page, at most 250 ms are caught up.
    this.symbolsDue += (Math.min(now - this.last, 250) / 1000) * this.rate
    this.last = now
    if (!this.playing || !this.writer || this.full) {
      this.symbolsDue = 0
      return
    }
    const pieces: Piece[] = []
    while (this.symbolsDue >= 1 && !this.full && performance.now() < now + SLICE) {
      const { text, temperature } = this.writer.next(this.temperature)
      pieces.push({ text, temperature })
      this.written++
      this.symbolsDue--
    }
    if (this.symbolsDue > this.rate / 4) this.symbolsDue = 1
    if (pieces.length > 0) this.show(pieces)
  }
}
