import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../../test/support/uniform.js'
import { Random } from '../../random.js'
import { Distribution } from '../distribution.js'
import { rankOrder } from '../distribution.reference.js'
import { createChain } from './chain.js'
import { rank } from './ranked.js'
import type { SamplerContext, Symbols } from './sampler.js'
import { SAMPLERS } from './samplers.js'

const symbols = (size: number): Symbols => ({
  size,
  symbol: id => 'abcdefghijklmnopqrstuvwxyz'[id],
})

const step = (over: Partial<SamplerContext> = {}): SamplerContext => ({
  history: [],
  temperature: 1,
  secondCoin: () => 1,
  text: '',
  ...over,
})

const apply = (chain: string, logits: readonly number[], over: Partial<SamplerContext> = {}) =>
  createChain(chain, symbols(logits.length)).apply(Float32Array.from(logits), step(over))

const logitsArbitrary = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: uniform(-30, 30).map(Math.fround) },
      { weight: 1, arbitrary: fc.constantFrom(-Infinity, 0, -0, 1) },
    ),
    { minLength: 1, maxLength: 26 },
  )
  .filter(logits => logits.some(x => x > -Infinity))
const temperatureArbitrary = fc.oneof(
  { weight: 8, arbitrary: uniform(-6, 6).map(x => 10 ** x) },
  { weight: 1, arbitrary: fc.constantFrom(0, Infinity, 1, 5e-324, 1e300) },
)
const coinArbitrary = fc.nat({ max: 2 ** 31 - 1 }).map(n => new Random(n).coin(0))

describe('temperature alone', () => {
  it.each([
    ['temperature', 'the run’s'],
    ['temperature, top-p 1', 'the run’s, with a sampler that keeps all'],
    ['min-p 0, temperature', 'the run’s, after a sampler that keeps all'],
  ])('written %j draws bit for bit what Distribution draws', chain => {
    fc.assert(
      fc.property(logitsArbitrary, temperatureArbitrary, coinArbitrary, (logits, T, coin) => {
        const want = Distribution.of(logits).draw(T, coin)
        const draw = apply(chain, logits, { temperature: T }).draw(coin)
        const { entropyT, ...exact } = want
        expect(draw).toMatchObject(exact)
        expect(draw.entropyT).toBeCloseTo(entropyT, 12)
        expect(draw.modelRank).toBe(draw.rank)
        expect(draw.kept).toBe(T === 0 ? 1 : want.candidates)
        if (T > 0) expect(draw.mass).toBe(1)
      }),
      { numRuns: 1000 },
    )
  })

  it('with a fixed value draws like the run’s at that value, and does not read the run’s', () => {
    fc.assert(
      fc.property(logitsArbitrary, temperatureArbitrary, coinArbitrary, (logits, T, coin) => {
        const { id, rank, pT } = Distribution.of(logits).draw(T, coin)
        const written = T === Infinity ? 'inf' : String(T)
        const chained = apply(`temperature ${written}`, logits, { temperature: 0.7 })
        expect(chained.draw(coin)).toMatchObject({ id, rank, pT, temperature: T })
      }),
    )
  })

  it('lists the candidates of Distribution', () => {
    const logits = [0, 3, 1, 2, -Infinity]
    const want = Distribution.of(logits).candidates(2, 3)
    expect(apply('', logits, { temperature: 2 }).candidates(3)).toEqual(want)
    const general = apply('temperature, top-k 9', logits, { temperature: 2 }).candidates(3)
    expect(general.top).toEqual(want.top)
    expect(general.others.count).toBe(want.others.count)
  })

  it('is plain only without other samplers: otherwise no interval is defined', () => {
    const plain = (chain: string) => createChain(chain, symbols(3)).plain
    expect(
      ['', 'temperature', 'temperature 1', 'top-k 2', 'temperature, temperature'].map(plain),
    ).toEqual([true, true, false, false, false])
  })
})

