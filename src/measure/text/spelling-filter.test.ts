import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FuseFilter } from './fuse-filter.js'
import { letterRuns, spellingKey, wordsOf } from './segment-words.js'
import { spelling, unknownWords } from './spelling.js'
import { buildSpellingFilter, gramsOfRun, SpellingFilter } from './spelling-filter.js'

const shared = new URL('../../../../shared/data/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, shared), 'utf8')
const corpora = ['tiny-shakespeare.txt', 'soseki-kokoro.txt', 'war-and-peace.txt']
const present = corpora.every(name => existsSync(new URL(name, shared)))

/** Made-up words, different for different numbers. */
const invented = (n: number, prefix = ''): string[] =>
  Array.from({ length: n }, (_, i) => prefix + (i * 7919 + 13).toString(36))

/** 99.99% of honest filters lie within four standard deviations of their rate. */
function expectRate(hits: number, tries: number, rate: number): void {
  const deviation = Math.sqrt((rate * (1 - rate)) / tries)
  expect(Math.abs(hits / tries - rate)).toBeLessThan(4 * deviation + 1 / tries)
}

describe('the fuse filter', () => {
  it('contains all of its keys, whatever their number', () => {
    for (const n of [0, 1, 2, 3, 5, 10, 33, 100, 1000, 20_000]) {
      const keys = invented(n)
      for (const bits of [1, 5, 8]) {
        const filter = FuseFilter.build(keys, bits)
        expect(keys.every(key => filter.has(key))).toBe(true)
        const again = FuseFilter.fromJSON(JSON.parse(JSON.stringify(filter)))
        expect(keys.every(key => again.has(key))).toBe(true)
        expect(again.toJSON()).toEqual(filter.toJSON())
      }
    }
  })

  it('contains all of its keys for arbitrary strings', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 20 }),
        keys => {
          const filter = FuseFilter.build(keys, 4)
          expect(keys.filter(key => !filter.has(key))).toEqual([])
        },
      ),
      { numRuns: 20 },
    )
  })

  it.each([1, 2, 3, 4, 6, 8])('has the stated false positive rate: %i bits', bits => {
    const filter = FuseFilter.build(invented(20_000), bits)
    expect(filter.falsePositiveRate).toBe(2 ** -bits)
    const strangers = invented(50_000, 'x-')
    expectRate(strangers.filter(key => filter.has(key)).length, strangers.length, 2 ** -bits)
  })

  it('takes less than 1.25 entries a key when there are many', () => {
    const { table } = FuseFilter.build(invented(50_000), 8).toJSON()
    expect((table.length * 3) / 4 / 50_000).toBeLessThan(1.25)
  })

  it('has a hash that is written down: these bits may never change', () => {
    const json = FuseFilter.build(['a', 'b', 'かな', '😀'], 8).toJSON()
    expect(json).toMatchInlineSnapshot(`
      {
        "bits": 8,
        "keys": 4,
        "seed": 0,
        "segmentLength": 8,
        "segments": 1,
        "table": "AAAAAAoAAAAAAAAAAAAAV9cAAAAAAAA1",
      }
    `)
  })

  it.each([
    ['nothing', undefined],
    ['a number', 5],
    ['no table', { keys: 1, bits: 8, seed: 0, segmentLength: 4, segments: 1 }],
    ['a table that is too short', { table: 'AAAA' }],
    ['a table that is not base64', { table: '!' }],
    ['17 bits', { bits: 17 }],
    ['half a bit', { bits: 0.5 }],
    ['segments that are no power of two', { segmentLength: 3 }],
    ['gigabytes', { segmentLength: 65536, segments: 1 << 20 }],
    ['negative keys', { keys: -1 }],
  ])('refuses %s', (_, damage) => {
    const whole = FuseFilter.build(invented(3), 8).toJSON()
    const json =
      typeof damage === 'object' && !('keys' in damage && 'bits' in damage)
        ? { ...whole, ...damage }
        : damage
    expect(() => FuseFilter.fromJSON(json)).toThrow(/build it again from the training text/)
  })
})

