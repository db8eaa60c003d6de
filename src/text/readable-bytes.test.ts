/** Bytes for a person: characters where there are some, escapes for all else. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeBase64, encodeBase64, readableBytes } from './readable-bytes.js'

it('shows characters, and escapes what has none or moves the cursor', () => {
  const bytes = (...all: (number | string)[]): Uint8Array =>
    Uint8Array.from(all.flatMap(one => (typeof one === 'number' ? one : [...Buffer.from(one)])))
  expect(readableBytes(bytes('温度 é😀\n\t'))).toBe('温度 é😀\n\t')
  expect(readableBytes(bytes(0xff, 'a', 0xe3, 0x81, 'b', 0xe3))).toBe('\\xFFa\\xE3\\x81b\\xE3')
  // Surrogates, longer forms than needed, and what lies above U+10FFFF are no UTF-8.
  expect(readableBytes(bytes(0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf4, 0x90, 0x80, 0x80))).toBe(
    '\\xED\\xA0\\x80\\xC0\\x80\\xF4\\x90\\x80\\x80',
  )
  expect(readableBytes(bytes(0x1b, '[31m', 0x00, 0x7f, '\r\n', 0xc2, 0x9b))).toBe(
    '\\x1B[31m\\x00\\x7F\\x0D\n\\xC2\\x9B',
  )
})

it('loses no byte: the escapes read back give the same', () => {
  const noBackslash = fc.uint8Array({ maxLength: 60 }).map(bytes => bytes.filter(b => b !== 0x5c))
  fc.assert(
    fc.property(noBackslash, bytes => {
      const shown = readableBytes(bytes)
      const back = shown
        .split(/(\\x[0-9A-F]{2})/)
        .flatMap((part, i) =>
          i % 2 === 1 ? [Number.parseInt(part.slice(2), 16)] : [...Buffer.from(part)],
        )
      expect(back).toEqual([...bytes])
      expect(shown).not.toMatch(/[^\P{Cc}\n\t]|\ufffd/u)
    }),
    { examples: [[Uint8Array.from([0xef, 0xbb, 0xbf, 0x41])]] },
  )
})

it('carries bytes through JSON', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), bytes => {
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(decodeBase64(encodeBase64(bytes))).toEqual(Uint8Array.from(bytes))
    }),
    { numRuns: 30 },
  )
})
