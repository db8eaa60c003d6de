/**
 * The step in sight: the one to come, or the one in which the symbol was drawn that the reader looks
 * at; what it says is derived anew from its logits at every move of the temperature.
 */
import { type Candidates, Distribution } from 'ondo'
import type { NextStep } from './protocol.js'
import { Settings } from './settings.svelte.js'

/** A little below the model's own confidence, as on the command line. */
export const FIRST_TEMPERATURE = 0.8
/** Candidates that have a row of their own; as many as there are digits to choose by. */
export const ROWS = 9

/** A step, as a distribution that answers for any temperature. */
export interface ShownStep {
  readonly index: number
  readonly coin: number
  readonly distribution: Distribution
}

export const stepOf = ({ index, coin, logits }: NextStep): ShownStep => ({
  index,
  coin,
  distribution: Distribution.of(logits),
})

export class StepInSight {
  readonly settings = new Settings()
  temperature = $state(FIRST_TEMPERATURE)
  /** A temperature that is only tried on the bars; the text goes on as it was. */
  preview = $state<number>()
  /** In its written form, while one steers the temperature. */
  schedule = $state<string>()
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
  readonly candidates = $derived<Candidates | undefined>(
    this.step?.distribution.candidates(this.shownTemperature, ROWS),
  )
  /** What the coin of the shown step falls on at the present temperature. */
  readonly draw = $derived(this.step?.distribution.draw(this.shownTemperature, this.step.coin))
}
