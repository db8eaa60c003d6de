import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextDouble, previousDouble } from '../temperature/index.js'
import { networkOf, promptIds } from './generate.js'
import { mockModel } from './mock.fixture.js'
import {
  nextPassageTemperature,
  shortestFrom,
  temperatureBeyond,
  writePassage,
} from './next-text.js'
import { SeedTexts } from './seed-texts.js'
import { StateCache } from './state-cache.js'

const letters = mockModel('abcdefgh \n')

describe('the next text', () => {
  it('begins at the very next double above the interval, and at its lower end below', () => {
    const temperature = fc.oneof(
      fc.constantFrom(1.5, 1.75, 3.7),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
    )
    fc.assert(
      fc.property(temperature, temperature, (a, b) => {
        fc.pre(a !== b)
        const interval = { low: Math.min(a, b), high: Math.max(a, b) }
        const text = { temperature: interval.high, interval, zero: false }
        expect(previousDouble(temperatureBeyond(text, 'up') as number)).toBe(interval.high)
        expect(temperatureBeyond(text, 'down')).toBe(interval.low)
      }),
    )
  })

  it('is none beyond either end of the scale', () => {
    const interval = { low: 0, high: Number.POSITIVE_INFINITY }
    expect(temperatureBeyond({ temperature: 1, interval, zero: true }, 'up')).toBeUndefined()
    expect(temperatureBeyond({ temperature: 1, interval, zero: true }, 'down')).toBeUndefined()
    expect(temperatureBeyond({ temperature: 0, interval, zero: true }, 'down')).toBeUndefined()
    // Where equal logits lead, T = 0 takes the first and any T above it may take another.
    expect(temperatureBeyond({ temperature: 1, interval, zero: false }, 'down')).toBe(0)
  })

  it('is named by the fewest digits that lie in its interval, of those by the nearest', () => {
    const numbers = fc.double({ min: 1e-4, max: 100, noNaN: true })
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 12 }), fc.boolean(), (start, width, up) => {
        const far = up ? start + 10 ** -width : Math.max(0, start - 10 ** -width)
        const interval = up
          ? { low: previousDouble(start), high: far }
          : { low: far, high: nextDouble(start) }
        const T = shortestFrom(start, interval, up ? 'up' : 'down')
        expect(T > interval.low && T <= interval.high).toBe(true)
        const digits = (x: number): number => /\.(\d+)$/.exec(String(x))?.[1].length ?? 0
        if (T === start) return
        // No number with fewer digits, and none with as many that is nearer, lies in the interval.
        const most = Math.max(2, digits(T))
        for (let n = 2; n <= most; n++) {
          const unit = 10 ** n
          const nearest = Number((Math.round(start * unit) / unit).toFixed(n))
          for (const each of [
            nearest,
            Number((nearest - 1 / unit).toFixed(n)),
            nearest + 1 / unit,
          ]) {
            const other = Number(each.toFixed(n))
            const holds = up ? other >= start && other <= far : other <= start && other > far
            if (!holds) continue
            expect(n).toBe(most)
            expect(Math.abs(other - start)).toBeGreaterThanOrEqual(Math.abs(T - start))
          }
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('of a part of a text follows as the texts of a seed do, none left out', async () => {
    const network = await networkOf(letters)
    const [length, seed] = [12, 3]
    const texts = await SeedTexts.of(letters, { prompt: 'ab', seed, length })
    const cache = new StateCache(letters, network, promptIds(letters, 'ab'))
    const idsAt = (T: number): number[] => {
      const writer = cache.writerAt(0, { seed })
      const { records } = writePassage(writer, length, T)
      writer.dispose()
      return records.map(({ id }) => id)
    }
    const ids: (readonly number[])[] = [texts.at(0.4).ids]
    let T = 0.4
    for (const { text } of texts.changes(0.4, 'up')) {
      const next = nextPassageTemperature(() => cache.writerAt(0, { seed }), length, T, 'up')
      expect(next).toBeDefined()
      T = next as number
      ids.push(idsAt(T))
      expect(ids.at(-1)).toEqual(text.ids)
      expect(T).toBeLessThanOrEqual(text.interval.high)
      if (ids.length > 40) break
    }
    expect(ids.length).toBeGreaterThan(20)
    for (const back of ids.slice(0, -1).reverse()) {
      const next = nextPassageTemperature(() => cache.writerAt(0, { seed }), length, T, 'down')
      T = next as number
      expect(idsAt(T)).toEqual(back)
    }
  })
})
