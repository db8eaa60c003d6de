/** What every sampler of a chain is made of. A new sampler is one file and one line in samplers.ts. */
import type { Bilingual, NumberKnob } from '../../knob.js'
import type { Ranked } from './ranked.js'
import type { Vocabulary } from './symbols.js'

/** What a sampler may read besides the candidates; all of it is known before the draw. */
export interface SamplerContext {
  /** The ids so far, prompt included. */
  readonly history: ArrayLike<number>
  /** The run's temperature at this step, from the slider or the schedule: 0 to Infinity. */
  readonly temperature: number
  /** The second coin of this position, in (0, 1]: `random.secondCoin(position)`. */
  secondCoin(): number
  /** The text so far, prompt included, or its end. */
  readonly text: string
}

/** The part of a tokenizer that a chain needs. */
export interface Symbols {
  /** V */
  readonly size: number
  /** The text of one id. */
  symbol(id: number): string
  /** The symbol that a text from outside means: itself, or its canonical equivalent. */
  known?(text: string): string | undefined
}

/** The pure function that a sampler is once its settings are known. */
export type Apply = (ranked: Ranked, step: SamplerContext) => Ranked

/**
 * How a sampler acts on the candidates, which decides whether temperature has an effect:
 * - `temperature`: divides the logits;
 * - `logits`: changes the logits of some symbols, depending on the text;
 * - `mask`: removes given symbols;
 * - `prefix`: keeps the first ranks, and never fewer when the temperature before it rises;
 * - `set`: keeps candidates by their probabilities in another way.
 */
export type Effect = 'temperature' | 'logits' | 'mask' | 'prefix' | 'set'

/** A named list of symbols: `breakers="\n" "."`. */
export interface SymbolsKnob {
  readonly name: string
  readonly default: readonly string[]
  readonly about: Bilingual
}

/** A sampler's description, once for the written form, the JSON, the help and the docs. */
export interface SamplerKind<S extends { readonly sampler: string }> {
  readonly sampler: S['sampler']
  readonly about: Bilingual
  /** The paper or the first implementation. */
  readonly source: string
  readonly effect: Effect
  readonly knobs: readonly NumberKnob[]
  /** The knob whose number stands right after the sampler's name: `top-k 5`. */
  readonly main?: string
  readonly lists?: readonly SymbolsKnob[]
  /** What follows the name besides knobs: `ban "x" /[0-9]/` or `bias "e"=+1.5`. */
  readonly takes?: 'symbols' | 'weights'
  /** @throws InputError for symbols that the model does not have */
  start(spec: S, vocabulary: Vocabulary): Apply
}
