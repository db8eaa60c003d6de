import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TextRange } from '../../text/index.js'
import { discounts, HIGHEST_ORDER, ngramBaseline } from './ngram.js'
import { NgramByDefinition } from './ngram.reference.js'

const V = 4
/** Texts with repeats in them, of few symbols, so that contexts return. */
const texts = fc
  .array(fc.array(fc.nat({ max: V - 1 }), { minLength: 1, maxLength: 6 }), {
    minLength: 2,
    maxLength: 12,
  })
  .map(parts => Uint8Array.from([...parts, ...parts.slice(0, 4), ...parts.slice(2)].flat()))

/** Cuts a text into stretches that are by turns counted, predicted and neither. */
function cut(size: number, seed: number): { training: TextRange[]; heldOut: TextRange[] } {
  const training: TextRange[] = []
  const heldOut: TextRange[] = []
  for (let from = 0, k = 0; from < size; k++) {
    const to = Math.min(size, from + 1 + ((seed * (k + 3) * 7919) % 17))
    const kind = (seed >> (k % 20)) % 3
    if (kind === 0) heldOut.push({ from, to })
    else if (kind === 1) training.push({ from, to })
    from = to
  }
  return { training, heldOut }
}

const reference = (ids: Uint8Array, training: readonly TextRange[], orders: number) =>
  new NgramByDefinition(ids, training, { vocabulary: V, orders })

describe('the n-gram baseline', () => {
  it('has the losses of its plain twin, for every order and any cut', () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 2 ** 20 }), (ids, seed) => {
        const { training, heldOut } = cut(ids.length, seed)
        fc.pre(heldOut.length > 0 && training.length > 0)
        const orders = 5
        const { losses, count } = ngramBaseline(ids, { training, heldOut, vocabulary: V, orders })
        const twin = reference(ids, training, orders)
        for (let order = 1; order <= orders; order++) {
          let sum = 0
          let symbols = 0
          for (const { from, to } of heldOut) {
            for (let i = from; i < to; i++, symbols++) {
              const context = Array.from(ids.slice(Math.max(0, i - order + 1), i))
              sum -= Math.log(twin.probability(context, ids[i]))
            }
          }
          expect(count).toBe(symbols)
          expect(losses[order - 1]).toBeCloseTo(sum / symbols, 10)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('gives all symbols together a probability of 1, after any context', () => {
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.nat({ max: V - 1 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (ids, context, order) => {
          const training = [{ from: 0, to: ids.length }]
          let fast = 0
          let plain = 0
          const twin = reference(ids, training, order)
          for (let symbol = 0; symbol < V; symbol++) {
            const at = ids.length + context.length
            const text = Uint8Array.from([...ids, ...context, symbol])
            const { losses } = ngramBaseline(text, {
              training,
              heldOut: [{ from: at, to: at + 1 }],
              vocabulary: V,
              orders: order,
            })
            fast += Math.exp(-losses[order - 1])
            plain += twin.probability(
              Array.from(text.slice(Math.max(0, at - order + 1), at)),
              symbol,
            )
          }
          expect(fast).toBeCloseTo(1, 10)
          expect(plain).toBeCloseTo(1, 10)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('has the discounts of Chen and Goodman', () => {
    // n1..n4 = 100, 40, 20, 10: Y = 100 / 180.
    const y = 100 / 180
    const expected = [0, 1 - 2 * y * 0.4, 2 - 3 * y * 0.5, 3 - 4 * y * 0.5]
    for (const [i, d] of discounts([7, 100, 40, 20, 10]).entries()) {
      expect(d).toBeCloseTo(expected[i], 12)
    }
    // Nothing seen once, or more thrice than sense allows: half of each count.
    expect(discounts([0, 0, 0, 0, 0])).toEqual([0, 0.5, 1, 1.5])
    expect(discounts([0, 1, 1, 9, 90])).toEqual([0, expect.any(Number), 1, 1.5])
  })

  it('predicts a repeating text, and chooses an order that spans its period', () => {
    const ids = Uint8Array.from({ length: 3000 }, (_, i) => [0, 0, 0, 0, 1, 2][i % 6])
    const parts = {
      training: [{ from: 0, to: 2700 }],
      heldOut: [{ from: 2700, to: 3000 }],
      vocabulary: 3,
    }
    const { order, nats, bits, perplexity, losses, count } = ngramBaseline(ids, parts)
    expect(count).toBe(300)
    expect(order).toBeGreaterThanOrEqual(5) // 0000 is followed by 1, 000 by 0 or 1
    expect(nats).toBeLessThan(0.01)
    expect(nats).toBe(losses[order - 1])
    expect(bits).toBeCloseTo(nats / Math.LN2, 12)
    expect(perplexity).toBeCloseTo(Math.exp(nats), 12)
    // The search ends three orders past the best, long before the highest.
    expect(losses.length).toBeLessThan(HIGHEST_ORDER)
    // Order 1 is the entropy of the symbols themselves.
    const entropy = (4 / 6) * Math.log(6 / 4) + (2 / 6) * Math.log(6)
    const single = ngramBaseline(ids, { ...parts, orders: 1 })
    expect(single.losses).toHaveLength(1)
    expect(single.nats).toBeCloseTo(entropy, 2)
  })

  it('says what is missing when there is nothing to predict or to count', () => {
    const ids = Uint8Array.from([0, 1, 2])
    const all = [{ from: 0, to: 3 }]
    const request = { vocabulary: 3, training: all, heldOut: all }
    expect(() => ngramBaseline(ids, { ...request, heldOut: [] })).toThrow('hold out more')
    expect(() => ngramBaseline(ids, { ...request, training: [] })).toThrow('0 stretches to count')
  })
})
