import fc from 'fast-check'
import { formatNumber } from 'ondo/temperature'
import { describe, expect, it } from 'vitest'
import {
  fine,
  HEAT_STOPS,
  HIGHEST,
  heatOf,
  LAST,
  LOWEST,
  nudge,
  ONE,
  positionOf,
  readTemperature,
  TICKS,
  temperatureAt,
  tick,
} from './temperature-scale.js'

const ENDLESS = Number.POSITIVE_INFINITY
/** Temperatures with two decimals, as the slider returns them. */
const onSlider = fc
  .integer({ min: LOWEST * 100, max: HIGHEST * 100 })
  .map(hundredths => hundredths / 100)
const any = fc.oneof(
  onSlider,
  fc.constantFrom(0, ENDLESS),
  fc.double({ min: 0, max: 100, noNaN: true }),
)

describe('the slider', () => {
  it('has exact stops at 0, 1 and infinity', () => {
    expect(temperatureAt(0)).toBe(0)
    expect(temperatureAt(ONE)).toBe(1)
    expect(temperatureAt(ONE + 2)).toBe(1)
    expect(temperatureAt(ONE - 2)).toBe(1)
    expect(temperatureAt(LAST)).toBe(ENDLESS)
  })

  it('rises from left to right', () => {
    const seen = Array.from({ length: LAST * 4 + 1 }, (_, n) => temperatureAt(n / 4))
    for (const [n, T] of seen.entries()) expect(T).toBeGreaterThanOrEqual(seen[n - 1] ?? 0)
    expect(new Set(seen).size).toBeGreaterThan(200)
  })

  it('returns the position of its temperature', () => {
    fc.assert(
      fc.property(onSlider, T => {
        // Near 1, dragging selects 1; a typed temperature there is kept.
        fc.pre(Math.abs(positionOf(T) - ONE) > 3)
        expect(temperatureAt(positionOf(T))).toBe(T)
      }),
    )
    for (const T of TICKS) expect(temperatureAt(positionOf(T))).toBe(T)
  })

  it('keeps the order of temperatures and stays within the slider', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(positionOf(a)).toBeGreaterThanOrEqual(0)
        expect(positionOf(a)).toBeLessThanOrEqual(LAST)
        if (a < b) expect(positionOf(a)).toBeLessThanOrEqual(positionOf(b))
      }),
    )
  })

  for (const [name, move] of Object.entries({ fine, nudge, tick })) {
    it(`moves at every ${name} step, and reaches each end from the other`, () => {
      fc.assert(
        fc.property(any, T => {
          if (T < ENDLESS) expect(move(T, 1)).toBeGreaterThan(T)
          if (T > 0) expect(move(T, -1)).toBeLessThan(T)
        }),
      )
      for (const [from, to, direction] of [
        [0, ENDLESS, 1],
        [ENDLESS, 0, -1],
      ] as const) {
        let T: number = from
        let steps = 0
        const passed = new Set<number>()
        while (T !== to && steps++ < 1000) {
          T = move(T, direction)
          passed.add(T)
        }
        expect(T).toBe(to)
        expect(passed).toContain(1)
        expect(passed).toContain(0.5)
      }
    })
  }

  it('returns through the same temperatures, which are multiples of its step', () => {
    fc.assert(
      fc.property(onSlider, T => {
        fc.pre(T > LOWEST && T < 2)
        expect(fine(fine(T, 1), -1)).toBe(T)
      }),
    )
  })
})

describe('a temperature in writing', () => {
  it('is read with comma or dot, in full width, and as infinity', () => {
    expect(['0.8', '0,8', '.8', '０．８', ' 0.80 ', '8e-1'].map(readTemperature)).toEqual(
      Array(6).fill(0.8),
    )
    expect(['inf', '∞', 'Infinity', '+INF'].map(readTemperature)).toEqual(Array(4).fill(ENDLESS))
  })

  it('is refused when it is not a number, below 0 or above 100', () => {
    for (const text of ['', 'warm', '-1', '101', '1.2.3', 'NaN', '1,000.5', '0x10']) {
      expect(readTemperature(text), text).toBeUndefined()
    }
  })

  it('is read back as it was formatted', () => {
    fc.assert(
      fc.property(any, T => {
        expect(readTemperature(formatNumber(T))).toBe(T)
      }),
    )
  })
})

describe('the colour of a temperature', () => {
  it('is mixed of two adjacent colours, and is one of them at its own temperature', () => {
    expect(heatOf(0)).toBe('color-mix(in oklab, var(--heat-0), var(--heat-1) 0%)')
    expect(heatOf(0.8)).toBe('color-mix(in oklab, var(--heat-2), var(--heat-3) 100%)')
    expect(heatOf(ENDLESS)).toBe('color-mix(in oklab, var(--heat-4), var(--heat-5) 100%)')
    expect(HEAT_STOPS[0]).toBe(0)
    expect(HEAT_STOPS.at(-1)).toBe(1)
  })
})
