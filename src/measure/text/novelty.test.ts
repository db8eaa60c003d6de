import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CorpusIndex } from './novelty.js'
import { noveltyByDefinition, suffixArrayByComparing } from './novelty.reference.js'
import { suffixArray } from './suffix-array.js'

const shakespeare = new URL('../../../../shared/data/tiny-shakespeare.txt', import.meta.url)

describe('the suffix array', () => {
  const sequence = fc.oneof(
    fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 60 }),
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 }),
    fc
      .tuple(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 }), fc.nat(20))
      .map(([unit, times]) => Array.from({ length: times }, () => unit).flat()),
  )

  it('equals sorting by comparison', () => {
    fc.assert(
      fc.property(sequence, ids => {
        const symbols = Uint8Array.of(...ids, 0)
        expect(Array.from(suffixArray(symbols, 6))).toEqual(suffixArrayByComparing(symbols))
      }),
      { numRuns: 1000 },
    )
  })

  it('equals it on all sequences of 10 symbols out of 2', () => {
    for (let code = 0; code < 1 << 10; code++) {
      const symbols = Uint8Array.of(
        ...Array.from({ length: 10 }, (_, i) => 1 + ((code >> i) & 1)),
        0,
      )
      expect(suffixArray(symbols, 3).join()).toBe(suffixArrayByComparing(symbols).join())
    }
  })
})

describe('novelty', () => {
  const corpus = new CorpusIndex('国境の長いトンネルを抜けると雪国であった。夜の底が白くなった。')

  it('finds the longest run that was copied, and where from', () => {
    expect(corpus.novelty('汽車は長いトンネルを出て、夜の底').longest).toEqual({
      start: 3,
      length: 7,
      source: 3,
    })
  })

  it('counts the share inside copied runs of 30 characters', () => {
    const source = 'Now is the winter of our discontent made glorious summer by this sun of York'
    const index = new CorpusIndex(source)
    const text = `${'#'.repeat(20)}${source.slice(5, 45)}${'#'.repeat(20)}${source.slice(40, 69)}`
    const result = index.novelty(text)
    expect(result.runs).toEqual([{ start: 20, length: 40, source: 5 }])
    expect(result.copied).toBeCloseTo(40 / 109, 12)
    expect(index.novelty(source)).toMatchObject({ copied: 1, longest: { length: 76 } })
  })

  it('works on nothing, on one character, and on an empty corpus', () => {
    expect(corpus.novelty('')).toEqual({ longest: undefined, copied: 0, runs: [] })
    expect(corpus.novelty('夜').longest).toMatchObject({ start: 0, length: 1 })
    expect(corpus.novelty('x').longest).toBeUndefined()
    expect(new CorpusIndex('').novelty('abc').longest).toBeUndefined()
  })

  it('counts characters, not UTF-16 units, and never half a character', () => {
    const index = new CorpusIndex('😀😁😂')
    expect(index.novelty('😁😂😃').longest).toEqual({ start: 0, length: 2, source: 1 })
    // 😄 shares its first unit with the others
    expect(index.novelty('😄').longest).toBeUndefined()
  })

  it('equals its definition, and each run is a copy that can not grow', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '猫', '😀'), maxLength: 40 })
    fc.assert(
      fc.property(letters, letters, fc.integer({ min: 1, max: 6 }), (text, source, minimum) => {
        const index = new CorpusIndex(source)
        const { longest, copied, runs } = index.novelty(text, minimum)
        const want = noveltyByDefinition(text, source, minimum)
        expect(longest?.length ?? 0).toBe(want.longest)
        expect(copied).toBeCloseTo(want.copied, 12)
        const characters = Array.from(text)
        for (const run of runs) {
          const part = (from: number, to: number): string => characters.slice(from, to).join('')
          const end = run.start + run.length
          const copy = Array.from(source)
            .slice(run.source, run.source + run.length)
            .join('')
          expect(copy).toBe(part(run.start, end))
          if (end < characters.length) expect(source.includes(part(run.start, end + 1))).toBe(false)
          if (run.start > 0) expect(source.includes(part(run.start - 1, end))).toBe(false)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.skipIf(!existsSync(shakespeare))('is quick on a real corpus, even for a whole copy', () => {
    const text = readFileSync(shakespeare, 'utf8')
    const train = text.slice(0, 1_000_000)
    const heldOut = text.slice(1_000_000, 1_002_000)
    const start = process.cpuUsage()
    const index = new CorpusIndex(train)
    // 0.4 s when measured alone
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5)
    const novelty = index.novelty(heldOut)
    let longest = 0
    for (let i = 0; i < heldOut.length; i++) {
      while (train.includes(heldOut.slice(i, i + longest + 1)) && i + longest < 2000) longest++
    }
    expect(novelty.longest!.length).toBe(longest)
    expect(novelty.copied).toBeLessThan(0.1)
    const copied = process.cpuUsage()
    expect(index.novelty(train.slice(300_000, 400_000)).copied).toBe(1)
    expect(process.cpuUsage(copied).user / 1e6).toBeLessThan(2)
  })
})
