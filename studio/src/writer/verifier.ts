/** Are the kept texts what their records say? Each is written again, a branch from its parent's states. */
import { type Model, networkOf } from 'ondo'
import { findDifference, type PrefillOptions, StateCache } from 'ondo/generate'
import { encodeInput } from 'ondo/text'
import { holding } from './held-units.js'
import { CHOSEN, STATE_EVERY, type ToVerify } from './protocol.js'

/** Verifies texts one after the other, parents first. */
export class Verifier {
  private readonly model: Model
  private readonly chains: readonly string[]
  private readonly options: PrefillOptions
  /** The texts so far: a branch goes on from what its parent had read. */
  private readonly texts: StateCache[] = []

  /**
   * @param chains in their written forms, the first of them temperature alone
   * @param options.signal ends the work with its reason as error
   */
  constructor(model: Model, chains: readonly string[], options: PrefillOptions = {}) {
    this.model = model
    this.chains = chains
    this.options = options
  }

  /**
   * Writes the next text again, through the same temperatures, chains and choices.
   * @returns the first symbol that comes out otherwise; undefined when none does
   */
  async differenceOf(text: ToVerify): Promise<number | undefined> {
    const { from, parent, ids, temperatures, coins, chains, seed, stream } = text
    const model = holding(this.model, text.held)
    const prompt = encodeInput(text.prompt, model.tokenizer, text.unknown).ids
    const written = new StateCache(model, await networkOf(model), prompt, {
      ids: ids.subarray(0, from),
      every: STATE_EVERY,
    })
    if (parent !== undefined) written.adoptStates(this.texts[parent])
    this.texts.push(written)
    const difference = await findDifference(
      written,
      {
        ...{ ids, temperatures, text: text.text },
        chainOf: n => (chains[n] === 0 ? undefined : this.chains[chains[n]]),
        isChosen: n => coins[n] === CHOSEN,
      },
      { ...this.options, seed: BigInt(seed), stream },
    )
    return difference?.position
  }
}
