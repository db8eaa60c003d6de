import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loopShare, measureText } from './measures.js'
import { CorpusIndex } from './novelty.js'
import { buildSpellingFilter } from './spelling-filter.js'

const corpus = '下人は、雨の中を、門の下で待っていた。下人は、雨を待っていた。'
const filter = buildSpellingFilter(corpus)
const index = new CorpusIndex(corpus)
const shakespeare = new URL('../../../../shared/data/tiny-shakespeare.txt', import.meta.url)

describe('measureText', () => {
  it('gathers all measures of a text', () => {
    const text = '門の下で、待つ、待つ、待つ、'
    const measures = measureText(text, {
      filter,
      corpus: index,
      surprisals: [1, 2, 3, 4],
      entropies: [0.5, 1.5],
      given: 10,
    })
    expect(measures).toMatchObject({
      characters: 14,
      surprisal: 2.5,
      entropy: 1,
      loop: { period: 3, start: 4, count: 3 },
      looping: 10 / 14,
      spelling: { unit: 'grams' },
      novelty: { longest: { length: 4, start: 0 }, copied: 0 },
      balance: { open: 0, stray: 0 },
      missing: {},
    })
    expect(measures.repetition).toBe(0)
    expect(measures.distinct).toHaveLength(4)
  })

  it('says which measures are missing, and why', () => {
    const { missing, ...measures } = measureText('The king is here to stay.')
    const english = Object.entries(missing).map(([name, { en }]) => [name, en])
    expect(Object.fromEntries(english)).toEqual({
      surprisal: "The symbols' surprisals are not known.",
      entropy: 'The entropies are not known.',
      spelling: 'There is no spelling filter of the training text.',
      novelty: 'The training text was not given.',
    })
    for (const [name, { ja }] of Object.entries(missing)) {
      expect(measures).toHaveProperty(name, undefined)
      expect(ja).toMatch(/[ぁ-ん].*。$/)
    }
  })

  it.each(['', 'a', '。', '😀', '\ud83d'])('works on %j', text => {
    const all = { filter, corpus: index, surprisals: [], entropies: [], given: 0 }
    const measures = measureText(text, all)
    expect(measures.characters).toBe(text === '' ? 0 : 1)
    expect(measures.repetition).toBeUndefined()
    expect(measures.missing.repetition?.en).toMatch(/fewer than 8/)
    expect(measures.missing.distinct?.en).toMatch(/too few/)
    expect(measures.looping).toBe(0)
    expect(measures.missing.novelty?.en).toBe(text === '' ? 'The text is empty.' : undefined)
    expect(measures.missing.spelling?.en).toBe(
      text === 'a' ? undefined : 'The text has no letters.',
    )
    expect(JSON.parse(JSON.stringify(measures)).characters).toBe(measures.characters)
  })

  it('averages surprisal over the drawn characters, not over the given ones', () => {
    expect(measureText('abcd', { surprisals: [3, 3, 3], given: 1 }).surprisal).toBe(3)
    // a byte model draws three symbols for a character
    expect(measureText('猫', { surprisals: [1, 2, 3] }).surprisal).toBe(6)
    expect(measureText('ab', { surprisals: [], given: 2 }).missing.surprisal?.en).toBe(
      'Nothing was drawn.',
    )
    expect(() => measureText('ab', { given: 3 })).toThrow(/from 0 to the text's 2/)
  })

  it('keeps every share between 0 and 1, and undefined exactly what it says is missing', () => {
    const any = fc.string({ unit: fc.constantFrom('下', '人', 'は', '、', 'a', ' ', '「', '😀') })
    fc.assert(
      fc.property(any, text => {
        const measures = measureText(text, { filter, corpus: index })
        const shares = [
          measures.repetition,
          ...measures.distinct,
          measures.looping,
          measures.spelling?.rate,
          measures.novelty?.copied,
        ]
        for (const share of shares)
          expect(share === undefined || (share >= 0 && share <= 1)).toBe(true)
        const names = ['surprisal', 'entropy', 'repetition', 'spelling', 'novelty'] as const
        for (const name of names) {
          expect(measures.missing[name] === undefined).toBe(measures[name] !== undefined)
        }
        expect(measures.looping).toBe(loopShare(text))
      }),
    )
  })

  it.skipIf(!existsSync(shakespeare))('takes a few milliseconds for 2,000 characters', () => {
    const text = readFileSync(shakespeare, 'utf8')
    const train = text.slice(0, 500_000)
    const options = { filter: buildSpellingFilter(train), corpus: new CorpusIndex(train) }
    const rounds = 20
    const measureAll = (): void => {
      for (let i = 0; i < rounds; i++) {
        measureText(text.slice(600_000 + i * 2000, 602_000 + i * 2000), options)
      }
    }
    measureAll()
    const start = process.cpuUsage()
    measureAll()
    // 3 ms each when measured alone
    expect(process.cpuUsage(start).user / 1000 / rounds).toBeLessThan(25)
  })
})
