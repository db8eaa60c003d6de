/** Kept texts written again: are they what their records say? */
import { createChain, type Model, type Network } from 'ondo'
import { StateCache } from 'ondo/generate'
import { encodeIncoming } from 'ondo/text'
import { holding } from './held-units.js'
import { CHOSEN, type Origin, STATE_EVERY } from './protocol.js'

/** The clock is looked at after so many symbols. */
const HANDFUL = 16

/** A text of a session with what it was written by; what stands before `from` is another's. */
export interface ToVerify extends Origin {
  readonly from: number
  /** The place in the list of the text that it leaves; left out: none. */
  readonly parent?: number
  readonly ids: Uint32Array<ArrayBuffer>
  readonly temperatures: Float64Array<ArrayBuffer>
  readonly coins: Float64Array<ArrayBuffer>
  readonly chains: Uint16Array<ArrayBuffer>
  /** Of its own symbols. */
  readonly text: string
}

/** Writes texts again, one after the other, parents first. */
export class Verifier {
  private readonly model: Model
  private readonly networkOf: (model: Model) => Promise<Network>
  private readonly chains: readonly string[]
  private readonly turn: () => Promise<boolean>
  private readonly prepare: (text: StateCache, n: number) => Promise<boolean>
  /** Of the texts so far: a branch goes on from what its parent had read. */
  private readonly texts: StateCache[] = []

  /**
   * @param chains in their written forms, the first of them temperature alone
   * @param turn gives others their turn when it is time; false ends it
   * @param prepare reads what stands before a symbol, giving others their turn; false ends it
   */
  constructor(
    model: Model,
    networkOf: (model: Model) => Promise<Network>,
    chains: readonly string[],
    turn: () => Promise<boolean>,
    prepare: (text: StateCache, n: number) => Promise<boolean>,
  ) {
    this.model = model
    this.networkOf = networkOf
    this.chains = chains
    this.turn = turn
    this.prepare = prepare
  }

  /**
   * Writes the next text again, through the same temperatures, chains and choices.
   * @returns the first symbol that comes out otherwise; undefined when none does
   */
  async differenceOf(text: ToVerify): Promise<number | undefined> {
    const { from, parent, ids, temperatures, coins, chains: used } = text
    const model = holding(this.model, text.held)
    const prompt = encodeIncoming(text.prompt, model.tokenizer, text.unknown).ids
    const network = await this.networkOf(model)
    const written = new StateCache(model, network, prompt, {
      ids: ids.subarray(0, from),
      every: STATE_EVERY,
    })
    if (parent !== undefined) written.learn(this.texts[parent])
    this.texts.push(written)
    if (!(await this.prepare(written, from))) return undefined
    const { seed, stream } = text
    let came = ''
    for (let n = from; n < ids.length; ) {
      const index = used[n]
      const chain = index === 0 ? undefined : createChain(this.chains[index], model.tokenizer)
      const writer = written.writerAt(n, { seed: BigInt(seed), stream, chain, watch: true })
      try {
        for (; n < ids.length && used[n] === index; n++) {
          const position =
            coins[n] === CHOSEN
              ? writer.choose(ids[n], temperatures[n])
              : writer.next(temperatures[n])
          written.add(position.id, writer)
          if (position.id !== ids[n] || !text.text.startsWith(position.text, came.length)) return n
          came += position.text
          if (n % HANDFUL === 0 && !(await this.turn())) return undefined
        }
      } finally {
        writer.dispose()
      }
    }
    return came.length === text.text.length ? undefined : ids.length - 1
  }
}
