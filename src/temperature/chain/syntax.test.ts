import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../../test/support/uniform.js'
import { readNumber } from '../../knob.js'
import { createChain } from './chain.js'
import { checkSamplers, type SamplerInput } from './check.js'
import { SAMPLERS, type SamplerSpec } from './samplers.js'
import { formatChain, parseChain } from './syntax.js'

const symbols = { size: 6, symbol: (id: number) => 'abcd "'[id] }

describe('the written form', () => {
  it.each([
    ['', 'temperature'],
    ['temperature', 'temperature'],
    ['temperature inf', 'temperature inf'],
    ['temperature 1.2, min-p 0.05, dry 0.8', 'temperature 1.2, min-p 0.05, dry 0.8'],
    ['TOP-K 5 ,temperature', 'top-k 5, temperature'],
    ['top-k', 'temperature, top-k 40'],
    ['top-k k=5', 'temperature, top-k 5'],
    ['xtc probability=0.25', 'temperature, xtc 0.1 probability=0.25'],
    ['dry 1 breakers="\\n" "."', 'dry 1 breakers="\\n" ".", temperature'],
    ['dry breakers=none', 'dry 0.8 breakers=none, temperature'],
    ['bias "e"=+1.5 "\\n"=-2', 'bias "e"=+1.5 "\\n"=-2, temperature'],
    ['bias"e"=1,top-p.9', 'bias "e"=+1, temperature, top-p 0.9'],
    ['penalty window=64', 'penalty repetition=1, temperature'],
    ['allow "[a-z ]", temperature', 'allow "[a-z ]", temperature'],
    ['allow /[a-z\\/]/i "\\u0041"', 'allow "A" /[a-z\\/]/i, temperature'],
    ['ban "\n"', 'ban "\\n", temperature'],
  ])('of %j is %j', (written, want) => {
    expect(formatChain(parseChain(written))).toBe(want)
  })

  it('puts temperature before the first sampler that truncates, and after penalties and bans', () => {
    expect(formatChain(parseChain('min-p 0.1'))).toBe('temperature, min-p 0.1')
    expect(formatChain(parseChain('ban "x", dry 0.8, top-k 3, bias "e"=1'))).toBe(
      'ban "x", dry 0.8, temperature, top-k 3, bias "e"=+1',
    )
  })

  it.each([
    ['topk 5', '"topk 5" at character 1; expected a sampler: temperature, top-k'],
    ['topk 5', 'Did you mean "top-k"?'],
    ['top-k 5,', 'has ended at character 9; expected a sampler'],
    ['top-k 5 top-p 1', '"top-p 1" at character 9; expected `,` or the end'],
    ['top-k 0', '"0" at character 7; expected k, a whole number from 1'],
    ['top-k 2.5', '"2.5" at character 7; expected k, a whole number from 1'],
    ['temperature -1', '"-1" at character 13; expected temperature, a number from 0 to inf'],
    ['min-p 0.1, top-p 1.5', '"1.5" at character 18; expected p, a number from 0 to 1'],
    ['xtc 0.1 0.5', '"0.5" at character 9; expected probability=, `,` or the end'],
    ['xtc propability=1', 'Did you mean "probability"?'],
    ['xtc probability 1', '"1" at character 17; expected `=` and a number from 0 to 1'],
    ['dry base=2 base=2', '"base=2" at character 12; expected multiplier'],
    ['dry base=2 base=2', 'base is there already'],
    ['dry breakers=x', '"x" at character 14; expected symbols in quotes, or none'],
    ['penalty', 'has ended at character 8; expected repetition=, presence='],
    ['penalty repetition=0', '"0" at character 20; expected repetition, a number above 0 to 100'],
    ['ban', 'has ended at character 4; expected a symbol in quotes'],
    ['ban x', '"x" at character 5; expected a symbol in quotes'],
    ['ban "x', '""x" at character 5; expected a closing `"`'],
    ['ban ""', 'expected a symbol between the quotes'],
    ['ban "\\x"', 'at character 5; expected a JSON string'],
    ['ban /a/ /b/', '"/b/" at character 9; expected one expression'],
    ['allow /[/', '"/[/" at character 7; expected a regular expression and a closing `/`'],
    [
      'allow /[z-a]/',
      '"/[z-a]/" at character 7; expected a regular expression. The expression /[z-a]/ is no',
    ],
    ['bias "e"', 'has ended at character 9; expected `=`'],
    ['bias "e"=x', '"x" at character 10; expected a number'],
    ['temperature; top-k 5', '"; top-k 5" at character 12'],
  ])('points at the character that is wrong in %j: %s', (written, sentence) => {
    expect(() => parseChain(written)).toThrow(sentence)
  })
})

