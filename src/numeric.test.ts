import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exp, LN2, log, log2, negativeLogLikelihood } from './numeric.js'

/** Distance in units of the last place of `want`. */
function ulps(got: number, want: number): number {
  if (got === want) return 0
  const bits = new BigInt64Array(new Float64Array([Math.abs(got), Math.abs(want)]).buffer)
  const apart = bits[0] > bits[1] ? bits[0] - bits[1] : bits[1] - bits[0]
  return Number(apart)
}

describe('exp', () => {
  it('differs from Math.exp by at most 1 ulp', () => {
    let worst = 0
    for (let i = 0; i <= 200_000; i++) {
      const x = -744 + (i / 200_000) * 1453
      worst = Math.max(worst, ulps(exp(x), Math.exp(x)))
    }
    expect(worst).toBeLessThanOrEqual(1)
  })

  it('is exact at the ends', () => {
    expect(exp(0)).toBe(1)
    expect(exp(-0)).toBe(1)
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0)
    expect(exp(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect(exp(710)).toBe(Number.POSITIVE_INFINITY)
    expect(exp(-746)).toBe(0)
    expect(exp(Number.NaN)).toBeNaN()
    expect(exp(-745.1)).toBe(5e-324)
  })

  // python3 -c "from decimal import *; getcontext().prec=50; print(float(Decimal(x).exp()))", x as given
  it.each([
    [2, 7.38905609893065],
    [-1, 0.36787944117144233],
    [0.1, 1.1051709180756477],
    [20.5, 799902177.4755054],
    [-700, 9.859676543759769e-305],
  ])('exp(%d) is the nearest double', (x, want) => {
    expect(ulps(exp(x), want)).toBeLessThanOrEqual(1)
  })
})

describe('log', () => {
  it('stays within 1 ulp of the platform over 600 orders of magnitude', () => {
    let worst = 0
    for (let i = 0; i <= 200_000; i++) {
      const x = 10 ** (-307 + (i / 200_000) * 614)
      worst = Math.max(worst, ulps(log(x), Math.log(x)))
    }
    for (let i = 1; i < 200_000; i++) {
      const x = 0.5 + i / 100_000
      worst = Math.max(worst, ulps(log(x), Math.log(x)))
    }
    expect(worst).toBeLessThanOrEqual(1)
  })

  it('is exact at the ends', () => {
    expect(log(1)).toBe(0)
    expect(log(2)).toBe(LN2)
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY)
    expect(log(-1)).toBeNaN()
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect(log(5e-324)).toBe(-744.4400719213812)
    expect(log2(8)).toBeCloseTo(3, 15)
  })

  it('is the inverse of exp', () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), x => {
        expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(2e-16 * Math.max(1, Math.abs(x)) * 2)
      }),
    )
  })
})

describe('negativeLogLikelihood', () => {
  it('is ln V for equal logits and does not depend on a constant added to all', () => {
    expect(negativeLogLikelihood([7, 7, 7, 7], 2)).toBeCloseTo(Math.log(4), 15)
    expect(negativeLogLikelihood([1e4 + 1, 1e4], 0)).toBeCloseTo(Math.log(1 + Math.exp(-1)), 14)
  })
})
