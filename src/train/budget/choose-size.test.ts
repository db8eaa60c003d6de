import { describe, expect, it } from 'vitest'
import { PRESETS } from '../settings.js'
import { chosen, Machine, run, usual } from './machine.fixture.js'

describe('a time budget', () => {
  it('chooses the largest size that can read ten symbols a parameter', async () => {
    const small = await run(usual(), { budget: 300 })
    const large = await run(usual(), { budget: 3600 })
    const [few, many] = [chosen(small.events), chosen(large.events)]
    expect(few.hidden).toBeLessThan(many.hidden)
    expect(few.larger!.symbols / few.larger!.parameters).toBeLessThan(few.symbolsPerParameter)
    expect(many.symbols / many.parameters).toBeGreaterThan(many.symbolsPerParameter)
    // A machine ten times as fast affords a larger one in the same time.
    const fast = await run(new Machine(weights => 50 + weights / 150), { budget: 300 })
    expect(chosen(fast.events).hidden).toBeGreaterThan(few.hidden)
  })

  it('keeps given settings and chooses only the others', async () => {
    const { events, end } = await run(usual(), {
      budget: 60,
      settings: { hidden: 40, dropout: 0.3, layers: 1 },
    })
    expect(chosen(events)).toMatchObject({ hidden: 40, fixed: true })
    expect(end.config).toMatchObject({ hidden: 40, dropout: 0.3, layers: 1 })
    const preset = await run(usual(), { budget: 600, preset: 'char-rnn' })
    // Every setting of the preset is kept, its warm-up too.
    expect(preset.end.record.settings).toMatchObject(PRESETS['char-rnn'])
    await expect(run(usual(), { budget: 60, settings: { epochs: 3 } })).rejects.toThrow(
      'Both a budget of time and epochs 3 came',
    )
  })
})
