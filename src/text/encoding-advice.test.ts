import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.js'
import { likelyEncodings } from './detect-encoding.js'
import { decodeText, isBinary, UnrecognisedError } from './encoding.js'
import {
  adviseEncoding,
  encodingDoubt,
  joinFilesWithAdvice,
  nonAsciiLine,
} from './encoding-advice.js'
import { ENCODINGS, encodingNamed } from './encoding-names.js'
import { encodeLegacy } from './legacy.fixture.js'
import { PASSAGES } from './passages.fixture.js'

const CASES = new URL('../../../shared/cases/08-mojibake-hint/', import.meta.url)

const all = PASSAGES.flatMap(({ language, encodings, text }) =>
  encodings.map(encoding => ({ language, encoding, text })),
)
const beyondAscii = (bytes: Uint8Array) => bytes.some(byte => byte > 0x7f)

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(text.length * 2))
  for (let i = 0; i < text.length; i++) bytes.setUint16(i * 2, text.charCodeAt(i), littleEndian)
  return new Uint8Array(bytes.buffer)
}

/** How many of the inputs read right in the first of the likely encodings, and in one of the four. */
async function score(cut: (text: string) => string[]) {
  let count = 0
  let first = 0
  let listed = 0
  const missed: string[] = []
  for (const { language, encoding, text } of all) {
    for (const part of cut(text)) {
      const bytes = encodeLegacy(part, encoding)
      if (!beyondAscii(bytes)) continue
      const right = new TextDecoder(encoding).decode(bytes)
      const guesses = await likelyEncodings(bytes)
      const place = guesses.findIndex(
        guess => new TextDecoder(guess.encoding).decode(bytes) === right,
      )
      count++
      if (place === 0) first++
      if (place >= 0 && place < 4) listed++
      else missed.push(`${language} ${encoding}: ${part}`)
    }
  }
  return { count, first: first / count, listed: listed / count, missed }
}

describe('likely encodings', () => {
  it('of a passage are right', async () => {
    const { first, missed } = await score(text => [text, text.repeat(20)])
    expect(missed).toEqual([])
    expect(first).toBe(1)
  })

  it('of one line are nearly always right', async () => {
    const { first, listed } = await score(text => text.split('\n'))
    expect(first).toBeGreaterThan(0.97)
    expect(listed).toBe(1)
  })

  it('of a few words mostly are', async () => {
    const { first, listed } = await score(text => text.split('\n').map(line => line.slice(0, 12)))
    expect(first).toBeGreaterThan(0.9)
    expect(listed).toBeGreaterThan(0.95)
  })

  it('find UTF-16 without a mark and without ASCII', async () => {
    for (const { language, text } of PASSAGES) {
      if (!['zh', 'ja', 'ko', 'ru', 'el', 'ar', 'th'].includes(language)) continue
      for (const part of [text, text.split('\n')[0]]) {
        for (const little of [true, false]) {
          const bytes = utf16(part, little)
          let encoding = ''
          try {
            encoding = decodeText(bytes).encoding
          } catch (error) {
            const [guess] = await likelyEncodings((error as UnrecognisedError).sample)
            encoding = guess?.encoding
          }
          expect(encoding, part).toBe(little ? 'utf-16le' : 'utf-16be')
        }
      }
    }
  })

  it('are none for bytes that are no text', async () => {
    const midi = Uint8Array.from(
      Array.from('MThd', char => char.charCodeAt(0)).concat(
        [0, 0, 0, 6, 0, 1, 0, 2, 1, 0xe0, 0x4d, 0x54, 0x72, 0x6b, 0, 0, 1, 0x2f],
        Array.from({ length: 200 }, (_, i) => [
          0x83,
          0x60,
          0x90,
          60 + (i % 12),
          64,
          0,
          0x80,
        ]).flat(),
      ),
    )
    let state = 1
    const noise = Uint8Array.from({ length: 3000 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    })
    for (const bytes of [midi, noise, noise.subarray(0, 100)]) {
      expect(isBinary(bytes)).toBe(true)
      expect(await likelyEncodings(bytes)).toEqual([])
      const error = await adviseEncoding(new UnrecognisedError('a.mid', bytes))
      expect(error.message).toBe(
        'a.mid is not recognised as text; its bytes are those of no text, so read them as bytes (tokenizer byte).',
      )
      expect(error.ja).toContain('バイト')
    }
  })
})