describe('the spelling filter', () => {
  const text = "The king's men don't know the King. 王様の家来は何も知らない。"

  it('knows the words and grams of its text', () => {
    const filter = buildSpellingFilter(text)
    for (const word of wordsOf(text)) expect(filter.has(word.text)).toBe(true)
    for (const run of letterRuns(text)) {
      for (const gram of gramsOfRun(run.text, 4)) expect(filter.hasGram(gram)).toBe(true)
    }
    expect(filter.has('Know')).toBe(true)
    expect(filter.has('kinng')).toBe(false)
    expect(filter.hasGram('何も知れ')).toBe(false)
    const different = new Set(wordsOf(text).map(word => spellingKey(word.text))).size
    expect(filter.words).toMatchObject({ total: different, kept: different, minimumCount: 1 })
    expect(filter.falsePositiveRate).toBe(1 / 256)
  })

  it('uses grams where most letters are of scripts without spaces', () => {
    expect(buildSpellingFilter(text).unit).toBe('words')
    expect(buildSpellingFilter('王様の家来は何も知らない。OK').unit).toBe('grams')
    expect(buildSpellingFilter('สวัสดีชาวโลก').unit).toBe('grams')
    expect(buildSpellingFilter('안녕하세요 세계').unit).toBe('words')
    expect(buildSpellingFilter('').unit).toBe('words')
  })

  it('cuts runs into overlapping grams and keeps short runs whole', () => {
    expect(gramsOfRun('Kingdom', 4)).toEqual(['king', 'ingd', 'ngdo', 'gdom'])
    expect(gramsOfRun('The', 4)).toEqual(['the'])
    expect(gramsOfRun('𠮷𠮷野家だ', 4)).toEqual(['𠮷𠮷野家', '𠮷野家だ'])
    expect(gramsOfRun('𠮷野', 4)).toEqual(['𠮷野'])
  })

  it('is stored and read without a change, and is the same each time', () => {
    const filter = buildSpellingFilter(text)
    const json = JSON.stringify(filter)
    expect(JSON.stringify(SpellingFilter.fromJSON(JSON.parse(json)))).toBe(json)
    expect(JSON.stringify(buildSpellingFilter(text))).toBe(json)
  })

  it('refuses what it did not write', () => {
    const whole = buildSpellingFilter(text).toJSON()
    for (const json of [
      null,
      { ...whole, version: 2 },
      { ...whole, unit: 'letters' },
      { ...whole, gramLength: 0 },
      { ...whole, words: { ...whole.words, total: 3 } },
      { ...whole, words: { ...whole.words, minimumCount: 'few' } },
      { ...whole, grams: undefined },
    ]) {
      expect(() => SpellingFilter.fromJSON(json)).toThrow(/^The spelling filter/)
    }
  })

  it('shrinks in the documented order: shorter fingerprints first, then the rarest of the other set', () => {
    const words = invented(3000).map(word => word.replaceAll(/\d/g, digit => 'abcdefghij'[+digit]))
    const corpus = [...words, ...words.slice(0, 500)].join(' ')
    const roomy = buildSpellingFilter(corpus)
    expect([roomy.words.falsePositiveRate, roomy.grams.falsePositiveRate]).toEqual([
      1 / 256,
      1 / 256,
    ])
    let before = Number.POSITIVE_INFINITY
    for (const maxBytes of [8000, 6000, 5000, 4000, 3000, 2000, 1000]) {
      const filter = buildSpellingFilter(corpus, { maxBytes })
      const size = JSON.stringify(JSON.stringify(filter)).length
      expect(size).toBeLessThanOrEqual(maxBytes)
      expect(size).toBeLessThanOrEqual(before)
      before = size
      const kept = wordsOf(corpus).filter(word => filter.has(word.text)).length
      if (filter.words.minimumCount === 1) expect(kept).toBe(3500)
      else expect(filter.grams.kept).toBe(0)
    }
    const tight = buildSpellingFilter(corpus, { maxBytes: 1300 })
    expect(tight.words).toMatchObject({ total: 3000, kept: 500, minimumCount: 2 })
    expect(words.slice(0, 500).every(word => tight.has(word))).toBe(true)
    expect(spelling('some words', tight)).toMatchObject({ unit: 'words', grams: undefined })
    expect(() => buildSpellingFilter(corpus, { maxBytes: 10 })).toThrow(/at least 1000/)
    expect(() => buildSpellingFilter(corpus, { gramLength: 0 })).toThrow(/from 1 to 16/)
  })
})

