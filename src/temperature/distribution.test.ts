import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../test/support/uniform.js'
import { Random } from '../random.js'
import { checkTemperature, Distribution } from './distribution.js'
import { drawnRank, entropy, probabilities, rankOrder } from './distribution.reference.js'

const logit = uniform(-30, 30)
/** Logits with some bans and some ties, at least one symbol allowed. */
const logitsArbitrary = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: logit },
      { weight: 1, arbitrary: fc.constantFrom(-Infinity, 0, 1) },
    ),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .filter(logits => logits.some(x => x > -Infinity))
/** 10^-6 to 10^6, evenly in the logarithm, and the limits. */
const temperatureArbitrary = fc.oneof(
  { weight: 8, arbitrary: uniform(-6, 6).map(x => 10 ** x) },
  { weight: 1, arbitrary: fc.constantFrom(0, Infinity, 1) },
)
const coinArbitrary = fc.nat({ max: 2 ** 31 - 1 }).map(n => new Random(n).coin(0))
const runs = { numRuns: 2000 }

describe('the distribution', () => {
  it('sums to 1 within 1e-12 at every temperature, the limits included', () => {
    fc.assert(
      fc.property(logitsArbitrary, temperatureArbitrary, (logits, T) => {
        const at = Distribution.of(logits).at(T)
        const sum = logits.reduce((total, _, id) => total + at.probability(id), 0)
        expect(Math.abs(sum - 1)).toBeLessThan(1e-12)
      }),
      runs,
    )
  })

  it('equals its plain twin: probabilities, ranks and entropy', () => {
    fc.assert(
      fc.property(logitsArbitrary, temperatureArbitrary, (logits, T) => {
        const distribution = Distribution.of(logits)
        const p = probabilities(logits, T)
        const order = rankOrder(logits)
        expect(logits.map((_, id) => distribution.probability(id, T))).toEqual(p)
        expect(order.map((_, i) => distribution.idOfRank(i + 1))).toEqual(order)
        expect(distribution.entropy(T)).toBeCloseTo(entropy(p), 9)
      }),
      runs,
    )
  })

  it('becomes the argmax as T goes to 0 and uniform as T goes to infinity', () => {
    fc.assert(
      fc.property(logitsArbitrary, logits => {
        const order = rankOrder(logits)
        const distribution = Distribution.of(logits)
        const lead = order.length > 1 ? logits[order[0]] - logits[order[1]] : 1
        fc.pre(lead > 1e-3) // a tie keeps half its mass at every T > 0; T = 0 alone breaks it
        expect(distribution.probability(order[0], 1e-6)).toBe(1)
        expect(distribution.probability(order[0], 0)).toBe(1)
        for (const id of order) {
          expect(distribution.probability(id, 1e9)).toBeCloseTo(1 / order.length, 6)
          expect(distribution.probability(id, Infinity)).toBe(1 / order.length)
        }
      }),
    )
  })

  it('has an entropy that never falls as T rises, and a favourite that never gains', () => {
    fc.assert(
      fc.property(logitsArbitrary, temperatureArbitrary, temperatureArbitrary, (logits, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        const distribution = Distribution.of(logits)
        expect(distribution.entropy(high)).toBeGreaterThanOrEqual(distribution.entropy(low) - 1e-9)
        const favourite = distribution.idOfRank(1)
        expect(distribution.probability(favourite, high)).toBeLessThanOrEqual(
          distribution.probability(favourite, low) + 1e-12,
        )
      }),
      runs,
    )
  })

  it('gives a banned symbol nothing at any temperature', () => {
    const distribution = Distribution.of([1, -Infinity, 3])
    for (const T of [0, 1e-6, 1, 1e6, Infinity]) expect(distribution.probability(1, T)).toBe(0)
    expect(distribution.allowed).toBe(2)
    expect(distribution.probability(0, Infinity)).toBe(0.5)
    expect(distribution.idOfRank(3)).toBe(-1)
  })

  it('breaks ties towards the smaller id, at T = 0 and in the ranks', () => {
    const distribution = Distribution.of([2, 5, 5, 5])
    expect([1, 2, 3, 4].map(rank => distribution.idOfRank(rank))).toEqual([1, 2, 3, 0])
    expect(distribution.draw(0, 0.99).id).toBe(1)
  })

  it.each([
    [[Number.NaN, 1], /hold NaN/],
    [[1, Number.NaN], /hold NaN/],
    [[Infinity, 1], /hold Infinity/],
    [[-Infinity, -Infinity], /Every symbol is banned/],
  ])('refuses the logits %o', (logits, sentence) => {
    expect(() => Distribution.of(logits)).toThrow(sentence)
  })

  it.each([-0.1, Number.NaN, -Infinity, '1 degree', null])('refuses the temperature %s', T => {
    expect(() => checkTemperature(T)).toThrow(/expected a number from 0 to inf/)
  })
})

