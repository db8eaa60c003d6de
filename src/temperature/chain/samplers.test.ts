import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../../test/support/uniform.js'
import { createChain } from './chain.js'
import type { SamplerContext, Symbols } from './sampler.js'
import * as plain from './samplers.reference.js'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const symbols = (size: number): Symbols => ({ size, symbol: id => LETTERS[id] })

const step = (over: Partial<SamplerContext> = {}): SamplerContext => ({
  history: [],
  temperature: 1,
  secondCoin: () => 1,
  text: '',
  ...over,
})

/** What a chain leaves: symbol to probability, in rank order. */
function left(chain: string, logits: ArrayLike<number>, over: Partial<SamplerContext> = {}) {
  const made = createChain(chain, symbols(logits.length))
  const chained = made.apply(Float32Array.from(logits), step(over))
  const { top } = chained.candidates(logits.length)
  return new Map(top.map(candidate => [candidate.id, candidate.pT]))
}

const ids = (text: string): number[] => Array.from(text, letter => LETTERS.indexOf(letter))

/** a b c d have 1/2, 1/4, 1/8, 1/8. */
const FOUR = [1 / 2, 1 / 4, 1 / 8, 1 / 8].map(Math.log)

/** Expects the letters in rank order with these probabilities. */
function expectLeft(result: Map<number, number>, want: Record<string, number>): void {
  expect([...result.keys()].map(id => LETTERS[id]).join('')).toBe(Object.keys(want).join(''))
  const sum = Object.values(want).reduce((a, b) => a + b, 0)
  for (const [letter, weight] of Object.entries(want)) {
    expect(result.get(LETTERS.indexOf(letter))).toBeCloseTo(weight / sum, 7)
  }
}

