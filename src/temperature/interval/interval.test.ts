import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../../test/support/uniform.js'
import { Random } from '../../random.js'
import { Distribution } from '../distribution.js'
import { nextDouble } from './doubles.js'
import { inside, intersect, intervalOf, lastTemperature } from './interval.js'

const logits = fc
  .array(fc.oneof(uniform(-20, 20), fc.constantFrom(0, 1, -Infinity)), {
    minLength: 2,
    maxLength: 30,
  })
  .filter(list => list.some(x => x > -Infinity))
const temperature = uniform(-2, 2).map(x => 10 ** x)
const seed = fc.nat()

describe('the interval of a choice', () => {
  it('is exact: the ends are the last doubles at which the draw is the same', () => {
    fc.assert(
      fc.property(logits, temperature, seed, (list, T, n) => {
        const distribution = Distribution.of(list)
        const coin = new Random(n).coin(0)
        const { rank } = distribution.draw(T, coin)
        const { low, high } = intervalOf(distribution, rank, coin)
        const rankAt = (t: number): number => distribution.draw(t, coin).rank
        expect(T > low && T <= high).toBe(true)
        if (high < Infinity) {
          expect(rankAt(high)).toBe(rank)
          expect(rankAt(nextDouble(high))).toBeGreaterThan(rank)
        } else expect(rankAt(Infinity)).toBe(rank)
        if (low > 0) {
          expect(rankAt(low)).toBeLessThan(rank)
          expect(rankAt(nextDouble(low))).toBe(rank)
        } else expect(rankAt(1e-300)).toBe(rank)
      }),
      { numRuns: 1000 },
    )
  })

  it('covers all temperatures without gap: the next rank begins where this one ends', () => {
    const distribution = Distribution.of([2, 1, 0, -1])
    for (const coin of [0.1, 0.5, 0.7, 0.9, 0.99]) {
      let end = 0
      for (let rank = 1; rank <= 4; rank++) {
        const { low, high } = intervalOf(distribution, rank, coin)
        expect(low).toBe(end)
        end = high
        if (high === Infinity) break
      }
      expect(end).toBe(Infinity)
    }
  })

  it('agrees with algebra on two symbols', () => {
    // C_1(T) = 1 / (1 + e^(-1/T)) >= u  <=>  T <= 1 / ln(u / (1 - u))
    const distribution = Distribution.of([1, 0])
    expect(lastTemperature(distribution, 1, 0.75)).toBeCloseTo(1 / Math.log(3), 13)
    expect(lastTemperature(distribution, 1, 0.5)).toBe(Infinity)
    expect(lastTemperature(distribution, 1, 1)).toBeLessThan(0.03)
  })

  it('knows ties: at T = 0 alone the smaller id, above 0 half the coins each', () => {
    const distribution = Distribution.of([3, 3])
    expect(intervalOf(distribution, 1, 0.75)).toEqual({ low: 0, high: 0 })
    expect(intervalOf(distribution, 2, 0.75)).toEqual({ low: 0, high: Infinity })
    expect(inside({ low: 0, high: 0 }, 1, 0)).toBe(true)
    expect(inside({ low: 0, high: Infinity }, 2, 0)).toBe(false)
    expect(inside({ low: 0, high: 1 }, 2, 1)).toBe(true)
  })

  it('meets with others in what they share', () => {
    expect(intersect({ low: 0.1, high: 2 }, { low: 0.3, high: Infinity })).toEqual({
      low: 0.3,
      high: 2,
    })
  })
})
