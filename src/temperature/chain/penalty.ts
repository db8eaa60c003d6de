import { change, type Ranked } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type PenaltySampler = {
  readonly sampler: 'penalty'
  readonly repetition: number
  readonly presence: number
  readonly frequency: number
  readonly window: number
}

/**
 * Lowers the logits of symbols that occur c > 0 times in the last `window` symbols:
 * l <- l / repetition if l > 0, otherwise l * repetition; then l <- l - presence - c * frequency.
 * l is the logit that reaches the sampler. After a temperature T it is l / T with the model's own zero,
 * so that `repetition` has the same effect before and after T. Presence and frequency are not divided
 * by a T that comes before them. At T = inf all logits are 0 and `repetition` has no effect.
 *
 * Sources: Keskar, McCann, Varshney, Xiong, Socher, "CTRL" (2019), for `repetition`; OpenAI's API for
 * presence and frequency. CTRL only divides, which would raise a negative logit; transformers and
 * llama.cpp therefore multiply negative logits, and so does this function. Division depends on the
 * model's zero, although softmax does not; presence and frequency do not depend on it.
 */
export function penalty(
  ranked: Ranked,
  settings: Omit<PenaltySampler, 'sampler'>,
  history: ArrayLike<number>,
): Ranked {
  const { repetition, presence, frequency, window } = settings
  const { zero } = ranked
  const counts = new Map<number, number>()
  for (let i = Math.max(0, history.length - window); i < history.length; i++) {
    counts.set(history[i], (counts.get(history[i]) ?? 0) + 1)
  }
  return change(ranked, (id, logit) => {
    const count = counts.get(id)
    if (count === undefined) return logit
    let next = logit
    if (repetition !== 1) {
      const own = logit + zero
      next = (own > 0 ? own / repetition : own * repetition) - zero
    }
    return next - presence - count * frequency
  })
}

export const penaltySampler: SamplerKind<PenaltySampler> = {
  sampler: 'penalty',
  about: {
    en: 'lowers the symbols that stand in the last part of the text',
    ja: '直前の文章に出てきた記号を出にくくする',
  },
  source: 'Keskar et al. 2019, arXiv:1909.05858; OpenAI API (presence, frequency)',
  effect: 'logits',
  knobs: [
    {
      name: 'repetition',
      kind: 'number',
      min: 0,
      above: true,
      max: 100,
      default: 1, // no change; CTRL used 1.2, for words
      about: {
        en: 'divides a positive logit and multiplies a negative one; 1 changes nothing',
        ja: '正のロジットを割り、負のロジットに掛ける。1 なら何もしない',
      },
    },
    {
      name: 'presence',
      kind: 'number',
      min: -100,
      max: 100,
      default: 0,
      about: {
        en: 'taken off once; below 0 it favours',
        ja: '一度でも出ていれば引く。負なら出やすくする',
      },
    },
    {
      name: 'frequency',
      kind: 'number',
      min: -100,
      max: 100,
      default: 0,
      about: {
        en: 'taken off for each time; below 0 it favours',
        ja: '出た回数だけ引く。負なら出やすくする',
      },
    },
    {
      name: 'window',
      kind: 'whole',
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      default: 64, // llama.cpp's
      about: { en: 'how many of the last symbols count', ja: '直前の何文字を数えるか' },
    },
  ],
  start: spec => (ranked, step) => penalty(ranked, spec, step.history),
}
