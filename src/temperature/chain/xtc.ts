import { type Ranked, slice, weigh } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type XtcSampler = {
  readonly sampler: 'xtc'
  readonly threshold: number
  readonly probability: number
}

/**
 * Exclude top choices: if two or more candidates reach the threshold, all of them except the least
 * likely are removed. The sampler acts only if secondCoin <= probability, where secondCoin is the
 * second random number of the position.
 *
 * Source: p-e-w, oobabooga/text-generation-webui pull request 6335 (2024). Unlike that version,
 * this one does not protect newline and end of text.
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
