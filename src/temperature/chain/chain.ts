/**
 * The chain: samplers applied to the candidates of each step in the order in which they are written,
 * then the draw. Definitions, sources and why the order matters: docs/chain.md.
 */
import { InputError, quote, shorten } from '../../errors.js'
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
import { checkSamplers, type SamplerInput, withTemperature } from './check.js'
import { filter, type Ranked, rank, weigh } from './ranked.js'
import type { Apply, Effect, SamplerContext, Symbols } from './sampler.js'
import { kindOf, type SamplerSpec } from './samplers.js'
import { Vocabulary } from './symbols.js'
import { formatChain, formatSampler, parseChain } from './syntax.js'

/** A draw from what a chain left: `pT`, `entropyT` and `rank` are those after its last sampler. */
export interface ChainedDraw extends Draw {
  /** The rank by the model's own logits, 1 for its favourite. */
  readonly modelRank: number
  /** Candidates that the chain left. */
  readonly kept: number
  /** The model's own probability (T = 1) of all that the chain left together. */
  readonly mass: number
}

/** What one sampler did at a step. */
export interface SamplerReport {
  /** Its written form. */
  readonly sampler: string
  /** Candidates after it. */
  readonly candidates: number
  /** The share it kept of the probability that there was before it. */
  readonly mass: number
}

interface Started {
  readonly spec: SamplerSpec
  readonly effect: Effect
  readonly apply: Apply
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
  /** In the order in which they work. */
  readonly samplers: readonly SamplerSpec[]
  /**
   * Temperature alone, the run's. Only then does a draw have an interval of temperatures in which
   * it stays (interval.ts).
   */
  readonly plain: boolean
  private readonly symbols: Symbols
  private readonly started: readonly Started[]
  private readonly distribution: Distribution

  constructor(samplers: readonly SamplerSpec[], symbols: Symbols) {
    this.samplers = samplers
    this.symbols = symbols
    this.plain = isPlain(samplers)
    this.distribution = new Distribution(symbols.size)
    const vocabulary = new Vocabulary(symbols)
    this.started = samplers.map(spec => {
      const kind = kindOf(spec.sampler)
      return { spec, effect: kind.effect, apply: kind.start(spec, vocabulary) }
    })
  }

  /**
   * Applies the samplers to one step. What it gives is valid until the next call.
   * @param logits [V] of the step; read now, not changed
   * @throws InputError when ban or allow leaves nothing, naming it; for a temperature out of range;
   *   for logits that are not numbers
   */
  apply(logits: Float32Array, step: SamplerContext): Chained {
    checkTemperature(step.temperature)
    this.distribution.load(logits)
    return new Chained(this.distribution, logits, this.started, step, this.plain, this.symbols)
  }

  /** The written form. */
  toString(): string {
    return formatChain(this.samplers)
  }

  /** For JSON, which has no infinity: it is the word "inf", which `createChain` reads. */
  toJSON(): SamplerInput[] {
    return this.samplers.map(spec =>
      spec.sampler === 'temperature' && spec.temperature === Number.POSITIVE_INFINITY
        ? { ...spec, temperature: 'inf' }
        : spec,
    )
  }
}

function isPlain(samplers: readonly SamplerSpec[]): boolean {
  const [sampler] = samplers
  return (
    samplers.length === 1 && sampler.sampler === 'temperature' && sampler.temperature === undefined
  )
}

/** One step after the chain. Reports are computed when asked for. */
export class Chained {
  /** The model's own distribution, before the chain. */
  readonly model: Distribution
  /** The temperature that acted: the product of the chain's, 0 where one of them is 0. */
  readonly temperature: number
  private readonly samplers: readonly Started[]
  private readonly step: SamplerContext
  private readonly plain: boolean
  private readonly symbols: Symbols
  /** Before the first sampler, and after each; not there yet for temperature alone. */
  private stages: readonly Ranked[] | undefined
  private ownCache: Tempered | undefined

  constructor(
    model: Distribution,
    logits: Float32Array,
    samplers: readonly Started[],
    step: SamplerContext,
    plain: boolean,
    symbols: Symbols,
  ) {
    this.model = model
    this.samplers = samplers
    this.step = step
    this.plain = plain
    this.symbols = symbols
    this.temperature = productOf(samplers, step.temperature)
    // Temperature alone draws from the model's own ranks, which come one by one as they are needed.
    if (!plain) this.stages = this.run(rank(logits))
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
    const { own } = this
    return {
      id,
      rank,
      temperature,
      coin: temperature === 0 ? null : coin,
      p: own.probability(id),
      pT: weights[rank - 1] / sum,
      entropy: own.entropy,
      entropyT: entropy,
      // From the logits: p itself may have underflowed to 0.
      surprisal: (own.logPartition - (model.logit(id) - model.logit(model.idOfRank(1)))) / LN2,
      candidates: model.allowed,
      modelRank: modelRankOf(model, id),
      kept,
      mass,
    }
  }

