/**
 * The step that the bars show: the one to come, or the one in which the selected symbol was drawn.
 * Everything it says is computed from the step's logits anew at every move of the temperature.
 */
import { type Candidates, type Chain, createChain, Distribution, InputError } from 'ondo'
import { type Chained, CONTEXT_TAIL } from 'ondo/temperature'
import type { Settings } from '../settings/settings.svelte.js'
import type { NextStep, PromptRead } from '../writer/protocol.js'
import type { Records } from './records.js'
import type { Sampling } from './sampling.svelte.js'

/** Candidates that have a row of their own; as many as there are digits to choose by. */
export const ROWS = 9

/** Stands in place of a rank where the chain removed the candidate. */
export const CUT = 0

/** A step, as a distribution that answers for any temperature. */
export interface ShownStep {
  readonly index: number
  readonly coin: number
  /** The second coin of its place. */
  readonly secondCoin: number
  /** [V] */
  readonly logits: Float32Array
  readonly distribution: Distribution
}

const stepOf = ({ index, coin, secondCoin, logits }: NextStep): ShownStep => ({
  index,
  coin,
  secondCoin,
  logits,
  distribution: Distribution.of(logits),
})

/** What a chain reads of the text before a step. */
export interface StepContext {
  /** The prompt's ids, and those of the text. */
  readonly history: ArrayLike<number>
  readonly text: string
}

/** What a chain reads before symbol `index` of a text. */
export function contextOf(prompt: PromptRead, records: Records, index: number): StepContext {
  const history = new Uint32Array(prompt.ids.length + index)
  history.set(prompt.ids)
  history.set(records.ids.subarray(0, index), prompt.ids.length)
  const start = records.start(index)
  const text = prompt.text + records.text.slice(Math.max(0, start - CONTEXT_TAIL), start)
  return { history, text: index === 0 ? text : text.slice(-CONTEXT_TAIL) }
}

/** The text to which the step belongs. */
export interface StepSource {
  /** What is applied to the logits of the step. */
  readonly sampling: Pick<Sampling, 'temperature' | 'schedule' | 'chain' | 'symbols'>
  /** The selected symbol. */
  readonly selected: number | undefined
  contextAt(index: number): StepContext
}

/** Adds candidates that the chain took away to the rows that it left free: the model's likeliest, at 0. */
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

export class StepView {
  /** A temperature that is only tried on the bars; the text goes on as it was. */
  preview = $state<number>()
  /** The step that has not been drawn yet. */
  next = $state.raw<ShownStep>()
  /** The step in which the selected symbol was drawn, once the worker has sent it. */
  private selectedStep = $state.raw<ShownStep>()

  private readonly source: StepSource
  private readonly settings: Settings

  /** The temperature that the bars are shown at. */
  readonly temperature = $derived.by(() => this.preview ?? this.source.sampling.temperature)
  /** The temperature in figures; one that a schedule moves needs no more than can be read. */
  readonly figure = $derived.by(() => {
    const { speech } = this.settings
    const { schedule, temperature } = this.source.sampling
    return schedule !== undefined && this.preview === undefined
      ? speech.decimal(temperature)
      : speech.temperature(this.temperature)
  })
  /** The step whose bars are shown. */
  readonly step = $derived.by(() =>
    this.source.selected === undefined ? this.next : this.selectedStep,
  )
  /** The present chain, made for the model. */
  private readonly chain = $derived.by((): Chain | undefined => {
    const { chain, symbols } = this.source.sampling
    return chain === undefined || !symbols ? undefined : createChain(chain, symbols)
  })
  private readonly applied = $derived.by((): { step?: Chained; why?: string } => {
    const { chain, step, temperature } = this
    if (!chain || !step) return {}
    try {
      const context = {
        ...this.source.contextAt(step.index),
        temperature,
        secondCoin: () => step.secondCoin,
      }
      return { step: chain.apply(step.logits, context) }
    } catch (error) {
      if (error instanceof InputError) return { why: error.message }
      throw error
    }
  })
  /** The shown step after the present chain; undefined for temperature alone. */
  readonly chained = $derived(this.applied.step)
  /** Why the present chain leaves nothing to draw in the shown step. */
  readonly nothingLeft = $derived(this.applied.why)
  readonly candidates = $derived.by((): Candidates | undefined => {
    const { step, chained } = this
    if (!step || this.nothingLeft !== undefined) return undefined
    return chained
      ? withCut(chained.candidates(ROWS), step.distribution)
      : step.distribution.candidates(this.temperature, ROWS)
  })
  /** What the coin of the shown step falls on at the present temperature. */
  readonly draw = $derived.by(() => {
    const { step, chained } = this
    if (!step || this.nothingLeft !== undefined) return undefined
    return chained ? chained.draw(step.coin) : step.distribution.draw(this.temperature, step.coin)
  })

  constructor(source: StepSource, settings: Settings) {
    this.source = source
    this.settings = settings
  }

  setNext(step: NextStep): void {
    this.next = stepOf(step)
    // The selected step to come is pinned until the worker has sent it.
    if (this.source.selected === step.index && this.selectedStep === undefined) {
      this.selectedStep = this.next
    }
  }

  /** The step of the selected symbol, as the worker sent it. */
  setSelected(step: NextStep): void {
    this.selectedStep = stepOf(step)
  }

  /**
   * Another symbol was selected, or none.
   * @returns whether its step must be asked for; the old one stays shown until it is there
   */
  select(index: number | undefined): boolean {
    if (index !== undefined && index !== this.next?.index) return true
    this.selectedStep = index === undefined ? undefined : this.next
    return false
  }
}
