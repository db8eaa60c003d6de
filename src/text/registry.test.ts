import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.js'
import { buildTokenizer, tokenizerFrom } from './index.js'

describe('buildTokenizer', () => {
  it('sorts characters by code point, astral ones after U+FFFD', () => {
    const { tokenizer } = buildTokenizer('character', '\u{1F600}b\uFFFDa\n')
    expect(tokenizer.toJSON().symbols).toEqual(['\n', 'a', 'b', '\uFFFD', '\u{1F600}'])
  })

  it('sorts graphemes as strings', () => {
    const { tokenizer } = buildTokenizer('grapheme', 'e\u0301e\r\n\u{1F600}\uFFFDf')
    expect(tokenizer.toJSON().symbols).toEqual(['\r\n', 'e', 'e\u0301', 'f', '\u{1F600}', '\uFFFD'])
  })

  it.each(['character', 'grapheme'] as const)(
    'drops rare %ss, says which, and removes them from the corpus',
    kind => {
      const text = 'aaab\u{1F600}bcaa'
      const { tokenizer, report } = buildTokenizer(kind, text, { minCount: 2 })
      expect(tokenizer.toJSON().symbols).toEqual(['a', 'b'])
      expect([...report.counts]).toEqual([5, 2])
      expect(report.total).toBe(7)
      expect(report.dropped).toEqual([
        { symbol: 'c', count: 1 },
        { symbol: '\u{1F600}', count: 1 },
      ])
      expect(report.droppedTotal).toBe(2)
      expect(tokenizer.decode(tokenizer.encode(text, 'skip').ids)).toBe('aaabbaa')
    },
  )

  it('refuses a minCount that leaves nothing, is no whole number, or can do nothing', () => {
    expect(() => buildTokenizer('character', 'abc', { minCount: 2 })).toThrow(
      /occurs 2 times; choose a smaller minCount\.$/,
    )
    for (const minCount of [0, -1, 1.5, Number.NaN]) {
      expect(() => buildTokenizer('character', 'abc', { minCount })).toThrow(/whole number/)
    }
    expect(() => buildTokenizer('byte', 'abc', { minCount: 2 })).toThrow(/256/)
  })

  it('reads bytes as bytes, and refuses them for a tokenizer of text', () => {
    const bytes = Uint8Array.of(0, 255, 255, 128)
    const { tokenizer, report } = buildTokenizer('byte', bytes)
    expect(tokenizer.size).toBe(256)
    expect([report.counts[255], report.total]).toEqual([2, 4])
    expect(() => buildTokenizer('character', bytes)).toThrow(/decode them first/)
  })
})

describe('tokenizerFrom', () => {
  it.each([
    ['no object', 7, /is 7; expected an object/],
    ['nothing', undefined, /is undefined/],
    ['a list', ['a'], /expected an object/],
    ['a kind that is nearly one', { kind: 'charactr', symbols: ['a'] }, /Did you mean "character"/],
    ['no kind', { symbols: ['a'] }, /is undefined; expected character, byte, grapheme/],
    ['a kind from Object.prototype', { kind: 'constructor' }, /"constructor"; expected/],
    ['symbols that are no list', { kind: 'character', symbols: 'abc' }, /no list of symbols/],
    ['no symbols', { kind: 'character', symbols: [] }, /vocabulary is empty/],
    ['an empty key', { kind: 'character', symbols: ['a', ''] }, /empty string as symbol 1/],
    [
      'a key of two characters',
      { kind: 'character', symbols: ['  '] },
      /" {2}" as symbol 0.*2 char/,
    ],
    ['a number', { kind: 'character', symbols: ['a', 5] }, /has 5 as symbol 1; expected a string/],
    ['a symbol twice', { kind: 'character', symbols: ['a', 'b', 'a'] }, /"a" twice.*0 and 2/],
    ['half a pair', { kind: 'character', symbols: ['\ud800'] }, /half of a surrogate pair/],
    ['two graphemes as one', { kind: 'grapheme', symbols: ['  '] }, /2 graphemes/],
    ['an empty grapheme', { kind: 'grapheme', symbols: [''] }, /empty string/],
    ['half a pair in one', { kind: 'grapheme', symbols: ['a\udc00'] }, /half of a surrogate pair/],
    ['a grapheme twice', { kind: 'grapheme', symbols: ['é', 'é'] }, /twice/],
  ])('refuses %s in a sentence of its own', (_, json, message) => {
    expect(() => tokenizerFrom(json)).toThrow(InputError)
    expect(() => tokenizerFrom(json)).toThrow(message)
  })

  it('takes a combining mark as an entry of its own, as published models have it', () => {
    const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['u', '\u0308'] })
    expect([...tokenizer.encode('u\u0308').ids]).toEqual([0, 1])
  })

  it('takes clusters that only a newer Unicode joins', () => {
    // No engine joins these two; one that did would have written such a vocabulary.
    const tokenizer = tokenizerFrom({ kind: 'grapheme', symbols: ['कख', 'a'] })
    expect(tokenizer.decode([0, 1])).toBe('कखa')
  })
})
