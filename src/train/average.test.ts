import { describe, expect, it } from 'vitest'
import { copyTensors, decayAt, updateAverage } from './average.js'

const one = (...values: number[]) => new Map([['w', Float32Array.from(values)]])

describe('the running average', () => {
  it('is a weighted sum of all weights so far, with the largest factor for the newest', () => {
    const decay = 0.5
    const values = [3, -1, 4, 1, -5]
    const average = one(2)
    for (const [i, value] of values.entries()) updateAverage(average, one(value), decay, i + 1)
    // By hand: the share of each value is its own, times what every later update keeps.
    const kept = values.map((_, i) => decayAt(decay, i + 1))
    const keptSince = (i: number): number => kept.slice(i + 1).reduce((a, b) => a * b, 1)
    const expected =
      2 * keptSince(-1) +
      values.reduce((sum, value, i) => sum + value * (1 - kept[i]) * keptSince(i), 0)
    expect(average.get('w')![0]).toBeCloseTo(expected, 6)
  })

  it('has a smaller decay in the first updates', () => {
    expect(decayAt(0.999, 1)).toBeCloseTo(0.1)
    expect(decayAt(0.999, 91)).toBeCloseTo(0.91)
    expect(decayAt(0.999, 100_000)).toBe(0.999)
    expect(decayAt(0.05, 1)).toBe(0.05)
  })

  it('converges to constant weights, and averages out alternating changes', () => {
    const average = one(0, 0)
    for (let step = 1; step <= 2000; step++) {
      updateAverage(average, one(1, 1 + (step % 2 === 0 ? 0.5 : -0.5)), 0.99, step)
    }
    expect(average.get('w')![0]).toBeCloseTo(1, 5)
    expect(Math.abs(average.get('w')![1] - 1)).toBeLessThan(0.005)
  })

  it('does not change the weights', () => {
    const weights = one(1, 2)
    const average = copyTensors(weights)
    weights.get('w')!.fill(7)
    updateAverage(average, weights, 0.9, 50)
    expect(weights).toEqual(one(7, 7))
    expect(average.get('w')![0]).toBeGreaterThan(1)
  })
})
