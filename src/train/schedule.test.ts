import { expect, it } from 'vitest'
import { learningRate, type Schedule } from './schedule.js'

const schedule = (change: Partial<Schedule>): Schedule => ({
  kind: 'constant',
  rate: 0.002,
  finalFraction: 0.1,
  warmup: 0,
  decay: 0.97,
  decayAfter: 10,
  ...change,
})

it('constant does not change', () => {
  for (const step of [1, 50, 100]) {
    expect(learningRate(schedule({}), { step, steps: 100, epoch: 1 })).toBe(0.002)
  }
})

it('step decays by 3% an epoch after the tenth, as in char-rnn', () => {
  const at = (epoch: number): number =>
    learningRate(schedule({ kind: 'step' }), { step: 1, steps: 9, epoch })
  expect(at(1)).toBe(0.002)
  expect(at(10)).toBe(0.002)
  expect(at(11)).toBeCloseTo(0.002 * 0.97, 12)
  expect(at(26)).toBeCloseTo(0.002 * 0.97 ** 16, 12)
})

it('cosine falls from the highest rate through the middle to the final rate', () => {
  const at = (step: number): number =>
    learningRate(schedule({ kind: 'cosine' }), { step, steps: 1000, epoch: 1 })
  expect(at(1)).toBe(0.002)
  expect(at(501)).toBeCloseTo(0.002 * 0.55, 12)
  expect(at(1000)).toBeCloseTo(0.0002, 7)
  for (let step = 2; step <= 1000; step++) expect(at(step)).toBeLessThan(at(step - 1))
})

it('warm-up rises linearly to the highest rate under every schedule', () => {
  for (const kind of ['constant', 'step', 'cosine'] as const) {
    const at = (step: number): number =>
      learningRate(schedule({ kind, warmup: 9 }), { step, steps: 100, epoch: 1 })
    for (let step = 1; step <= 10; step++) expect(at(step)).toBeCloseTo(0.0002 * step, 12)
  }
})

it('a run shorter than its warm-up still has positive rates', () => {
  for (let step = 1; step <= 5; step++) {
    const rate = learningRate(schedule({ kind: 'cosine', warmup: 100 }), {
      step,
      steps: 5,
      epoch: 1,
    })
    expect(rate).toBeGreaterThan(0)
  }
})
