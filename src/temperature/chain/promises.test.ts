/** What docs/chain.md and docs/temperature.md promise in words where several readings are possible. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { philox, Random } from '../../random.js'
import { Distribution } from '../distribution.js'
import { createChain } from './chain.js'

const SIZE = 8
const symbols = { size: SIZE, symbol: (id: number) => '\nbcdefgh'[id] }
const logits = fc
  .array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: SIZE, maxLength: SIZE })
  .map(list => Float32Array.from(list))
const history = fc.array(fc.nat(SIZE - 1), { maxLength: 30 })
const T = fc.double({ min: 0.05, max: 20, noNaN: true })

function ranksOf(chain: string, given: Float32Array, past: readonly number[], temperature: number) {
  const step = { history: past, text: '', temperature, secondCoin: () => 1 }
  return createChain(chain, symbols).apply(given, step).candidates(SIZE).top
}

/** pT by id. */
function odds(...given: Parameters<typeof ranksOf>): number[] {
  const found = new Array<number>(SIZE).fill(0)
  for (const { id, pT } of ranksOf(...given)) found[id] = pT
  return found
}

function expectClose(a: readonly number[], b: readonly number[]): void {
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i], 9)
}

describe('a penalty after the temperature', () => {
  it('has the same `repetition` as before it, because l / T keeps the model’s own zero', () => {
    fc.assert(
      fc.property(logits, history, T, fc.constantFrom(0.5, 1.2, 3), (l, past, t, by) => {
        const before = odds(`penalty repetition=${by}, temperature`, l, past, t)
        expectClose(odds(`temperature, penalty repetition=${by}`, l, past, t), before)
      }),
    )
  })

  it('applies presence, frequency and bias to l / T: T times the effect of before it', () => {
    fc.assert(
      fc.property(logits, history, fc.constantFrom(0.25, 0.5, 2, 4), (l, past, t) => {
        const late = odds('temperature, penalty presence=0.5 frequency=0.25', l, past, t)
        const early = `penalty presence=${0.5 * t} frequency=${0.25 * t}, temperature`
        expectClose(late, odds(early, l, past, t))
        const bias = odds('temperature, bias "b"=1.5', l, past, t)
        expectClose(bias, odds(`bias "b"=${1.5 * t}, temperature`, l, past, t))
      }),
    )
  })

  it('has no `repetition` at T = inf, but still presence, frequency and bias', () => {
    fc.assert(
      fc.property(logits, history, (l, past) => {
        const even = new Array(SIZE).fill(1 / SIZE)
        expectClose(odds('temperature, penalty repetition=3', l, past, Infinity), even)
        const found = odds('temperature, penalty presence=1', l, past, Infinity)
        const once = new Set(past.slice(-64))
        for (let id = 0; id < SIZE; id++) {
          const other = found.find((_, i) => once.has(i) !== once.has(id))
          if (other !== undefined) expect(found[id] < other).toBe(once.has(id))
        }
      }),
    )
  })
})

describe('ties', () => {
  it('keep their order after T = inf', () => {
    fc.assert(
      fc.property(logits, l => {
        const own = ranksOf('top-k 8, temperature', l, [], 1).map(({ id }) => id)
        expect(ranksOf('top-k 8, temperature inf', l, [], 1).map(({ id }) => id)).toEqual(own)
        const past = own.slice(0, 3)
        const moved = ranksOf('temperature inf, penalty presence=1', l, past, 1).map(({ id }) => id)
        expect(moved).toEqual([...own.slice(3), ...past])
      }),
    )
  })

  it('are in order of id when no temperature comes before', () => {
    const l = Float32Array.of(1, 3, 2, 2, 3, 1, 2, 0)
    const ids = ranksOf('penalty presence=1, temperature', l, [1, 4], 1).map(({ id }) => id)
    expect(ids).toEqual([1, 2, 3, 4, 6, 0, 5, 7])
  })
})

