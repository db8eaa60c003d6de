import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../random.js'
import {
  bootstrapInterval,
  isotonicRegression,
  mean,
  median,
  medianInterval,
  quantile,
} from './statistics.js'

const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
  minLength: 1,
  maxLength: 30,
})

describe('quantiles', () => {
  it('equal NumPy', () => {
    // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0, .1, .25, .5, .75, .99, 1])
    const sample = [3, 1, 4, 1, 5, 9, 2, 6]
    const want = [1, 1, 1.75, 3.5, 5.25, 8.79, 9]
    for (const [i, q] of [0, 0.1, 0.25, 0.5, 0.75, 0.99, 1].entries()) {
      expect(quantile(sample, q)).toBeCloseTo(want[i], 12)
    }
    expect(sample).toEqual([3, 1, 4, 1, 5, 9, 2, 6])
  })

  it('hold infinities without making NaN of them', () => {
    expect(median([1, Infinity, Infinity, Infinity])).toBe(Infinity)
    expect(median([-Infinity, 0, 1])).toBe(0)
  })

  it('refuse nothing at all, and shares that are none', () => {
    expect(() => median([])).toThrow(/no values/)
    expect(() => mean([])).toThrow(/no values/)
    expect(() => quantile([1], 1.1)).toThrow(/from 0 to 1/)
  })

  it('never fall as q rises', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(values, share, share, (sample, p, q) => {
        expect(quantile(sample, Math.min(p, q))).toBeLessThanOrEqual(
          quantile(sample, Math.max(p, q)),
        )
      }),
    )
  })
})

describe('the interval of a median', () => {
  it('is exact: the binomial tail that its order statistics leave', () => {
    const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    // 1 - 2 * (1 + 10) / 1024: the second and the ninth, the textbook's case
    expect(medianInterval(ten)).toEqual({ low: 2, high: 9, level: 1 - 22 / 1024 })
    expect(medianInterval([5, 3, 8, 1, 9])).toEqual({ low: 1, high: 9, level: 0.9375 })
    expect(medianInterval([7])).toEqual({ low: 7, high: 7, level: 0 })
    expect(() => medianInterval(ten, 1)).toThrow(/between 0 and 1/)
  })

  it('covers the true median as often as it says', () => {
    const random = new Random(7)
    let covered = 0
    const rounds = 2000
    let level = 0
    for (let r = 0; r < rounds; r++) {
      const sample = Array.from({ length: 15 }, (_, i) => random.coin(r * 15 + i) ** 3)
      const interval = medianInterval(sample, 0.9)
      level = interval.level
      if (interval.low <= 0.125 && 0.125 <= interval.high) covered++
    }
    expect(Math.abs(covered / rounds - level)).toBeLessThan(
      4 * Math.sqrt((level * (1 - level)) / rounds),
    )
  })

  it('does not lose its way with many values', () => {
    const { low, high, level } = medianInterval(Array.from({ length: 5001 }, (_, i) => i))
    // normal approximation: 2500 -+ 1.96 * sqrt(5001) / 2
    expect(Math.abs(low - (2500 - 69.3))).toBeLessThan(2)
    expect(Math.abs(high - (2500 + 69.3))).toBeLessThan(2)
    expect(level).toBeGreaterThanOrEqual(0.95)
    expect(level).toBeLessThan(0.953)
  })
})

describe('the bootstrap', () => {
  it('is near the textbook interval of a mean, and the same for the same seed', () => {
    const random = new Random(1)
    const sample = Array.from({ length: 400 }, (_, i) => random.coin(i))
    const options = { random: new Random(2) }
    const interval = bootstrapInterval(sample, mean, options)
    const half = 1.96 * Math.sqrt(1 / 12 / 400)
    expect(interval.low).toBeCloseTo(mean(sample) - half, 2)
    expect(interval.high).toBeCloseTo(mean(sample) + half, 2)
    expect(bootstrapInterval(sample, mean, options)).toEqual(interval)
    expect(bootstrapInterval(sample, mean, { random: new Random(3) })).not.toEqual(interval)
  })

  it('widens with the level, and is a point for one value', () => {
    const sample = [1, 5, 2, 8, 3]
    const at = (level: number) =>
      bootstrapInterval(sample, median, { random: new Random(1), level })
    expect(at(0.5).high - at(0.5).low).toBeLessThan(at(0.99).high - at(0.99).low)
    expect(bootstrapInterval([4], median, { random: new Random(1) })).toMatchObject({
      low: 4,
      high: 4,
    })
    expect(() => bootstrapInterval([], () => 0, { random: new Random(1) })).toThrow(/at least one/)
  })
})

describe('isotonic regression', () => {
  /** Min-max formula, Barlow et al. theorem 1.4: max over a <= i of min over b >= i of mean(a..b). */
  function byFormula(y: number[], w: number[]): number[] {
    const average = (a: number, b: number): number => {
      let sum = 0
      let mass = 0
      for (let i = a; i <= b; i++) {
        sum += y[i] * w[i]
        mass += w[i]
      }
      return sum / mass
    }
    return y.map((_, i) => {
      let best = -Infinity
      for (let a = 0; a <= i; a++) {
        let least = Infinity
        for (let b = i; b < y.length; b++) least = Math.min(least, average(a, b))
        best = Math.max(best, least)
      }
      return best
    })
  }

  it('equals the min-max formula', () => {
    const weighted = fc.array(
      fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 1, max: 5 })),
      { maxLength: 15 },
    )
    fc.assert(
      fc.property(weighted, pairs => {
        const [y, w] = [pairs.map(pair => pair[0]), pairs.map(pair => pair[1])]
        const fitted = isotonicRegression(y, w)
        for (const [i, want] of byFormula(y, w).entries()) expect(fitted[i]).toBeCloseTo(want, 9)
      }),
    )
  })

  it('leaves what rises already as it is', () => {
    expect(Array.from(isotonicRegression([1, 2, 2, 5]))).toEqual([1, 2, 2, 5])
    expect(Array.from(isotonicRegression([3, 1]))).toEqual([2, 2])
    expect(Array.from(isotonicRegression([]))).toEqual([])
  })
})
