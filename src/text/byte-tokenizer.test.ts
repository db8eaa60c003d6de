import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteTokenizer } from './byte-tokenizer.js'

const tokenizer = new ByteTokenizer()

/** Random bytes are rarely near UTF-8, so pieces of it are mixed in, whole, cut and overlong. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        [0xe3, 0x81, 0x82],
        [0xe3, 0x81],
        [0xf0, 0x9f, 0x98, 0x80],
        [0xf0, 0x9f, 0x98],
        [0xed, 0xa0, 0x80],
        [0xc0, 0xaf],
        [0xe0, 0x80, 0xaf],
        [0xf4, 0x90, 0x80, 0x80],
        [0xef, 0xbb, 0xbf],
        [0x41],
        [0xf8],
      ),
      fc.uint8Array({ maxLength: 4 }).map(part => [...part]),
    ),
    { maxLength: 12 },
  )
  .map(parts => Uint8Array.from(parts.flat()))

describe('the byte tokenizer', () => {
  it('takes any file: the id of a byte is the byte, in the same memory', () => {
    const file = Uint8Array.from({ length: 256 }, (_, i) => i)
    expect(tokenizer.encodeBytes(file)).toBe(file)
  })

  it('puts U+FFFD exactly where TextDecoder does, one byte at a time', () => {
    fc.assert(
      fc.property(bytes, input => {
        const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(input)
        const decoder = tokenizer.decoder()
        const pushed = Array.from(input, byte => decoder.push(byte))
        expect(pushed.join('') + decoder.flush()).toBe(whole)
        expect(tokenizer.decode(input)).toBe(whole)
        expect(tokenizer.decode([...input])).toBe(whole)
      }),
      { numRuns: 3000 },
    )
  })

  it('agrees with TextDecoder on every sequence of two bytes and every lead with edge seconds', () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const input = Uint8Array.of(first, second, 0x80, 0xbf)
        const decoder = tokenizer.decoder()
        const text = Array.from(input, byte => decoder.push(byte)).join('') + decoder.flush()
        if (text !== new TextDecoder('utf-8', { ignoreBOM: true }).decode(input)) {
          expect.fail(`differs at ${first} ${second}`)
        }
      }
    }
  })

  it('gives out a character with its last byte and not before', () => {
    const decoder = tokenizer.decoder()
    expect([0xf0, 0x9f, 0x98, 0x80, 0x41].map(byte => decoder.push(byte))).toEqual([
      '',
      '',
      '',
      '😀',
      'A',
    ])
    expect(decoder.push(0xe3)).toBe('')
    expect(decoder.flush()).toBe('\ufffd')
    expect(decoder.flush()).toBe('')
    expect(decoder.push(0x42)).toBe('B')
  })

  it('shows bytes below 0x80 as characters and others by number', () => {
    expect([0x41, 0x0a, 0x7f, 0x80, 0xe3].map(id => tokenizer.symbol(id))).toEqual([
      'A',
      '\n',
      '\x7f',
      '\\x80',
      '\\xE3',
    ])
  })

  it('knows every text', () => {
    for (const policy of ['error', 'skip', 'nearest'] as const) {
      expect([...tokenizer.encode('é', policy).ids]).toEqual([0xc3, 0xa9])
    }
  })
})
