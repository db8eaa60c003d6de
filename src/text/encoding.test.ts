import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { decodePieces } from './encoding.js'
import { decodeText } from './index.js'
import { encodeLegacy, type LegacyEncoding } from './legacy.fixture.js'

const DATA = new URL('../../../shared/data/', import.meta.url)
const has = (name: string) => existsSync(new URL(name, DATA))
const read = (name: string) => readFileSync(new URL(name, DATA))

const utf8 = (text: string) => new TextEncoder().encode(text)

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(text.length * 2))
  for (let i = 0; i < text.length; i++) bytes.setUint16(i * 2, text.charCodeAt(i), littleEndian)
  return new Uint8Array(bytes.buffer)
}

/** Every char is one byte of the same number: what ISO-8859-1 calls it. */
const bytesOf = (text: string) => Uint8Array.from(text, char => char.charCodeAt(0))

const JAPANESE = 'これは日本語の文章です。カタカナ、ひらがな、漢字と ASCII を含む。\n'

describe('decodePieces', () => {
  /** What begins or ends a character of several bytes in some encoding, and what fits nowhere. */
  const awkward = fc.constantFrom(0x8f, 0x8e, 0xe3, 0xf0, 0xa1, 0x81, 0x41, 0xff, 0x1b, 0x24, 0x42)

  it.each(['euc-jp', 'gb18030', 'iso-2022-jp', 'shift_jis', 'big5', 'utf-8', 'utf-16le'])(
    'reads ill-formed %s as one piece is read, however it is cut',
    async encoding => {
      let illFormed = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(awkward, { maxLength: 40 }),
          fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
          async (numbers, sizes) => {
            const bytes = Uint8Array.from(numbers)
            async function* cut(): AsyncGenerator<Uint8Array> {
              for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]) {
                yield bytes.subarray(at, at + sizes[i % sizes.length])
              }
            }
            let text = ''
            for await (const piece of decodePieces(cut(), encoding)) text += piece
            const whole = new TextDecoder(encoding).decode(bytes)
            expect(text).toBe(whole)
            if (whole.includes('\ufffd')) illFormed++
          },
        ),
        // Node's own decoder, given single bytes, throws at one in five of these.
        { numRuns: 500 },
      )
      expect(illFormed).toBeGreaterThan(100)
    },
  )
})

