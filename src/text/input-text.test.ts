import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.js'
import { ByteTokenizer, CharacterTokenizer, GraphemeTokenizer } from './index.js'
import {
  bytesWithoutFinalLineEnd,
  encodeInput,
  knownSymbol,
  normalizeInput,
  readEscapes,
  readStops,
  withoutFinalLineEnd,
  writableStops,
} from './input-text.js'
import { splitGraphemes } from './segment.js'
import type { Tokenizer } from './tokenizer.js'
import { UnknownSymbolsError } from './unknown-symbols.js'

const characters = (text: string) => new CharacterTokenizer([...new Set(text)])
const graphemes = (text: string) => new GraphemeTokenizer([...new Set(splitGraphemes(text))])

/** Letters that have several canonically equivalent forms, in several scripts. */
const LETTERS = [
  'é',
  'ế',
  'Å',
  'ñ',
  'й',
  'ё',
  'ά',
  'が',
  'パ',
  '가',
  '각',
  'ǻ',
  'ṩ',
  'a',
  '字',
  ' ',
]
const words = fc.array(fc.constantFrom(...LETTERS), { maxLength: 12 }).map(list => list.join(''))
const FORMS = ['NFC', 'NFD'] as const

describe('normalizeInput', () => {
  it.each([
    ['characters', characters],
    ['graphemes', graphemes],
  ] as const)('reads any canonical form as the one that the model of %s knows', (_, make) => {
    fc.assert(
      fc.property(
        words,
        fc.constantFrom(...FORMS),
        fc.constantFrom(...FORMS),
        (text, has, comes) => {
          const tokenizer = make(LETTERS.join('').normalize(has))
          const { text: read } = normalizeInput(text.normalize(comes), tokenizer)
          expect(read).toBe(text.normalize(has))
          // Twice is as once.
          expect(normalizeInput(read, tokenizer)).toEqual({ text: read })
          expect(tokenizer.decode(encodeInput(text.normalize(comes), tokenizer).ids)).toBe(read)
        },
      ),
    )
  })

  it('leaves a form that the model knows as it came, though it knows another too', () => {
    const both = characters(`é${'é'.normalize('NFD')}`)
    for (const form of FORMS) {
      expect(normalizeInput('é'.normalize(form), both).text).toBe('é'.normalize(form))
    }
  })

  it('finds a form of which only a part is composed, and singletons', () => {
    const half = characters('ê\u0301')
    expect(normalizeInput('ế', half).text).toBe('ê\u0301')
    expect(normalizeInput('\u212b\u2126', characters('ÅΩ')).text).toBe('ÅΩ')
    expect(normalizeInput('\u1112\u1161\u11ab', characters('한')).text).toBe('한')
  })

  it('never takes a letter that is only alike for the same', () => {
    for (const [given, known] of [
      ['ﬁ', 'fi'],
      ['Ａ', 'A'],
      ['’', "'"],
      ['а', 'a'],
    ]) {
      expect(normalizeInput(given, characters(known)).text).toBe(given)
    }
  })

  it('turns CRLF and CR into LF unless the model knows CR', () => {
    const lines = 'a\r\nb\rc\n\r\n'
    expect(normalizeInput(lines, characters('abc\n')).text).toBe('a\nb\nc\n\n')
    expect(normalizeInput(lines, graphemes('abc\n')).text).toBe('a\nb\nc\n\n')
    expect(normalizeInput(lines, characters('abc\n\r')).text).toBe(lines)
    expect(normalizeInput(lines, graphemes('abc\n\r\n')).text).toBe(lines)
    expect(normalizeInput(lines, new ByteTokenizer()).text).toBe(lines)
  })
})