  /**
   * The first `limit` ranks after the chain, beside the model's own probability. `others` counts
   * what is not listed: the rest of the chain's candidates and all that the chain took away. At T = 0 a
   * chain of more samplers than temperature leaves rank 1 only, so that the list has one entry.
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
    const stages = this.all()
    return this.samplers.map(({ spec }, i) => ({
      sampler: formatSampler(spec),
      candidates: stages[i + 1].ids.length,
      mass: shareKept(stages[i], stages[i + 1]),
    }))
  }

  /**
   * Can another temperature of the run, from 0 to Infinity, change what may be drawn at this step?
   * False only where it is certain that none can.
   */
  get temperatureMatters(): boolean {
    return this.temperatureNote === undefined
  }

  /** Why temperature has no effect at this step; undefined where it has. */
  get temperatureNote(): Bilingual | undefined {
    const follower = this.samplers.findIndex(
      ({ spec }) => spec.sampler === 'temperature' && spec.temperature === undefined,
    )
    if (follower < 0) return FIXED
    const stages = this.all()
    const before = stages[follower]
    if (before.ids.length === 1) {
      const cut = stages.findIndex(stage => stage.ids.length === 1)
      return cut === 0
        ? ONE_ALLOWED
        : oneBefore(shorten(formatSampler(this.samplers[cut - 1].spec)))
    }
    return this.oneAfter(before, follower)
  }

  /**
   * Is one and the same candidate left after the temperature, whatever it is? With samplers that keep a
   * prefix which only grows with T, or act by what symbols are, T = inf leaves the most; if that is
   * one, it is all there ever is. Samplers that change logits must find nothing to change; one that
   * goes by probabilities in another way proves nothing.
   */
  private oneAfter(before: Ranked, follower: number): Bilingual | undefined {
    let wide = before
    let cut: Started | undefined
    for (const started of this.samplers.slice(follower)) {
      if (started.effect === 'set') return undefined
      if (started.effect === 'logits') {
        // At T = inf a division changes nothing; on the logits before the temperature it would show.
        const left = new Set(wide.ids)
        const probe = filter(before, r => left.has(before.ids[r]))
        if (started.apply(probe, this.step) !== probe) return undefined
      }
      const next = this.applyAt(started, wide, Number.POSITIVE_INFINITY)
      if (next.ids.length === 1 && wide.ids.length > 1) cut = started
      wide = next
    }
    if (!cut) return undefined
    try {
      let cold = before
      for (const started of this.samplers.slice(follower)) cold = this.applyAt(started, cold, 0)
    } catch {
      return undefined // T = 0 would leave only what is banned later
    }
    return oneAfter(shorten(formatSampler(cut.spec)))
  }

  // --- internal ---

  /** The model's own distribution at T = 1. */
  private get own(): Tempered {
    this.ownCache ??= this.model.at(1)
    return this.ownCache
  }

  private run(start: Ranked): Ranked[] {
    const stages = [start]
    for (const started of this.samplers) {
      stages.push(this.applyAt(started, stages[stages.length - 1], this.step.temperature))
    }
    return stages
  }

  private applyAt(started: Started, ranked: Ranked, temperature: number): Ranked {
    const { step } = this
    const at: SamplerContext =
      temperature === step.temperature
        ? step
        : {
            history: step.history,
            text: step.text,
            temperature,
            secondCoin: () => step.secondCoin(),
          }
    const next = started.apply(ranked, at)
    if (next.ids.length === 0) throw this.nothingLeft(started.spec, ranked)
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

  private all(): readonly Ranked[] {
    this.stages ??= this.run(
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

function productOf(samplers: readonly Started[], run: number): number {
  const all = samplers.flatMap(({ spec }) =>
    spec.sampler === 'temperature' ? [spec.temperature ?? run] : [],
  )
  if (all.includes(0)) return 0
  return Math.max(
    Number.MIN_VALUE,
    all.reduce((product, T) => product * T, 1),
  )
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

/** The share of the probability before a sampler that stands on what is left after it. */
function shareKept(before: Ranked, after: Ranked): number {
  if (after.ids.length === before.ids.length) return 1
  const { weights, sum } = weigh(before)
  const left = new Set(after.ids)
  let mass = 0
  for (let r = 0; r < weights.length; r++) if (left.has(before.ids[r])) mass += weights[r]
  return mass / sum
}

// --- what is said where temperature has no effect ---

const FIXED: Bilingual = {
  en: 'The chain fixes its temperature; that of the run is not read.',
  ja: 'サンプラーの並びの中で温度が固定されているので、実行時の温度は使われません。',
}

const ONE_ALLOWED: Bilingual = {
  en: 'Temperature has no effect here: the model allows 1 candidate.',
  ja: 'ここでは温度は効きません。モデルが許す候補が1つだけです。',
}

const oneBefore = (sampler: string): Bilingual => ({
  en: `Temperature has no effect here: before it, "${sampler}" left 1 candidate.`,
  ja: `ここでは温度は効きません。温度より前の「${sampler}」で候補が1つになっています。`,
})

const oneAfter = (sampler: string): Bilingual => ({
  en: `Temperature has no effect here: after it, "${sampler}" leaves the same 1 candidate at every T.`,
  ja: `ここでは温度は効きません。温度の後の「${sampler}」が、どの温度でも同じ1つの候補だけを残します。`,
})
