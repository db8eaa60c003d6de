/**
 * The update of a training step, four float32 at a time. Every range is a multiple of 16 bytes; padding is
 * zero and stays zero. Plain twin: ../update.reference.ts. Sources: the optimizers' files.
 */

/** Sum of squares in float64, in four sums that are added at the end as (0 + 2) + (1 + 3). */
export function squares(g: usize, bytes: usize): f64 {
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  for (let at = g; at < g + bytes; at += 16) {
    const four = v128.load(at)
    const first = f64x2.promote_low_f32x4(four)
    const last = f64x2.promote_low_f32x4(
      i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
    )
    low = f64x2.add(low, f64x2.mul(first, first))
    high = f64x2.add(high, f64x2.mul(last, last))
  }
  const sums = f64x2.add(low, high)
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
}

// @inline
function slope(g: usize, scale: v128, limit: v128): v128 {
  const scaled = f32x4.mul(v128.load(g), scale)
  return f32x4.min(limit, f32x4.max(f32x4.neg(limit), scaled))
}

export function adamw(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  bytes: usize,
  scale: f32,
  limit: f32,
  beta1: f32,
  fresh1: f32,
  beta2: f32,
  fresh2: f32,
  keep: f32,
  size: f32,
  spread: f32,
  epsilon: f32,
): void {
  const scales = f32x4.splat(scale)
  const limits = f32x4.splat(limit)
  for (let at: usize = 0; at < bytes; at += 16) {
    const s = slope(g + at, scales, limits)
    const mean = f32x4.add(
      f32x4.mul(f32x4.splat(beta1), v128.load(m + at)),
      f32x4.mul(f32x4.splat(fresh1), s),
    )
    const square = f32x4.add(
      f32x4.mul(f32x4.splat(beta2), v128.load(v + at)),
      f32x4.mul(f32x4.mul(f32x4.splat(fresh2), s), s),
    )
    v128.store(m + at, mean)
    v128.store(v + at, square)
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(square), f32x4.splat(spread)), f32x4.splat(epsilon))
    const move = f32x4.div(f32x4.mul(f32x4.splat(size), mean), root)
    v128.store(w + at, f32x4.sub(f32x4.mul(v128.load(w + at), f32x4.splat(keep)), move))
  }
}

export function rmsprop(
  w: usize,
  g: usize,
  v: usize,
  bytes: usize,
  scale: f32,
  limit: f32,
  decay: f32,
  fresh: f32,
  rate: f32,
  epsilon: f32,
): void {
  const scales = f32x4.splat(scale)
  const limits = f32x4.splat(limit)
  for (let at: usize = 0; at < bytes; at += 16) {
    const s = slope(g + at, scales, limits)
    const square = f32x4.add(
      f32x4.mul(f32x4.splat(decay), v128.load(v + at)),
      f32x4.mul(f32x4.mul(f32x4.splat(fresh), s), s),
    )
    v128.store(v + at, square)
    const root = f32x4.add(f32x4.sqrt(square), f32x4.splat(epsilon))
    const move = f32x4.div(f32x4.mul(f32x4.splat(rate), s), root)
    v128.store(w + at, f32x4.sub(v128.load(w + at), move))
  }
}

export function sgd(
  w: usize,
  g: usize,
  v: usize,
  bytes: usize,
  scale: f32,
  limit: f32,
  momentum: f32,
  rate: f32,
): void {
  const scales = f32x4.splat(scale)
  const limits = f32x4.splat(limit)
  for (let at: usize = 0; at < bytes; at += 16) {
    const s = slope(g + at, scales, limits)
    const speed = f32x4.add(f32x4.mul(f32x4.splat(momentum), v128.load(v + at)), s)
    v128.store(v + at, speed)
    const move = f32x4.mul(f32x4.splat(rate), speed)
    v128.store(w + at, f32x4.sub(v128.load(w + at), move))
  }
}
