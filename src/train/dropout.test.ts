import { expect, it } from 'vitest'
import { Random } from '../random.js'
import { fillMask } from './dropout.js'
import { STREAMS } from './random-streams.js'

const mask = (change: Partial<Parameters<typeof fillMask>[1]> = {}, length = 10_000) => {
  const data = new Float32Array(length).fill(Number.NaN)
  fillMask(data, { seed: 1, layer: 0, step: 1, p: 0.3, ...change })
  return data
}

it('drops about the given share and keeps the mean', () => {
  for (const p of [0.1, 0.3, 0.5, 0.9]) {
    const data = mask({ p }, 100_000)
    const dropped = data.filter(v => v === 0).length / data.length
    // Five standard deviations of 100,000 coins.
    expect(Math.abs(dropped - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / data.length))
    const kept = data.find(v => v !== 0)!
    expect(kept * (1 - p)).toBeCloseTo(1, 3)
    expect(data.every(v => v === 0 || v === kept)).toBe(true)
  }
})

it('is a pure function of seed, layer and step, and differs between them', () => {
  expect(mask()).toEqual(mask())
  for (const change of [{ seed: 2 }, { layer: 1 }, { step: 2 }]) {
    expect(mask(change)).not.toEqual(mask())
  }
})

it('fills a mask of any length', () => {
  for (const length of [1, 7, 8, 255, 256, 257]) {
    expect(mask({}, length)).toEqual(mask().slice(0, length))
  }
})

it('follows xoshiro128** within a block of units', () => {
  // Blackman & Vigna's generator in whole numbers, from the state that Philox gives.
  const state = [...new Random(1, STREAMS.dropout).words(2 ** 26)].map(BigInt)
  const W = (1n << 32n) - 1n
  const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & W
  const expected: number[] = []
  for (let i = 0; i < 64; i++) {
    const word = (rotate((state[1] * 5n) & W, 7n) * 9n) & W
    const shifted = (state[1] << 9n) & W
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = rotate(state[3], 11n)
    expected.push(Number(word & 0xffffn), Number(word >> 16n))
  }
  const limit = Math.round(0.3 * 65536)
  expect(Array.from(mask({}, 128), v => v === 0)).toEqual(expected.map(v => v < limit))
})

it('draws new random numbers for every step: no mask repeats a shifted part of another', () => {
  const [a, b] = [mask({ step: 1 }, 64), mask({ step: 2 }, 64)]
  for (let shift = 0; shift <= 32; shift++) {
    expect(b.subarray(0, 32)).not.toEqual(a.subarray(shift, shift + 32))
  }
})