/** Samplers with any settings in their ranges; those that take things away take few. */
const sampler: fc.Arbitrary<SamplerInput> = fc.oneof(
  ...SAMPLERS.filter(kind => kind.takes === undefined).map(kind =>
    fc.record(
      {
        sampler: fc.constant(kind.sampler as string),
        ...Object.fromEntries(
          kind.knobs.map(knob => [
            knob.name,
            knob.kind === 'whole'
              ? fc.integer({ min: knob.min, max: 5000 })
              : fc.oneof(
                  {
                    weight: 6,
                    arbitrary: uniform(knob.min || 1e-6, Math.min(knob.max, 1e6)),
                  },
                  { weight: 1, arbitrary: fc.constantFrom(knob.above ? 1 : knob.min, knob.max) },
                ),
          ]),
        ),
        ...Object.fromEntries(
          (kind.lists ?? []).map(list => [list.name, fc.subarray(['a', '\n', ':', '"', '*', ' '])]),
        ),
      },
      { requiredKeys: ['sampler'] },
    ),
  ),
  fc.record({
    sampler: fc.constant('bias'),
    weights: fc.array(fc.tuple(fc.constantFrom('a', 'b', '"', ' '), uniform(-1000, 1000)), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  fc.record({
    sampler: fc.constantFrom('ban', 'allow'),
    symbols: fc.constantFrom(['a'], ['b', '"']),
  }),
  fc.record({
    sampler: fc.constantFrom('ban', 'allow'),
    pattern: fc.constantFrom('[a-z]', 'a/b|b', '[/"ab]', '(?<=a)b|\\s', '\\p{L}', '"\n|a'),
    ignoreCase: fc.boolean(),
  }),
)
const chain = fc.array(sampler, { maxLength: 5 })

describe('a chain', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(chain, samplers => {
        const value = checkSamplers(samplers)
        if (!value.some(spec => spec.sampler === 'temperature'))
          value.push({ sampler: 'temperature' })
        const written = formatChain(value)
        expect(parseChain(written)).toEqual(value)
        expect(formatChain(parseChain(written))).toBe(written)
      }),
      { numRuns: 1000 },
    )
  })

  it('survives JSON, infinity included', () => {
    fc.assert(
      fc.property(chain, samplers => {
        let made: ReturnType<typeof createChain>
        try {
          made = createChain(samplers, symbols)
        } catch {
          return fc.pre(false) // an expression that matches none of the symbols
        }
        const json: SamplerInput[] = JSON.parse(JSON.stringify(made))
        expect(createChain(json, symbols).samplers).toEqual(made.samplers)
        expect(String(createChain(json, symbols))).toBe(String(made))
      }),
      { numRuns: 300 },
    )
  })

  /** Checks at every step of a chain that the probabilities are finite and sum to 1. */
  it('gives probabilities at every temperature, and removes all candidates only by ban or allow', () => {
    const T = fc.oneof(
      uniform(-6, 6).map(x => 10 ** x),
      fc.constantFrom(0, 5e-324, 1e-300, 1e300, Number.MAX_VALUE, Infinity),
    )
    const logits = fc
      .array(fc.oneof(uniform(-50, 50), fc.constantFrom(0, 3e38, -3e38, -Infinity)), {
        minLength: 6,
        maxLength: 6,
      })
      .filter(list => list.some(logit => logit > -Infinity))
    const history = fc.array(fc.nat(5), { maxLength: 30 })
    const coin = fc.double({ min: 1e-9, max: 1, noNaN: true })
    let refused = 0
    let drawn = 0
    fc.assert(
      fc.property(
        chain,
        logits,
        T,
        history,
        coin,
        coin,
        (samplers, list, temperature, ids, u, second) => {
          let made: ReturnType<typeof createChain>
          try {
            made = createChain(samplers, symbols)
          } catch {
            return fc.pre(false)
          }
          const text = ids.map(symbols.symbol).join('')
          const step = { history: ids, temperature, secondCoin: () => second, text }
          try {
            const chained = made.apply(Float32Array.from(list), step)
            const draw = chained.draw(u)
            const { top, entropyT } = chained.candidates(6)
            expect(top.filter(({ pT }) => pT > 0).length).toBeLessThanOrEqual(draw.kept)
            if (!made.plain) expect(top.length).toBe(draw.kept)
            expect(draw.kept).toBeGreaterThan(0)
            for (const { pT } of top) expect(pT >= 0 && pT <= 1).toBe(true)
            expect(top.reduce((sum, { pT }) => sum + pT, 0)).toBeCloseTo(1, 12)
            expect(entropyT >= 0 && entropyT <= Math.log2(6) + 1e-12).toBe(true)
            for (const { mass, candidates } of chained.report) {
              expect(mass >= 0 && mass <= 1 + 1e-12).toBe(true)
              expect(candidates).toBeGreaterThan(0)
            }
            expect(draw.mass >= 0 && draw.mass <= 1).toBe(true)
            expect(typeof chained.temperatureMatters).toBe('boolean')
            drawn++
          } catch (error) {
            if (
              !/^The sampler (ban|allow) .* leaves nothing to draw/.test((error as Error).message)
            )
              throw error
            refused++
          }
        },
      ),
      { numRuns: 1500 },
    )
    expect(drawn).toBeGreaterThan(500)
    expect(refused).toBeGreaterThan(10)
  })
})

