/**
 * The plain twin of kernels/update.as.ts, one number at a time. Every result is rounded to float32, so
 * both give the same bits.
 */
const { fround, min, max, sqrt } = Math

/** Sum of squares in float64, in four sums that are added at the end as (0 + 2) + (1 + 3). */
export function squares(g: Float32Array): number {
  const sums = [0, 0, 0, 0]
  for (const [i, value] of g.entries()) sums[i % 4] += value * value
  return sums[0] + sums[2] + (sums[1] + sums[3])
}

export interface Clipped {
  /** Multiplies every gradient. */
  readonly scale: number
  /** Then clamps it to [-limit, limit]. */
  readonly limit: number
}

function slope(g: number, { scale, limit }: Clipped): number {
  return min(fround(limit), max(-fround(limit), fround(g * fround(scale))))
}

export function adamw(
  [w, g, m, v]: readonly Float32Array[],
  clipped: Clipped,
  by: Readonly<
    Record<'beta1' | 'fresh1' | 'beta2' | 'fresh2' | 'keep' | 'size' | 'spread' | 'epsilon', number>
  >,
): void {
  const beta1 = fround(by.beta1)
  const fresh1 = fround(by.fresh1)
  const beta2 = fround(by.beta2)
  const fresh2 = fround(by.fresh2)
  for (let i = 0; i < w.length; i++) {
    const s = slope(g[i], clipped)
    m[i] = fround(beta1 * m[i]) + fround(fresh1 * s)
    v[i] = fround(beta2 * v[i]) + fround(fround(fresh2 * s) * s)
    const root = fround(fround(fround(sqrt(v[i])) * fround(by.spread)) + fround(by.epsilon))
    const move = fround(fround(fround(by.size) * m[i]) / root)
    w[i] = fround(w[i] * fround(by.keep)) - move
  }
}

export function rmsprop(
  [w, g, v]: readonly Float32Array[],
  clipped: Clipped,
  by: Readonly<Record<'decay' | 'fresh' | 'rate' | 'epsilon', number>>,
): void {
  for (let i = 0; i < w.length; i++) {
    const s = slope(g[i], clipped)
    v[i] = fround(fround(by.decay) * v[i]) + fround(fround(fround(by.fresh) * s) * s)
    const root = fround(fround(sqrt(v[i])) + fround(by.epsilon))
    w[i] -= fround(fround(fround(by.rate) * s) / root)
  }
}

export function sgd(
  [w, g, v]: readonly Float32Array[],
  clipped: Clipped,
  by: Readonly<Record<'momentum' | 'rate', number>>,
): void {
  for (let i = 0; i < w.length; i++) {
    const s = slope(g[i], clipped)
    v[i] = fround(fround(by.momentum) * v[i]) + s
    w[i] -= fround(fround(by.rate) * v[i])
  }
}
