import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextDouble, previousDouble } from './doubles.js'

/** Doubles from 0 on, as they lie in memory: small, large and subnormal ones alike. */
const double = fc
  .bigInt({ min: 0n, max: 0x7fefffffffffffffn })
  .map(bits => new Float64Array(BigInt64Array.of(bits).buffer)[0])
const usual = fc.double({ min: 0, max: 10, noNaN: true }).map(Math.abs)
const round = fc.integer({ min: 1, max: 100_000 }).map(n => n / 1000)

/** By halves instead of bits: between neighbours the middle is one of the two. */
function noneBetween(low: number, high: number): boolean {
  const middle = low + (high - low) / 2
  return low < high && (middle === low || middle === high)
}

describe('the next and the previous double', () => {
  it('skip none', () => {
    fc.assert(
      fc.property(fc.oneof(double, usual, round), x => {
        const next = nextDouble(x)
        if (next < Number.POSITIVE_INFINITY) expect(noneBetween(x, next)).toBe(true)
        expect(previousDouble(next)).toBe(x)
        if (x > 0) {
          expect(noneBetween(previousDouble(x), x)).toBe(true)
          expect(nextDouble(previousDouble(x))).toBe(x)
        }
      }),
      { numRuns: 10_000 },
    )
  })

  it('are those that a factor of 1 + 2^-52 skips', () => {
    for (const x of [1.5, 1.75, 3.7]) {
      expect(noneBetween(x, x * (1 + 2 ** -52))).toBe(false)
      expect(noneBetween(x, nextDouble(x))).toBe(true)
    }
  })

  it('end at 0 and Infinity', () => {
    expect([nextDouble(0), previousDouble(Number.MIN_VALUE)]).toEqual([Number.MIN_VALUE, 0])
    expect(nextDouble(Number.MAX_VALUE)).toBe(Number.POSITIVE_INFINITY)
    expect(previousDouble(Number.POSITIVE_INFINITY)).toBe(Number.MAX_VALUE)
    expect([previousDouble(0), nextDouble(Number.POSITIVE_INFINITY)]).toEqual([
      0,
      Number.POSITIVE_INFINITY,
    ])
  })
})
