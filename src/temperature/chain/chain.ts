/**
 * The sampler chain: samplers are applied to the candidates of each step in the order in which they
 * are written, then one candidate is drawn. Definitions, sources and why the order matters:
 * docs/chain.md.
 */
import type { Bilingual } from '../../knob.js'
import { exp, LN2, log } from '../../numeric.js'
import {
  type Candidate,
  type Candidates,
  checkTemperature,
  Distribution,
  type Draw,
  type Tempered,
} from '../distribution.js'
import { ChainStep, type StartedSampler, startSamplers } from './apply.js'
import { checkSamplers, type SamplerInput, withTemperature } from './check.js'
import { explainNoEffect, reportSamplers, type SamplerReport } from './explain.js'
import { type Ranked, rank } from './ranked.js'
import type { SamplerContext, Symbols } from './sampler.js'
import type { SamplerSpec } from './samplers.js'
import { formatChain, parseChain } from './syntax.js'

/** A draw from what a chain left: `pT`, `entropyT` and `rank` are those after its last sampler. */
export interface ChainedDraw extends Draw {
  /** The rank by the model's own logits, 1 for the likeliest. */
  readonly modelRank: number
  /** Candidates that the chain left. */
  readonly kept: number
  /** The model's own probability (T = 1) of all candidates that the chain left. */
  readonly mass: number
}

/**
 * Makes a chain for a vocabulary.
 * @param spec the written form, `parseChain`'s value, or JSON; without temperature it gets one
 * @throws InputError for a chain that can't be read, settings out of range, unknown symbols
 */
export function createChain(spec: string | readonly SamplerInput[], symbols: Symbols): Chain {
  const samplers =
    typeof spec === 'string' ? parseChain(spec) : withTemperature(checkSamplers(spec))
  return new Chain(samplers, symbols)
}

export class Chain {
  /** The samplers in the order in which they are applied. */
  readonly samplers: readonly SamplerSpec[]
  /**
   * True for temperature alone, without a number. Only then does a draw have an interval of
   * temperatures in which it stays the same (interval.ts).
   */
  readonly plain: boolean
  private readonly symbols: Symbols
  private readonly started: readonly StartedSampler[]
  private readonly distribution: Distribution

  constructor(samplers: readonly SamplerSpec[], symbols: Symbols) {
    this.samplers = samplers
    this.symbols = symbols
    this.plain = isPlain(samplers)
    this.distribution = new Distribution(symbols.size)
    this.started = startSamplers(samplers, symbols)
  }

  /**
   * Applies the samplers to one step. The result is valid until the next call.
   * @param logits [V] of the step; read now, not changed
   * @throws InputError when ban or allow leaves nothing, naming it; for a temperature out of range;
   *   for logits that are not numbers
   */
  apply(logits: Float32Array, context: SamplerContext): Chained {
    checkTemperature(context.temperature)
    this.distribution.load(logits)
    const step = new ChainStep(this.started, context, this.symbols)
    return new Chained(this.distribution, logits, step, this.plain)
  }

  /** The written form. */
  toString(): string {
    return formatChain(this.samplers)
  }

  /** The form for JSON, which has no infinity: the word "inf" stands for it, and `createChain` reads it. */
  toJSON(): SamplerInput[] {
    return this.samplers.map(spec =>
      spec.sampler === 'temperature' && spec.temperature === Number.POSITIVE_INFINITY
        ? { ...spec, temperature: 'inf' }
        : spec,
    )
  }
}

function isPlain(samplers: readonly SamplerSpec[]): boolean {
  const [first] = samplers
  return samplers.length === 1 && first.sampler === 'temperature' && first.temperature === undefined
}

/** One step after the chain. Reports are computed when asked for. */
export class Chained {
  /** The model's own distribution, before the chain. */
  readonly model: Distribution
  /** The temperature that acted: the product of the chain's, 0 where one of them is 0. */
  readonly temperature: number
  private readonly step: ChainStep
  private readonly plain: boolean
  /** The candidates before the first sampler and after each; undefined until needed for temperature alone. */
  private stages: readonly Ranked[] | undefined
  private ownCache: Tempered | undefined

  constructor(model: Distribution, logits: Float32Array, step: ChainStep, plain: boolean) {
    this.model = model
    this.step = step
    this.plain = plain
    this.temperature = step.temperature
    // Temperature alone draws from the model's own ranks, which are computed one by one when needed.
    if (!plain) this.stages = step.stages(rank(logits))
  }

  /** Candidates that the chain left. */
  get kept(): number {
    if (this.plain) return this.temperature === 0 ? 1 : this.model.allowed
    return this.last().ids.length
  }