describe('the draw', () => {
  it('picks the rank that the plain twin picks', () => {
    fc.assert(
      fc.property(logitsArbitrary, temperatureArbitrary, coinArbitrary, (logits, T, coin) => {
        const draw = Distribution.of(logits).draw(T, coin)
        expect(draw.rank).toBe(T === 0 ? 1 : drawnRank(logits, T, coin))
        expect(draw.id).toBe(rankOrder(logits)[draw.rank - 1])
      }),
      runs,
    )
  })

  it('never goes to a lower rank when T rises, for the same coin', () => {
    fc.assert(
      fc.property(
        logitsArbitrary,
        temperatureArbitrary,
        temperatureArbitrary,
        coinArbitrary,
        (logits, a, b, coin) => {
          const distribution = Distribution.of(logits)
          const [low, high] = a < b ? [a, b] : [b, a]
          expect(distribution.draw(high, coin).rank).toBeGreaterThanOrEqual(
            distribution.draw(low, coin).rank,
          )
        },
      ),
      { numRuns: 20_000 },
    )
  })

  it('takes the last allowed rank when rounding leaves the sum below the coin', () => {
    // ten times 0.1 is 0.9999999999999999 in doubles
    const logits = [...Array<number>(10).fill(1), -Infinity]
    expect(Distribution.of(logits).draw(1, 1)).toMatchObject({ id: 9, rank: 10 })
  })

  it('does not read the coin at T = 0', () => {
    expect(Distribution.of([0, 1]).draw(0, 0.9)).toMatchObject({
      id: 1,
      coin: null,
      pT: 1,
      entropyT: 0,
    })
  })

  it('records probabilities, entropies and surprisal', () => {
    // p(1) = 1/4, 3/4: logits 0 and ln 3; at T = 0.5 the odds are 1 : 9
    const draw = Distribution.of([0, Math.log(3)]).draw(0.5, 0.95)
    expect(draw).toMatchObject({ id: 0, rank: 2, temperature: 0.5, coin: 0.95, candidates: 2 })
    expect(draw.p).toBeCloseTo(0.25, 14)
    expect(draw.pT).toBeCloseTo(0.1, 14)
    expect(draw.surprisal).toBeCloseTo(2, 13)
    expect(draw.entropy).toBeCloseTo(0.8112781244591328, 13)
    expect(draw.entropyT).toBeCloseTo(0.4689955935892812, 13)
  })

  it('knows the surprisal of what has no probability left in doubles', () => {
    const draw = Distribution.of([0, -1000]).draw(1e6, 1)
    expect(draw.p).toBe(0)
    expect(draw.surprisal).toBeCloseTo(1000 / Math.log(2), 9)
  })

  it.each([0.3, 1, 2])('draws as often as p(T) says: chi-square over 10^6 draws at T = %d', T => {
    const logits = [2, 1.5, 1, 0.5, 0, -0.5, -1, -1.5]
    const distribution = Distribution.of(logits)
    const random = new Random(20_241, 3)
    const counts = new Float64Array(logits.length)
    const draws = 1_000_000
    const at = distribution.at(T)
    const p = logits.map((_, id) => at.probability(id))
    for (let n = 0; n < draws; n++) counts[distribution.draw(T, random.coin(n)).id]++
    const expected = p.map(x => x * draws)
    let chi = 0
    for (let id = 0; id < logits.length; id++)
      chi += (counts[id] - expected[id]) ** 2 / expected[id]
    // 7 degrees of freedom: 24.32 is passed once in a thousand
    expect(Math.min(...expected)).toBeGreaterThan(1)
    expect(chi).toBeLessThan(24.32)
  })
})

describe('the candidates', () => {
  it('list the first ranks at both temperatures and what is left over', () => {
    const { top, others, entropyT } = Distribution.of([0, 3, 1, 2]).candidates(2, 2)
    expect(top.map(c => c.id)).toEqual([1, 3])
    expect(top[1].cumulative).toBeCloseTo(top[0].pT + top[1].pT, 15)
    expect(others.count).toBe(2)
    expect(others.pT).toBeCloseTo(1 - top[1].cumulative, 15)
    expect(entropyT).toBeGreaterThan(1)
  })
})
