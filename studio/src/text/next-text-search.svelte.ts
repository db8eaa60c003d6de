/** The search for the nearest temperature at which the end of the shown text is another text. */
import type { FromWorker, ToWorker } from '../writer/protocol.js'
import { stretchStart } from './change-points.js'
import type { Records } from './records.js'
import type { Sampling } from './sampling.svelte.js'

export interface SearchedText {
  readonly records: Records
  readonly count: number
  readonly sampling: Pick<Sampling, 'chain'>
  /** Writes the symbols from `from` on anew at this temperature. */
  rewriteFrom(from: number, temperature: number): void
}

export class NextTextSearch {
  /** Its direction while it runs; `none-` when there is no other text in that direction. */
  state = $state<'up' | 'down' | 'none-up' | 'none-down'>()

  private readonly text: SearchedText
  private readonly send: (message: ToWorker) => void
  private job = 0

  constructor(text: SearchedText, send: (message: ToWorker) => void) {
    this.text = text
    this.send = send
  }

  /** Writes the stretch that was written at one temperature anew, at the next that changes it. */
  find(direction: 'up' | 'down'): void {
    const { records, count, sampling } = this.text
    const from = stretchStart(records, count)
    if (from >= count || sampling.chain !== undefined || records.chains[count - 1] !== 0) return
    this.state = direction
    const temperature = records.temperatures[count - 1]
    const job = ++this.job
    this.send({ type: 'next-text', job, from, to: count, temperature, direction })
  }

  /** The text has grown: what was found or not found was of a shorter one. */
  clear(): void {
    this.state = undefined
  }

  receive({ job, temperature }: Extract<FromWorker, { type: 'found' }>): void {
    if (job !== this.job) return
    const direction = this.state === 'up' ? 'up' : 'down'
    this.state = undefined
    if (temperature === undefined) {
      this.state = direction === 'up' ? 'none-up' : 'none-down'
      return
    }
    const { records, count } = this.text
    this.text.rewriteFrom(stretchStart(records, count), temperature)
  }
}
