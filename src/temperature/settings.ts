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
    en: 'same seed, same luck: the coin of every position',
    ja: '同じ種なら同じ運。各位置のコインを決める',
  },
}

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
