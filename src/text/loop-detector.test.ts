import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findLongestLoop, findLoop, findLoops, LoopDetector } from './loop-detector.js'
import { loopsByDefinition } from './loop-detector.reference.js'

const codePoints = (text: string): number[] => Array.from(text, c => c.codePointAt(0) ?? 0)

const loopOf = (text: string) => findLoop(codePoints(text))

/** Sequences that end in loops more often than chance would have it, loops within loops included. */
const sequence = fc
  .array(
    fc.tuple(
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
    ),
    { maxLength: 6 },
  )
  .map(parts => {
    let ids: number[] = []
    for (const [unit, times, again] of parts) {
      for (let i = 0; i < times; i++) ids.push(...unit)
      if (again && ids.length < 60) ids = [...ids, ...ids, ...ids]
    }
    return ids
  })

/** A detector whose hash is nearly useless: stretches must be told apart by comparing symbols. */
class BadHash extends LoopDetector {
  protected override readonly base = 0
}

describe('a loop', () => {
  it('is the smallest period that stands at the end three times, with its exact start', () => {
    expect(loopOf('I know. the king, the king, the king, the')).toEqual({
      period: 10,
      start: 7,
      length: 34,
      count: 3,
    })
    expect(loopOf('それから、私は、私は、私は、')).toEqual({
      period: 3,
      start: 4,
      length: 10,
      count: 3,
    })
  })

  it('needs three repeats', () => {
    expect(loopOf('abcabc')).toBeUndefined()
    expect(loopOf('abcabcab')).toBeUndefined()
    expect(loopOf('abcabcabc')).toMatchObject({ period: 3, start: 0, count: 3 })
    expect(loopOf('')).toBeUndefined()
    expect(loopOf('a')).toBeUndefined()
    expect(loopOf('aa')).toBeUndefined()
    expect(loopOf('aaa')).toEqual({ period: 1, start: 0, length: 3, count: 3 })
  })

  it('may hold another: the dots, and the refrain that ends in dots', () => {
    const ids = codePoints('oh. ha... ha... ha... ha...')
    expect(findLoop(ids)).toMatchObject({ period: 1, length: 3 })
    expect(findLongestLoop(ids)).toEqual({ period: 6, start: 2, length: 25, count: 4 })
  })

  it('is never said twice with a multiple of its period', () => {
    expect(findLoops(codePoints('ab'.repeat(20)))).toHaveLength(1)
  })

  it('equals its definition', () => {
    fc.assert(
      fc.property(sequence, ids => {
        expect(findLoops(ids)).toEqual(loopsByDefinition(ids))
      }),
      { numRuns: 500 },
    )
  })
})

describe('the detector', () => {
  it.each([
    ['with its hash', () => new LoopDetector()],
    ['with a hash that collides all the time', () => new BadHash()],
  ])('agrees with the definition after each symbol, %s', (_, make) => {
    fc.assert(
      fc.property(sequence, ids => {
        const detector = make()
        for (const [i, id] of ids.entries()) {
          const looping = detector.push(id)
          const want = loopsByDefinition(ids.slice(0, i + 1))
          const same =
            looping === (want.at(-1)?.length ?? 0) &&
            JSON.stringify(detector.loops()) === JSON.stringify(want)
          // Only a difference is worth the time of a thorough comparison.
          if (!same) expect({ looping, loops: detector.loops() }).toEqual({ loops: want })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('agrees on all sequences of 13 symbols out of 2', () => {
    for (let code = 0; code < 1 << 13; code++) {
      const detector = new LoopDetector()
      const ids: number[] = []
      for (let i = 0; i < 13; i++) {
        ids.push((code >> i) & 1)
        detector.push(ids[i])
      }
      const got = detector.loops()
      const want = findLoops(ids)
      if (JSON.stringify(got) !== JSON.stringify(want))
        expect({ ids, got }).toEqual({ ids, got: want })
    }
  })

  it('agrees on the words that defeat hashes modulo 2^32 and those full of repeats', () => {
    const thueMorse = Array.from({ length: 3000 }, (_, i) => {
      let bits = 0
      for (let x = i; x > 0; x >>= 1) bits ^= x & 1
      return bits
    })
    let [fibonacci, before] = ['ab', 'a']
    while (fibonacci.length < 3000) [fibonacci, before] = [fibonacci + before, fibonacci]
    for (const ids of [thueMorse, Array.from(codePoints(fibonacci))]) {
      const detector = new LoopDetector()
      for (const [i, id] of ids.entries()) {
        detector.push(id)
        if (i % 37 === 0 || i > 2900) {
          expect(detector.loops()).toEqual(findLoops(ids.slice(0, i + 1)))
        }
      }
    }
  })

  it('sees long periods and long loops, and forgets nothing of their start', () => {
    const detector = new LoopDetector()
    const unit = Array.from({ length: 777 }, (_, i) => (i * i * 31 + i) % 1009)
    for (let i = 0; i < 50; i++) detector.push(5000 + i)
    let looping = 0
    for (let i = 0; i < 777 * 40; i++) looping = detector.push(unit[i % 777])
    expect(looping).toBe(777 * 40)
    expect(detector.loop).toEqual({ period: 777, start: 50, length: 777 * 40, count: 40 })
    expect(detector.push(4)).toBe(0)
  })

  it('watches no period beyond the longest that was asked for', () => {
    const detector = new LoopDetector({ maximumPeriod: 5 })
    for (let i = 0; i < 40; i++) detector.push(i % 5)
    expect(detector.loop?.period).toBe(5)
    for (let i = 0; i < 60; i++) detector.push(i % 6)
    expect(detector.loop).toBeUndefined()
    expect(() => new LoopDetector({ maximumPeriod: 0 })).toThrow(/from 1 to 2\^26/)
  })

  it('takes a microsecond a symbol, in a loop or not, however long the text', () => {
    const rounds = [
      Array.from({ length: 50_000 }, (_, i) => (Math.imul(i, 0x9e3779b1) >>> 26) % 60),
      Array.from({ length: 50_000 }, () => 1),
      Array.from({ length: 50_000 }, (_, i) => i % 100),
    ]
    for (const ids of rounds) {
      const start = process.cpuUsage()
      const detector = new LoopDetector()
      for (const id of ids) detector.push(id)
      // 0.2 to 0.6 µs a symbol when measured; quadratic work would take many seconds.
      expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000)
    }
  })
})
