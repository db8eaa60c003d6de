/**
 * The step in sight: the one to come, or the one in which the symbol was drawn that the reader looks
 * at; what it says is derived anew from its logits at every move of the temperature.
 */
import { type Candidates, type Chain, createChain, Distribution, InputError } from 'ondo'
import type { Chained, Symbols } from 'ondo/temperature'
import { Settings } from '../settings/settings.svelte.js'
import type { NextStep } from '../writer/protocol.js'

/** A little below the model's own confidence, as on the command line. */
export const FIRST_TEMPERATURE = 0.8
/** Candidates that have a row of their own; as many as there are digits to choose by. */
export const ROWS = 9

/** In place of a rank: the chain took the candidate away. */
export const CUT = 0

/** A step, as a distribution that answers for any temperature. */
export interface ShownStep {
  readonly index: number
  readonly coin: number
  /** The second coin of its place. */
  readonly luck: number
  /** [V] */
  readonly logits: Float32Array
  readonly distribution: Distribution
}

export const stepOf = ({ index, coin, luck, logits }: NextStep): ShownStep => ({
  index,
  coin,
  luck,
  logits,
  distribution: Distribution.of(logits),
})

/** What samplers read of the text before a step. */
export interface Before {
  /** The prompt's ids, and those of the text. */
  readonly history: ArrayLike<number>
  readonly text: string
}

/** With what a chain took away in the rows that it left free: the model's own favourites, at 0. */
function withCut(left: Candidates, model: Distribution): Candidates {
  if (left.top.length >= ROWS) return left
  const listed = new Set(left.top.map(({ id }) => id))
  const top = [...left.top]
  let { count, p } = left.others
  for (let rank = 1; top.length < ROWS && rank <= model.allowed; rank++) {
    const id = model.idOfRank(rank)
    if (listed.has(id)) continue
    const own = model.probability(id, 1)
    top.push({ id, rank: CUT, logit: model.logit(id), p: own, pT: 0, cumulative: 1 })
    count--
    p -= own
  }
  return { ...left, top, others: { count, p: Math.max(0, p), pT: left.others.pT } }
}

export abstract class StepInSight {
  readonly settings = new Settings()
  temperature = $state(FIRST_TEMPERATURE)
  /** A temperature that is only tried on the bars; the text goes on as it was. */
  preview = $state<number>()
  /** In its written form, while one steers the temperature. */
  schedule = $state<string>()
  /** Samplers between the logits and the draw, in their written form; undefined: temperature alone. */
  chain = $state<string>()
  /** Of the model. */
  symbols = $state.raw<Symbols>()
  /** Symbols shown. */
  count = $state(0)
  /** The step that has not been drawn yet. */
  next = $state.raw<ShownStep>()
  /** The symbol that the reader looks at; `count` is the one to come. */
  selected = $state<number>()
  /** The step in which the selected symbol was drawn, once it has come. */
  looked = $state.raw<ShownStep>()

  readonly speech = $derived(this.settings.speech)
  readonly say = $derived(this.speech.say)
  /** The temperature that the bars are shown at. */
  readonly shownTemperature = $derived(this.preview ?? this.temperature)
  /** The temperature in figures; one that a schedule moves needs no more than can be read. */
  readonly figure = $derived(
    this.schedule !== undefined && this.preview === undefined
      ? this.speech.decimal(this.temperature)
      : this.speech.temperature(this.shownTemperature),
  )
  /** The step whose bars are shown. */
  readonly step = $derived(this.selected === undefined ? this.next : this.looked)
  /** The present chain, made for the model. */
  private readonly madeChain = $derived<Chain | undefined>(
    this.chain === undefined || !this.symbols ? undefined : createChain(this.chain, this.symbols),
  )
  private readonly through = $derived.by((): { step?: Chained; why?: string } => {
    const { madeChain, step, shownTemperature: temperature } = this
    if (!madeChain || !step) return {}
    try {
      const before = { ...this.before(step.index), temperature, secondCoin: () => step.luck }
      return { step: madeChain.apply(step.logits, before) }
    } catch (error) {
      if (error instanceof InputError) return { why: error.message }
      throw error
    }
  })
  /** The step in sight after the present chain; undefined for temperature alone. */
  readonly chained = $derived(this.through.step)
  /** Why the present chain leaves nothing to draw in the step in sight. */
  readonly nothingLeft = $derived(this.through.why)
  readonly candidates = $derived.by((): Candidates | undefined => {
    const { step, chained } = this
    if (!step || this.nothingLeft !== undefined) return undefined
    return chained
      ? withCut(chained.candidates(ROWS), step.distribution)
      : step.distribution.candidates(this.shownTemperature, ROWS)
  })
  /** What the coin of the shown step falls on at the present temperature. */
  readonly draw = $derived.by(() => {
    const { step, chained } = this
    if (!step || this.nothingLeft !== undefined) return undefined
    return chained
      ? chained.draw(step.coin)
      : step.distribution.draw(this.shownTemperature, step.coin)
  })

  protected abstract before(index: number): Before
}
