import { change, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'
import { idsOfKnown } from './symbols.js'

export type BiasSampler = {
  readonly sampler: 'bias'
  /** Symbols and the numbers to add to their logits. Both numbers count for a symbol named twice. */
  readonly weights: readonly (readonly [symbol: string, add: number])[]
}

/** Adds numbers to logits; +0.69 doubles a symbol's odds. Source: `logit_bias` of OpenAI's API. */
export function bias(ranked: Ranked, add: ReadonlyMap<number, number>): Ranked {
  return change(ranked, (id, logit) => logit + (add.get(id) ?? 0))
}

export const biasSampler: SamplerKind<BiasSampler> = {
  sampler: 'bias',
  about: {
    en: 'adds to the logits of symbols: +0.7 doubles the odds, -0.7 halves them',
    ja: '記号のロジットに足す。+0.7 でオッズは約2倍、-0.7 で約半分',
  },
  source: 'OpenAI API, logit_bias',
  effect: 'logits',
  knobs: [],
  takes: 'weights',
  start({ weights }, symbols) {
    const add = new Map<number, number>()
    for (const [text, weight] of weights) {
      for (const id of idsOfKnown([text], symbols, 'bias')) add.set(id, (add.get(id) ?? 0) + weight)
    }
    return ranked => bias(ranked, add)
  },
}
