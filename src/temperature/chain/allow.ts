import { filter, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'
import { type SymbolSet, startSet } from './symbols.js'

export type AllowSampler = { readonly sampler: 'allow' } & SymbolSet

/** Keeps the candidates in a set. If none is left, the chain throws an error that names the sampler. */
export function allow(ranked: Ranked, allowed: (id: number) => boolean): Ranked {
  return filter(ranked, r => allowed(ranked.ids[r]))
}

export const allowSampler: SamplerKind<AllowSampler> = {
  sampler: 'allow',
  about: {
    en: 'keeps only symbols named, or those that an expression matches',
    ja: '挙げた記号、または正規表現に合うものだけを残す',
  },
  source: 'docs/temperature.md: a logit of -inf',
  effect: 'mask',
  knobs: [],
  takes: 'symbols',
  start(spec, symbols) {
    const set = startSet(spec, symbols, 'allow')
    return (ranked, step) => allow(ranked, set(step.text))
  },
}
