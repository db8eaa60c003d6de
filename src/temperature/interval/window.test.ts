import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../../test/support/uniform.js'
import { Random } from '../../random.js'
import { Distribution } from '../distribution.js'
import { lastTemperature } from './interval.js'
import * as plain from './interval.reference.js'
import { Window } from './window.js'

/** V logits as a trained model's: a few that stand out, a broad crowd below, in no order. */
function crowd(seed: number, size: number, depth: number): Distribution {
  const random = new Random(seed)
  return Distribution.of(
    Float32Array.from({ length: size }, (_, i) => {
      const u = random.coin(i)
      return i % 97 === seed % 97 ? 4 * u : -depth * (0.3 + 0.7 * u)
    }),
  )
}

const size = fc.integer({ min: 2, max: 3000 })
const depth = uniform(1, 40)
const temperature = uniform(-1.3, 1.3).map(x => 10 ** x)

describe('C in a window of temperatures', () => {
  it('is the distribution’s to the last bit, wherever the window is opened and closed', () => {
    let cheap = 0
    let asked = 0
    fc.assert(
      fc.property(
        fc.nat(),
        size,
        depth,
        temperature,
        uniform(-1, 1),
        uniform(-50, -25),
        (seed, V, deep, T, off, width) => {
          const distribution = crowd(seed, V, deep)
          const rank = 1 + Math.floor(new Random(seed).coin(V) ** 3 * (V - 1))
          const window = new Window(distribution, rank, T)
          expect(window.value).toBe(distribution.cumulative(rank, T))
          const middle = T * (1 + off * 2 ** -30)
          const spread = 2 ** width
          const about = window.open(middle, spread)
          expect(Math.abs(about / distribution.cumulative(rank, middle) - 1)).toBeLessThan(1e-14)
          for (let i = 0; i < 6; i++) {
            const at = middle * (1 + (2 * new Random(seed, 1).coin(i) - 1) * spread)
            expect(window.cumulative(at)).toBe(distribution.cumulative(rank, at))
          }
          asked += V + rank
          cheap += window.cost
          window.narrow(middle * (1 + spread / 2), spread / 8)
          for (let i = 0; i < 6; i++) {
            const at =
              middle * (1 + spread / 2 + ((2 * new Random(seed, 2).coin(i) - 1) * spread) / 8)
            expect(window.cumulative(at)).toBe(distribution.cumulative(rank, at))
          }
        },
      ),
      { numRuns: 150 },
    )
    // Else nothing was tested but the distribution against itself.
    expect(cheap).toBeLessThan(asked / 2)
  })

  it('gives ends that the plain twin gives too, of thousands of symbols', () => {
    fc.assert(
      fc.property(fc.nat(), size, depth, temperature, (seed, V, deep, T) => {
        const distribution = crowd(seed, V, deep)
        const coin = new Random(seed).coin(1)
        const { rank } = distribution.draw(T, coin)
        const last = lastTemperature(distribution, rank, coin)
        const twin = plain.lastTemperature(distribution, rank, coin)
        if (twin === 0 || twin === Number.POSITIVE_INFINITY) expect(last).toBe(twin)
        else {
          // Within rounding C may cross the coin more than once; each may have found another.
          expect(Math.abs(last / twin - 1)).toBeLessThan(1e-9)
          expect(distribution.cumulative(rank, last)).toBeGreaterThanOrEqual(coin)
        }
      }),
      { numRuns: 100 },
    )
  })
})
