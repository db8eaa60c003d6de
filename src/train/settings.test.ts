import { describe, expect, it } from 'vitest'
import type { Knob } from '../knob.js'
import { embeddingWidth, PRESETS, TRAIN_KNOBS, trainSettings } from './settings.js'

describe('the table of settings', () => {
  it('has for every setting its key as name, a description in both languages, and a valid default', () => {
    for (const [key, knob] of Object.entries<Knob>(TRAIN_KNOBS)) {
      expect(knob.name).toBe(key)
      expect(knob.about.en.length).toBeGreaterThan(5)
      expect(knob.about.ja).toMatch(/[ぁ-んァ-ヶ一-龠]/)
      expect(trainSettings({ [key]: knob.default })).toEqual(trainSettings())
    }
  })

  it('allows the values of the presets', () => {
    for (const [preset, values] of Object.entries(PRESETS)) {
      expect(trainSettings({}, preset)).toMatchObject(values)
    }
  })
})

describe('trainSettings', () => {
  it('prefers given settings to the preset, and the preset to the table', () => {
    const settings = trainSettings({ hidden: '256' }, 'char-rnn')
    expect(settings.hidden).toBe(256)
    expect(settings.optimizer).toBe('rmsprop')
    expect(settings.seed).toBe(TRAIN_KNOBS.seed.default)
  })

  it.each([
    [{ layers: 0 }, 'The number of layers is 0; expected a whole number from 1 to 64.'],
    [{ cell: 'lsmt' }, 'Did you mean "lstm"?'],
    [{ hiden: 5 }, 'There is no training setting "hiden". Did you mean "hidden"?'],
    [{ rate: 0 }, 'The rate is 0; expected a number above 0 to 10.'],
    [{ dropout: 1 }, 'The dropout is 1; expected a number from 0 to 0.95.'],
  ])('refuses %o in one sentence', (given, sentence) => {
    expect(() => trainSettings(given)).toThrow(sentence)
  })

  it('refuses an unknown preset and suggests the nearest', () => {
    expect(() => trainSettings({}, 'charrnn')).toThrow('Did you mean "char-rnn"?')
  })
})

it('chooses one-hot for small alphabets and an embedding for large ones', () => {
  const settings = trainSettings()
  expect(embeddingWidth(settings, 65)).toBe(0)
  expect(embeddingWidth(settings, 256)).toBe(0)
  expect(embeddingWidth(settings, 2062)).toBe(64)
  expect(embeddingWidth(trainSettings({ embedding: 0 }), 2062)).toBe(0)
})
