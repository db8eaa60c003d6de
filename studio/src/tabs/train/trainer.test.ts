import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../../../test/support/uniform.js'
import { frameOf, gridLines, pathOf } from './loss-chart.js'
import { Curve } from './loss-curve.js'
import { pace, settingsFor, sizeFor } from './plan.js'

describe('the curve', () => {
  it('keeps every measurement up to the maximum number of points', () => {
    const curve = new Curve()
    for (let step = 1; step <= 5; step++) curve.add(step, 10 - step)
    expect(curve.points()).toEqual({ steps: [1, 2, 3, 4, 5], losses: [9, 8, 7, 6, 5] })
    expect(new Curve(curve.points()).points()).toEqual(curve.points())
  })

  it('never has more points than the maximum, and each is a mean of adjacent measurements', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), count => {
        const curve = new Curve()
        for (let step = 1; step <= count; step++) curve.add(step, 2 * step + 1)
        const { steps, losses } = curve.points()
        expect(steps.length).toBeLessThanOrEqual(400)
        expect(steps.length).toBeGreaterThanOrEqual(Math.min(count, 199))
        // A straight line stays straight.
        for (const [i, step] of steps.entries()) expect(losses[i]).toBeCloseTo(2 * step + 1, 6)
        expect(steps).toEqual([...steps].sort((a, b) => a - b))
      }),
      { numRuns: 30 },
    )
  })
})

describe('the chart', () => {
  it('contains all points between its outer grid lines', () => {
    const one = uniform(0.5, 6)
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 30 }), losses => {
        const steps = losses.map((_, i) => i + 1)
        const frame = frameOf([{ steps, losses }], losses.length)
        expect(frame.low).toBeLessThanOrEqual(Math.min(...losses))
        expect(frame.high).toBeGreaterThanOrEqual(Math.max(...losses))
        const lines = gridLines(frame)
        expect(lines.length).toBeGreaterThanOrEqual(2)
        expect(lines.length).toBeLessThanOrEqual(7)
        expect(lines[0]).toBe(frame.low)
        expect(lines.at(-1)).toBeCloseTo(frame.high, 9)
      }),
    )
  })

  it('draws falling losses as a line that goes down', () => {
    const points = { steps: [0, 10], losses: [3, 2] }
    expect(pathOf(points, { steps: 10, low: 2, high: 3, grid: 1 }, 100, 50)).toBe(
      'M0.0 0.0L100.0 50.0',
    )
    expect(
      pathOf({ steps: [1], losses: [1] }, { steps: 10, low: 0, high: 3, grid: 1 }, 100, 50),
    ).toBe('')
  })
})

describe('the plan', () => {
  const measured = { secondsPerStep: 0.05, stepsPerEpoch: 400, validation: 1 / 9 }

  it('takes the given number of minutes, validation included', () => {
    const { steps, evaluateEvery, checkpointEvery } = pace(
      { size: 'medium', minutes: 10 },
      measured,
    )
    const validations = Math.floor(steps / evaluateEvery)
    const seconds = steps * 0.05 + (validations * 400 * 0.05) / 9 / 3
    expect(seconds).toBeGreaterThan(570)
    expect(seconds).toBeLessThan(610)
    expect(checkpointEvery).toBe(200)
  })

  it('validates a large text less often when the given time is short', () => {
    const large = { ...measured, stepsPerEpoch: 100_000 }
    const { steps, evaluateEvery } = pace({ size: 'medium', minutes: 2 }, large)
    expect(steps).toBeGreaterThanOrEqual(1200)
    expect(evaluateEvery).toBe(steps)
  })

  it('does not set the number of steps when epochs are given', () => {
    const { steps, evaluateEvery } = pace({ size: 'small', epochs: 5 }, measured)
    expect(steps).toBeUndefined()
    expect(evaluateEvery).toBe(80)
  })

  it('chooses a small model for a short text and a medium one from 100,000 symbols on', () => {
    expect([1000, 50_000, 99_999].map(sizeFor)).toEqual(['small', 'small', 'small'])
    expect([100_000, 1_115_394].map(sizeFor)).toEqual(['medium', 'medium'])
  })

  it('holds out a tenth, but of a large text no more than the third digit of the loss needs', () => {
    expect(settingsFor({ size: 'small', epochs: 3 }, 20_000)).toEqual({
      layers: 1,
      hidden: 128,
      holdout: 0.1,
      epochs: 3,
    })
    expect(settingsFor({ size: 'large', minutes: 3 }, 10_000_000)).toMatchObject({ holdout: 0.01 })
    expect(settingsFor({ size: 'large', settings: { hidden: 8 } }, 1)).toMatchObject({ hidden: 8 })
  })
})
