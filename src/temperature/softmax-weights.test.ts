import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../test/support/uniform.js'
import { Random } from '../random.js'
import { Distribution } from './distribution.js'
import { BinnedLogits } from './interval/approximate-root.js'
import { Window } from './interval/window.js'
import { WeightMemory, weightMemory } from './softmax-weights.js'
import { weigh } from './softmax-weights.reference.js'

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
          const memory = weightMemory(size)
          memory.setLogits(logits)
          const weights = memory.weigh(size, largest, temperature)
          expect(weights.sum).toBe(partition)
          expect(weights.moment).toBe(moment)
          expect(Float64Array.from(logits, (_, id) => weights.weight(id))).toEqual(twin)
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

  it('are an error, never a wrong number, once the memory holds others', () => {
    const cold = Distribution.of([3, 1, 0])
    const weights = cold.weigh(0.5)
    const before = weights.weight(1)
    // A window and bins have arrays of their own, and so has a larger memory.
    new Window(cold, 2, 0.5)
    new BinnedLogits(cold, 2)
    expect(weights.weight(1)).toBe(before)
    Distribution.of(new Float64Array(weightMemory(1).capacity + 1)).at(2)
    expect(weights.weight(1)).toBe(before)

    const others: readonly ((distribution: Distribution) => unknown)[] = [
      d => d.weigh(2),
      d => d.at(2),
      d => d.entropy(2),
      d => d.draw(2, 0.9),
      d => d.cumulative(2, 2),
      d => d.candidates(2, 3),
    ]
    for (const compute of others) {
      for (const distribution of [cold, Distribution.of([0, 1])]) {
        const held = cold.weigh(0.5)
        compute(distribution)
        expect(() => held.weight(1)).toThrow('overwritten')
      }
    }
  })

  it('of a window or of bins are an error once others are made', () => {
    const distribution = Distribution.of(logitsOf(1, 900, 9))
    const window = new Window(distribution, 3, 1)
    window.open(1, 2 ** -30)
    expect(window.cumulative(1)).toBe(distribution.cumulative(3, 1))
    const bins = new BinnedLogits(distribution, 3)
    expect(bins.root(0.5, true, 1)).toBeDefined()
    new Window(Distribution.of([1, 0]), 1, 1)
    new BinnedLogits(Distribution.of([1, 0]), 1)
    expect(() => window.cumulative(1)).toThrow('overwritten')
    expect(() => window.open(1, 2 ** -31)).toThrow('overwritten')
    expect(() => bins.root(0.5, true, 1)).toThrow('overwritten')
  })

  it('have a memory that grows with the vocabulary, and no further', () => {
    const { capacity } = weightMemory(2)
    expect(weightMemory(capacity)).toBe(weightMemory(2))
    expect(new WeightMemory(7).weights.length).toBeLessThan(13)
    expect(weightMemory(capacity + 1).capacity).toBe(capacity + 1)
  })
})
