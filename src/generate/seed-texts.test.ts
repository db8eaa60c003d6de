import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Model } from '../file/model.js'
import { Random } from '../random.js'
import { nextDouble, previousDouble } from '../temperature/index.js'
import { findLongestLoop } from '../text/index.js'
import { generateText, networkOf, promptIds } from './generate.js'
import { mockModel } from './mock.fixture.js'
import { leaveLoop, nextTemperature, type SeedText, SeedTexts } from './seed-texts.js'
import { Writer } from './writer.js'

const letters = mockModel('abcdefgh \n')

/** Brute force: the ids at T, written from the prompt with nothing kept and nothing known. */
async function ids(
  model: Model,
  T: number,
  { prompt = 'a', seed = 42, length = 12, stream = 0 },
): Promise<number[]> {
  const writer = new Writer(model, (await networkOf(model)).session(), promptIds(model, prompt), {
    ...{ seed, stream },
  })
  const all = Array.from({ length }, () => writer.next(T).id)
  writer.dispose()
  return all
}

describe('the interval of a text', () => {
  it('is exact in 1,000 random cases: the same just inside of each end, another just outside', async () => {
    const random = new Random(5)
    let ends = 0
    for (let n = 0; n < 1000; n++) {
      const model = n % 50 === 0 ? mockModel('abcdefgh \n', { seed: n, scale: 2 }) : letters
      const run = { prompt: 'ab'.slice(n % 2), seed: n, stream: n % 3, length: 1 + (n % 17) }
      const T = 10 ** (3 * random.coin(n) - 1.5)
      const texts = await SeedTexts.of(model, run)
      const { interval, ids: own } = texts.at(T)
      expect(T > interval.low && T <= interval.high).toBe(true)
      expect(await ids(model, T, run)).toEqual(own)
      if (interval.high < Infinity) {
        ends++
        expect(await ids(model, interval.high, run)).toEqual(own)
        expect(await ids(model, nextDouble(interval.high), run)).not.toEqual(own)
      } else expect(await ids(model, Infinity, run)).toEqual(own)
      expect(await ids(model, nextDouble(interval.low), run)).toEqual(own)
      if (interval.low > 0) {
        ends++
        expect(await ids(model, interval.low, run)).not.toEqual(own)
      }
    }
    expect(ends).toBeGreaterThan(1500)
  })
})

describe('all the texts of a seed', () => {
  it('are what generate writes, follow each other without a gap, and leave none out', async () => {
    for (const seed of [1, 2, 3]) {
      const run = { prompt: 'ab', seed, length: 10 }
      const texts = await SeedTexts.of(letters, run)
      const all: SeedText[] = [...texts.up()]
      expect(all.length).toBeGreaterThan(20)
      expect(all[0].temperature).toBe(0)
      expect(all[0].zero).toBe(true)
      expect(all[all.length - 1].interval.high).toBe(Infinity)
      for (const [i, { temperature, text, interval }] of all.entries()) {
        expect(await generateText(letters, { ...run, temperature })).toBe(text)
        if (i > 0) {
          expect(interval.low).toBe(all[i - 1].interval.high)
          expect(text).not.toBe(all[i - 1].text)
        }
      }
      // A grid of temperatures finds no text that is not in the list, nor one in another place.
      for (let n = -200; n <= 200; n++) {
        const T = 10 ** (n / 80)
        const text = await generateText(letters, { ...run, temperature: T })
        const listed = all.find(({ interval }) => T > interval.low && T <= interval.high)
        expect(text).toBe(listed?.text)
      }
    }
  })

  it('are the same from above as from below', async () => {
    const texts = await SeedTexts.of(letters, { prompt: 'a', seed: 9, length: 8 })
    const up = [...texts.up()].map(({ text }) => text)
    const down = [...texts.changes(Infinity, 'down')].map(change => change.text.text)
    expect([...down].reverse()).toEqual(up.slice(0, -1))
  })

  it('come at any temperature in any order as if written from the prompt', async () => {
    const model = mockModel('ab\ncd', { stop: ['\n'], seed: 3 })
    const bytes = mockModel('x', { kind: 'byte' })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(model, bytes, letters),
        fc.nat(500),
        fc.array(
          fc.oneof(
            fc.constantFrom(0, 5e-324, 1e-9, 1e9, Infinity),
            fc.integer({ min: -40, max: 40 }).map(x => 10 ** (x / 20)),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        async (model, seed, temperatures) => {
          const run = { prompt: 'ab', unknown: 'skip' as const, seed, length: 40 }
          const texts = await SeedTexts.of(model, run)
          for (const temperature of temperatures) {
            const { text, steps } = texts.at(temperature)
            expect(text).toBe(await generateText(model, { ...run, temperature }))
            for (const step of steps) expect(step.temperature).toBe(temperature)
          }
        },
      ),
      { numRuns: 20 },
    )
  })

  it('have intervals that hold their temperature, flickers of rounding or not', async () => {
    const texts = await SeedTexts.of(letters, { seed: 77, length: 6 })
    for (const { interval } of [...texts.up()].slice(0, -1)) {
      let T = interval.high
      for (let n = 0; n < 20; n++) {
        const found = texts.at(T).interval
        expect(T > found.low && T <= found.high).toBe(true)
        T = nextDouble(T)
      }
    }
  })

  it('are one where there is nothing to write', async () => {
    const texts = await SeedTexts.of(letters, { length: 0 })
    expect([...texts.up()]).toMatchObject([{ text: '', interval: { low: 0, high: Infinity } }])
  })
})

