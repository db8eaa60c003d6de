/** Reports what each sampler did at a step, and explains why temperature has no effect there. */
import { shorten } from '../../errors.js'
import type { Bilingual } from '../../knob.js'
import type { ChainStep, StartedSampler } from './apply.js'
import { filter, type Ranked, weigh } from './ranked.js'
import { formatSampler } from './syntax.js'

/** What one sampler did at a step. */
export interface SamplerReport {
  /** Its written form. */
  readonly sampler: string
  /** Number of candidates after it. */
  readonly candidates: number
  /** Share of the probability before it that it kept. */
  readonly mass: number
}

/** @param stages candidates before the first sampler and after each */
export function reportSamplers(step: ChainStep, stages: readonly Ranked[]): SamplerReport[] {
  return step.samplers.map(({ spec }, i) => ({
    sampler: formatSampler(spec),
    candidates: stages[i + 1].ids.length,
    mass: shareKept(stages[i], stages[i + 1]),
  }))
}

/** Share of the probability before a sampler that belongs to the candidates left after it. */
function shareKept(before: Ranked, after: Ranked): number {
  if (after.ids.length === before.ids.length) return 1
  const { weights, sum } = weigh(before)
  const left = new Set(after.ids)
  let mass = 0
  for (let r = 0; r < weights.length; r++) if (left.has(before.ids[r])) mass += weights[r]
  return mass / sum
}

/**
 * Explains why no temperature of the run, from 0 to Infinity, can change the draw at this step.
 * Returns undefined if one can, or if it is not certain that none can.
 * @param stages candidates before the first sampler and after each
 */
export function explainNoEffect(step: ChainStep, stages: readonly Ranked[]): Bilingual | undefined {
  const { samplers } = step
  const follower = samplers.findIndex(
    ({ spec }) => spec.sampler === 'temperature' && spec.temperature === undefined,
  )
  if (follower < 0) return FIXED
  const before = stages[follower]
  if (before.ids.length === 1) {
    const cut = stages.findIndex(stage => stage.ids.length === 1)
    return cut === 0 ? ONE_ALLOWED : oneBefore(shorten(formatSampler(samplers[cut - 1].spec)))
  }
  const cut = samplerThatLeavesOne(step, before, samplers.slice(follower))
  return cut && oneAfter(shorten(formatSampler(cut.spec)))
}

/**
 * Finds the sampler that leaves the same single candidate at every temperature of the run.
 *
 * Samplers of the effects `prefix` and `mask` leave the most candidates at T = inf. If one is left
 * there, the same one is left at every T. Samplers that change logits must have no effect.
 * A sampler of the effect `set` proves nothing.
 * @param before candidates that reach the temperature
 * @param samplers the temperature and those after it
 */
function samplerThatLeavesOne(
  step: ChainStep,
  before: Ranked,
  samplers: readonly StartedSampler[],
): StartedSampler | undefined {
  let widest = before
  let cut: StartedSampler | undefined
  for (const sampler of samplers) {
    if (sampler.effect === 'set') return undefined
    if (sampler.effect === 'logits') {
      // At T = inf all logits are 0, so that a division shows no change. The logits before the
      // temperature do show it.
      const left = new Set(widest.ids)
      const probe = filter(before, r => left.has(before.ids[r]))
      if (sampler.apply(probe, step.context) !== probe) return undefined
    }
    const next = step.apply(sampler, widest, Number.POSITIVE_INFINITY)
    if (next.ids.length === 1 && widest.ids.length > 1) cut = sampler
    widest = next
  }
  if (!cut) return undefined
  try {
    let coldest = before
    for (const sampler of samplers) coldest = step.apply(sampler, coldest, 0)
  } catch {
    return undefined // T = 0 would leave only what a later sampler bans
  }
  return cut
}

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
