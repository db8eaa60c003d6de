/** Applies samplers with their settings to the candidates of a step. */
import { InputError, quote, shorten } from '../../errors.js'
import type { Ranked } from './ranked.js'
import type { Apply, Effect, SamplerContext, Symbols } from './sampler.js'
import { kindOf, type SamplerSpec } from './samplers.js'
import { Vocabulary } from './symbols.js'
import { formatSampler } from './syntax.js'

export interface StartedSampler {
  readonly spec: SamplerSpec
  readonly effect: Effect
  readonly apply: Apply
}

/** @throws InputError for symbols that the model does not have */
export function startSamplers(specs: readonly SamplerSpec[], symbols: Symbols): StartedSampler[] {
  const vocabulary = new Vocabulary(symbols)
  return specs.map(spec => {
    const kind = kindOf(spec.sampler)
    return { spec, effect: kind.effect, apply: kind.start(spec, vocabulary) }
  })
}

/** The samplers of a chain at one step. */
export class ChainStep {
  readonly samplers: readonly StartedSampler[]
  readonly context: SamplerContext
  private readonly symbols: Symbols

  constructor(samplers: readonly StartedSampler[], context: SamplerContext, symbols: Symbols) {
    this.samplers = samplers
    this.context = context
    this.symbols = symbols
  }

  /** The effective temperature: the product of the chain's temperatures, or 0 if one of them is 0. */
  get temperature(): number {
    const all = this.samplers.flatMap(({ spec }) =>
      spec.sampler === 'temperature' ? [spec.temperature ?? this.context.temperature] : [],
    )
    if (all.includes(0)) return 0
    return Math.max(
      Number.MIN_VALUE,
      all.reduce((product, T) => product * T, 1),
    )
  }

  /**
   * Returns the candidates before the first sampler and after each sampler.
   * @throws InputError when a sampler leaves nothing
   */
  stages(start: Ranked): Ranked[] {
    const stages = [start]
    for (const sampler of this.samplers) {
      stages.push(this.apply(sampler, stages[stages.length - 1]))
    }
    return stages
  }

  /**
   * Applies one sampler.
   * @param temperature the run's temperature; default: that of the step
   * @throws InputError when the sampler leaves nothing
   */
  apply(sampler: StartedSampler, ranked: Ranked, temperature = this.context.temperature): Ranked {
    const { context } = this
    const next = sampler.apply(
      ranked,
      temperature === context.temperature
        ? context
        : {
            history: context.history,
            text: context.text,
            temperature,
            secondCoin: () => context.secondCoin(),
          },
    )
    if (next.ids.length === 0) throw this.nothingLeft(sampler.spec, ranked)
    return next
  }

  private nothingLeft(spec: SamplerSpec, before: Ranked): InputError {
    const { ids } = before
    const names = Array.from(ids.subarray(0, 5), id => quote(this.symbols.symbol(id)))
    const left = names.join(' ') + (ids.length > 5 ? ` and ${ids.length - 5} more` : '')
    return new InputError(
      'chain',
      `The sampler ${shorten(formatSampler(spec))} leaves nothing to draw: what reached it was ${left}. Write it before the samplers that narrow, or let it take less.`,
    )
  }
}
