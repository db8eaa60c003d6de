import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../errors.js'
import { createChain } from './index.js'
import type { SamplerContext, Symbols } from './sampler.js'
import { formatChain, parseChain } from './syntax.js'

const of = (texts: readonly string[]): Symbols => ({ size: texts.length, symbol: id => texts[id] })
const letters = of([...'abcdefghijklmnopqrstuvwxyz \n.,'])
const kanji = of(Array.from({ length: 5000 }, (_, i) => String.fromCodePoint(0x4e00 + i)))
const long = of(['a', 'b', 'a'.repeat(10_000_000)])
const tokens = of(Array.from({ length: 3000 }, (_, i) => 'ab'.repeat(i % 40) + i.toString(36)))
const vocabularies = { letters, kanji, long, tokens }

const step = (text: string): SamplerContext => ({
  history: [0, 1, 0],
  temperature: 1,
  secondCoin: () => 1,
  text,
})
const many = 'a'.repeat(256)

/** Seconds of processor time, which other programs on the machine don't lengthen. */
function seconds(act: () => void): number {
  const before = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Makes the chain and applies it to three texts; a refusal must be a short sentence. */
function use(chain: Parameters<typeof createChain>[0], symbols: Symbols): 'done' | string {
  try {
    const made = createChain(chain, symbols)
    const logits = new Float32Array(symbols.size)
    for (const text of [many, `${many.slice(1)}!`, '']) made.apply(logits, step(text)).draw(0.5)
    return 'done'
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    expect(error.message.length).toBeLessThan(600)
    return error.message
  }
}

describe('a hostile chain', () => {
  it('of the reported case is answered at once', () => {
    const chain = 'allow /[a-z](?<!^(a+)+.)/, temperature'
    expect(seconds(() => use(chain, letters))).toBeLessThan(1)
    expect(use('allow /[a-z](?<!^(b+)+.)/, temperature', letters)).toBe('done')
  })

  it.each<[string, string, RegExp]>([
    ['samplers', Array(51).fill('ban "a"').join(', '), /has 51 samplers; expected at most 50/],
    [
      '20,000 samplers',
      Array(20_000).fill('ban "a"').join(', '),
      /characters long; expected at most/,
    ],
    ['20,000 short samplers', Array(20_000).fill('xtc').join(', '), /has 20000 samplers; expected/],
    [
      '20,000 symbols',
      `ban ${'"a" '.repeat(20_000)}`,
      /names 20000 symbols; expected at most 10000/,
    ],
    ['weights', `bias ${'"a"=1 '.repeat(15_000)}`, /names 15000 symbols/],
    ['breakers', `dry 1 breakers=${'"a" '.repeat(15_000)}`, /names 15000 symbols/],
    ['one string', `ban "${'a'.repeat(90_000)}"`, /not one of the model's 30 symbols/],
    ['an unknown sampler', 'x'.repeat(90_000), /expected a sampler/],
    ['an open string', `ban "${'\\a'.repeat(40_000)}`, /closing/],
    ['an open expression', `ban /${'[a'.repeat(40_000)}`, /closing/],
    ['a class that is more', 'ban "[a](a+)+[b]"', /matches none/],
    ['a class too long', `ban "[${'a'.repeat(2000)}]"`, /2002 characters long/],
    [
      'expressions',
      Array(5)
        .fill(`ban /${'[ab]'.repeat(200)}/`)
        .join(', '),
      /characters long together/,
    ],
  ])('is refused with the reason: %s', (_name, chain, reason) => {
    let said = ''
    expect(seconds(() => (said = use(chain, letters)))).toBeLessThan(1)
    expect(said).toMatch(reason)
  })

  it('is refused as JSON too', () => {
    const deep: unknown[] = []
    let at = deep
    for (let i = 0; i < 200_000; i++) {
      const inner: unknown[] = []
      at.push(inner)
      at = inner
    }
    for (const sampler of [
      { sampler: 'ban', symbols: Array(20_000).fill('a') },
      { sampler: 'ban', symbols: deep },
      { sampler: 'ban', symbols: ['a'.repeat(1_000_000)] },
      { sampler: 'ban', pattern: 'a'.repeat(1_000_000) },
      { sampler: 'ban', pattern: deep },
      { sampler: 'bias', weights: deep },
      { sampler: 'bias', weights: [['a', deep]] },
      { sampler: 'x'.repeat(1000) },
      { sampler: deep },
      { sampler: 'top-k', k: deep },
      { sampler: 'top-k', ['y'.repeat(100_000)]: 1 },
      deep,
    ]) {
      let said = ''
      const chain = [sampler] as Parameters<typeof createChain>[0]
      expect(seconds(() => (said = use(chain, letters)))).toBeLessThan(1)
      expect(said).not.toBe('done')
    }
  })

  it('takes linear time with the largest number of named symbols', () => {
    const texts = Array.from({ length: 5000 }, (_, id) => kanji.symbol(id))
    const written = `ban ${texts
      .slice(1)
      .map(text => JSON.stringify(text))
      .join(' ')}`
    expect(seconds(() => expect(use(written, kanji)).toBe('done'))).toBeLessThan(1)
    const weights = texts.map(text => [text, 1] as const)
    expect(
      seconds(() => expect(use([{ sampler: 'bias', weights }], kanji)).toBe('done')),
    ).toBeLessThan(1)
    expect(formatChain(parseChain(written))).toBe(`${written}, temperature`)
  })

  it('is handled within a second with any vocabulary', () => {
    const atom = fc.constantFrom(
      'a',
      '.',
      '[a-c]',
      '\\w',
      '\\p{L}',
      '[^b]',
      'a|aa',
      '',
      '(?=a)',
      '^',
      '\\b',
    )
    const tail = fc.constantFrom('*', '+', '?', '{1,1000}', '{9}', '{0,30}', '+?', '')
    const group = fc.constantFrom('(', '(?:', '(?=', '(?!', '(?<=', '(?<!', '(?<n>')
    const pattern = fc
      .array(fc.tuple(group, atom, tail, tail, atom), { minLength: 1, maxLength: 12 })
      .chain(parts =>
        fc.constantFrom(
          // In a row, and inside each other.
          parts.map(([open, a, many, , b]) => `${open}${a}${many}${b})`).join('.*'),
          parts.reduce(
            (body, [open, a, many, most, b]) =>
              `${open}${a}${many}${body}${b})${open.length < 3 ? most : ''}`,
            'a',
          ),
        ),
      )
    const sampler = fc.oneof(
      fc.tuple(fc.constantFrom('ban', 'allow'), pattern).map(([name, p]) => `${name} /${p}/`),
      fc.constantFrom(
        'temperature',
        'dry 1 window=9',
        'ban "[b-z]"',
        'xtc',
        'bias "a"=1',
        'top-k 3',
      ),
      fc.string({ maxLength: 30 }),
    )
    let done = 0
    let slowest = 0
    fc.assert(
      fc.property(
        fc.array(sampler, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...(Object.keys(vocabularies) as (keyof typeof vocabularies)[])),
        (samplers, name) => {
          const took = seconds(() => {
            if (use(samplers.join(', '), vocabularies[name]) === 'done') done++
          })
          slowest = Math.max(slowest, took)
          expect(took).toBeLessThan(1)
        },
      ),
      { numRuns: 400 },
    )
    expect(done).toBeGreaterThan(5)
    if (process.env.SHOW) console.log({ done, slowest })
  })
})
