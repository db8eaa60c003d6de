import type { NumberKnob, SeedKnob } from '../knob.js'

export const TEMPERATURE: NumberKnob = {
  name: 'temperature',
  kind: 'number',
  min: 0,
  max: Number.POSITIVE_INFINITY,
  // A little below the model's own confidence: small models misspell visibly at 1.
  default: 0.8,
  about: {
    en: 'below 1 safer, then repetitive; above 1 more inventive, then misspelt',
    ja: '1より低いと手堅く、やがて繰り返しに。高いと奔放に、やがて綴りが崩れる',
  },
}

export const SEED: SeedKnob = {
  name: 'seed',
  kind: 'seed',
  // A fixed default: the same command writes the same text until somebody asks for another.
  default: 42,
  about: {
    en: 'seed of the random numbers; the same seed gives the same text',
    ja: '乱数のシード。同じシードなら同じ文章になる',
  },
}

/**
 * How much of the end of a text schedules and samplers see: of the prompt this many symbols, of the
 * whole text this many UTF-16 units.
 */
export const CONTEXT_TAIL = 256

/** The temperatures of the six colours from cold to hot; between two of them the colour is mixed. */
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
