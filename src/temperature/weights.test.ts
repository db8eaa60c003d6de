import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../test/support/uniform.js'
import { Random } from '../random.js'
import { Distribution } from './distribution.js'
import { Weighing, weighing } from './weights.js'
import { weigh } from './weights.reference.js'

/** V logits, some of them banned. */
function logitsOf(seed: number, size: number, depth: number): Float64Array {
  const random = new Random(seed)
  const logits = Float64Array.from({ length: size }, (_, i) =>
    random.coin(2 * i) < 0.1 ? Number.NEGATIVE_INFINITY : -depth * random.coin(2 * i + 1),
  )
  logits[Math.floor(random.coin(2 * size) * size * 0.999)] = 0
  return logits
}

describe('weights at a temperature', () => {
  it('have the bits of their plain twin, down to numbers that are hardly any, odd V and even', () => {
    let small = 0
    let none = 0
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 70 }),
        uniform(1, 40),
        uniform(-3, 2).map(x => 10 ** x),
        uniform(-5, 5),
        (seed, size, depth, temperature, max) => {
          const logits = logitsOf(seed, size, depth).map(logit => logit + max)
          const twin = new Float64Array(size)
          const largest = Math.max(...logits)
          const { partition, moment } = weigh(logits, largest, temperature, twin)
          const memory = weighing(size)
          memory.take(logits)
          expect(memory.weigh(size, largest, temperature)).toBe(partition)
          expect(memory.moment).toBe(moment)
          expect(memory.weights.slice(0, size)).toEqual(twin)
          for (const weight of twin) {
            if (weight === 0) none++
            else if (weight < 2 ** -1022) small++
          }
        },
      ),
      { numRuns: 3000 },
    )
    expect(small).toBeGreaterThan(10)
    expect(none).toBeGreaterThan(1000)
  })

  it('are those of the distribution that is asked, whoever was asked before it', () => {
    const sizes = [3, 4, 900, 3, 5000, 900]
    const all = sizes.map((size, i) => Distribution.of(logitsOf(i, size, 9)))
    const want = all.map((one, i) => {
      const twin = new Float64Array(sizes[i])
      const { partition } = weigh(logitsOf(i, sizes[i], 9), 0, 2, twin)
      return twin[one.idOfRank(2)] / partition
    })
    for (let turn = 0; turn < 2; turn++) {
      expect(all.map(one => one.probability(one.idOfRank(2), 2))).toEqual(want)
      expect(all.map(one => one.cumulative(2, 2) - one.cumulative(1, 2))).toEqual(
        want.map(share => expect.closeTo(share, 12)),
      )
    }
  })

  it('have a memory that grows with the vocabulary, and no further', () => {
    const { capacity } = weighing(2)
    expect(weighing(capacity)).toBe(weighing(2))
    expect(new Weighing(7).weights.length).toBeLessThan(13)
    expect(weighing(capacity + 1).capacity).toBe(capacity + 1)
  })
})
