/**
 * The yardsticks of `npm run bench`, not part of the kernels: the most that a core can do with
 * weights is to read them, 128 bits at a time.
 */

/** One walk through memory. @param bytes a multiple of 128 */
export function read(from: usize, bytes: usize): i32 {
  return walk(from, from + 64, 128, from + bytes)
}

/** Two walks side by side, each through one half: more prefetches under way. */
export function readTwo(from: usize, bytes: usize): i32 {
  const half = bytes >> 1
  return walk(from, from + half, 64, from + half)
}

/** Reads 64 bytes at `a` and at `b` in each turn, until `a` reaches `end`. */
function walk(a: usize, b: usize, step: usize, end: usize): i32 {
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
