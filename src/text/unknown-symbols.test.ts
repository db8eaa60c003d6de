import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.js'
import { buildTokenizer, type TokenizerKind, UnknownSymbolsError } from './index.js'

function nearest(known: string, text: string, kind: TokenizerKind = 'character'): string {
  const { tokenizer } = buildTokenizer(kind, known)
  const { ids, unknown } = tokenizer.encode(text, 'nearest')
  expect(unknown.length).toBeGreaterThan(0)
  return tokenizer.decode(ids)
}

const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')

describe('a symbol that the vocabulary lacks', () => {
  it('is refused with its place, its number and what to do', () => {
    const { tokenizer } = buildTokenizer('character', 'abc ')
    expect(() => tokenizer.encode('abéc\u3000')).toThrow(InputError)
    expect(() => tokenizer.encode('abéc\u3000é')).toThrow(
      'The text has 2 symbols that are not among the 4 of the vocabulary (positions from 0): ' +
        '"é" (U+00E9) at 2, 5, U+3000 IDEOGRAPHIC SPACE at 4; change the text, or choose what to ' +
        'do with them: unknown "skip" leaves them out, "nearest" writes the nearest known symbol.',
    )
  })

  it('is listed ten times at most, and all of them for a program', () => {
    const { tokenizer } = buildTokenizer('character', 'a')
    try {
      tokenizer.encode('bcdefghijklmnopbbbb')
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof UnknownSymbolsError)) throw error
      expect(error.message).toContain('"k" (U+006B) at 9 and 5 more; ')
      expect(error.message).toContain('"b" (U+0062) at 0, 15, 16 and 2 more, ')
      expect(error.unknown).toHaveLength(19)
    }
  })

  it('is counted in symbols of the tokenizer, not in UTF-16 units', () => {
    const text = '😀😀x😀'
    for (const kind of ['character', 'grapheme'] as const) {
      const { tokenizer } = buildTokenizer(kind, '😀')
      expect(tokenizer.encode(text, 'skip').unknown).toEqual([{ symbol: 'x', position: 2 }])
      expect(tokenizer.decode(tokenizer.encode(text, 'skip').ids)).toBe('😀😀😀')
    }
  })

  it('is a lone surrogate where U+FFFD is not known either', () => {
    const { tokenizer } = buildTokenizer('character', 'ab ')
    expect(() => tokenizer.encode('a\ud83d')).toThrow(/U\+D83D half of a surrogate pair at 1/)
    expect(tokenizer.encode('a\ud83db', 'skip').unknown).toEqual([
      { symbol: '\ud83d', position: 1 },
    ])
    expect(nearest('ab ', 'a\ud83db')).toBe('a b')
  })
})

describe('the nearest known symbol', () => {
  it.each([
    ['full-width to ASCII', ascii, 'ＡＢＣ１２３！', 'ABC123!'],
    ['typographic quotes and dashes', ascii, '“it’s” – yes—no…', '"it\'s" - yes-no...'],
    ['ligatures, to several symbols', ascii, 'ﬁﬂ Œuvre æ ß', 'fifl OEuvre ae ss'],
    ['letters without their marks', ascii, 'Éçñøłå', 'Ecnola'],
    ['a mark over several', ascii, 'ế', 'e'],
    ['spaces', ascii, 'a\u00a0b\u3000c\td', 'a b c d'],
    ['line ends', 'ab\n', 'a\rb\u2028', 'a\nb\n'],
    ['case', 'abc', 'ABC', 'abc'],
    ['case the other way', 'ABC', 'abç', 'ABC'],
    ['digits of other scripts', ascii, '٣४９', '349'],
    ['katakana to hiragana', 'あかっつ', 'アカツ', 'あかつ'],
    ['small and voiced kana', 'あかはつ', 'ぁがぱッ', 'あかはつ'],
    ['half-width katakana', 'アガ', 'ｱ', 'ア'],
    ['full-width to half-width katakana', 'ｱｶﾊﾞﾟﾞ', 'アばパ', 'ｱﾊﾞﾊﾟ'],
    ['ASCII into a Japanese text', 'あ（）１ａ、。「」！　', '(1a,."!" ', '（１ａ、。「！「　'],
    ['the nearest kanji', '一丁七万', '丂', '丁'],
    ['another letter of the script', 'abcxyz', 'qж', 'xa'],
    ['nothing for what has no width', ascii, 'a\u200b\ufeffb\u00ad', 'ab'],
    ['a space for what has no kin', ascii, '漢😀\ufffd', '   '],
    ['the first symbol when there is no space', 'xy', '漢', 'x'],
  ])('%s', (_, known, text, expected) => {
    expect(nearest(known, text)).toBe(expected)
  })

  it('of a grapheme is its base, or the first of a family', () => {
    expect(nearest('e👨 ', 'e\u0301👨‍👩‍👧👨🏽', 'grapheme')).toBe('e👨👨')
  })

  it('is the same each time and reported with what it replaced', () => {
    const { tokenizer } = buildTokenizer('character', 'fi"')
    const once = tokenizer.encode('“ﬁ\u200b', 'nearest')
    expect(once.unknown).toEqual([
      { symbol: '“', position: 0, replacement: '"' },
      { symbol: 'ﬁ', position: 1, replacement: 'fi' },
      { symbol: '\u200b', position: 2 },
    ])
    expect(tokenizer.encode('“ﬁ\u200b', 'nearest')).toEqual(once)
  })

  it('may make a text longer than it was', () => {
    const { tokenizer } = buildTokenizer('character', '株式会社x')
    const { ids } = tokenizer.encode('㍿x'.repeat(1000), 'nearest')
    expect(tokenizer.decode(ids)).toBe('株式会社x'.repeat(1000))
  })
})
