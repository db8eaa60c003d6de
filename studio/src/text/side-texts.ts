/** Texts that the worker writes beside the one shown, each for the part of the page that asked. */
import type { ErrorMessage } from '../writer/error-message.js'
import type { FromWorker, SideText, ToWorker } from '../writer/protocol.js'
import type { Piece } from './records.js'

interface Request {
  readonly job: number
  /** Called with each text when it is whole. */
  readonly written: (place: number, piece: Piece) => void
  /** Called with why they could not be written; left out: the page says it. */
  readonly failed: ((message: string) => void) | undefined
}

export class SideTexts {
  private readonly send: (message: ToWorker) => void
  /** Called with errors for which a request has no `failed`. */
  private readonly fail: (error: ErrorMessage) => void
  private jobs = 0
  private readonly requests = new Map<string, Request>()

  constructor(send: (message: ToWorker) => void, fail: (error: ErrorMessage) => void) {
    this.send = send
    this.fail = fail
  }

  /**
   * Writes texts; a later request of the same channel ends this one.
   * @param written called with each text when it is whole
   * @param more.failed called with why they could not be written; left out: the page says it
   */
  write(
    texts: readonly SideText[],
    written: Request['written'],
    more: { readonly channel?: string; readonly failed?: (message: string) => void } = {},
  ): void {
    const { channel = '', failed } = more
    const job = ++this.jobs
    this.requests.set(channel, { job, written, failed })
    this.send({ type: 'side-texts', channel, job, texts })
  }

  /** @returns whether the message was for this */
  receive(message: FromWorker): boolean {
    if (message.type === 'side-text') {
      this.requestOf(message.job)?.written(message.place, message)
      return true
    }
    if (message.type !== 'failed' || message.during !== 'side-texts') return false
    const request = this.requestOf(message.job)
    if (request?.failed) request.failed(message.message)
    else if (request) this.fail(message)
    return true
  }

  /** The request of a job, unless a newer one of its channel has come. */
  private requestOf(job: number): Request | undefined {
    return [...this.requests.values()].find(request => request.job === job)
  }
}
