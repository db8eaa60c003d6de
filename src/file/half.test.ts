import { describe, expect, it } from 'vitest'
import { bf16ToF32Bits, f16ToF32Bits, f32ToBf16Bits, f32ToF16Bits } from './half.js'

const floats = new Float32Array(1)
const words = new Uint32Array(floats.buffer)
const numberOf = (bits: number): number => {
  words[0] = bits
  return floats[0]
}
const bitsOf = (value: number): number => {
  floats[0] = value
  return words[0]
}

interface Format {
  name: string
  exponentBits: number
  fractionBits: number
  widen(half: number): number
  narrow(bits: number): number
}

const FORMATS: Format[] = [
  { name: 'F16', exponentBits: 5, fractionBits: 10, widen: f16ToF32Bits, narrow: f32ToF16Bits },
  { name: 'BF16', exponentBits: 8, fractionBits: 7, widen: bf16ToF32Bits, narrow: f32ToBf16Bits },
]

/** IEEE 754-2019, 3.4: the value of a bit pattern, by arithmetic on powers of two. */
function definition(format: Format, half: number): number {
  const { exponentBits, fractionBits } = format
  const sign = half >= 0x8000 ? -1 : 1
  const exponent = Math.floor((half % 0x8000) / 2 ** fractionBits)
  const fraction = half % 2 ** fractionBits
  const bias = 2 ** (exponentBits - 1) - 1
  if (exponent === 2 ** exponentBits - 1) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  }
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits)
  return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias)
}

describe.each(FORMATS)('$name', format => {
  const infinity = (2 ** format.exponentBits - 1) * 2 ** format.fractionBits

  it('widens all 65,536 patterns to the value of the IEEE definition', () => {
    for (let half = 0; half < 65_536; half++) {
      const value = numberOf(format.widen(half))
      if (!Object.is(value, definition(format, half))) expect.fail(`pattern ${half} gave ${value}`)
    }
  })

  it('comes back to the same pattern, for all that are not NaN; a NaN stays a NaN of its sign', () => {
    for (let half = 0; half < 65_536; half++) {
      const back = format.narrow(format.widen(half))
      const nan = Number.isNaN(definition(format, half))
      const right = nan
        ? Number.isNaN(definition(format, back)) && (back & 0x8000) === (half & 0x8000)
        : back === half
      if (!right) expect.fail(`pattern ${half} came back as ${back}`)
    }
  })

  it('rounds to nearest, ties to even, at every boundary between two neighbours', () => {
    // The point half-way between two neighbours has one bit more than they have, so float32 holds
    // it exactly; one float32 to either side of it belongs to the nearer neighbour.
    for (let half = 0; half < infinity; half++) {
      const low = definition(format, half)
      // Past the largest finite one, rounding goes on as if the exponent had no end.
      const high =
        half + 1 === infinity
          ? low + (low - definition(format, half - 1))
          : definition(format, half + 1)
      const middle = bitsOf((low + high) / 2)
      expect(numberOf(middle)).toBe((low + high) / 2)
      const even = half % 2 === 0 ? half : half + 1
      for (const sign of [0, 0x8000]) {
        const top = (sign << 16) >>> 0
        const got = [middle - 1, middle, middle + 1].map(bits => format.narrow(bits + top))
        const want = [half, even, half + 1].map(pattern => pattern + sign)
        if (got.join() !== want.join()) expect.fail(`after ${half}: got ${got}, expected ${want}`)
      }
    }
  })

  it('agrees with a search for the nearest value on 20,000 spread float32 patterns', () => {
    const values = Array.from({ length: infinity }, (_, half) => definition(format, half))
    for (let i = 0; i < 20_000; i++) {
      const bits = Math.floor((i + 0.5) * (0x7f800000 / 20_000))
      const value = numberOf(bits)
      let low = 0
      let high = infinity - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (values[middle] <= value) low = middle
        else high = middle - 1
      }
      const step =
        low + 1 < infinity ? values[low + 1] - values[low] : values[low] - values[low - 1]
      const past = value - values[low]
      const want = past > step / 2 || (past === step / 2 && low % 2 === 1) ? low + 1 : low
      if (format.narrow(bits) !== want) expect.fail(`${value} gave ${format.narrow(bits)}`)
    }
  })

  it('keeps infinity and never lets a NaN become one', () => {
    expect(format.narrow(0x7f800000)).toBe(infinity)
    expect(format.narrow(0xff800000)).toBe(infinity + 0x8000)
    for (const nan of [0x7f800001, 0x7fffffff, 0xff800001, 0xffffffff, 0x7fc00000]) {
      expect(definition(format, format.narrow(nan))).toBeNaN()
    }
  })
})
