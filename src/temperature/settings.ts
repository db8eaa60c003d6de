import type { NumberKnob, SeedKnob } from '../knob.js'

export const TEMPERATURE: NumberKnob = {
  name: 'temperature',
  kind: 'number',
  min: 0,
  max: Number.POSITIVE_INFINITY,
  // A little below 1, because small models misspell visibly at 1.
  default: 0.8,
  about: {
    en: 'below 1 safer, then repetitive; above 1 more inventive, then misspelt',
    ja: '1より低いと手堅く、やがて繰り返しに。高いと奔放に、やがて綴りが崩れる',
  },
}

export const SEED: SeedKnob = {
  name: 'seed',
  kind: 'seed',
  // The default is fixed, so that the same command always writes the same text.
  default: 42,
  about: {
    en: 'seed of the random numbers; the same seed gives the same text',
    ja: '乱数のシード。同じシードなら同じ文章になる',
  },
}

/**
 * Schedules and samplers see only the end of the text: the last 256 symbols of the prompt, and the
 * last 256 UTF-16 units of the whole text.
 */
export const CONTEXT_TAIL = 256

/** The temperatures of the six colours, lowest first; colours in between are interpolated. */
export const HEAT_TEMPERATURES = [0, 0.2, 0.45, 0.8, 1.6, Number.POSITIVE_INFINITY] as const

export const LENGTH: NumberKnob = {
  name: 'length',
  kind: 'whole',
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  default: 500, // about one screen
  about: {
    en: 'how many symbols to write at most',
    ja: '書く文字数の上限',
  },
}
