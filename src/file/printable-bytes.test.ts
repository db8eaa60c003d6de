import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { Random } from '../random.js'
import { byteShuffle, byteUnshuffle, decodePrintable, encodePrintable } from './printable-bytes.js'

const bytesOf = (length: number, seed = 1): Uint8Array => {
  const random = new Random(seed)
  return Uint8Array.from({ length }, (_, i) => Math.floor(random.coin(i) * 256))
}

describe('bytes as text', () => {
  it('come back, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        expect(decodePrintable(encodePrintable(bytes), bytes.length)).toEqual(
          Uint8Array.from(bytes),
        )
      }),
    )
    for (const byte of Array(256).keys()) {
      const bytes = new Uint8Array(50).fill(byte)
      expect(decodePrintable(encodePrintable(bytes), 50)).toEqual(bytes)
    }
  })

  it('are letters that HTML leaves alone, of which all are used', () => {
    const text = encodePrintable(bytesOf(50_000))
    const used = new Set(text.replaceAll('\n', ''))
    expect(used.size).toBe(93)
    expect([...used].filter(letter => !/^[!-;=-~]$/.test(letter))).toEqual([])
  })

  it('take 1.23 letters a byte at most, and survive other line ends', () => {
    const bytes = bytesOf(20_003, 2)
    const text = encodePrintable(bytes)
    expect(text.length / bytes.length).toBeLessThan(1.23)
    expect(encodePrintable(new Uint8Array(20_000).fill(255)).length).toBeLessThan(123_200)
    expect(decodePrintable(`\n ${text.replaceAll('\n', '\r\n')} \n`, bytes.length)).toEqual(bytes)
  })

  it('are refused when cut or mixed with other text', () => {
    const bytes = bytesOf(1000, 3)
    const text = encodePrintable(bytes)
    for (const wrong of [text.slice(0, -3), `${text}!!!!`, `<${text.slice(1)}`, `é${text}`, '']) {
      expect(() => decodePrintable(wrong, bytes.length)).toThrow(FileError)
    }
  })
})

describe('planes of bytes', () => {
  it('come back, also where the last number is not whole', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        (bytes, width) => {
          expect(byteUnshuffle(byteShuffle(bytes, width), width)).toEqual(Uint8Array.from(bytes))
        },
      ),
    )
    expect([...byteShuffle(Uint8Array.of(1, 2, 3, 4, 5), 2)]).toEqual([1, 3, 5, 2, 4])
  })
})