describe('dry', () => {
  const even = new Float32Array(SIZE)
  const lowered = (past: readonly number[], chain = 'dry 1 allowed=1'): number[] =>
    ranksOf(`${chain}, temperature`, even, past, 1).flatMap(({ id, pT }) =>
      pT < 1 / SIZE - 1e-9 ? [id] : [],
    )

  it('never lowers a breaker, even if it followed a match', () => {
    // "bc\nbc": after bc stood \n, a breaker; without breakers it is lowered.
    expect(lowered([1, 2, 0, 1, 2])).toEqual([])
    expect(lowered([1, 2, 0, 1, 2], 'dry 1 allowed=1 breakers="h"')).toEqual([0])
    expect(lowered([1, 2, 3, 1, 2])).toEqual([3])
  })

  it('lowers nothing right after a breaker, and does not match across one', () => {
    expect(lowered([0, 3, 0])).toEqual([])
    // "b\nc d b\nc": the match of \nc ends at the breaker; of length 1 it is still there.
    expect(lowered([1, 0, 2, 3, 1, 0, 2])).toEqual([3])
    expect(lowered([1, 0, 2, 3, 1, 0, 2], 'dry 1 allowed=2')).toEqual([])
    expect(lowered([1, 0, 2, 3, 1, 0, 2], 'dry 1 allowed=2 breakers="h"')).toEqual([3])
  })

  it('lowers no breaker after any text', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 4 }), (past, allowed) => {
        expect(lowered(past, `dry 1 allowed=${allowed}`)).not.toContain(0)
        if (past.at(-1) === 0) expect(lowered(past, `dry 1 allowed=${allowed}`)).toEqual([])
      }),
    )
  })
})

describe('candidates at T = 0', () => {
  it('are as many as at other temperatures, and rank 1 has all the probability', () => {
    fc.assert(
      fc.property(logits, fc.integer({ min: 1, max: SIZE }), (l, limit) => {
        const distribution = Distribution.of(l)
        const { top, others, entropyT } = distribution.candidates(0, limit)
        expect(top.length).toBe(limit)
        expect(top.map(({ pT }) => pT)).toEqual(top.map((_, i) => (i === 0 ? 1 : 0)))
        expect(top.map(({ cumulative }) => cumulative)).toEqual(top.map(() => 1))
        expect(top.map(({ p }) => p)).toEqual(distribution.candidates(1, limit).top.map(c => c.p))
        expect([others.count, others.pT, entropyT]).toEqual([SIZE - limit, 0, 0])
      }),
    )
  })

  it('are rank 1 alone when a chain has more samplers', () => {
    const step = { history: [], text: '', temperature: 0, secondCoin: () => 1 }
    const given = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    const { top, others } = createChain('temperature, min-p 0.1', symbols)
      .apply(given, step)
      .candidates(5)
    expect(top).toMatchObject([{ id: 7, rank: 1, pT: 1, cumulative: 1 }])
    expect(others.count).toBe(SIZE - 1)
    expect(createChain('temperature', symbols).apply(given, step).candidates(5).top.length).toBe(5)
  })
})

it('makes the coin of 27 and 26 upper bits, with the key and counter as documented', () => {
  const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  fc.assert(
    fc.property(word, fc.maxSafeNat(), fc.maxSafeNat(), (seed, position, stream) => {
      const [at, of] = [BigInt(position), BigInt(stream)]
      const low = (x: bigint): number => Number(x & 0xffffffffn)
      const high = (x: bigint): number => Number(x >> 32n)
      const w = Uint32Array.of(low(at), high(at), low(of), high(of))
      philox(w, low(seed), high(seed))
      const coin = (a: number, b: number): number =>
        Number((BigInt(a) >> 5n) * 2n ** 26n + (BigInt(b) >> 6n) + 1n) / 2 ** 53
      const random = new Random(seed, stream)
      expect(random.coin(position)).toBe(coin(w[0], w[1]))
      expect(random.secondCoin(position)).toBe(coin(w[2], w[3]))
    }),
  )
})
