import { first, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type TopKSampler = { readonly sampler: 'top-k'; readonly k: number }

/**
 * Keeps the k first ranks. Of equal logits the smaller ids stay, so that there are never more than k
 * (transformers keeps all that tie with the last).
 *
 * Source: Fan, Lewis, Dauphin, "Hierarchical neural story generation" (ACL 2018).
 */
export function topK(ranked: Ranked, k: number): Ranked {
  return first(ranked, k)
}

export const topKSampler: SamplerKind<TopKSampler> = {
  sampler: 'top-k',
  about: { en: 'keeps the k most likely', ja: '確率の高い順に k 個を残す' },
  source: 'Fan, Lewis, Dauphin 2018, arXiv:1805.04833',
  effect: 'prefix',
  knobs: [
    {
      name: 'k',
      kind: 'whole',
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      default: 40, // GPT-2's samples, and llama.cpp since
      about: { en: 'how many candidates to keep', ja: '残す候補の数' },
    },
  ],
  main: 'k',
  start:
    ({ k }) =>
    ranked =>
      topK(ranked, k),
}
