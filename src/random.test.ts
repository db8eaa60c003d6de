import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { philox, Random, readSeed } from './random.js'

const hex = (words: Uint32Array): string[] => [...words].map(w => w.toString(16).padStart(8, '0'))

describe('philox', () => {
  // Known answers of philox4x32-10 as published with Random123 (kat_vectors): all zero, all ones,
  // and the digits of pi.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      ['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd'],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      ['d16cfe09', '94fdcceb', '5001e420', '24126ea1'],
    ],
  ])('gives the published words', (counter, key, want) => {
    const block = Uint32Array.from(counter)
    philox(block, key[0], key[1])
    expect(hex(block)).toEqual(want)
  })
})

describe('Random', () => {
  it('places seed, stream and position in key and counter', () => {
    const key = (0x299f31d0n << 32n) | 0xa4093822n
    const block = Uint32Array.from([9, 1, 3, 2])
    philox(block, 0xa4093822, 0x299f31d0)
    const random = new Random(key, 2 * 2 ** 32 + 3)
    expect(hex(random.words(2 ** 32 + 9))).toEqual(hex(block))
  })

  it('depends on the position, not on the order of calls', () => {
    const random = new Random(42)
    const forward = [0, 1, 2, 3].map(n => random.coin(n))
    const backward = [3, 2, 1, 0].map(n => random.coin(n)).reverse()
    expect(backward).toEqual(forward)
    expect(new Set(forward).size).toBe(4)
  })

  it('gives coins in (0, 1] with the mean and variance of a uniform', () => {
    const random = new Random(7)
    let sum = 0
    let squares = 0
    const count = 200_000
    for (let n = 0; n < count; n++) {
      const u = random.coin(n)
      if (!(u > 0 && u <= 1)) throw new Error(`coin ${u} at ${n}`)
      sum += u
      squares += u * u
    }
    const mean = sum / count
    // five standard errors: a false alarm once in two million runs, and the seed is fixed
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / count))
    expect(Math.abs(squares / count - mean * mean - 1 / 12)).toBeLessThan(0.001)
  })

  it('gives each position a second coin from the other half of its block', () => {
    const random = new Random(42, 3)
    const [w0, w1, w2, w3] = random.words(57)
    const coin = (high: number, low: number) =>
      (Math.floor(high / 32) * 2 ** 26 + Math.floor(low / 64) + 1) / 2 ** 53
    expect(random.coin(57)).toBe(coin(w0, w1))
    expect(random.secondCoin(57)).toBe(coin(w2, w3))
  })

  it('has second coins that are uniform and independent of the first', () => {
    const random = new Random(7)
    const count = 100_000
    let mean = 0
    let product = 0
    for (let n = 0; n < count; n++) {
      const second = random.secondCoin(n)
      if (!(second > 0 && second <= 1)) throw new Error(`second coin ${second} at ${n}`)
      mean += second / count
      product += ((random.coin(n) - 0.5) * (second - 0.5)) / count
    }
    // five standard errors of a mean of uniforms, and of a product of independent ones
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / count))
    expect(Math.abs(product)).toBeLessThan((5 / 12) * Math.sqrt(1 / count))
  })

  it('takes all 64 bits of a seed', () => {
    expect(new Random(1n << 63n).coin(0)).not.toBe(new Random(0).coin(0))
    expect(new Random(5n).coin(9)).toBe(new Random(5).coin(9))
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 53, 1n << 64n, -1n])('refuses the seed %s', seed => {
    expect(() => new Random(seed)).toThrow(/expected a whole number from 0 to 2\^64 - 1/)
  })
})

describe('a seed', () => {
  it('is the same as a number, a bigint and digits, and JSON keeps it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(100), (seed, position) => {
        const read = readSeed(seed)
        expect(BigInt(read)).toBe(seed)
        expect(readSeed(String(seed))).toBe(read)
        expect(readSeed(JSON.parse(JSON.stringify(read)))).toBe(read)
        expect(typeof read).toBe(seed < 2n ** 53n ? 'number' : 'string')
        const coin = new Random(seed).coin(position)
        expect(new Random(String(seed)).coin(position)).toBe(coin)
        expect(new Random(read).coin(position)).toBe(coin)
      }),
      {
        examples: [
          [2n ** 53n - 1n, 0],
          [2n ** 53n, 0],
          [2n ** 53n + 1n, 0],
          [2n ** 64n - 1n, 0],
        ],
      },
    )
  })

  it('may be typed in full width, with a sign or zeros before it', () => {
    expect(['７', '+7', ' 007 '].map(text => readSeed(text))).toEqual([7, 7, 7])
  })

  it.each([
    [-1, 'The seed is -1; expected a whole number from 0 to 2^64 - 1.'],
    ['-1', 'The seed is "-1"; expected a whole number from 0 to 2^64 - 1.'],
    [
      '18446744073709551616',
      'The seed is "18446744073709551616"; expected a whole number from 0 to 2^64 - 1.',
    ],
    ['1e3', 'The seed is "1e3"; expected a whole number from 0 to 2^64 - 1.'],
    ['', 'The seed is ""; expected a whole number from 0 to 2^64 - 1.'],
    [null, 'The seed is null; expected a whole number from 0 to 2^64 - 1.'],
    [
      2 ** 53,
      'The seed is 9007199254740992; expected a whole number from 0 to 2^64 - 1. A number above 2^53 - 1 does not hold every digit: give it as a string of digits or as a bigint.',
    ],
  ])('%j is refused', (seed, sentence) => {
    expect(() => readSeed(seed)).toThrow(sentence)
  })

  it('is shortened in the error message when it is long', () => {
    const error = ((): Error | undefined => {
      try {
        readSeed('9'.repeat(1_000_000))
      } catch (caught) {
        return caught as Error
      }
    })()
    expect(error?.message.length).toBeLessThan(200)
  })

  // Coins of Ondo before seeds of 64 bits were taken everywhere: texts of old seeds stay as they are.
  it('gives the same coins as earlier versions', () => {
    expect([0, 1, 2].map(n => new Random(42).coin(n))).toEqual([
      0.6129598801477739, 0.9877186516453578, 0.8258668307834531,
    ])
    expect(new Random(2 ** 53 - 1).coin(0)).toBe(0.32290079865880583)
  })
})
