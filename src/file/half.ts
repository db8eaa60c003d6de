/**
 * The two 16-bit floats of a model file, to and from float32, exactly.
 *
 * F16 is IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. BF16 is the upper half of a
 * float32: 1, 8, 7. Widening loses nothing. Narrowing rounds to nearest, ties to even, as IEEE 754
 * and PyTorch do, so that F16 -> F32 -> F16 is the identity. Everything goes by bit patterns:
 * passing a NaN through a JavaScript number may change its bits.
 */

/** float32 bits of an F16 bit pattern. Every F16 is a float32, so this is exact. */
export function f16ToF32Bits(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0
  // 112 = 127 - 15, the difference of the two biases.
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0
  if (fraction === 0) return sign >>> 0
  // Subnormal: fraction * 2^-24. float32 can write it with a leading one, so shift that one up.
  const shift = Math.clz32(fraction) - 21
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0
}

const number = new Float32Array(1)
const numberBits = new Uint32Array(number.buffer)

/** The number of an F16 bit pattern. */
export function f16ToF32(half: number): number {
  numberBits[0] = f16ToF32Bits(half)
  return number[0] as number
}

/** F16 bits nearest to a float32 bit pattern; from 65,520 on that is infinity. NaN stays NaN. */
export function f32ToF16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    // Normal: half of the last kept bit minus one, plus that bit, rounds ties to even; a carry runs
    // into the exponent, which is what it should do.
    const rebased = magnitude - 0x38000000
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13)
  }
  if (magnitude <= 0x33000000) return sign // up to and including 2^-25, half of the smallest one
  const shift = 126 - (magnitude >>> 23)
  const whole = (magnitude & 0x7fffff) | 0x800000
  const kept = whole >>> shift
  const rest = whole & ((1 << shift) - 1)
  const tie = 1 << (shift - 1)
  return sign | (kept + (rest > tie || (rest === tie && (kept & 1) === 1) ? 1 : 0))
}

/** float32 bits of a BF16 bit pattern. */
export function bf16ToF32Bits(half: number): number {
  return (half << 16) >>> 0
}

/** The number of a BF16 bit pattern. */
export function bf16ToF32(half: number): number {
  numberBits[0] = bf16ToF32Bits(half)
  return number[0] as number
}

/** BF16 bits nearest to a float32 bit pattern; a NaN is made quiet so that it cannot become infinity. */
export function f32ToBf16Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  // The sum may pass 2^32 for negative numbers, so it must not go through int32.
  return Math.floor((bits + 0x7fff + ((bits >>> 16) & 1)) / 65536)
}
