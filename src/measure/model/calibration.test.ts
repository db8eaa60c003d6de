import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exp, negativeLogLikelihood } from '../../numeric.js'
import { Random } from '../../random.js'
import { calibrate, type PredictionPass, passOverLogits } from './calibration.js'

/** N predictions over V symbols, and what came: drawn from softmax(logits / truth). */
function drawn(
  N: number,
  V: number,
  truth: number,
  seed = 1,
): { logits: Float32Array; targets: number[] } {
  const random = new Random(seed)
  const logits = new Float32Array(N * V)
  const targets: number[] = []
  for (let i = 0; i < N; i++) {
    const row = logits.subarray(i * V, (i + 1) * V)
    for (let v = 0; v < V; v++) row[v] = 8 * random.coin(i * (V + 1) + v) - 4
    const weights = Array.from(row, x => exp(x / truth))
    let left = random.coin(i * (V + 1) + V) * weights.reduce((a, b) => a + b)
    let id = 0
    while (id < V - 1 && left > weights[id]) left -= weights[id++]
    targets.push(id)
  }
  return { logits, targets }
}

/** Mean loss at T, by definition. */
function loss(logits: Float32Array, targets: number[], T: number): number {
  const V = logits.length / targets.length
  let sum = 0
  for (const [i, target] of targets.entries()) {
    sum += negativeLogLikelihood(
      Array.from(logits.subarray(i * V, (i + 1) * V), x => x / T),
      target,
    )
  }
  return sum / targets.length
}

describe('calibration', () => {
  it('finds the temperature with which the targets were drawn, within its interval', async () => {
    for (const truth of [0.5, 1, 1.7]) {
      const { logits, targets } = drawn(4000, 12, truth)
      const { temperature, interval, bracket, before, after, passes } = await calibrate(
        passOverLogits(logits, targets),
      )
      expect(interval![0]).toBeLessThan(truth)
      expect(interval![1]).toBeGreaterThan(truth)
      expect(bracket[0]).toBeLessThanOrEqual(temperature)
      expect(bracket[1]).toBeGreaterThanOrEqual(temperature)
      expect(bracket[1] - bracket[0]).toBeLessThan(2e-9 * temperature)
      expect(passes).toBeLessThan(12)
      expect(after.nats).toBeCloseTo(loss(logits, targets, temperature), 9)
      expect(before.nats).toBeCloseTo(loss(logits, targets, 1), 9)
      expect(after.nats).toBeLessThanOrEqual(before.nats)
      expect(after.error).toBeLessThan(0.03)
      if (truth !== 1) expect(before.error).toBeGreaterThan(2 * after.error)
    }
  })

  it('finds the temperature with the smallest loss', async () => {
    const small = fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2, max: 5 }))
      .chain(([N, V]) =>
        fc.record({
          logits: fc.array(fc.integer({ min: -30, max: 30 }), {
            minLength: N * V,
            maxLength: N * V,
          }),
          targets: fc.array(fc.nat(V - 1), { minLength: N, maxLength: N }),
        }),
      )
    await fc.assert(
      fc.asyncProperty(small, async ({ logits, targets }) => {
        const rows = Float32Array.from(logits, x => x / 4)
        const { temperature, after, bracket } = await calibrate(passOverLogits(rows, targets))
        for (let u = -3; u <= 3; u += 0.1) {
          const T = 10 ** u
          expect(loss(rows, targets, T)).toBeGreaterThan(after.nats - 1e-9)
        }
        expect(bracket[0] <= temperature && temperature <= bracket[1]).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('gives 0 when the most likely symbol is always right, and infinity when uniform is better', async () => {
    const row = [2, 1, 0]
    const right = await calibrate(passOverLogits(Float32Array.of(...row, ...row), [0, 0]))
    expect(right).toMatchObject({ temperature: 0, bracket: [0, 0] })
    expect(right.after).toMatchObject({ nats: 0, error: 0 })
    const wrong = await calibrate(passOverLogits(Float32Array.of(...row, ...row), [2, 2]))
    expect(wrong.temperature).toBe(Infinity)
    expect(wrong.after.nats).toBeCloseTo(Math.log(3), 12)
    // Ties: T = 0 would take the other one, yet the loss falls all the way to ln 2.
    const tied = await calibrate(passOverLogits(Float32Array.of(3, 3, 0), [1]))
    expect(tied.temperature).toBeGreaterThan(0)
    expect(tied.temperature).toBeLessThan(0.1)
    expect(tied.after.nats).toBeCloseTo(Math.LN2, 14)
    expect(tied.passes).toBeLessThan(40)
    const indifferent = await calibrate(passOverLogits(Float32Array.of(1, 1, 1), [0]))
    expect(indifferent.temperature).toBe(Infinity)
  })

  it('ignores banned symbols, and refuses a banned target', async () => {
    const rows = Float32Array.of(1, 0, -Infinity, 0, 1, -Infinity, 1, 0, -Infinity)
    const { temperature } = await calibrate(passOverLogits(rows, [0, 1, 1]))
    // two of three right: sigmoid(1 / T) = 2/3
    expect(temperature).toBeCloseTo(1 / Math.LN2, 8)
    await expect(calibrate(passOverLogits(rows, [0, 1, 2]))).rejects.toThrow(/banned/)
    await expect(calibrate(() => {})).rejects.toThrow(/no predictions/)
    expect(() => passOverLogits(rows, [])).toThrow(/expected V for each/)
  })

  it('bins by the probability of the most likely symbol', async () => {
    // The most likely symbol has p = 0.9 and 0.58, and is right 2 of 3 and 1 of 2 times.
    const row = (p: number): number[] => [Math.log(p), Math.log(1 - p)]
    const rows = Float32Array.of(...[0.9, 0.9, 0.9, 0.58, 0.58].flatMap(row))
    const { before } = await calibrate(passOverLogits(rows, [0, 0, 1, 0, 1]), { bins: 10 })
    expect(before.bins[5]).toMatchObject({ count: 2, accuracy: 0.5 })
    expect(before.bins[8].count + before.bins[9].count).toBe(3)
    const error = (3 / 5) * (0.9 - 2 / 3) + (2 / 5) * (0.58 - 0.5)
    expect(before.error).toBeCloseTo(error, 6)
    expect(before.bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(5)
    await expect(calibrate(passOverLogits(rows, [0, 0, 1, 0, 1]), { bins: 0 })).rejects.toThrow(
      /bins/,
    )
  })

  it('accepts passes that stream, and stops between passes when aborted', async () => {
    const { logits, targets } = drawn(200, 5, 1.5)
    const stored = passOverLogits(logits, targets)
    let passes = 0
    const controller = new AbortController()
    const streaming: PredictionPass = async visit => {
      await Promise.resolve()
      await stored(visit)
      passes++
    }
    const result = await calibrate(streaming)
    expect(result).toEqual(await calibrate(stored))
    expect(passes).toBe(result.passes)
    controller.abort(new Error('enough'))
    await expect(calibrate(streaming, { signal: controller.signal })).rejects.toThrow('enough')
  })
})
