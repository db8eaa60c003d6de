/** What every tokenizer promises. A new kind is tested by being named in TOKENIZERS. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.js'
import { buildTokenizer, decodeText, TOKENIZERS, type Tokenizer, tokenizerFrom } from './index.js'
import { wellFormed } from './vocabulary.js'

const DATA = new URL('../../../shared/data/', import.meta.url)
const FILES = existsSync(DATA)
  ? readdirSync(DATA, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => new URL(entry.name, `file://${entry.parentPath}/`))
  : []

/** Any UTF-16: plain text, emoji of many parts, marks, controls, halves of surrogate pairs. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      ...['a', 'あ', '漢', '\0', '\r', '\n', '\u0301', '\u3099', '\u200d', '\ufe0f', '👩', '🏽'],
      ...['🇯', '🇵', 'ᄀ', 'ᅡ', 'ᆨ', '각', 'क', '्', 'ष', '\ud83d', '\ude00', '\ufeff', '\ufffd'],
    ),
  }),
)

const PIECES: Readonly<Record<string, string>> = {
  'emoji families': '👨‍👩‍👧‍👦 and 👩🏽‍🚀, 🏴󠁧󠁢󠁳󠁣󠁴󠁿, 🇯🇵🇫🇷, 1️⃣, ❤️‍🔥',
  'combining marks': 'e\u0301 o\u0308\u0323 か\u3099 क्षि ที่ \u0301alone',
  NUL: 'a\0b\0\0',
  'every control': Array.from({ length: 0xa0 }, (_, i) => String.fromCharCode(i)).join(''),
  'line ends': 'a\r\nb\rc\nd\u2028e\n\r',
  'a byte order mark inside': '\ufeffa\ufeffb',
  'the last code points': '\uffff\u{10000}\u{10ffff}\u{10fffe}\ufdd0',
  'one symbol': 'a',
}

function stream(tokenizer: Tokenizer, ids: ArrayLike<number>): string {
  const decoder = tokenizer.decoder()
  let text = ''
  for (let i = 0; i < ids.length; i++) text += decoder.push(ids[i])
  return text + decoder.flush()
}

function roundTrip(tokenizer: Tokenizer, text: string): void {
  const { ids, unknown } = tokenizer.encode(text)
  const whole = wellFormed(text)
  expect(tokenizer.decode(ids)).toBe(whole)
  expect(stream(tokenizer, ids)).toBe(whole)
  expect(ids.every(id => id < tokenizer.size)).toBe(true)
  const width = tokenizer.size <= 0x100 ? 1 : tokenizer.size <= 0x10000 ? 2 : 4
  expect(ids.BYTES_PER_ELEMENT).toBe(width)
  const lone = text.match(/\p{Surrogate}/gu)?.length ?? 0
  expect(unknown.length).toBeLessThanOrEqual(lone)
  expect(unknown.length > 0).toBe(lone > 0)
}

describe.each(TOKENIZERS)('the %s tokenizer', kind => {
  it.each(Object.entries(PIECES))('gives back %s', (_, text) => {
    roundTrip(buildTokenizer(kind, text).tokenizer, text)
  })

  it('gives back any text, with U+FFFD for lone surrogates', () => {
    fc.assert(
      fc.property(anyText, text => {
        fc.pre(text !== '')
        roundTrip(buildTokenizer(kind, text).tokenizer, text)
      }),
      { numRuns: 200 },
    )
  })

  it.skipIf(FILES.length === 0).each(FILES.map(url => [url.pathname.split('/').at(-1), url]))(
    'gives back the file %s',
    (_, url) => {
      const { text } = decodeText(readFileSync(url as URL), { raw: true })
      const { tokenizer, report } = buildTokenizer(kind, text)
      const { ids, unknown } = tokenizer.encode(text)
      expect(unknown).toEqual([])
      // Not toBe: on failure a megabyte of difference helps nobody.
      expect(tokenizer.decode(ids) === text).toBe(true)
      expect(stream(tokenizer, ids) === text).toBe(true)
      expect(report.total).toBe(ids.length)
      const counts = new Float64Array(tokenizer.size)
      for (const id of ids) counts[id]++
      expect(report.counts).toEqual(counts)
    },
  )

  it('reports lone surrogates with their place and counts them as U+FFFD', () => {
    const text = 'ab\ud800c\udc00'
    const { tokenizer, report } = buildTokenizer(kind, text)
    expect(report.loneSurrogates).toBe(2)
    for (const policy of ['error', 'skip', 'nearest'] as const) {
      const { unknown, ids } = tokenizer.encode(text, policy)
      expect(tokenizer.decode(ids)).toBe('ab\ufffdc\ufffd')
      // A position is in symbols, and for bytes U+FFFD is three of them.
      expect(unknown).toEqual([
        { symbol: '\ud800', position: 2, replacement: '\ufffd' },
        { symbol: '\udc00', position: kind === 'byte' ? 6 : 4, replacement: '\ufffd' },
      ])
    }
  })

  it('decodes a stream to the same text however it is cut, never half a character', () => {
    fc.assert(
      fc.property(anyText, fc.infiniteStream(fc.integer({ min: 0, max: 4 })), (text, cuts) => {
        fc.pre(text !== '')
        const { tokenizer } = buildTokenizer(kind, text)
        const ids = Array.from(tokenizer.encode(text).ids)
        const decoder = tokenizer.decoder()
        let out = ''
        for (let at = 0; at < ids.length; ) {
          const size = cuts.next().value ?? 1
          const piece = ids.slice(at, at + size).map(id => decoder.push(id))
          expect(piece.join('')).not.toMatch(/\p{Surrogate}/u)
          out += piece.join('')
          at += size
        }
        expect(out + decoder.flush()).toBe(tokenizer.decode(ids))
      }),
    )
  })

  it('comes back from its JSON as the same tokenizer', () => {
    fc.assert(
      fc.property(anyText, text => {
        fc.pre(text !== '')
        const { tokenizer } = buildTokenizer(kind, text)
        const again = tokenizerFrom(JSON.parse(JSON.stringify(tokenizer)))
        expect(again.kind).toBe(kind)
        expect(again.size).toBe(tokenizer.size)
        expect(again.encode(text)).toEqual(tokenizer.encode(text))
        expect(again.toJSON()).toEqual(tokenizer.toJSON())
      }),
      { numRuns: 50 },
    )
  })

  it('has a vocabulary that depends on the set of symbols only', () => {
    const one = buildTokenizer(kind, '日本 b\u{1F600}\uFFFDa日é').tokenizer
    const two = buildTokenizer(kind, 'aébb\uFFFD\uFFFD 本日\u{1F600}').tokenizer
    expect(two.toJSON()).toEqual(one.toJSON())
  })

  it('names each symbol, and refuses ids outside the vocabulary', () => {
    const { tokenizer } = buildTokenizer(kind, 'hello')
    for (let id = 0; id < tokenizer.size; id++) {
      expect(tokenizer.symbol(id).length).toBeGreaterThan(0)
    }
    for (const id of [-1, tokenizer.size, 0.5, Number.NaN]) {
      expect(() => tokenizer.decode([0, id])).toThrow(InputError)
      expect(() => tokenizer.decoder().push(id)).toThrow(InputError)
      expect(() => tokenizer.symbol(id)).toThrow(InputError)
    }
  })

  it('makes nothing of nothing', () => {
    const { tokenizer } = buildTokenizer(kind, 'x')
    expect(tokenizer.encode('')).toEqual({ ids: new Uint8Array(0), unknown: [] })
    expect(tokenizer.decode([])).toBe('')
    expect(tokenizer.decoder().flush()).toBe('')
    expect(() => buildTokenizer(kind, '')).toThrow(/is empty/)
  })

  it('refuses a field or a list of symbols that does not belong to it', () => {
    const json = buildTokenizer(kind, 'abc').tokenizer.toJSON()
    expect(() => tokenizerFrom({ ...json, lowercase: true })).toThrow(/"lowercase"/)
    const other = kind === 'byte' ? { kind, symbols: ['a'] } : { kind }
    expect(() => tokenizerFrom(other)).toThrow(InputError)
  })
})
