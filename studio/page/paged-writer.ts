/** Writes at a pace, on the page's own thread: pages from a file may not start others everywhere. */
import type { Candidates, Model, Network, Writer } from 'ondo'
import { openWriter } from 'ondo/generate'

/** Where a text ends that nobody stops. */
const FULL = 100_000
/** A frame's share for writing, ms. */
const SLICE = 8

export interface Piece {
  readonly text: string
  readonly temperature: number
}

export class PagedWriter {
  temperature = 0.8
  /** Symbols a second. */
  rate = 20
  playing = true
  private readonly model: Model
  private readonly network: Network
  private readonly show: (pieces: readonly Piece[]) => void
  private writer: Writer | undefined
  private reading: AbortController | undefined
  /** Symbols. */
  private written = 0
  private owed = 0
  private last = performance.now()

  /** @param show called once a frame at most */
  constructor(model: Model, network: Network, show: (pieces: readonly Piece[]) => void) {
    this.model = model
    this.network = network
    this.show = show
    // A clock and not frames alone: what was begun goes on where no frames are given.
    setInterval(() => this.tick(), 16)
  }

  get full(): boolean {
    return this.written >= FULL
  }

  /** Reads a prompt in slices and begins to write; a later call ends one that still reads. */
  async begin(ids: ArrayLike<number>, seed: string): Promise<void> {
    this.reading?.abort()
    const reading = new AbortController()
    this.reading = reading
    this.writer?.dispose()
    this.writer = undefined
    this.written = 0
    try {
      const session = this.network.session()
      const luck = { seed: BigInt(seed) }
      const writer = await openWriter(this.model, session, ids, luck, { signal: reading.signal })
      if (this.reading === reading) this.writer = writer
      else writer.dispose()
      this.owed = 1
    } catch (error) {
      if (!reading.signal.aborted) throw error
    }
  }

  /** The odds of the next symbol, before and after temperature. */
  candidates(limit: number): Candidates | undefined {
    return this.writer?.candidates(this.temperature, limit)
  }

  private tick(): void {
    const now = performance.now()
    // After a pause of the whole page it does not hurry to catch up.
    this.owed += (Math.min(now - this.last, 250) / 1000) * this.rate
    this.last = now
    if (!this.playing || !this.writer || this.full) {
      this.owed = 0
      return
    }
    const pieces: Piece[] = []
    while (this.owed >= 1 && !this.full && performance.now() < now + SLICE) {
      const { text, temperature } = this.writer.next(this.temperature)
      pieces.push({ text, temperature })
      this.written++
      this.owed--
    }
    if (this.owed > this.rate / 4) this.owed = 1
    if (pieces.length > 0) this.show(pieces)
  }
}
