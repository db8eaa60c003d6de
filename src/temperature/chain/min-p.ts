import { log } from '../../numeric.js'
import { first, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type MinPSampler = { readonly sampler: 'min-p'; readonly p: number }

/**
 * Keeps what is at least p times as likely as the favourite: p_i >= p * p_1, that is
 * l_i - l_1 >= ln p.
 *
 * Source: Nguyen, Baker, Neo, Roush, Kirsch, Shwartz-Ziv, "Turning up the heat: min-p sampling for
 * creative and coherent LLM outputs" (2024).
 */
export function minP(ranked: Ranked, p: number): Ranked {
  const { logits } = ranked
  const least = log(p)
  let count = 1
  while (count < logits.length && logits[count] - logits[0] >= least) count++
  return first(ranked, count)
}

export const minPSampler: SamplerKind<MinPSampler> = {
  sampler: 'min-p',
  about: {
    en: 'keeps what is at least p times as likely as the favourite',
    ja: '最有力の記号の p 倍以上の確率を持つものを残す',
  },
  source: 'Nguyen et al. 2024, arXiv:2407.01082',
  effect: 'prefix',
  knobs: [
    {
      name: 'p',
      kind: 'number',
      min: 0,
      max: 1,
      default: 0.05, // llama.cpp's; the paper's advice begins there
      about: {
        en: 'the least probability, as a share of the favourite’s',
        ja: '最有力の確率に対する下限の割合',
      },
    },
  ],
  main: 'p',
  start:
    ({ p }) =>
    ranked =>
      minP(ranked, p),
}