describe('samplers on the probabilities 1/2, 1/4, 1/8, 1/8', () => {
  it.each<[string, string, Record<string, number>, Partial<SamplerContext>?]>([
    ['temperature squares the odds at 1/2', 'temperature 0.5', { a: 16, b: 4, c: 1, d: 1 }],
    ['temperature 0 keeps the favourite', 'temperature 0', { a: 1 }],
    ['temperature inf makes all alike', 'temperature inf', { a: 1, b: 1, c: 1, d: 1 }],
    ['top-k keeps the first two', 'top-k 2', { a: 2, b: 1 }],
    ['top-k breaks the tie of c and d towards c', 'top-k 3', { a: 4, b: 2, c: 1 }],
    ['top-p 0.5 is reached by the favourite alone', 'top-p 0.4999', { a: 1 }],
    ['top-p takes the one that crosses', 'top-p 0.6', { a: 2, b: 1 }],
    ['top-p 0 keeps one', 'top-p 0', { a: 1 }],
    ['top-p 1 keeps all', 'top-p 1', { a: 4, b: 2, c: 1, d: 1 }],
    ['min-p keeps what has 0.4 of the favourite', 'min-p 0.4', { a: 2, b: 1 }],
    ['min-p 1 keeps the favourite', 'min-p 1', { a: 1 }],
    ['min-p 0 keeps all', 'min-p 0', { a: 4, b: 2, c: 1, d: 1 }],
    // H = 1.75 bits; surprisals 1, 2, 3, 3: distances 0.75, 0.25, 1.25, 1.25
    ['typical takes b first, not the favourite', 'typical 0.2', { b: 1 }],
    ['typical goes on with a', 'typical 0.3', { a: 2, b: 1 }],
    ['typical then takes c before d', 'typical 0.8', { a: 4, b: 2, c: 1 }],
    // in units of ln 2: -1, -2, -3, -3: mean -2.25, sigma sqrt(0.6875) = 0.829
    ['top-n-sigma 1 keeps the favourite', 'top-n-sigma 1', { a: 1 }],
    ['top-n-sigma 2 reaches 1.66 down', 'top-n-sigma 2', { a: 2, b: 1 }],
    ['top-n-sigma 3 reaches 2.49 down', 'top-n-sigma 3', { a: 4, b: 2, c: 1, d: 1 }],
    [
      'xtc leaves the least likely of the viable',
      'xtc 0.2',
      { b: 2, c: 1, d: 1 },
      withSecondCoin(0.5),
    ],
    ['xtc takes three', 'xtc 0.1', { d: 1 }, withSecondCoin(0.5)],
    [
      'xtc does not act where the second coin is above its probability',
      'xtc 0.2',
      { a: 4, b: 2, c: 1, d: 1 },
      withSecondCoin(0.51),
    ],
    [
      'xtc leaves a single viable one alone',
      'xtc 0.3',
      { a: 4, b: 2, c: 1, d: 1 },
      withSecondCoin(0.1),
    ],
    ['bias of ln 8 takes d from 1/8 to 1', `bias "d"=+${Math.log(8)}`, { d: 8, a: 4, b: 2, c: 1 }],
    ['bias below 0 lowers', `bias "a"=-${Math.log(8)}`, { b: 4, c: 2, d: 2, a: 1 }],
    ['ban takes away', 'ban "a" "c"', { b: 2, d: 1 }],
    ['ban takes an expression', 'ban /[^ab]/', { a: 2, b: 1 }],
    ['allow keeps', 'allow "b" "d"', { b: 2, d: 1 }],
    ['allow takes a class in quotes', 'allow "[bcd]"', { b: 2, c: 1, d: 1 }],
    ['allow takes an expression', 'allow /[B-D]/i', { b: 2, c: 1, d: 1 }],
    ['allow may look back', 'allow /(?<=x)[ab]|(?<=y)c/', { a: 2, b: 1 }, { text: 'yx' }],
    ['allow may look back elsewhere', 'allow /(?<=x)[ab]|(?<=y)c/', { c: 1 }, { text: 'xy' }],
    [
      'presence takes off once: ln 4 of a',
      `penalty presence=${Math.log(4)}`,
      { b: 2, a: 1, c: 1, d: 1 },
      withText('aaa'),
    ],
    [
      'frequency takes off each time: ln 2 of a, twice',
      `penalty frequency=${Math.log(2)}`,
      { b: 2, a: 1, c: 1, d: 1 },
      withText('aa'),
    ],
    // all logits are below 0: times 2 squares the probability
    [
      'repetition squares what was said',
      'penalty repetition=2',
      { a: 4, b: 4, c: 2, d: 2 },
      withText('a'),
    ],
    [
      'a window leaves out what is longer ago',
      'penalty repetition=2 window=2',
      { a: 8, c: 2, d: 2, b: 1 },
      withText('aabb'),
    ],
    // "ab" ends the text and stood before c: length 2, allowed 1: ln 2 * 2^1 = ln 4
    [
      'dry lowers what would go on repeating',
      `dry ${Math.log(2)} base=2 allowed=1 breakers=none`,
      { a: 16, b: 8, d: 4, c: 1 },
      withText('abcab'),
    ],
    ['dry allows short repeats', 'dry 1 allowed=3', { a: 4, b: 2, c: 1, d: 1 }, withText('abcab')],
    [
      'dry stops at a breaker: only b is repeated',
      `dry ${Math.log(2)} base=2 allowed=1 breakers="a"`,
      { a: 8, b: 4, d: 2, c: 1 },
      withText('abcab'),
    ],
    [
      'dry after a breaker is silent',
      'dry 1 breakers="b"',
      { a: 4, b: 2, c: 1, d: 1 },
      withText('abcab'),
    ],
    [
      'dry spares a breaker that would follow',
      'dry 1 allowed=1 breakers="c"',
      { a: 4, b: 2, c: 1, d: 1 },
      withText('abcab'),
    ],
    [
      'dry sees no farther than its window',
      'dry 1 allowed=1 window=3 breakers=none',
      { a: 4, b: 2, c: 1, d: 1 },
      withText('abcab'),
    ],
  ])('%s', (_, sampler, want, over) => {
    expectLeft(left(sampler, FOUR, over), want)
  })

  it('repetition divides a positive logit and multiplies a negative one', () => {
    expectLeft(left('penalty repetition=2', [2, 1, -1, -3], withText('abc')), {
      a: Math.exp(1),
      b: Math.exp(0.5),
      c: Math.exp(-2),
      d: Math.exp(-3),
    })
  })

  it('repetition acts on the scale of the model also after a temperature', () => {
    // l / T = 4, 2, -2; a and c were said
    expectLeft(left('temperature 0.5, penalty repetition=4', [2, 1, -1], withText('ac')), {
      b: Math.exp(2),
      a: Math.exp(1),
      c: Math.exp(-8),
    })
  })
})

function withSecondCoin(coin: number): Partial<SamplerContext> {
  return { secondCoin: () => coin }
}

function withText(text: string): Partial<SamplerContext> {
  return { history: ids(text), text }
}

