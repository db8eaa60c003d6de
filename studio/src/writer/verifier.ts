/** Checks that stored texts match their records: writes each one again, a branch from its parent's states. */
import { type Model, networkOf } from 'ondo'
import { findDifference, type PrefillOptions, StateCache } from 'ondo/generate'
import { encodeInput } from 'ondo/text'
import { withHeldUnits } from './held-units.js'
import { CHOSEN, STATE_EVERY, type TextToVerify } from './protocol.js'

/** Verifies texts one after the other, parents first. */
export class Verifier {
  private readonly model: Model
  private readonly chains: readonly string[]
  private readonly options: PrefillOptions
  /** The texts verified so far: a branch starts from the states of its parent. */
  private readonly texts: StateCache[] = []

  /**
   * @param chains the chains as text; the first one is temperature alone
   * @param options.signal aborts the work; its reason is thrown
   */
  constructor(model: Model, chains: readonly string[], options: PrefillOptions = {}) {
    this.model = model
    this.chains = chains
    this.options = options
  }

  /**
   * Writes the next text again with the same temperatures, chains and choices.
   * @returns index of the first symbol that differs; undefined when none does
   */
  async differenceOf(text: TextToVerify): Promise<number | undefined> {
    const { from, parent, ids, temperatures, coins, chains, seed, stream } = text
    const model = withHeldUnits(this.model, text.held)
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
