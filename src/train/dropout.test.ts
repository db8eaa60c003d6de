import { expect, it } from 'vitest'
import { fillMask } from './dropout.js'

const mask = (change: Partial<Parameters<typeof fillMask>[1]> = {}, length = 10_000) => {
  const data = new Float32Array(length).fill(Number.NaN)
  fillMask(data, { seed: 1, layer: 0, step: 1, p: 0.3, ...change })
  return data
}

it('drops about as many as asked and keeps the mean', () => {
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
  for (const length of [1, 7, 8, 9]) {
    expect(mask({}, length)).toEqual(mask().slice(0, length))
  }
})

it('draws fresh coins for every step: no two masks overlap, shifted', () => {
  const [a, b] = [mask({ step: 1 }, 64), mask({ step: 2 }, 64)]
  for (let shift = 0; shift <= 32; shift++) {
    expect(b.subarray(0, 32)).not.toEqual(a.subarray(shift, shift + 32))
  }
})
