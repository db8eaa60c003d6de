import { first, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type TopNSigmaSampler = { readonly sampler: 'top-n-sigma'; readonly n: number }

/**
 * Keeps the logits within n standard deviations of the largest: l_i >= l_1 - n sigma. Both sides
 * scale with 1/T, so a temperature before it does not change what it keeps.
 * sigma is that of the candidates that reach this sampler (as in llama.cpp, divided by their number).
 *
 * Source: Tang, Liu, Xu, Huang, "Top-n-sigma: not all logits are you need" (2024).
 */
export function topNSigma(ranked: Ranked, n: number): Ranked {
  const { logits } = ranked
  const count = logits.length
  const spread = logits[0] - logits[count - 1]
  if (spread === 0) return ranked
  // In units of the spread, so that squares do not overflow after T = 10^-200.
  let mean = 0
  for (const logit of logits) mean += (logits[0] - logit) / spread / count
  let variance = 0
  for (const logit of logits) variance += ((logits[0] - logit) / spread - mean) ** 2 / count
  const farthest = n * Math.sqrt(variance)
  let kept = 1
  while (kept < count && (logits[0] - logits[kept]) / spread <= farthest) kept++
  return first(ranked, kept)
}

export const topNSigmaSampler: SamplerKind<TopNSigmaSampler> = {
  sampler: 'top-n-sigma',
  about: {
    en: 'keeps the logits within n standard deviations of the largest, whatever the temperature',
    ja: '最大のロジットから標準偏差の n 倍以内を残す。温度には左右されない',
  },
  source: 'Tang et al. 2024, arXiv:2411.07641',
  effect: 'prefix',
  knobs: [
    {
      name: 'n',
      kind: 'number',
      min: 0,
      max: 1000,
      default: 1, // the usual advice, for large vocabularies
      about: { en: 'how many standard deviations', ja: '標準偏差の何倍まで残すか' },
    },
  ],
  main: 'n',
  start:
    ({ n }) =>
    ranked =>
      topNSigma(ranked, n),
}