describe('decodeText recognises', () => {
  it.each([
    ['UTF-8', utf8(`é${JAPANESE}`), 'utf-8', false],
    ['UTF-8 with a mark', utf8(`\ufeffé${JAPANESE}`), 'utf-8', true],
    ['UTF-16LE with a mark', utf16(`\ufeffé${JAPANESE}`, true), 'utf-16le', true],
    ['UTF-16BE with a mark', utf16(`\ufeffé${JAPANESE}`, false), 'utf-16be', true],
    ['UTF-16LE by its zeros', utf16(`é${JAPANESE}`, true), 'utf-16le', false],
    ['UTF-16BE by its zeros', utf16(`é${JAPANESE}`, false), 'utf-16be', false],
  ])('%s', (_, bytes, encoding, bom) => {
    expect(decodeText(bytes)).toEqual({
      text: `é${JAPANESE}`,
      encoding,
      bom,
      lineEnds: 'lf',
      replaced: 0,
    })
  })

  it.each([true, false])('UTF-16 of plain ASCII (little endian: %s)', littleEndian => {
    const text = 'Hello, world'
    expect(decodeText(utf16(text, littleEndian)).text).toBe(text)
  })

  it('ISO-2022-JP by its escapes', () => {
    const decoded = decodeText(bytesOf('\x1b$B$3$l$O\x1b(B ok\n'))
    expect([decoded.text, decoded.encoding]).toEqual(['これは ok\n', 'iso-2022-jp'])
  })

  describe.each(['shift_jis', 'euc-jp'] as const)('%s', encoding => {
    it.each([
      ['prose', JAPANESE],
      ['one word among ASCII', 'the word あ means nothing\n'],
      ['katakana', 'コンピュータ'],
      ['half-width katakana in prose', `${JAPANESE}ﾃｽﾄ ﾊﾝｶｸ ｶﾀｶﾅ｡\n`],
      ['half-width katakana alone', 'ﾎﾝｼﾞﾂﾊ ｾｲﾃﾝﾅﾘ ｶﾞｷﾞｸﾞ ｱｲｳｴｵ\n'],
      ['much kanji', '東京都千代田区丸の内\n大阪府大阪市の北区\n'],
      ['full-width letters', 'ＡＢＣについて１２３を\n'],
    ])('in %s', (_, text) => {
      const decoded = decodeText(encodeLegacy(text, encoding))
      expect(decoded.encoding).toBe(encoding)
      expect(decoded.text).toBe(text)
      expect(decoded.replaced).toBe(0)
    })

    const novels = ['soseki-kokoro.txt', 'miyazawa-ginga-tetsudo-no-yoru.txt']
    it.skipIf(!novels.every(has)).each(novels)('in the whole of %s, and in any part', name => {
      const chars = Array.from(read(name).toString('utf8'))
      const decoded = decodeText(encodeLegacy(chars.join(''), encoding, '〓'))
      expect(decoded.encoding).toBe(encoding)
      expect(decoded.replaced).toBe(0)
      // What the encoding lacks became 〓; all else is as it was.
      const other = Array.from(decoded.text).filter((char, i) => char !== chars[i])
      expect(other.every(char => char === '〓')).toBe(true)
      expect(other.length).toBeLessThan(chars.length / 500)
      fc.assert(
        fc.property(fc.integer({ min: 0, max: chars.length - 100 }), start => {
          const piece = chars.slice(start, start + 100).join('')
          // A byte less: the last character is cut in half.
          const cut = decodeText(encodeLegacy(piece, encoding, '〓').subarray(0, -1))
          expect(cut.encoding).toBe(encoding)
        }),
        { numRuns: 300 },
      )
    })
  })

  it.each(['shift_jis', 'euc-jp'] as const)('%s after a long head of ASCII', encoding => {
    const text = 'Licence of this file.\n'.repeat(5000) + JAPANESE
    expect(decodeText(encodeLegacy(text, encoding)).text === text).toBe(true)
  })

  it('Shift_JIS in a list of names, without any kana', () => {
    const text = '夏目漱石\n芥川龍之介\n森鴎外\n樋口一葉\n島崎藤村\n'
    expect(decodeText(encodeLegacy(text.replace('之', '乃'), 'shift_jis')).encoding).toBe(
      'shift_jis',
    )
  })

  it('UTF-8 that was cut or damaged in a few places, and counts them', () => {
    const bytes = utf8(JAPANESE.repeat(3))
    bytes[40] = 0xff
    const decoded = decodeText(bytes.subarray(0, -2))
    expect(decoded.encoding).toBe('utf-8')
    expect(decoded.replaced).toBeGreaterThan(0)
    expect(decoded.text.split('\ufffd').length - 1).toBe(decoded.replaced)
  })
})

