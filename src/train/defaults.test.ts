import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellParameters, settingsFor, TEXT_DEPENDENT_SETTINGS } from './defaults.js'
import { configOf, PRESETS, TRAIN_KNOBS, type TrainSettings, trainSettings } from './settings.js'

const of = (symbols: number, given: Record<string, unknown> = {}, vocabulary = 65): TrainSettings =>
  settingsFor({ symbols, vocabulary }, given)

/** Symbols that a run reads, times the numbers that each meets: what it costs. */
function work(symbols: number, settings: TrainSettings): number {
  const { steps, epochs, batch, seq, holdout } = settings
  const read = steps > 0 ? steps * batch * seq : epochs * symbols * (1 - holdout)
  return read * cellParameters(configOf(settings, 65))
}

describe('the defaults for a text', () => {
  it.each([
    ['a long list of names', 228_145, { hidden: 192, batch: 32, epochs: 15, steps: 0 }],
    ['tiny-shakespeare', 1_115_394, { hidden: 256, batch: 50, epochs: 14, steps: 0, holdout: 0.1 }],
    ['War and Peace', 3_196_213, { hidden: 256, epochs: 5, dropout: 0.05 }],
    ['16 MB', 16e6, { epochs: 1, steps: 0, holdout: 0.063, dropout: 0 }],
    ['the Linux kernel', 474e6, { steps: 5600, dropout: 0, evaluateEvery: 700 }],
  ])('%s of %d symbols: %o', (_, symbols, expected) => {
    expect(of(symbols)).toMatchObject(expected)
  })

  it('cost at most as much as 20 million symbols at 2x256, for texts of any length', () => {
    const most = 20e6 * cellParameters(configOf(of(1e6), 65))
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 2e9 }), symbols => {
        expect(work(symbols, of(symbols))).toBeLessThan(most)
      }),
    )
  })

  it('keep every given setting, as text or number', () => {
    const given = { hidden: '512', dropout: 0, epochs: 3, batch: 7, rate: 0.01, warmup: 5 }
    expect(of(1e6, given)).toMatchObject({ ...given, hidden: 512 })
    const all = trainSettings({ seed: 7, hidden: 11, steps: 12, holdout: 0.2, patience: 3 })
    expect(of(1e6, all)).toEqual(all)
  })

  it('follow from given settings: more units get more dropout and a lower rate', () => {
    const [small, middle, large] = [64, 256, 1024].map(hidden => of(1e6, { hidden }))
    expect(small.dropout).toBeLessThan(middle.dropout)
    expect(middle.dropout).toBeLessThan(large.dropout)
    expect(large.dropout).toBe(0.5)
    expect([small.rate, middle.rate]).toEqual([0.012, 0.01])
    expect(large.rate).toBeLessThan(middle.rate)
    // The rule for the rate is AdamW's.
    const { rate } = TRAIN_KNOBS
    expect(of(1e6, { hidden: 64, optimizer: 'sgd' }).rate).toBe(rate.default)
    // A short run does not overfit, and has no time for a long warm-up.
    expect(of(1e6, { epochs: 1 })).toMatchObject({ dropout: 0, warmup: 36 })
    expect(of(1e6, { steps: 40 })).toMatchObject({ dropout: 0, warmup: 4 })
  })

  it('have patience only when a validation comes once an epoch', () => {
    expect(of(1e6).patience).toBe(6)
    expect(of(1e6, { evaluateEvery: 1 }).patience).toBe(0)
    expect(of(1e6, { evaluateEvery: 1, patience: 4 }).patience).toBe(4)
  })

  it('change exactly the settings in TEXT_DEPENDENT_SETTINGS', () => {
    const table = trainSettings()
    const chosen = Object.keys(table).filter(name => {
      const key = name as keyof TrainSettings
      return [100, 3e6, 474e6].some(symbols => of(symbols)[key] !== table[key])
    })
    expect(chosen.sort()).toEqual([...TEXT_DEPENDENT_SETTINGS].sort())
  })

  it('regularise the activations of the LSTM only', () => {
    expect(of(1e6)).toMatchObject({ cell: 'lstm', ar: 1, tar: 0 })
    for (const cell of ['gru', 'rnn']) expect(of(1e6, { cell })).toMatchObject({ ar: 0, tar: 0 })
    expect(of(1e6, { cell: 'rnn', tar: 0.5 })).toMatchObject({ ar: 0, tar: 0.5 })
  })

  it('are not those of a preset', () => {
    expect(trainSettings({}, 'char-rnn')).toMatchObject(PRESETS['char-rnn'])
  })
})
