/**
 * Memory bandwidth, for `npm run bench` only: no kernel can be faster than reading the weights, 128
 * bits at a time.
 */

/** Reads memory once, in order. @param bytes a multiple of 128 */
export function readInOrder(from: usize, bytes: usize): i32 {
  return readPairs(from, from + 64, 128, from + bytes)
}

/** Reads both halves at the same time, so that the processor runs more prefetches. */
export function readHalves(from: usize, bytes: usize): i32 {
  const half = bytes >> 1
  return readPairs(from, from + half, 64, from + half)
}

/** Reads 64 bytes at `a` and 64 at `b` in each round, until `a` reaches `end`. */
function readPairs(a: usize, b: usize, step: usize, end: usize): i32 {
  let s0 = i32x4.splat(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  while (a < end) {
    s0 = v128.xor(s0, v128.load(a))
    s1 = v128.xor(s1, v128.load(a, 16))
    s2 = v128.xor(s2, v128.load(a, 32))
    s3 = v128.xor(s3, v128.load(a, 48))
    s0 = v128.xor(s0, v128.load(b))
    s1 = v128.xor(s1, v128.load(b, 16))
    s2 = v128.xor(s2, v128.load(b, 32))
    s3 = v128.xor(s3, v128.load(b, 48))
    a += step
    b += step
  }
  return i32x4.extract_lane(v128.xor(v128.xor(s0, s1), v128.xor(s2, s3)), 0)
}
