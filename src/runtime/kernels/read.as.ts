/**
 * The yardstick of `npm run bench`, not part of the kernels: the most that a core can do with weights
 * is to read them, 128 bits at a time.
 */
export function read(from: usize, bytes: usize): i32 {
  let a = i32x4.splat(0)
  let b = a
  let c = a
  let d = a
  const end = from + bytes
  while (from < end) {
    a = v128.xor(a, v128.load(from))
    b = v128.xor(b, v128.load(from, 16))
    c = v128.xor(c, v128.load(from, 32))
    d = v128.xor(d, v128.load(from, 48))
    a = v128.xor(a, v128.load(from, 64))
    b = v128.xor(b, v128.load(from, 80))
    c = v128.xor(c, v128.load(from, 96))
    d = v128.xor(d, v128.load(from, 112))
    from += 128
  }
  return i32x4.extract_lane(v128.xor(v128.xor(a, b), v128.xor(c, d)), 0)
}