describe('spelling', () => {
  const filter = buildSpellingFilter('the king and the queen')

  it('is the share of unknown words, corrected for what the filter lets pass', () => {
    const result = spelling('The kinng and the quoen', filter)!
    expect(result).toMatchObject({ unit: 'words', words: { total: 5, unknown: 2 } })
    expect(result.rate).toBeCloseTo((2 / 5) * (256 / 255), 12)
    expect(unknownWords('The kinng and the quoen', filter)).toEqual([
      { text: 'kinng', start: 4 },
      { text: 'quoen', start: 18 },
    ])
  })

  it('is 0 for the text itself, at most 1, and undefined without letters', () => {
    expect(spelling('the king and the queen', filter)!.rate).toBe(0)
    expect(spelling('zzz', filter)!.rate).toBe(1)
    expect(spelling('', filter)).toBeUndefined()
    expect(spelling('1', filter)).toBeUndefined()
    expect(spelling('k', filter)!.words).toMatchObject({ total: 1, unknown: 1 })
  })

  it('goes by grams in Japanese, where any letters make some words', () => {
    const japanese = buildSpellingFilter('私はその人を常に先生と呼んでいた。')
    expect(spelling('私はその人を呼んでいた。', japanese)).toMatchObject({
      unit: 'grams',
      words: { unknown: 0 },
      // 私はその人を呼んでいた: を呼ん joins what did not stand together
      grams: { total: 8, unknown: 3 },
    })
  })

  it('recovers the true share through a filter of one bit in four', () => {
    const known = invented(2000).map(word => `k${word.replaceAll(/\d/g, 'q')}`)
    const keys = Array.from(new Set(known.map(spellingKey)))
    const set = { filter: FuseFilter.build(keys, 2), total: keys.length, minimumCount: 1 }
    const thin = new SpellingFilter('words', 4, set, set)
    const strangers = invented(2000).map(word => `s${word.replaceAll(/\d/g, 'q')}`)
    const text = [...known, ...strangers].join(' ')
    const truth = strangers.length / (known.length + strangers.length)
    expect(Math.abs(spelling(text, thin)!.rate - truth)).toBeLessThan(0.03)
  })
})

describe.skipIf(!present)('filters of whole corpora', () => {
  it.each(corpora)('%s: within 100,000 bytes, true to its false-positive rates', name => {
    const text = read(name).slice(0, 1_200_000)
    const train = text.slice(0, Math.floor(text.length * 0.95))
    const heldOut = text.slice(train.length)
    const filter = buildSpellingFilter(train)
    expect(JSON.stringify(JSON.stringify(filter)).length).toBeLessThanOrEqual(100_000)
    expect(filter.words.minimumCount * filter.grams.minimumCount).toBe(1)

    const words = new Set(wordsOf(train).map(word => spellingKey(word.text)))
    const grams = new Set(letterRuns(train).flatMap(run => gramsOfRun(run.text, 4)))
    expect([filter.words.kept, filter.grams.kept]).toEqual([words.size, grams.size])
    expect([...words].every(word => filter.has(word))).toBe(true)
    expect([...grams].every(gram => filter.hasGram(gram))).toBe(true)
    // Strangers as they come: the letters of known ones in reverse.
    const reversed = (keys: Set<string>): string[] =>
      [...keys].map(key => [...key].reverse().join('')).filter(key => !keys.has(spellingKey(key)))
    const strangeWords = reversed(words)
    const strangeGrams = reversed(grams)
    const passing = (list: string[], has: (key: string) => boolean): number =>
      list.filter(has).length
    const { words: w, grams: g } = filter
    expectRate(
      passing(strangeWords, x => filter.has(x)),
      strangeWords.length,
      w.falsePositiveRate,
    )
    expectRate(
      passing(strangeGrams, x => filter.hasGram(x)),
      strangeGrams.length,
      g.falsePositiveRate,
    )

    // The corrected rates are the exact ones, up to chance.
    const measured = spelling(heldOut, filter)!
    const heldWords = wordsOf(heldOut).map(word => spellingKey(word.text))
    const heldGrams = letterRuns(heldOut).flatMap(run => gramsOfRun(run.text, 4))
    const exactWords = heldWords.filter(word => !words.has(word)).length / heldWords.length
    const exactGrams = heldGrams.filter(gram => !grams.has(gram)).length / heldGrams.length
    expect(Math.abs(measured.words!.rate - exactWords)).toBeLessThan(0.003)
    expect(Math.abs(measured.grams!.rate - exactGrams)).toBeLessThan(0.012)
  })
})