describe('samplers and their plain twins agree on random logits', () => {
  const logits = fc
    .array(uniform(-12, 12).map(Math.fround), {
      minLength: 1,
      maxLength: 40,
    })
    .map(list => list.map((logit, i) => (i % 9 === 8 ? list[i - 1] : logit))) // some ties
  const share = uniform(0, 1)
  const T = uniform(-2, 2).map(x => 10 ** x)
  const text = fc.array(fc.nat(39), { maxLength: 60 })
  /** Texts that repeat themselves. */
  const loops = fc.array(fc.nat(3), { maxLength: 40 })
  const runs = { numRuns: 300 }

  /** The definition's answer and the chain's: the same symbols with the same probabilities. */
  function same(result: Map<number, number>, want: plain.Logits): void {
    const p = plain.probabilities(want)
    expect([...result.keys()].sort((a, b) => a - b)).toEqual([...p.keys()].sort((a, b) => a - b))
    for (const [id, pT] of result) expect(pT).toBeCloseTo(p.get(id)!, 9)
  }

  /** Leaves out cases where rounding alone decides: a value within 1e-9 of its threshold. */
  const clear = (values: Iterable<number>, threshold: number): void => {
    for (const value of values) fc.pre(Math.abs(value - threshold) > 1e-9)
  }

  const cumulative = (l: plain.Logits): number[] => {
    const p = plain.probabilities(l)
    let sum = 0
    return plain.ranking(l).map(id => {
      sum += p.get(id)!
      return sum
    })
  }

  it('temperature', () => {
    fc.assert(
      fc.property(logits, T, (l, t) => {
        same(left(`temperature ${t}`, l), plain.temperature(plain.logitsOf(l), t))
      }),
      runs,
    )
  })

  it('top-k, before and after a temperature', () => {
    fc.assert(
      fc.property(logits, T, fc.integer({ min: 1, max: 50 }), (l, t, k) => {
        const cold = plain.temperature(plain.logitsOf(l), t)
        same(left(`temperature ${t}, top-k ${k}`, l), plain.topK(cold, k))
        const few = plain.temperature(plain.topK(plain.logitsOf(l), k), t)
        same(left(`top-k ${k}, temperature ${t}`, l), few)
      }),
      runs,
    )
  })

  it('top-p', () => {
    fc.assert(
      fc.property(logits, T, share, (l, t, p) => {
        const cold = plain.temperature(plain.logitsOf(l), t)
        clear(cumulative(cold), p)
        same(left(`temperature ${t}, top-p ${p}`, l), plain.topP(cold, p))
      }),
      runs,
    )
  })

  it('min-p', () => {
    fc.assert(
      fc.property(logits, T, share, (l, t, p) => {
        const cold = plain.temperature(plain.logitsOf(l), t)
        const P = [...plain.probabilities(cold).values()]
        clear(P, p * Math.max(...P))
        same(left(`temperature ${t}, min-p ${p}`, l), plain.minP(cold, p))
      }),
      runs,
    )
  })

  it('typical', () => {
    fc.assert(
      fc.property(logits, T, share, (l, t, mass) => {
        const cold = plain.temperature(plain.logitsOf(l), t)
        // Two different logits equally far from the entropy, or a sum at the mass: rounding decides.
        const P = plain.probabilities(cold)
        const H = -[...P.values()].reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0)
        const distances = new Map(
          [...cold].map(([id, l]) => [l, Math.abs(H + Math.log(P.get(id)!))]),
        )
        const far = [...distances.values()].sort((a, b) => a - b)
        for (let i = 1; i < far.length; i++) fc.pre(far[i] - far[i - 1] > 1e-9)
        const want = plain.typical(cold, mass)
        clear([[...want.keys()].reduce((sum, id) => sum + P.get(id)!, 0)], mass)
        same(left(`temperature ${t}, typical ${mass}`, l), want)
      }),
      runs,
    )
  })

  it('top-n-sigma, the same set at every temperature', () => {
    fc.assert(
      fc.property(logits, T, uniform(0, 4), (l, t, n) => {
        const raw = plain.logitsOf(l)
        const all = [...raw.values()]
        const mean = all.reduce((a, b) => a + b, 0) / all.length
        const sigma = Math.sqrt(all.reduce((s, x) => s + (x - mean) ** 2, 0) / all.length)
        const top = Math.max(...all)
        clear(
          all.filter(x => x !== top),
          top - n * sigma,
        )
        const want = plain.topNSigma(raw, n)
        same(left(`temperature ${t}, top-n-sigma ${n}`, l), plain.temperature(want, t))
        same(left(`top-n-sigma ${n}, temperature ${t}`, l), plain.temperature(want, t))
      }),
      runs,
    )
  })

  it('xtc', () => {
    fc.assert(
      fc.property(logits, T, share, share, share, (l, t, threshold, probability, second) => {
        const cold = plain.temperature(plain.logitsOf(l), t)
        clear(plain.probabilities(cold).values(), threshold)
        const sampler = `temperature ${t}, xtc ${threshold} probability=${probability}`
        same(
          left(sampler, l, withSecondCoin(second)),
          second <= probability ? plain.xtc(cold, threshold) : cold,
        )
      }),
      runs,
    )
  })

  it('penalty, before and after a temperature', () => {
    const add = uniform(-3, 3)
    const times = uniform(0.3, 3)
    fc.assert(
      fc.property(
        logits,
        T,
        text,
        times,
        add,
        add,
        fc.integer({ min: 1, max: 70 }),
        (l, t, history, repetition, presence, frequency, window) => {
          const sampler = `penalty repetition=${repetition} presence=${presence} frequency=${frequency} window=${window}`
          const settings = { repetition, presence, frequency }
          const raw = plain.logitsOf(l)
          const seen = history.slice(-window)
          same(
            left(`temperature ${t}, ${sampler}`, l, { history }),
            plain.penalty(plain.temperature(raw, t), seen, settings),
          )
          same(
            left(`${sampler}, temperature ${t}`, l, { history }),
            plain.temperature(plain.penalty(raw, seen, settings), t),
          )
        },
      ),
      runs,
    )
  })

  it('dry, on texts that repeat themselves', () => {
    fc.assert(
      fc.property(
        logits,
        loops,
        uniform(0, 2),
        uniform(1, 1.5),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 50 }),
        fc.subarray(['a', 'b', 'c', 'd']),
        (l, history, multiplier, base, allowed, window, named) => {
          const breakers = named.filter(letter => LETTERS.indexOf(letter) < l.length)
          const list = breakers.length === 0 ? 'none' : breakers.map(b => `"${b}"`).join(' ')
          const sampler = `dry ${multiplier} base=${base} allowed=${allowed} window=${window} breakers=${list}`
          same(
            left(sampler, l, { history }),
            plain.dry(
              plain.logitsOf(l),
              history.slice(-window),
              { multiplier, base, allowed },
              ids(breakers.join('')),
            ),
          )
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('bias, ban and allow', () => {
    const letters = fc.subarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1 })
    fc.assert(
      fc.property(
        logits.filter(l => l.length > 5),
        letters,
        uniform(-5, 5),
        (l, named, add) => {
          const raw = plain.logitsOf(l)
          const named_ids = ids(named.join(''))
          const list = named.map(letter => `"${letter}"`)
          same(
            left(`bias ${list.map(letter => `${letter}=${add}`).join(' ')}`, l),
            plain.bias(raw, new Map(named_ids.map(id => [id, add]))),
          )
          const is = (id: number) => named_ids.includes(id)
          same(left(`ban ${list.join(' ')}`, l), new Map([...raw].filter(([id]) => !is(id))))
          same(left(`allow ${list.join(' ')}`, l), new Map([...raw].filter(([id]) => is(id))))
        },
      ),
      runs,
    )
  })
})

