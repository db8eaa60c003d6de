import { filter, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'
import { type SymbolSet, startSet } from './symbols.js'

export type BanSampler = { readonly sampler: 'ban' } & SymbolSet

/** Removes the candidates in a set. If none is left, the chain throws an error that names the sampler. */
export function ban(ranked: Ranked, banned: (id: number) => boolean): Ranked {
  return filter(ranked, r => !banned(ranked.ids[r]))
}

export const banSampler: SamplerKind<BanSampler> = {
  sampler: 'ban',
  about: {
    en: 'takes away symbols, or all that an expression matches',
    ja: '記号、または正規表現に合うものをすべて禁じる',
  },
  source: 'docs/temperature.md: a logit of -inf',
  effect: 'mask',
  knobs: [],
  takes: 'symbols',
  start(spec, symbols) {
    const set = startSet(spec, symbols, 'ban')
    return (ranked, step) => ban(ranked, set(step.text))
  },
}