  /** The model's own probability (T = 1) of all that the chain left together. */
  get mass(): number {
    if (this.kept === this.model.allowed) return 1
    const { own } = this
    let mass = 0
    for (const id of this.last().ids) mass += own.probability(id)
    return Math.min(1, mass)
  }

  /**
   * Draws with a coin: the first rank whose cumulative probability reaches it.
   * @param coin in (0, 1]; not read at T = 0
   */
  draw(coin: number): ChainedDraw {
    const { model, temperature, kept, mass } = this
    if (this.plain) {
      const draw = model.draw(temperature, coin)
      return { ...draw, modelRank: draw.rank, kept, mass }
    }
    const { ids } = this.last()
    const { weights, sum, entropy } = this.weighed()
    let rank = 1
    let cumulative = weights[0] / sum
    while (cumulative < coin && rank < kept) cumulative += weights[rank++] / sum
    const id = ids[rank - 1]
    const pT = weights[rank - 1] / sum
    const drawn = { id, rank, temperature, coin: temperature === 0 ? null : coin, pT }
    const record = model.record({ ...drawn, entropyT: entropy }, this.own)
    return { ...record, modelRank: modelRankOf(model, id), kept, mass }
  }

  /**
   * The first `limit` ranks after the chain, beside the model's own probability. `others` counts
   * what is not listed: the rest of the chain's candidates and all that the chain took away. At T = 0
   * a chain of more samplers than temperature leaves rank 1 only, so that the list has one entry.
   */
  candidates(limit: number): Candidates {
    const { model } = this
    if (this.plain) return model.candidates(this.temperature, limit)
    const { ids } = this.last()
    const { weights, sum, entropy } = this.weighed()
    const { own } = this
    const top: Candidate[] = []
    let mass = 0
    let cumulative = 0
    for (let r = 0; r < Math.min(limit, ids.length); r++) {
      const id = ids[r]
      const p = own.probability(id)
      const pT = weights[r] / sum
      mass += p
      cumulative += pT
      top.push({ id, rank: r + 1, logit: model.logit(id), p, pT, cumulative })
    }
    return {
      top,
      others: {
        count: model.allowed - top.length,
        p: Math.max(0, 1 - mass),
        pT: Math.max(0, 1 - cumulative),
      },
      entropy: own.entropy,
      entropyT: entropy,
    }
  }

  /** What each sampler did, in order. */
  get report(): readonly SamplerReport[] {
    return reportSamplers(this.step, this.all())
  }

  /**
   * Whether another temperature of the run, from 0 to Infinity, can change what is drawn at this
   * step. False only where it is certain that none can.
   */
  get temperatureMatters(): boolean {
    return this.temperatureNote === undefined
  }

  /** Why temperature has no effect at this step; undefined where it has. */
  get temperatureNote(): Bilingual | undefined {
    return explainNoEffect(this.step, this.all())
  }

  // --- internal ---

  /** The model's own distribution at T = 1. */
  private get own(): Tempered {
    this.ownCache ??= this.model.at(1)
    return this.ownCache
  }

  private all(): readonly Ranked[] {
    this.stages ??= this.step.stages(
      rank(Float32Array.from({ length: this.model.size }, (_, id) => this.model.logit(id))),
    )
    return this.stages
  }

  private last(): Ranked {
    const stages = this.all()
    return stages[stages.length - 1]
  }

  /** exp(l - l_1) by rank, their sum and entropy in bits, summed by id as Distribution does. */
  private weighed(): { weights: Float64Array; sum: number; entropy: number } {
    const { ids, logits } = this.last()
    const weights = new Float64Array(ids.length)
    const byId = new Float64Array(this.model.size)
    const moments = new Float64Array(this.model.size)
    for (let r = 0; r < ids.length; r++) {
      const x = logits[r] - logits[0]
      weights[r] = exp(x)
      byId[ids[r]] = weights[r]
      if (weights[r] > 0) moments[ids[r]] = weights[r] * x
    }
    let sum = 0
    let moment = 0
    for (let id = 0; id < byId.length; id++) {
      sum += byId[id]
      moment += moments[id]
    }
    return { weights, sum, entropy: Math.max(0, (log(sum) - moment / sum) / LN2) }
  }
}

function modelRankOf(model: Distribution, id: number): number {
  const own = model.logit(id)
  let rank = 1
  for (let other = 0; other < model.size; other++) {
    const logit = model.logit(other)
    if (logit > own || (logit === own && other < id)) rank++
  }
  return rank
}