describe('the ranking', () => {
  it('is rank order and ignores the sign of zero', () => {
    const wild = fc.array(
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(Math.fround),
        fc.constantFrom(0, -0, 1e-45, -1e-45, 3.4e38, -3.4e38, -Infinity),
      ),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(
        wild.map(list => list.map(Math.fround).filter(x => x < Infinity)),
        logits => {
          const ranked = rank(Float32Array.from(logits))
          const order = rankOrder(logits)
          expect([...ranked.ids]).toEqual(order)
          expect([...ranked.logits]).toEqual(order.map(id => logits[id]))
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('the order of samplers', () => {
  const logits = [3, 2.5, 2, 0]
  const history = [0, 0, 1]

  it('matters: top-k before a penalty and after it', () => {
    const before = apply('top-k 2, penalty frequency=1, temperature', logits, { history })
    const after = apply('penalty frequency=1, top-k 2, temperature', logits, { history })
    // a: 3 - 2 = 1, b: 2.5 - 1 = 1.5, c: 2
    expect(before.candidates(9).top.map(c => c.id)).toEqual([1, 0])
    expect(after.candidates(9).top.map(c => c.id)).toEqual([2, 1])
  })

  it('matters: top-p before temperature and after it', () => {
    const kept = (chain: string) => apply(chain, [3, 2, 1, 0], { temperature: 5 }).kept
    expect(kept('top-p 0.8, temperature')).toBe(2)
    expect(kept('temperature, top-p 0.8')).toBe(3)
  })
})

describe('the report', () => {
  it('gives for each sampler the share of probability that it kept', () => {
    const logits = [4, 3, 2, 1].map(p => Math.log(p / 10))
    const { report, kept, mass } = apply(
      'temperature, top-k 3, ban "b", penalty presence=1',
      logits,
      {
        history: [0],
      },
    )
    expect(report.map(({ sampler, candidates }) => [sampler, candidates])).toEqual(
      [
        ['temperature', 4],
        ['top-k 3', 3],
        ['ban "b"', 2],
        ['penalty repetition=1 presence=1', 2],
      ].map(([sampler, n]) => [String(sampler).replace('repetition=1 ', ''), n]),
    )
    expect(report[0].mass).toBe(1)
    expect(report[1].mass).toBeCloseTo(0.9, 7)
    expect(report[2].mass).toBeCloseTo(6 / 9, 7)
    expect(report[3].mass).toBe(1)
    expect(kept).toBe(2)
    expect(mass).toBeCloseTo(0.6, 7)
  })

  it('exists for temperature alone too', () => {
    expect(apply('', [1, 2, 3]).report).toEqual([
      { sampler: 'temperature', candidates: 3, mass: 1 },
    ])
    const cold = apply('', [1, 2, 3], { temperature: 0 })
    expect(cold.report[0].candidates).toBe(1)
    expect(cold.report[0].mass).toBeCloseTo(
      Math.exp(3) / (Math.exp(1) + Math.exp(2) + Math.exp(3)),
      12,
    )
  })

  it('gives the draw its rank in the chain and in the model', () => {
    const draw = apply('xtc 0.1 probability=1, temperature', [3, 2.5, 2, -9], {
      secondCoin: () => 1,
    }).draw(0.5)
    expect(draw).toMatchObject({ id: 2, rank: 1, modelRank: 3, kept: 2, candidates: 4 })
    expect(draw.p).toBeLessThan(draw.pT)
    expect(draw.surprisal).toBeCloseTo(-Math.log2(draw.p), 12)
  })
})

describe('where temperature has no effect', () => {
  const logits = [3, 2, 1, 0]
  const note = (chain: string, over: Partial<SamplerContext> = {}) => {
    const chained = apply(chain, logits, over)
    expect(chained.temperatureMatters).toBe(chained.temperatureNote === undefined)
    return chained.temperatureNote
  }

  it.each([
    ['temperature 0.8', 'The chain fixes its temperature; that of the run is not read.'],
    ['top-k 1, temperature', 'before it, "top-k 1" left 1 candidate'],
    ['top-p 0.5, temperature', 'before it, "top-p 0.5" left 1 candidate'],
    ['top-k 2, ban "a", temperature, min-p 0.1', 'before it, "ban \\"a\\"" left 1 candidate'],
    ['temperature, top-k 1', 'after it, "top-k 1" leaves the same 1 candidate at every T'],
    ['temperature, top-p 0.2', 'after it, "top-p 0.2" leaves the same 1 candidate at every T'],
    ['temperature, top-k 1, dry 0.8', 'after it, "top-k 1" leaves'],
    ['temperature, allow "a"', 'after it, "allow \\"a\\"" leaves'],
    ['temperature, penalty repetition=9, top-k 1', 'after it, "top-k 1" leaves'],
  ])('%j says so', (chain, sentence) => {
    const found = note(chain)
    expect(found?.en).toContain(sentence.replaceAll('\\"', '"'))
    expect(found?.ja).toMatch(/温度/)
  })

  it.each([
    ['temperature', {}],
    ['top-k 2, temperature', {}],
    ['temperature, top-k 2', {}],
    ['temperature, top-p 0.5', {}],
    // typical may leave one that is not the favourite at some T between 0 and inf
    ['temperature, typical 0.01', {}],
    ['temperature, xtc 0.1, top-k 1', {}],
    // what was said is lowered: by how much against the rest depends on T
    ['temperature, penalty presence=1, top-k 1', { history: [0] }],
    ['temperature, penalty repetition=9, top-k 1', { history: [0] }],
    ['temperature, bias "d"=5, top-k 1', {}],
    // at T = 0 nothing would be left: that is an effect
    ['temperature, allow "b"', {}],
  ])('%j says nothing', (chain, over) => {
    expect(note(chain, over)).toBeUndefined()
  })

  it('never says so where another temperature draws another symbol', () => {
    const chains = fc.array(
      fc.constantFrom(
        'temperature',
        'top-k 1',
        'top-k 2',
        'top-p 0.3',
        'min-p 0.9',
        'top-n-sigma 0.5',
        'typical 0.1',
        'xtc 0.2 probability=1',
        'penalty presence=2',
        'penalty repetition=3',
        'bias "b"=2',
        'ban "a"',
        'allow "[abc]"',
        'temperature 0.5',
      ),
      { minLength: 1, maxLength: 5 },
    )
    const list = fc.array(uniform(-4, 4), {
      minLength: 4,
      maxLength: 6,
    })
    const coin = uniform(0.001, 1)
    let silent = 0
    fc.assert(
      fc.property(
        chains,
        list,
        temperatureArbitrary,
        fc.array(coin, { minLength: 4, maxLength: 4 }),
        (samplers, l, T, coins) => {
          const made = createChain(samplers.join(', '), symbols(l.length))
          const at = (temperature: number) =>
            made.apply(Float32Array.from(l), step({ temperature, history: [0, 1] }))
          let note: unknown
          try {
            note = at(T).temperatureNote
          } catch {
            return // ban left nothing at this temperature
          }
          if (note === undefined) return
          silent++
          const drawn = (temperature: number) => {
            const chained = at(temperature)
            return coins.map(u => chained.draw(u).id)
          }
          const want = drawn(T)
          for (const other of [0, 1e-3, 0.1, 0.5, 1, 2, 10, 1e4, Infinity])
            expect(drawn(other)).toEqual(want)
        },
      ),
      { numRuns: 1500 },
    )
    expect(silent).toBeGreaterThan(150)
  })
})

describe('a chain refuses', () => {
  it.each([
    ['ban "z"', 'ban: "z" is not one of the model\'s 4 symbols'],
    ['ban "abc"', 'Name them one by one: "a" "b" "c".'],
    ['allow "[xyz]"', 'allow: "[xyz]" matches none of the model\'s 4 symbols'],
    ['allow /[0-9]/', "allow: /[0-9]/ matches none of the model's 4 symbols"],
    ['bias "é"=1', 'bias: "é" is not one'],
    ['dry 1 breakers="."', 'dry: "." is not one'],
  ])('%j for a model that has no such symbol', (chain, sentence) => {
    expect(() => createChain(chain, symbols(4))).toThrow(sentence)
  })

  it('no default breakers, which a model may lack', () => {
    expect(() => createChain('dry 0.8', symbols(4))).not.toThrow()
  })

  it('a step at which a ban leaves nothing, and names the ban and the candidates before it', () => {
    expect(() => apply('top-k 2, ban "[ab]"', [3, 2, 1])).toThrow(
      'The sampler ban "[ab]" leaves nothing to draw: what reached it was "a" "b".',
    )
    expect(() => apply('allow /(?<=x)a/', [3, 2, 1], { text: 'y' })).toThrow(
      'The sampler allow /(?<=x)a/ leaves nothing',
    )
  })

  it('invalid temperatures and logits', () => {
    expect(() => apply('top-k 2', [1, 2], { temperature: -1 })).toThrow(/expected a number from 0/)
    expect(() => apply('top-k 2', [1, Number.NaN])).toThrow(/hold NaN/)
    expect(() => apply('top-k 2', [-Infinity, -Infinity])).toThrow(/banned/)
  })
})

describe('an expression', () => {
  const texts = ['a', 'ab', 'b', 'xb', '春']
  const kept = (chain: string, text = '') => {
    const made = createChain(chain, { size: texts.length, symbol: id => texts[id] })
    const { top } = made.apply(new Float32Array(texts.length), step({ text })).candidates(9)
    return top.map(({ id }) => texts[id])
  }

  it('must match the whole symbol', () => {
    expect(kept('allow /a|b/')).toEqual(['a', 'b'])
    expect(kept('allow /[a-z]+/')).toEqual(['a', 'ab', 'b', 'xb'])
    expect(kept('ban /.b|\\p{sc=Han}/')).toEqual(['a', 'b'])
    expect(kept('allow /^a$/')).toEqual(['a'])
  })

  it('that looks back must match the whole symbol too, and sees the text before', () => {
    expect(kept('allow /(?<=y)a|(?<=y)b/', 'xy')).toEqual(['a', 'b'])
    expect(kept('allow /\\b[a-z]+|春/', 'x')).toEqual(['春'])
    expect(kept('allow /\\b[a-z]+|春/', 'x ')).toEqual(texts)
  })
})

describe('every knob', () => {
  /** A chain and the same with the knob moved; the history is "abcabcab". */
  const moved: Record<string, readonly [string, string]> = {
    'temperature temperature': ['temperature 1', 'temperature 2'],
    'top-k k': ['top-k 2', 'top-k 3'],
    'top-p p': ['top-p 0.5', 'top-p 0.9'],
    'min-p p': ['min-p 0.1', 'min-p 0.3'],
    'typical mass': ['typical 0.2', 'typical 0.9'],
    'top-n-sigma n': ['top-n-sigma 0.5', 'top-n-sigma 2'],
    'xtc threshold': ['xtc 0.1', 'xtc 0.3'],
    'xtc probability': ['xtc 0.1 probability=0.3', 'xtc 0.1 probability=0.5'],
    'penalty repetition': ['penalty repetition=1.1', 'penalty repetition=1.3'],
    'penalty presence': ['penalty presence=0.1', 'penalty presence=0.2'],
    'penalty frequency': ['penalty frequency=0.1', 'penalty frequency=0.2'],
    'penalty window': ['penalty presence=1 window=2', 'penalty presence=1 window=3'],
    'dry multiplier': ['dry 0.8', 'dry 0.9'],
    'dry base': ['dry 0.8 base=1.75', 'dry 0.8 base=2'],
    'dry allowed': ['dry 0.8 allowed=2', 'dry 0.8 allowed=6'],
    'dry window': ['dry 0.8 window=4', 'dry 0.8 window=8'],
    'dry breakers': ['dry 0.8', 'dry 0.8 breakers="a"'],
    'bias weights': ['bias "a"=1', 'bias "a"=2'],
    'ban symbols': ['ban "a"', 'ban "b"'],
    'allow symbols': ['allow "a" "b"', 'allow "b" "c"'],
    'ban pattern': ['ban /[ab]/', 'ban /[AB]/i "c"'],
    'allow pattern': ['allow /[ab]/', 'allow /[bc]/'],
  }
  const outcome = (chain: string): string => {
    const history = Array.from('abcabcab', letter => letter.charCodeAt(0) - 97)
    const { top } = apply(chain, [2, 1.5, 1, 0.5, 0], {
      history,
      secondCoin: () => 0.4,
    }).candidates(9)
    return top.map(({ id, pT }) => `${id}:${pT}`).join(' ')
  }

  it('changes the distribution', () => {
    for (const [knob, [one, other]] of Object.entries(moved)) {
      expect(outcome(one), knob).not.toBe(outcome(other))
    }
  })

  it('is in the list above', () => {
    const all = SAMPLERS.flatMap(kind => [
      ...[...kind.knobs, ...(kind.lists ?? [])].map(({ name }) => `${kind.sampler} ${name}`),
      ...(kind.takes === 'weights' ? [`${kind.sampler} weights`] : []),
      ...(kind.takes === 'symbols' ? [`${kind.sampler} symbols`, `${kind.sampler} pattern`] : []),
    ])
    expect(Object.keys(moved).sort()).toEqual(all.sort())
  })

  it('is described in both languages', () => {
    for (const kind of SAMPLERS) {
      expect(kind.source).not.toBe('')
      for (const { about } of [kind, ...kind.knobs, ...(kind.lists ?? [])]) {
        expect(about.en).toMatch(/[a-z]/)
        expect(about.ja).toMatch(/[\p{sc=Hiragana}\p{sc=Han}]/u)
      }
    }
  })
})
