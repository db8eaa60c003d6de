import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildTokenizer } from '../../text/index.js'
import { FILES } from '../checkpoint.js'
import { memoryStore } from '../checkpoint-store.js'
import { trainingCorpus } from '../corpus.js'
import type { Engine } from '../engine.js'
import type { BudgetEvent, EndEvent, TrainEvent } from '../events.js'
import { PRESETS } from '../settings.js'
import { type TrainOptions, train } from '../trainer.js'
import { readBudget } from './choose-size.js'
import { Pace } from './pace.js'

/** A machine that only tells the time: what a step costs is written here, and nothing is learned. */
class Machine {
  now = 0
  /** Multiplies every cost; may change while it runs. */
  slowness = 1
  private readonly cost: (weights: number) => number
  readonly clock = (): number => this.now
  /** Milliseconds a step of a network with so many weights, trained or only validated. */
  constructor(cost: (weights: number) => number) {
    this.cost = cost
  }

  readonly engine: Engine = {
    threads: 1,
    compile: async ({ bytes, inputs }) => {
      this.now += 400
      const trains = new TextDecoder('latin1').decode(bytes).includes('gradient.head')
      const sizes = new Map<string, number>()
      for (const [name, { dims }] of inputs) {
        sizes.set(
          name,
          dims.reduce((a, b) => a * b, 1),
        )
      }
      const weights = [...sizes].filter(([name]) => /^(rnn|head|embedding)\./.test(name))
      const count = weights.reduce((sum, [, size]) => sum + size, 0)
      return {
        run: async () => {
          this.now += this.cost(count) * this.slowness * (trains ? 1 : 1 / 3)
          // Every output that could be asked for: losses of 1, zeros for the rest.
          return new Proxy<Record<string, Float32Array>>(
            {},
            {
              get: (_, name) => {
                const key = String(name)
                if (key === 'losses') return new Float32Array(sizes.get('y') ?? 0).fill(1)
                return new Float32Array(sizes.get(key.replace(/^(gradient|next)\./, '')) ?? 0)
              },
            },
          )
        },
        dispose: async () => {},
      }
    },
  }
}

const TEXT = Array.from({ length: 20_000 }, (_, i) => 'abcdefgh '[(i * i * 7 + (i >> 5)) % 9]).join(
  '',
)
const corpus = await trainingCorpus({ content: TEXT }, buildTokenizer('character', TEXT).tokenizer)

async function run(
  machine: Machine,
  options: Partial<TrainOptions> & { readonly during?: (event: TrainEvent) => void },
): Promise<{ events: TrainEvent[]; end: EndEvent }> {
  const events: TrainEvent[] = []
  const { during, ...rest } = options
  const { engine, clock } = machine
  for await (const event of train({ corpus, engine, clock, ...rest })) {
    events.push(event)
    during?.(event)
  }
  return { events, end: events.at(-1) as EndEvent }
}
/** Half a second, and one for each 15,000 weights: slow, so that the tests take few real steps. */
const usual = (): Machine => new Machine(weights => 500 + weights / 15)
/** A hundred times as fast. */
const quick = (): Machine => new Machine(weights => 5 + weights / 1500)
const chosen = (events: readonly TrainEvent[]): BudgetEvent =>
  events.find(event => event.type === 'budget')!

