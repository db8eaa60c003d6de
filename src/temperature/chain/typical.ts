import { filter, type Ranked, weigh } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type TypicalSampler = { readonly sampler: 'typical'; readonly mass: number }

/**
 * Locally typical sampling keeps the candidates whose surprisal is nearest to the entropy (smallest
 * |H + ln p_i|) until their probabilities sum to at least the mass. It may remove the most likely
 * candidate. Of equally near candidates it takes the better rank first.
 *
 * Source: Meister, Pimentel, Wiher, Cotterell, "Locally typical sampling" (TACL 2023).
 */
export function typical(ranked: Ranked, mass: number): Ranked {
  if (mass === 1) return ranked // rounding must not remove the last candidates
  const { logits } = ranked
  const { weights, sum } = weigh(ranked)
  // Surprisal is ln Z - x with x = l - l_1 and the entropy is its mean, so that ln Z cancels.
  let mean = 0
  for (let r = 0; r < weights.length; r++) {
    if (weights[r] > 0) mean += (weights[r] * (logits[r] - logits[0])) / sum
  }
  const distances = logits.map(logit => Math.abs(logit - logits[0] - mean))
  const nearest = Array.from(distances.keys()).sort((a, b) => distances[a] - distances[b] || a - b)
  const kept = new Set<number>()
  let total = 0
  for (const r of nearest) {
    if (kept.size > 0 && total >= mass * sum) break
    kept.add(r)
    total += weights[r]
  }
  return filter(ranked, r => kept.has(r))
}

export const typicalSampler: SamplerKind<TypicalSampler> = {
  sampler: 'typical',
  about: {
    en: 'keeps those whose surprisal is nearest to the entropy, up to a probability',
    ja: '意外さがエントロピーに近いものから順に、確率の合計が達するまで残す',
  },
  source: 'Meister et al. 2023, arXiv:2202.00666',
  effect: 'set',
  knobs: [
    {
      name: 'mass',
      kind: 'number',
      min: 0,
      max: 1,
      default: 0.95, // as for top-p: a little off the tail
      about: { en: 'the probability to keep (τ)', ja: '残す確率の合計（τ）' },
    },
  ],
  main: 'mass',
  start:
    ({ mass }) =>
    ranked =>
      typical(ranked, mass),
}
