/**
 * What the network had read at places of the running text, so that going back to any of them costs
 * no more than EVERY steps: states are kept every EVERY symbols (LSTM 2 x 256: 4 KB each).
 */
import { type Chain, type Model, type Network, Random, type State, Writer } from 'ondo'

const EVERY = 256

export class Memory {
  readonly prompt: ArrayLike<number>
  /** Of the written symbols. */
  readonly ids: number[]
  private readonly model: Model
  private readonly network: Network
  private readonly luck: { readonly seed: bigint; readonly stream: number }
  private readonly random: Random
  /** By how many written symbols had been read. */
  private states = new Map<number, State>()

  constructor(
    model: Model,
    network: Network,
    prompt: ArrayLike<number>,
    luck: { readonly seed: string; readonly stream?: number },
    ids: ArrayLike<number>,
  ) {
    this.model = model
    this.network = network
    this.prompt = prompt
    this.luck = { seed: BigInt(luck.seed), stream: luck.stream ?? 0 }
    this.random = new Random(this.luck.seed, this.luck.stream)
    this.ids = Array.from(ids)
  }

  /** Takes over the states of another text of the same model and prompt, as far as both agree. */
  learn(other: Memory): void {
    if (other.model !== this.model || !agree(other.prompt, this.prompt)) return
    let same = 0
    while (same < this.ids.length && this.ids[same] === other.ids[same]) same++
    for (const [read, state] of other.states) if (read <= same) this.states.set(read, state)
  }

  /** The second coin of place n. */
  secondCoin(n: number): number {
    return this.random.secondCoin(n)
  }

  /** A writer that stands before symbol n. @param intervals find them; it takes time */
  writerAt(n: number, lastSurprisal?: number, chain?: Chain, intervals = true): Writer {
    const session = this.network.session()
    let resume: ConstructorParameters<typeof Writer>[3]['resume']
    if (n > 0) {
      // The last symbol is left to be read by the writer itself: it waits as it would have.
      const read = n - 1
      let from = read - (read % EVERY)
      while (from > 0 && !this.states.has(from)) from -= EVERY
      const state = this.states.get(from)
      if (state) {
        session.restore(state)
      } else {
        // A writer that begins has read the prompt.
        new Writer(this.model, session, this.prompt, this.luck)
        this.states.set(0, session.snapshot())
      }
      for (let i = from; i < read; i++) {
        session.step(this.ids[i])
        if ((i + 1) % EVERY === 0) this.states.set(i + 1, session.snapshot())
      }
      resume = { ids: this.ids.slice(0, n), read, lastSurprisal }
    }
    return new Writer(this.model, session, this.prompt, {
      ...this.luck,
      chain,
      watch: true,
      intervals,
      resume,
    })
  }

  /** Forgets all symbols from n on. */
  truncate(n: number): void {
    this.ids.length = Math.min(n, this.ids.length)
    for (const read of this.states.keys()) if (read > this.ids.length) this.states.delete(read)
  }

  /** Remembers what a writer has just written, and now and then where it stands. */
  add(id: number, writer: Writer): void {
    this.ids.push(id)
    // The writer has read all but the last.
    const read = this.ids.length - 1
    if (read % EVERY === 0) this.states.set(read, writer.snapshot().state)
  }
}

function agree(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