describe('encodeInput', () => {
  it.each([
    ['characters', characters, (text: string) => Array.from(text)],
    ['graphemes', graphemes, splitGraphemes],
  ] as const)('says where the unknown stand in the given text, in %s', (_, make, split) => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', '\r\n', 'é', 'e\u0301', '\u0301', '\n', 'X', '가', '𝄞'), {
          maxLength: 20,
        }),
        parts => {
          const given = parts.join('')
          const tokenizer: Tokenizer = make('ae\né')
          const { unknown } = encodeInput(given, tokenizer, 'skip')
          for (const { symbol, position } of unknown) expect(split(given)[position]).toBe(symbol)
          if (unknown.length === 0) return
          try {
            encodeInput(given, tokenizer)
            expect.unreachable()
          } catch (error) {
            expect(error).toBeInstanceOf(UnknownSymbolsError)
            expect((error as UnknownSymbolsError).unknown).toEqual(unknown)
          }
        },
      ),
    )
  })

  it('leaves nothing of an accent to `nearest` that an equivalent form has', () => {
    const { unknown, ids } = encodeInput('cafe\u0301', characters('café'), 'nearest')
    expect(unknown).toEqual([])
    expect(ids).toHaveLength(4)
  })
})

describe('readStops', () => {
  it('reads them as a prompt is read', () => {
    expect(readStops(['\r\n', 'e\u0301'], characters('é\n'))).toEqual(['\n', 'é'])
  })

  it.each([
    [characters('abc\n'), 'aXb', '"X" (U+0058)'],
    [characters('abc'), '\n', 'U+000A LINE FEED'],
    [graphemes('abc'), 'é', '"é" (U+00E9)'],
  ])('refuses one that the model can never write', (tokenizer, stop, named) => {
    expect(() => readStops(['a', stop], tokenizer)).toThrow(InputError)
    expect(() => readStops([stop], tokenizer)).toThrow(`can't write ${named}`)
    expect(writableStops(['a', stop], tokenizer)).toEqual(['a'])
  })

  it('repeats little of a long one', () => {
    const error = () => readStops(['ab'.repeat(1e5)], characters('a'))
    expect(error).toThrow(InputError)
    try {
      error()
    } catch (caught) {
      expect((caught as InputError).message.length).toBeLessThan(300)
    }
  })

  it('takes whatever a row of graphemes can hold, be they cut', () => {
    const symbols = ['a', 'é'.normalize('NFD'), '\r\n', '👩‍👧', 'b']
    const tokenizer = new GraphemeTokenizer(symbols)
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...symbols), { minLength: 1, maxLength: 8 }),
        fc.nat(30),
        fc.nat(30),
        (row, from, length) => {
          const text = row.join('')
          const start = from % text.length
          const stop = text.slice(start, start + 1 + (length % (text.length - start)))
          expect(writableStops([stop], tokenizer)).toEqual([stop])
        },
      ),
    )
    expect(writableStops(['ba\n', '\nb', 'ab\r'], tokenizer)).toEqual(['\nb', 'ab\r'])
  })
})

it('a symbol of a chain is found in any canonical form', () => {
  expect(knownSymbol('e\u0301', characters('é'))).toBe('é')
  expect(knownSymbol('é', graphemes('e\u0301'))).toBe('e\u0301')
  expect(knownSymbol('\r\n', characters('\n'))).toBe('\n')
  expect(knownSymbol('x', characters('é'))).toBeUndefined()
})

describe('the final line end', () => {
  it.each(['\n', '\r\n', '\r'])('takes one %j off, and no more', end => {
    for (const body of ['', 'a', 'a\n', `a${end}`, 'a\r\n', ' ']) {
      const text = body + end
      // LF after CR is one line end.
      const rest = body.endsWith('\r') && end === '\n' ? body.slice(0, -1) : body
      expect(withoutFinalLineEnd(text)).toBe(rest)
      const bytes = bytesWithoutFinalLineEnd(new TextEncoder().encode(text))
      expect(new TextDecoder().decode(bytes)).toBe(rest)
    }
    expect(withoutFinalLineEnd('a')).toBe('a')
    expect(withoutFinalLineEnd('')).toBe('')
    expect(bytesWithoutFinalLineEnd(new Uint8Array())).toHaveLength(0)
  })
})

it('escapes: \\n, \\t and \\\\, all else as it stands', () => {
  expect(readEscapes('a\\nb\\tc')).toBe('a\nb\tc')
  expect(readEscapes('a\\\\nb')).toBe('a\\nb')
  expect(readEscapes('\\alpha \\')).toBe('\\alpha \\')
})