describe('a refusal', () => {
  it.each(all)(
    'names $encoding for $language and reads a line in it',
    async ({ encoding, text }) => {
      const bytes = encodeLegacy(text, encoding)
      // Japanese is recognised without being asked about.
      if (encoding === 'shift_jis' || encoding === 'euc-jp') return
      const error = await joinFilesWithAdvice([{ name: 'a.txt', bytes }]).catch(caught => caught)
      expect(error).toBeInstanceOf(UnrecognisedError)
      const right = new TextDecoder(encoding).decode(bytes)
      const [best] = error.encodings
      expect(new TextDecoder(best).decode(bytes)).toBe(right)
      expect(error.message).toContain(`${best} (`)
      expect(error.message).toContain(`reads "${nonAsciiLine(right)}"`)
      expect(error.ja).toContain(`なら「${nonAsciiLine(right)}」`)
      expect(error.message.length).toBeLessThan(500)
    },
  )

  it('of a folder whose texts all need a name says which', async () => {
    const files = ['a.txt', 'b.txt'].map(name => ({
      name,
      bytes: encodeLegacy(PASSAGES[0].text, 'gb18030'),
      found: true,
    }))
    await expect(joinFilesWithAdvice(files)).rejects.toThrow('gb18030')
    const good = { name: 'c.txt', bytes: new TextEncoder().encode('abc'), found: true }
    const { skipped } = await joinFilesWithAdvice([...files, good])
    expect(skipped.map(({ reason }) => reason)).toEqual(['encoding', 'encoding'])
  })

  it('finds what is telling behind much ASCII', async () => {
    const text = `${'plain words\n'.repeat(20_000)}${PASSAGES[4].text}`
    const bytes = encodeLegacy(text, 'koi8-r')
    const error = await joinFilesWithAdvice([{ name: 'a.txt', bytes }]).catch(caught => caught)
    expect(error.encodings[0]).toBe('koi8-r')
  })
})

describe.skipIf(!existsSync(CASES))('the cases', () => {
  it.each([
    ['poem-gbk.txt', 'gb18030'],
    ['ru-cp1251.txt', 'windows-1251'],
    ['ko-euckr.txt', 'euc-kr'],
  ])('%s: %s', async (name, encoding) => {
    const bytes = new Uint8Array(readFileSync(new URL(name, CASES)))
    const error = await joinFilesWithAdvice([{ name, bytes }]).catch(caught => caught)
    expect(error.encodings[0]).toBe(encoding)
  })
})

/** Decoders that somebody might name by mistake. */
const WRONG = [
  'windows-1252',
  'windows-1251',
  'koi8-r',
  'gbk',
  'big5',
  'euc-kr',
  'shift_jis',
  'ibm866',
]

