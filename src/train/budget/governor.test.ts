import { describe, expect, it } from 'vitest'
import { FILES } from '../checkpoint.js'
import { memoryStore } from '../checkpoint-store.js'
import { PRESETS } from '../settings.js'
import { quick, run, usual } from './machine.fixture.js'

describe('a run with a time budget', () => {
  it.each([10, 60, 2000])(
    'of %d s ends within a tenth of it, with the final learning rate',
    async budget => {
      const machine = budget < 100 ? quick() : usual()
      const { end, events } = await run(machine, { budget })
      expect(machine.now / 1000).toBeGreaterThan(0.9 * budget)
      expect(machine.now / 1000).toBeLessThan(1.1 * budget)
      expect(end.reason).toBe('finished')
      const steps = events.filter(event => event.type === 'step')
      expect(steps.at(-1)!.rate).toBeLessThan(0.03 * Math.max(...steps.map(step => step.rate)))
      // The last step is validated, because the best model may be the last.
      expect(events.filter(event => event.type === 'evaluation').at(-1)!.step).toBe(end.step)
    },
  )

  it('ends in time although the machine becomes three times as slow, or as fast, halfway', async () => {
    for (const slowness of [3, 1 / 3]) {
      const machine = usual()
      const { end, events } = await run(machine, {
        budget: 600,
        during: event => {
          if (event.type === 'step' && event.seconds > 240) machine.slowness = slowness
        },
      })
      expect(machine.now / 1000).toBeGreaterThan(540)
      expect(machine.now / 1000).toBeLessThan(660)
      expect(events.some(event => event.type === 'pace')).toBe(true)
      const steps = events.filter(event => event.type === 'step')
      const highest = Math.max(...steps.map(step => step.rate))
      expect(steps.at(-1)!.rate).toBeLessThan(0.1 * highest)
      // After the warm-up the rate changes only gradually, whatever the clock said.
      for (let i = steps.findIndex(s => s.rate === highest) + 1; i < steps.length; i++) {
        expect(Math.abs(steps[i].rate - steps[i - 1].rate)).toBeLessThan(0.12 * highest)
      }
      expect(end.step).toBe(steps.length)
    }
  })
})

describe('a resumed run with a time budget', () => {
  it('has the time that is left, and finds its changes in the checkpoint', async () => {
    const machine = usual()
    const store = memoryStore()
    const controller = new AbortController()
    const aborted = await run(machine, {
      budget: 300,
      store,
      signal: controller.signal,
      during: event => {
        if (event.type !== 'step') return
        if (event.seconds > 60) machine.slowness = 2
        if (event.seconds > 150) controller.abort()
      },
    })
    expect(aborted.end.reason).toBe('aborted')
    const saved = JSON.parse(new TextDecoder().decode(store.files.get(FILES.run)))
    expect(saved.budget).toBe(300)
    expect(saved.pace.length).toBeGreaterThan(0)
    const before = machine.now
    machine.now += 1e7 // days later
    const from = machine.now
    const { end, events } = await run(machine, { store, resume: true })
    expect(end.reason).toBe('finished')
    expect(before + machine.now - from).toBeGreaterThan(270_000)
    expect(before + machine.now - from).toBeLessThan(330_000)
    expect(events.some(event => event.type === 'budget')).toBe(false)
    // A finished run takes no more updates until more time is given.
    const again = await run(machine, { store, resume: true })
    expect(again.end.step).toBe(end.step)
    const start = machine.now
    const more = await run(machine, { store, resume: true, budget: 60 })
    expect(more.end.step).toBeGreaterThan(end.step)
    expect((machine.now - start) / 1000).toBeGreaterThan(54)
    expect((machine.now - start) / 1000).toBeLessThan(66)
  })

  it('takes the planned updates when the preset is named again', async () => {
    const machine = quick()
    const store = memoryStore()
    const controller = new AbortController()
    const preset = { budget: 100, preset: 'char-rnn', settings: { seed: 7 }, store }
    const first = await run(machine, {
      ...preset,
      signal: controller.signal,
      during: event => {
        if (event.type === 'step' && event.seconds > 50) controller.abort()
      },
    })
    expect(first.end.reason).toBe('aborted')
    const { end } = await run(machine, { preset: 'char-rnn', store, resume: true })
    expect(end.reason).toBe('finished')
    expect(end.record.settings).toMatchObject({ ...PRESETS['char-rnn'], seed: 7 })
    expect(end.seconds).toBeGreaterThan(90)
    expect(end.seconds).toBeLessThan(110)
  })

  it('keeps the budget when it was stopped before its first update', async () => {
    const store = memoryStore()
    const machine = usual()
    const stopped = AbortSignal.abort()
    // Nothing is learned on this machine, so patience would stop the run after some validations.
    const settings = { hidden: 16, patience: 0 }
    const { end } = await run(machine, { store, settings, signal: stopped })
    expect(end.step).toBe(0)
    const from = machine.now
    const resumed = await run(machine, { store, resume: true, budget: 60 })
    expect(resumed.end.reason).toBe('finished')
    expect((machine.now - from) / 1000).toBeGreaterThan(54)
    expect((machine.now - from) / 1000).toBeLessThan(66)
    expect(resumed.events.filter(event => event.type === 'step').at(-1)!.rate).toBeLessThan(1e-3)
  })
})
