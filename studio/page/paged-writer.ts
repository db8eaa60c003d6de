/** Writes at a pace, on the page's own thread: pages from a file may not start others everywhere. */
import { type Candidates, type Model, type Network, Writer } from 'ondo'

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

  begin(ids: ArrayLike<number>, seed: string): void {
    this.writer?.dispose()
    this.writer = new Writer(this.model, this.network.session(), ids, { seed: BigInt(seed) })
    this.written = 0
    this.owed = 1
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
