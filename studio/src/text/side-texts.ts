/** Texts that the worker writes beside the one shown, each for whoever wished for it. */
import type { Piece } from './records.js'

interface Wish {
  readonly job: number
  /** Told of each text when it is whole. */
  readonly tell: (place: number, piece: Piece) => void
  /** Told why they could not be written; left out: the page says it. */
  readonly failed: ((message: string) => void) | undefined
}

export class Asides {
  private jobs = 0
  private readonly wishes = new Map<string, Wish>()

  /** @returns the job of a new wish, which ends the one before it of the same channel */
  wish(channel: string, tell: Wish['tell'], failed: Wish['failed']): number {
    const job = ++this.jobs
    this.wishes.set(channel, { job, tell, failed })
    return job
  }

  /** The wish of a job, unless a newer one of its channel has come. */
  of(job: number): Wish | undefined {
    return [...this.wishes.values()].find(wish => wish.job === job)
  }
}
