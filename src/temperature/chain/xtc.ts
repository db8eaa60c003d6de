import { type Ranked, slice, weigh } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type XtcSampler = {
  readonly sampler: 'xtc'
  readonly threshold: number
  readonly probability: number
}

/**
 * Exclude top choices: where two or more have at least the threshold, all of them but the least
 * likely go. It does so with a probability, decided by the second coin of the position: when
 * secondCoin <= probability.
 *
 * Source: p-e-w, oobabooga/text-generation-webui pull request 6335 (2024). There newline and end of
 * text are spared; here put `allow` or `bias` where such a thing is wanted.
 */
export function xtc(
  ranked: Ranked,
  { threshold, probability }: { readonly threshold: number; readonly probability: number },
  secondCoin: number,
): Ranked {
  if (secondCoin > probability) return ranked
  const { weights, sum } = weigh(ranked)
  let viable = 0
  while (viable < weights.length && weights[viable] / sum >= threshold) viable++
  return viable < 2 ? ranked : slice(ranked, viable - 1, weights.length)
}

export const xtcSampler: SamplerKind<XtcSampler> = {
  sampler: 'xtc',
  about: {
    en: 'now and then takes away the top choices, all but the last that is likely enough',
    ja: 'ときどき上位の候補を外す。十分ありそうなもののうち最後の一つは残す',
  },
  source: 'p-e-w 2024, text-generation-webui pull request 6335',
  effect: 'set',
  knobs: [
    {
      name: 'threshold',
      kind: 'number',
      min: 0,
      max: 1,
      default: 0.1, // its author's
      about: { en: 'the probability that counts as likely enough', ja: '十分ありそうとみなす確率' },
    },
    {
      name: 'probability',
      kind: 'number',
      min: 0,
      max: 1,
      default: 0.5, // its author's
      about: { en: 'how often it acts', ja: '働く割合' },
    },
  ],
  main: 'threshold',
  start: spec => (ranked, step) => xtc(ranked, spec, step.secondCoin()),
}
