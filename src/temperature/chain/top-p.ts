import { first, type Ranked, weigh } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type TopPSampler = { readonly sampler: 'top-p'; readonly p: number }

/**
 * Nucleus: the smallest set of first ranks whose probabilities sum to at least p.
 *
 * Source: Holtzman, Buys, Du, Forbes, Choi, "The curious case of neural text degeneration"
 * (ICLR 2020).
 */
export function topP(ranked: Ranked, p: number): Ranked {
  if (p === 1) return ranked // rounding must not drop the last ones
  const { weights, sum } = weigh(ranked)
  let mass = 0
  let count = 0
  while (count < weights.length && (count === 0 || mass < p * sum)) mass += weights[count++]
  return first(ranked, count)
}

export const topPSampler: SamplerKind<TopPSampler> = {
  sampler: 'top-p',
  about: {
    en: 'keeps the fewest most likely whose probabilities reach p (nucleus)',
    ja: '確率の高い順に、合計が p に達するまで残す（nucleus）',
  },
  source: 'Holtzman et al. 2020, arXiv:1904.09751',
  effect: 'prefix',
  knobs: [
    {
      name: 'p',
      kind: 'number',
      min: 0,
      max: 1,
      default: 0.95, // llama.cpp's
      about: { en: 'the probability to keep', ja: '残す確率の合計' },
    },
  ],
  main: 'p',
  start:
    ({ p }) =>
    ranked =>
      topP(ranked, p),
}