describe('decodeText refuses', () => {
  const latin = bytesOf(
    'Il était une fois, à l\u0092époque, un \u0093garçon\u0094 très âgé.\n'.repeat(20),
  )
  it.each([
    ['an image', Uint8Array.from({ length: 4000 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff)],
    ['zeros', new Uint8Array(1000)],
    ['controls that happen to be UTF-8', utf8('\x01\x02\x03abc\x04')],
    ['windows-1252 prose', latin],
    ['windows-1252 quotes alone', bytesOf('I don\x92t, he said; it\x92s \x93fine\x94 \x97 so.\n')],
    ['German capitals', bytesOf('\xc4\xd6\xdc \xdcBER \xd6L\n')],
    [
      'KOI8-R',
      bytesOf('\xf7\xd3\xc5 \xd3\xde\xc1\xd3\xd4\xcc\xc9\xd7\xd9\xc5 \xd3\xc5\xcd\xd8\xc9\n'),
    ],
    [
      'GB2312',
      bytesOf('\xd6\xd0\xb9\xfa\xc8\xcb\xc3\xf1\xb9\xb2\xba\xcd\xb9\xfa\xb3\xc9\xc1\xa2\xc1\xcb'),
    ],
    [
      'EUC-KR',
      bytesOf('\xb4\xeb\xc7\xd1\xb9\xce\xb1\xb9\xc0\xba \xb9\xce\xc1\xd6\xb0\xf8\xc8\xad\xb1\xb9'),
    ],
    [
      'Big5',
      bytesOf('\xa4\xa4\xb5\xd8\xa5\xc1\xb0\xea\xaa\xba\xa4\xe5\xa6\xd2\xbb\xe2\xbe\xc7\xb3\x4e'),
    ],
  ])('%s, and says what to do', (_, bytes) => {
    expect(() => decodeText(bytes, { name: 'x.bin' })).toThrow(FileError)
    expect(() => decodeText(bytes, { name: 'x.bin' })).toThrow(
      /^x\.bin is not recognised as text.*name its encoding .*tokenizer byte/,
    )
  })

  it('UTF-32, which looks like UTF-16', () => {
    expect(() => decodeText(Uint8Array.of(0xff, 0xfe, 0, 0, 0x41, 0, 0, 0))).toThrow(/UTF-32/)
  })

  it('an encoding that does not exist, and finds the one that was meant', () => {
    expect(() => decodeText(utf8('a'), { encoding: 'shift_jsi' })).toThrow(InputError)
    expect(() => decodeText(utf8('a'), { encoding: 'shift_jsi' })).toThrow(
      /Did you mean "shift_jis"\?/,
    )
  })

  it('never random bytes by crashing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          const { text, replaced } = decodeText(bytes)
          expect(replaced).toBeGreaterThanOrEqual(0)
          expect(text).not.toMatch(/\p{Surrogate}/u)
        } catch (error) {
          expect(error).toBeInstanceOf(FileError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a named encoding', () => {
  it.each([
    ['windows-1252', bytesOf('caf\xe9 \x93x\x94'), 'café “x”'],
    ['CP932', encodeLegacy('あ', 'shift_jis'), 'あ'],
    ['eucjp', encodeLegacy('あ', 'euc-jp'), 'あ'],
    ['utf-16', utf16('ab', true), 'ab'],
    ['utf-16be', utf16('ab', false), 'ab'],
    ['utf-8', utf8('\0\0\0'), '\0\0\0'],
  ])('is taken at its word: %s', (encoding, bytes, text) => {
    expect(decodeText(bytes, { encoding }).text).toBe(text)
  })

  it('gives way to a byte order mark', () => {
    const decoded = decodeText(utf16('\ufeffa', false), { encoding: 'shift_jis' })
    expect([decoded.text, decoded.encoding, decoded.bom]).toEqual(['a', 'utf-16be', true])
  })

  it('has what does not fit replaced and counted, but not U+FFFD of its own', () => {
    expect(decodeText(Uint8Array.of(0x82, 0xa0, 0xff, 0x41), { encoding: 'sjis' })).toMatchObject({
      text: 'あ\ufffdA',
      replaced: 1,
    })
    expect(decodeText(utf8('a\ufffdb')).replaced).toBe(0)
    expect(decodeText(utf16('\ufeffa\ufffdb\ud800', true))).toMatchObject({
      text: 'a\ufffdb\ufffd',
      replaced: 1,
    })
  })
})

describe('line ends', () => {
  it.each([
    ['a\nb\n', 'lf', 'a\nb\n'],
    ['a\r\nb\r\n', 'crlf', 'a\nb\n'],
    ['a\rb\r', 'cr', 'a\nb\n'],
    ['a\r\nb\nc\r', 'mixed', 'a\nb\nc\n'],
    ['a\r\n\rb', 'mixed', 'a\n\nb'],
    ['a', 'none', 'a'],
  ])('%j are %s', (input, lineEnds, text) => {
    expect(decodeText(utf8(input))).toMatchObject({ lineEnds, text })
    expect(decodeText(utf8(input), { raw: true })).toMatchObject({ lineEnds, text: input })
  })

  it.skipIf(!has('edge-cases')).each([
    ['edge-cases/darwin-head.CRLF.txt', 'crlf', false],
    ['edge-cases/war-and-peace-head.CR-only.BOM.txt', 'cr', true],
  ])('of %s', (name, lineEnds, bom) => {
    const bytes = read(name)
    const decoded = decodeText(bytes)
    expect(decoded).toMatchObject({ encoding: 'utf-8', lineEnds, bom, replaced: 0 })
    expect(decoded.text).not.toContain('\r')
    const raw = decodeText(bytes, { raw: true }).text
    expect(decoded.text === raw.replaceAll('\r\n', '\n').replaceAll('\r', '\n')).toBe(true)
    expect(raw).toContain('\r')
  })
})

describe('the fixture for legacy encodings', () => {
  it.each(['shift_jis', 'euc-jp'] as LegacyEncoding[])('is the inverse of %s', encoding => {
    expect(new TextDecoder(encoding).decode(encodeLegacy(JAPANESE, encoding))).toBe(JAPANESE)
    expect(() => encodeLegacy('😀', encoding)).toThrow()
  })
})
