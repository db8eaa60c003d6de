/**
 * Checks whether a file's texts are what its model writes: the worker writes a session again; the text
 * of a run is compared while it is written.
 */

import type { FromWorker, TextToVerify, ToWorker } from '../writer/protocol.js'
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
  /** The text that a run should give. */
  private expected: string | undefined
  private places: readonly (number | undefined)[] = []
  private job = 0

  constructor(tell: (message: ToWorker) => void) {
    this.tell = tell
  }

  /** Clears the verdict. */
  forget(): void {
    this.verdict = undefined
  }

  /** The text that is written next should be this one; undefined: unknown. */
  expect(text: string | undefined): void {
    this.expected = text
  }

  /**
   * Lets the worker write all texts of a file again: other weights may have written it, or it was edited.
   * @param places for each text, its branch on the page
   */
  check(tree: TextTree, places: readonly (number | undefined)[]): void {
    this.places = places
    const texts = tree.branches.map(({ id, parent, at, origin, records }): TextToVerify => {
      const { columns } = TextTree.textOf(tree, tree.lastPositionOf(id)).slice(0)
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

  /** Compares the text of a run, as far as it is written, with what its file says. */
  compare(records: Records, branch: number): void {
    const { expected } = this
    if (expected === undefined) return
    const { length } = expected
    const text = records.text.slice(0, length)
    if (text === expected) this.verdict = { state: 'same', symbols: records.at(length) }
    else if (!expected.startsWith(text)) {
      let at = 0
      while (text[at] === expected[at]) at++
      this.verdict = { state: 'other', branch, at: records.at(at) }
    } else return
    this.expected = undefined
  }
}
