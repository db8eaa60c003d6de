import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { characterGrams, codePoints, countCharacters } from './characters.js'
import { distinct, repetition } from './repetition.js'
import { letterRuns, spellingKey, wordsOf } from './segment-words.js'

/** The definition, word for word: an n-gram is repeated when an earlier one equals it. */
function repetitionByDefinition(text: string, n: number): number | undefined {
  const grams: string[] = []
  const characters = Array.from(text)
  for (let i = 0; i + n <= characters.length; i++) grams.push(characters.slice(i, i + n).join(''))
  if (grams.length === 0) return undefined
  return grams.filter((gram, i) => grams.indexOf(gram) < i).length / grams.length
}

const fewLetters = fc.string({ unit: fc.constantFrom('a', 'b', 'の', '😀'), maxLength: 60 })

describe('repetition', () => {
  it('is the share of 8-grams that stood earlier in the text', () => {
    expect(repetition('abcdefgh')).toBe(0)
    // 9 windows; the last one, "abcdefgh", stood at the beginning
    expect(repetition('abcdefghabcdefgh')).toBeCloseTo(1 / 9, 12)
    expect(repetition('春はあけぼの。春はあけぼの。春は')).toBeCloseTo(2 / 9, 12)
  })

  it('nears 1 in a loop and is undefined where there is no 8-gram', () => {
    expect(repetition('a'.repeat(100))).toBeCloseTo(92 / 93, 12)
    expect(repetition('')).toBeUndefined()
    expect(repetition('a')).toBeUndefined()
    expect(repetition('1234567')).toBeUndefined()
  })

  it('counts characters, not UTF-16 units', () => {
    expect(repetition('😀'.repeat(7))).toBeUndefined()
    expect(repetition('😀'.repeat(9))).toBe(0.5)
  })

  it('equals its definition', () => {
    fc.assert(
      fc.property(fewLetters, fc.integer({ min: 1, max: 8 }), (text, n) => {
        const want = repetitionByDefinition(text, n)
        if (want === undefined) expect(repetition(text, n)).toBeUndefined()
        else expect(repetition(text, n)).toBeCloseTo(want, 12)
      }),
    )
  })
})

describe('distinct-n', () => {
  it('is different n-grams of words over all of them', () => {
    const words = ['to', 'be', 'or', 'not', 'to', 'be']
    expect(distinct(words, 1)).toBeCloseTo(4 / 6, 12)
    expect(distinct(words, 2)).toBeCloseTo(4 / 5, 12)
    expect(distinct(words, 3)).toBe(1)
    expect(distinct(words, 7)).toBeUndefined()
    expect(distinct([], 1)).toBeUndefined()
  })

  it('does not take two words for one with the same letters', () => {
    expect(distinct(['ab', 'c', 'a', 'bc'], 2)).toBe(1)
  })
})

describe('words', () => {
  it('are runs of letters with inner apostrophes', () => {
    const text = "Don't, o'er 'tis—l’été, naïve 42nd x2y"
    expect(wordsOf(text).map(word => word.text)).toEqual([
      ...["Don't", "o'er", 'tis', 'l’été', 'naïve', 'nd', 'x', 'y'],
    ])
  })

  it('are cut by dictionary where no spaces are written; runs of letters are not', () => {
    expect(wordsOf('私は猫である。').map(word => word.text)).toEqual([
      '私',
      'は',
      '猫',
      'で',
      'ある',
    ])
    expect(letterRuns('私は猫である。名前はまだ無い').map(run => run.text)).toEqual([
      '私は猫である',
      '名前はまだ無い',
    ])
  })

  it('say where they stand', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'é', "'", ' ', '猫', 'は', '。', '😀', '𠮷') }),
        text => {
          for (const { text: word, start } of wordsOf(text)) {
            expect(text.slice(start, start + word.length)).toBe(word)
          }
          const letters = (words: { text: string }[]): string => words.map(w => w.text).join('')
          expect(letters(wordsOf(text))).toBe(letters(letterRuns(text)))
        },
      ),
    )
  })

  it('are looked up without the case of their first letter', () => {
    expect(spellingKey('The')).toBe('the')
    expect(spellingKey('tHe')).toBe('tHe')
    expect(spellingKey('ROMEO')).toBe('rOMEO')
    expect(spellingKey('don’t')).toBe("don't")
    expect(spellingKey('cafe\u0301')).toBe('café')
    expect(spellingKey('𐐀𐐀')).toBe('𐐨𐐀')
    expect(spellingKey('')).toBe('')
  })
})

describe('characters', () => {
  it('are code points, lone surrogates included', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '猫', '😀', '\ud83d', '\ude00') }),
        text => {
          const want = Array.from(text)
          expect(countCharacters(text)).toBe(want.length)
          expect(Array.from(codePoints(text))).toEqual(want.map(c => c.codePointAt(0)))
          expect(characterGrams(text, 1)).toEqual(want)
        },
      ),
    )
  })
})