describe('the ranks', () => {
  it('follow the definition after every change of logits, ties to the smaller id', () => {
    const few = fc.array(fc.constantFrom(0, -0, 0.5, 1, 1.5, -2), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(few, fc.array(fc.nat(11), { maxLength: 20 }), (l, history) => {
        const chain = 'penalty presence=0.5 frequency=0.5, bias "[abc]"=1, temperature'
        fc.pre(l.length > 0)
        const settings = { repetition: 1, presence: 0.5, frequency: 0.5 }
        const added = new Map([0, 1, 2].map(id => [id, 1]))
        const want = plain.bias(plain.penalty(plain.logitsOf(l), history, settings), added)
        expect([...left(chain, l, { history }).keys()]).toEqual(plain.ranking(want))
      }),
      { numRuns: 1000 },
    )
  })

  it('are kept at T = inf, where all logits are equal, also for later samplers', () => {
    expectLeft(left('temperature inf, top-k 2', [1, 3, 2, 3]), { b: 1, d: 1 })
    // b d c a, of which c and a are lowered alike
    const both = left('temperature inf, penalty presence=1', [1, 3, 2, 3], withText('ac'))
    expectLeft(both, { b: Math.E, d: Math.E, c: 1, a: 1 })
    expectLeft(left('temperature inf, penalty presence=1, top-k 2', [1, 3, 2, 3], withText('b')), {
      d: 1,
      c: 1,
    })
  })
})
