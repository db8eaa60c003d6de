import { change, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'
import { idsOfKnown } from './symbols.js'

export type DrySampler = {
  readonly sampler: 'dry'
  readonly multiplier: number
  readonly base: number
  readonly allowed: number
  readonly window: number
  readonly breakers: readonly string[]
}

/**
 * DRY (don't repeat yourself): if the last L symbols occurred before, the sampler lowers the logit of
 * the symbol that followed them there by multiplier * base^(L - allowed), for the longest such
 * L >= allowed. A match contains no breaker, and a breaker is never lowered, even if it followed a
 * match. If the last symbol is a breaker, L is 0 and no logit is lowered.
 *
 * Source: p-e-w, oobabooga/text-generation-webui pull request 5677 (2024).
 * The plain twin in samplers.reference.ts compares every position symbol by symbol. This function takes
 * time linear in the window, even for repetitive text.
 */
export function dry(
  ranked: Ranked,
  settings: Omit<DrySampler, 'sampler' | 'breakers'>,
  history: ArrayLike<number>,
  isBreaker: (id: number) => boolean,
): Ranked {
  const { multiplier, base, allowed, window } = settings
  const longest = longestMatches(history, window, isBreaker)
  return change(ranked, (id, logit) => {
    const length = longest.get(id)
    return length === undefined || length < allowed
      ? logit
      : logit - multiplier * power(base, length - allowed)
  })
}

/** Maps each symbol to the length of the longest suffix of the text that it followed before. */
function longestMatches(
  history: ArrayLike<number>,
  window: number,
  isBreaker: (id: number) => boolean,
): Map<number, number> {
  const n = Math.min(window, history.length)
  /** Reads the window backwards: 0 is the last symbol. */
  const back = (k: number): number => history[history.length - 1 - k]
  let limit = 0
  while (limit < n && !isBreaker(back(limit))) limit++
  const longest = new Map<number, number>()
  if (limit === 0) return longest
  // Z algorithm (Gusfield 1997): z[k] = length of the common prefix of the reversed
  // window and its part from k on. [left, right) is the match that reaches farthest so far.
  const z = new Int32Array(n)
  let left = 0
  let right = 0
  for (let k = 1; k < n; k++) {
    let length = k < right ? Math.min(right - k, z[k - left]) : 0
    while (k + length < n && back(length) === back(k + length)) length++
    z[k] = length
    if (k + length > right) [left, right] = [k, k + length]
    const match = Math.min(length, limit)
    const follower = back(k - 1)
    if (match > (longest.get(follower) ?? 0) && !isBreaker(follower)) longest.set(follower, match)
  }
  return longest
}

/** base^n by multiplication, which gives the same bits on every engine. Overflow gives Infinity. */
function power(base: number, n: number): number {
  let result = 1
  for (let i = 0; i < n && result < Number.POSITIVE_INFINITY && base !== 1; i++) result *= base
  return result
}

export const BREAKERS = ['\n', ':', '"', '*']

export const drySampler: SamplerKind<DrySampler> = {
  sampler: 'dry',
  about: {
    en: 'lowers what would go on with a passage that was there before, the longer the more',
    ja: '前に出た箇所の続きになる記号を出にくくする。一致が長いほど強く',
  },
  source: 'p-e-w 2024, text-generation-webui pull request 5677',
  effect: 'logits',
  knobs: [
    {
      name: 'multiplier',
      kind: 'number',
      min: 0,
      max: 1000,
      default: 0.8, // its author's
      about: { en: 'how much at the allowed length', ja: '許された長さでの強さ' },
    },
    {
      name: 'base',
      kind: 'number',
      min: 1,
      max: 1000,
      default: 1.75, // its author's
      about: { en: 'how much more for each symbol beyond', ja: '一文字長くなるごとの倍率' },
    },
    {
      name: 'allowed',
      kind: 'whole',
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      default: 2, // its author's; words stay intact at it (docs/chain.md has the figures)
      about: {
        en: 'the length of a repetition from which it acts',
        ja: '何文字の繰り返しから働くか',
      },
    },
    {
      name: 'window',
      kind: 'whole',
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      default: 1024, // each step reads all of it
      about: { en: 'how many of the last symbols are looked at', ja: '直前の何文字を見るか' },
    },
  ],
  main: 'multiplier',
  lists: [
    {
      name: 'breakers',
      default: BREAKERS,
      about: {
        en: 'symbols across which nothing counts as repeated',
        ja: '繰り返しの一致を断ち切る記号',
      },
    },
  ],
  start(spec, symbols) {
    // A model may lack the default breakers, but not those that the chain names.
    const asked = spec.breakers.filter(text => !BREAKERS.includes(text))
    const breakers = new Set([
      ...idsOfKnown(asked, symbols, 'dry'),
      ...idsOfKnown(spec.breakers, symbols),
    ])
    return (ranked, step) => dry(ranked, spec, step.history, id => breakers.has(id))
  },
}
