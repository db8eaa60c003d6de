/**
 * Are the texts of a file what its model writes? A session is written again by the worker; the text of
 * a run is compared while it is written here.
 */

import type { FromWorker, ToVerify, ToWorker } from '../writer/protocol.js'
import type { Records } from './records.js'
import { TextTree } from './text-tree.js'

export type Verdict =
  | { readonly state: 'busy' }
  | { readonly state: 'same'; readonly symbols: number }
  | { readonly state: 'other'; readonly branch: number; readonly at: number }
  | { readonly state: 'failed'; readonly message: string }

export class Verification {
  verdict = $state.raw<Verdict>()
  private readonly tell: (message: ToWorker) => void
  /** What the text of a run is to be. */
  private promised: string | undefined
  private places: readonly (number | undefined)[] = []
  private job = 0

  constructor(tell: (message: ToWorker) => void) {
    this.tell = tell
  }

  /** Nothing that was said counts any more. */
  forget(): void {
    this.verdict = undefined
  }

  /** The text that is written next is to be this one; undefined: nobody knows. */
  promise(text: string | undefined): void {
    this.promised = text
  }

  /**
   * Lets the worker write all texts of a file again: it may have been made by other weights, or by hand.
   * @param places the branches of the page where they stand
   */
  check(tree: TextTree, places: readonly (number | undefined)[]): void {
    this.places = places
    const texts = tree.branches.map(({ id, parent, at, origin, records }): ToVerify => {
      const { columns } = TextTree.textOf(tree, tree.placeOf(id)).slice(0)
      const { ids, temperatures, coins, chains } = columns
      const way = { from: at, ...(parent !== undefined && { parent }) }
      return { ...origin, ...way, ids, temperatures, coins, chains, text: records.text }
    })
    this.verdict = { state: 'busy' }
    this.tell({ type: 'verify', job: ++this.job, texts, chains: [...tree.chains] })
  }

  /** @returns whether the message was for this */
  receive(message: FromWorker): boolean {
    if (message.type === 'verified') {
      const { job, symbols, text: branch, at } = message
      if (job !== this.job) return true
      const same = branch === undefined || at === undefined
      this.verdict = same
        ? { state: 'same', symbols }
        : { state: 'other', branch: this.places[branch] ?? branch, at }
      return true
    }
    if (message.type !== 'failed' || message.during !== 'verify') return false
    if (message.job === this.job) this.verdict = { state: 'failed', message: message.message }
    return true
  }

  /** Is the text of a run, as far as it goes, what its file says? */
  compare(records: Records, branch: number): void {
    const { promised } = this
    if (promised === undefined) return
    const { length } = promised
    const text = records.text.slice(0, length)
    if (text === promised) this.verdict = { state: 'same', symbols: records.at(length) }
    else if (!promised.startsWith(text)) {
      let at = 0
      while (text[at] === promised[at]) at++
      this.verdict = { state: 'other', branch, at: records.at(at) }
    } else return
    this.promised = undefined
  }
}