describe('a budget of time', () => {
  it.each(['90s', '10m', '2h', '1h30m', ' 1.5 m', '600', '45 min', '7 sec'])('reads %s', text => {
    const expected = { '90s': 90, '10m': 600, '2h': 7200, '1h30m': 5400, '600': 600 }
    const more = { ' 1.5 m': 90, '45 min': 2700, '7 sec': 7 }
    expect(readBudget(text)).toBe({ ...expected, ...more }[text])
  })

  it.each(['', 'm', '10x', '-5m', '3s', '10m!', 'ten', '5m 10'])('refuses "%s"', text => {
    expect(() => readBudget(text)).toThrow('expected a time of at least 5 seconds')
  })

  it('chooses the largest size that can read ten symbols a parameter, by timing real steps', async () => {
    const small = await run(usual(), { budget: 300 })
    const large = await run(usual(), { budget: 3600 })
    const [few, many] = [chosen(small.events), chosen(large.events)]
    expect(few.hidden).toBeLessThan(many.hidden)
    expect(few.larger!.symbols / few.larger!.parameters).toBeLessThan(few.wanted)
    expect(many.symbols / many.parameters).toBeGreaterThan(many.wanted)
    // A machine ten times as fast affords a larger one in the same time.
    const fast = await run(new Machine(weights => 50 + weights / 150), { budget: 300 })
    expect(chosen(fast.events).hidden).toBeGreaterThan(few.hidden)
  })

  it('trains what is given and chooses only the rest', async () => {
    const { events, end } = await run(usual(), {
      budget: 60,
      settings: { hidden: 40, dropout: 0.3, layers: 1 },
    })
    expect(chosen(events)).toMatchObject({ hidden: 40, fixed: true })
    expect(end.config).toMatchObject({ hidden: 40, dropout: 0.3, layers: 1 })
    const preset = await run(usual(), { budget: 600, preset: 'char-rnn' })
    // All of the preset's, its warm-up too.
    expect(preset.end.record.settings).toMatchObject(PRESETS['char-rnn'])
    await expect(run(usual(), { budget: 60, settings: { epochs: 3 } })).rejects.toThrow(
      'Both a budget of time and epochs 3 came',
    )
  })

  it.each([10, 60, 2000])(
    'of %d s is kept to a tenth, and to its end the rate falls',
    async budget => {
      const machine = budget < 100 ? quick() : usual()
      const { end, events } = await run(machine, { budget })
      expect(machine.now / 1000).toBeGreaterThan(0.9 * budget)
      expect(machine.now / 1000).toBeLessThan(1.1 * budget)
      expect(end.reason).toBe('finished')
      const steps = events.filter(event => event.type === 'step')
      expect(steps.at(-1)!.rate).toBeLessThan(0.03 * Math.max(...steps.map(step => step.rate)))
      // The last step is validated: the best model may be the last.
      expect(events.filter(event => event.type === 'evaluation').at(-1)!.step).toBe(end.step)
    },
  )

  it('is kept although the machine becomes three times as slow, or as fast, in the middle', async () => {
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
      // After the warm-up the rate never jumps, whatever the clock said.
      for (let i = steps.findIndex(s => s.rate === highest) + 1; i < steps.length; i++) {
        expect(Math.abs(steps[i].rate - steps[i - 1].rate)).toBeLessThan(0.12 * highest)
      }
      expect(end.step).toBe(steps.length)
    }
  })

  it('is gone on from with what is left of it, and the turns are in the checkpoint', async () => {
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
    // Over is over, until more time is asked for.
    const again = await run(machine, { store, resume: true })
    expect(again.end.step).toBe(end.step)
    const start = machine.now
    const more = await run(machine, { store, resume: true, budget: 60 })
    expect(more.end.step).toBeGreaterThan(end.step)
    expect((machine.now - start) / 1000).toBeGreaterThan(54)
    expect((machine.now - start) / 1000).toBeLessThan(66)
  })

  it('is gone on from with the preset named again, to the updates that were planned', async () => {
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

  it('is kept by a run that was stopped before its first update', async () => {
    const store = memoryStore()
    const machine = usual()
    const stopped = AbortSignal.abort()
    // Nothing is learned on this machine, so no validation is better than the first.
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

describe('the pace', () => {
  it('is the step itself while nothing turns', () => {
    const pace = new Pace(100)
    for (const step of [1, 37, 100]) expect(pace.place(step)).toBe(step)
  })

  it('rises evenly, never jumps, and ends where the schedule ends, whatever the turns', () => {
    const turns = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 200 })), { maxLength: 6 })
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), turns, (first, jumps) => {
        const pace = new Pace(first)
        let step = 0
        for (const [ahead, more] of jumps) {
          step = Math.min(pace.steps - 1, step + ahead)
          pace.turn(step, step + more)
        }
        const places = Array.from({ length: pace.steps }, (_, i) => pace.place(i + 1))
        expect(places.at(-1)).toBeCloseTo(first, 8)
        for (let i = 1; i < places.length; i++) expect(places[i]).toBeGreaterThan(places[i - 1])
        expect(new Pace(first, pace.turns).place(step + 1)).toBe(pace.place(step + 1))
      }),
    )
  })

  it('validates as often as planned, whatever the clock says', () => {
    const pace = new Pace(100)
    const due = (): number[] =>
      Array.from({ length: pace.steps }, (_, i) => i + 1).filter(step => pace.passes(step, 25))
    expect(due()).toEqual([25, 50, 75, 100])
    pace.turn(50, 350)
    expect(due()).toEqual([25, 50, 200, 350])
    pace.turn(200, 201)
    expect(due()).toEqual([25, 50, 200, 201])
  })

  it('spreads what is left of the schedule over the steps that are left', () => {
    const pace = new Pace(100)
    pace.turn(50, 60)
    expect([50, 51, 55, 60].map(step => pace.place(step))).toEqual([50, 55, 75, 100])
    pace.turn(55, 56)
    expect(pace.steps).toBe(56)
    expect(pace.place(56)).toBe(100)
  })
})