describe('the next temperature', () => {
  it('says where, from what to what, and at which temperature to the last double', async () => {
    const run = { prompt: 'ab', seed: 4, length: 30, temperature: 0.9 }
    const here = await ids(letters, 0.9, run)
    for (const direction of ['up', 'down'] as const) {
      const change = await nextTemperature(letters, run, direction)
      if (!change) throw new Error('there is one')
      const { temperature, position, from, to } = change
      expect(temperature > 0.9).toBe(direction === 'up')
      const there = await ids(letters, temperature, run)
      expect(there.slice(0, position)).toEqual(here.slice(0, position))
      expect([from.id, to.id]).toEqual([here[position], there[position]])
      expect(to.symbol).toBe(letters.tokenizer.symbol(to.id))
      // In rank order: up goes down the ranks.
      expect(to.rank > from.rank).toBe(direction === 'up')
      const inside = direction === 'up' ? previousDouble(temperature) : nextDouble(temperature)
      expect(await ids(letters, inside, run)).toEqual(here)
    }
  })

  it('is none at the ends of the scale', async () => {
    const run = { prompt: 'a', length: 20 }
    expect(await nextTemperature(letters, { ...run, temperature: 0 }, 'down')).toBeUndefined()
    expect(await nextTemperature(letters, { ...run, temperature: Infinity }, 'up')).toBeUndefined()
    const above = await nextTemperature(letters, { ...run, temperature: '0' }, 'up')
    expect(above?.temperature).toBeGreaterThan(0)
  })

  it('goes down to T = 0 itself from ties, which T = 0 alone decides by id', async () => {
    const even = mockModel('abcd', { scale: 0 })
    const change = await nextTemperature(even, { length: 5, temperature: 1 }, 'down')
    expect(change).toMatchObject({ temperature: 0, text: { text: 'aaaaa', zero: true } })
    const up = await nextTemperature(even, { length: 5, temperature: 0 }, 'up')
    expect(up).toMatchObject({ temperature: 5e-324, text: { interval: { high: Infinity } } })
  })

  it.each([
    [{ temperature: 'cycle 1,0.5' }, /The temperature is "cycle 1,0.5"; expected one number/],
    [{ temperature: () => 1 }, /The temperature is a function; expected one number/],
    [{ chain: 'top-k 3' }, /The chain is "temperature, top-k 3"; expected temperature alone/],
    [{ chain: 'temperature 2' }, /The chain is "temperature 2"/],
  ])('is refused where a choice has no interval: %o', async (options, sentence) => {
    await expect(nextTemperature(letters, options, 'up')).rejects.toThrow(sentence)
  })
})

describe('leaving a loop', () => {
  it('finds the smallest temperature whose text ends in none, by going through them all', async () => {
    const model = mockModel('ab', { seed: 2 })
    const run = { prompt: 'a', seed: 6, length: 40 }
    const texts = await SeedTexts.of(model, run)
    const found = await leaveLoop(texts, 0, { least: 3 })
    if (!found?.exit) throw new Error('there is a loop, and a way out')
    expect(found.loop).toEqual(findLongestLoop(await ids(model, 0, run)))
    const { temperature } = found.exit
    expect(findLongestLoop(await ids(model, temperature, run))).toBeUndefined()
    for (let share = 0; share < 1; share += 0.01) {
      expect(findLongestLoop(await ids(model, share * temperature, run))).toBeDefined()
    }
    expect(await leaveLoop(texts, temperature, { least: 3 })).toBeUndefined()
    expect((await leaveLoop(texts, 0, { least: 3, limit: 1 }))?.texts).toBe(1)
    expect(await leaveLoop(texts, 0, { least: 41 })).toBeUndefined()
  })
})