describe('a doubt', () => {
  it('is never said of a text in its own encoding', async () => {
    for (const { encoding, text } of all) {
      for (const part of [text, ...text.split('\n')]) {
        const bytes = encodeLegacy(part, encoding)
        expect(await encodingDoubt('a', bytes, encoding), `${encoding} ${part}`).toBeUndefined()
        const utf8 = new TextEncoder().encode(part)
        expect(await encodingDoubt('a', utf8, 'utf-8'), part).toBeUndefined()
      }
    }
  })

  it('is said of a passage that was read in another', async () => {
    let count = 0
    const silent: string[] = []
    for (const { language, encoding, text } of all) {
      const bytes = encodeLegacy(text, encoding)
      const right = new TextDecoder(encoding).decode(bytes)
      for (const wrong of WRONG) {
        if (new TextDecoder(wrong).decode(bytes) === right) continue
        count++
        const doubt = await encodingDoubt('a.txt', bytes, wrong)
        if (doubt === undefined) silent.push(`${language} ${encoding} as ${wrong}`)
        else expect(doubt.ja).toContain('文字コード')
      }
    }
    // Neighbours that share nearly all letters are not told apart.
    expect(silent.length / count, silent.join('\n')).toBeLessThan(0.02)
  })

  it('is said of UTF-8 under another name, and of UTF-8 that was read and saved twice', async () => {
    for (const { language, text } of PASSAGES) {
      const utf8 = new TextEncoder().encode(text)
      for (const wrong of ['windows-1252', 'windows-1251', 'gbk']) {
        const doubt = await encodingDoubt('a.txt', utf8, wrong)
        expect(doubt?.en, `${language} ${wrong}`).toContain('utf-8 reads')
      }
      for (const line of [text, text.split('\n')[0]]) {
        for (const wrong of ['windows-1252', 'latin1', 'gbk']) {
          const bytes = new TextEncoder().encode(line)
          if ((line.match(/\P{ASCII}/gu)?.length ?? 0) < 4) continue
          const misread =
            wrong === 'latin1'
              ? Array.from(bytes, byte => String.fromCharCode(byte)).join('')
              : new TextDecoder(wrong).decode(bytes)
          // Where much is lost on the way nothing can be made good; what is left is odd all the same.
          const twice = new TextEncoder().encode(misread)
          expect(
            await encodingDoubt('a', twice, 'utf-8'),
            `${language} ${wrong} ${misread}`,
          ).toBeDefined()
        }
      }
    }
  })

  it('is said of a legacy text that was read wrong and saved as UTF-8', async () => {
    for (const [encoding, wrong] of [
      ['gb18030', 'windows-1252'],
      ['windows-1251', 'windows-1252'],
      ['koi8-r', 'windows-1251'],
      ['euc-kr', 'windows-1252'],
      ['euc-kr', 'gbk'],
      ['windows-1253', 'windows-1252'],
    ]) {
      for (const { encoding: own, text } of all) {
        if (own !== encoding) continue
        const misread = new TextDecoder(wrong).decode(encodeLegacy(text, encoding))
        const doubt = await encodingDoubt('a', new TextEncoder().encode(misread), 'utf-8')
        expect(doubt, `${encoding} ${wrong} ${misread}`).toBeDefined()
      }
    }
  })

  it('is said of private and unassigned characters', async () => {
    const text = 'some \ue001\ue002 words \u0378 here'
    const doubt = await encodingDoubt('a.txt', new TextEncoder().encode(text), 'utf-8')
    expect(doubt?.en).toContain('is the encoding right?')
  })

  it('leaves alone what only looks odd: code, emoji, tables, several scripts', async () => {
    for (const text of [
      'const π = 3.14159 // Ω — “quotes” … € ©®™',
      '👩‍👧‍👦 🇯🇵 ☕️ ♥ ✓ → ← │├──┤ ▁▂▃',
      'English, Русский, Ελληνικά, 日本語, 한국어, עברית, العربية, ไทย\n'.repeat(5),
      'naïve café — garçon, Übergröße, smörgåsbord, São Tomé, Łódź, Ærø',
      'ÉTÉ ÂGÉ FORÊT ÇA ŒUVRE',
      'Việt Nam là một quốc gia nằm ở phía đông bán đảo Đông Dương thuộc khu vực Đông Nam Á.',
      'T恤 X线 卡拉OK β波 α粒子',
      'Þetta er íslenska: það eru margir stafir sem ekki sjást víða, svo sem ð, þ, æ og ö.',
    ]) {
      expect(
        await encodingDoubt('a', new TextEncoder().encode(text), 'utf-8'),
        text,
      ).toBeUndefined()
    }
  })
})

describe('encodingNamed', () => {
  it.each([
    ['cp936', 'gbk'],
    ['CP949', 'euc-kr'],
    ['cp950', 'big5'],
    ['cp932', 'shift_jis'],
    ['ms932', 'shift_jis'],
    ['sjis', 'shift_jis'],
    ['Shift-JIS', 'shift_jis'],
    ['windows-31j', 'shift_jis'],
    ['eucJP', 'euc-jp'],
    ['EUC-CN', 'gbk'],
    ['euc_kr', 'euc-kr'],
    ['uhc', 'euc-kr'],
    ['gb2312', 'gbk'],
    ['big5-hkscs', 'big5'],
    ['Big5_HKSCS', 'big5'],
    ['latin1', 'windows-1252'],
    ['latin-1', 'windows-1252'],
    ['ISO8859_5', 'iso-8859-5'],
    ['iso 8859-2', 'iso-8859-2'],
    ['cp1252', 'windows-1252'],
    ['win1251', 'windows-1251'],
    ['1250', 'windows-1250'],
    ['cp866', 'ibm866'],
    ['866', 'ibm866'],
    ['cp874', 'windows-874'],
    ['tis-620', 'windows-874'],
    ['koi8r', 'koi8-r'],
    ['KOI8', 'koi8-r'],
    ['utf8', 'utf-8'],
    ['utf_16_le', 'utf-16le'],
    ['65001', 'utf-8'],
    ['macroman', 'macintosh'],
  ])('reads %s as %s', (given, encoding) => {
    expect(encodingNamed(given)).toBe(encoding)
  })

  it('knows every name that it offers', () => {
    for (const name of ENCODINGS) expect(encodingNamed(name)).toBe(name)
  })

  it.each(['cp437', 'ebcdic', 'utf-7', '', '99999', 'x'.repeat(5000)])('refuses %s', given => {
    expect(() => encodingNamed(given)).toThrow(InputError)
    try {
      encodingNamed(given)
    } catch (error) {
      expect((error as InputError).message.length).toBeLessThan(300)
    }
  })
})