describe('JSON from outside', () => {
  it('reads the key `link`, which JSON of earlier versions has, and writes `sampler`', () => {
    fc.assert(
      fc.property(chain, samplers => {
        const value = checkSamplers(samplers)
        expect(value.every(spec => !('link' in spec))).toBe(true)
        const older = value.map(({ sampler, ...others }) => ({ link: sampler, ...others }))
        expect(checkSamplers(older)).toEqual(value)
      }),
    )
  })

  it('refuses both keys in one sampler', () => {
    expect(() => checkSamplers([{ sampler: 'top-k', link: 'top-p' }])).toThrow(
      'Sampler 1 of the chain, top-k: "link" is not one of its settings (k).',
    )
    expect(() => checkSamplers([{ link: 'topk' }])).toThrow(
      /Sampler 1 of the chain is "topk"; expected .* Did you mean "top-k"\?/,
    )
  })

  it('takes defaults for settings that are left out', () => {
    const [spec] = checkSamplers([{ sampler: 'xtc' }])
    expect(spec).toEqual({ sampler: 'xtc', threshold: 0.1, probability: 0.5 } satisfies SamplerSpec)
  })

  it.each<[unknown, string | RegExp]>([
    ['top-k', 'The chain is "top-k"; expected its written form or a list of samplers'],
    [[{ sampler: 'topk' }], /Sampler 1 of the chain is "topk"; expected .* Did you mean "top-k"\?/],
    [[null], 'Sampler 1 of the chain is undefined'],
    [
      [{ sampler: 'top-k', k: 0 }],
      'Sampler 1 of the chain, top-k: The k is 0; expected a whole number',
    ],
    [[{ sampler: 'top-k', n: 3 }], '"n" is not one of its settings (k).'],
    [
      [{ sampler: 'min-p' }, { sampler: 'dry', breakers: '"' }],
      'Sampler 2 of the chain, dry: its breakers',
    ],
    [[{ sampler: 'bias' }], 'its weights are undefined; expected pairs'],
    [
      [{ sampler: 'bias', weights: [['e', Number.NaN]] }],
      'expected pairs of a symbol and a number',
    ],
    [[{ sampler: 'ban' }], 'it names neither symbols nor a pattern'],
    [[{ sampler: 'ban', pattern: '(' }], '/(/ is no regular expression'],
    [[{ sampler: 'ban', pattern: 3 }], 'its pattern is 3'],
  ])('refuses %j', (value, sentence) => {
    expect(() => checkSamplers(value)).toThrow(sentence)
  })

  it('reads numbers as people write them', () => {
    expect(checkSamplers([{ sampler: 'temperature', temperature: 'inf' }])).toEqual([
      { sampler: 'temperature', temperature: readNumber('inf') },
    ])
  })
})
