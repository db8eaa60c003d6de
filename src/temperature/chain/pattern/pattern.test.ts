import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pattern } from './index.js'

/** The engine's own answer: does the symbol match after the text? */
function native(pattern: string, flags: string, text: string, symbol: string): boolean {
  const here = new RegExp(`(?:${pattern})$`, `${flags}y`)
  here.lastIndex = text.length
  return here.test(text + symbol)
}

const character = fc.constantFrom(...'abcABC01_ -温度ſK😀é\n/')
const unit = fc.oneof(
  character.map(c => (c === '/' ? '\\/' : c)),
  fc.constantFrom('.', '\\w', '\\W', '\\d', '\\s', '\\S', '[a-c]', '[^a-c]', '[\\]\\-x]', '\\p{L}'),
  fc.constantFrom(
    '\\P{Lu}',
    '\\p{sc=Han}',
    '\\u6e29',
    '\\u{1f600}',
    '\\ud83d\\ude00',
    '\\x61',
    '\\n',
  ),
  fc.constantFrom('[😀é]', '\\cJ', '[\\b]', '[\\0]', '\\.', '[\\w-]', '[]', '[^]'),
)
const place = fc.constantFrom('^', '$', '\\b', '\\B', '')
const quantifier = fc.constantFrom(
  '*',
  '+',
  '?',
  '{2}',
  '{0,2}',
  '{1,}',
  '*?',
  '+?',
  '{0}',
  '{2,3}?',
)

/** Expressions with looks in looks, and ways through them that are many. */
const expression = (depth: number, behind: boolean): fc.Arbitrary<string> => {
  if (depth === 0) return fc.oneof({ weight: 4, arbitrary: unit }, { weight: 1, arbitrary: place })
  const inner = expression(depth - 1, behind)
  const look = behind
    ? fc.constantFrom('(?<=', '(?<!')
    : fc.constantFrom('(?<=', '(?<!', '(?=', '(?!')
  return fc.oneof(
    { weight: 2, arbitrary: unit },
    { weight: 3, arbitrary: fc.array(inner, { maxLength: 3 }).map(parts => parts.join('')) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('(', '(?:'), inner, quantifier)
        .map(([open, body, many]) => `${open}${body})${many}`),
    },
    { weight: 2, arbitrary: fc.tuple(inner, inner).map(([a, b]) => `(?:${a}|${b})`) },
    {
      weight: 2,
      arbitrary: look.chain(open =>
        expression(depth - 1, behind || open.startsWith('(?<')).map(body => `${open}${body})`),
      ),
    },
  )
}

describe('an expression', () => {
  it('matches what the engine matches, with text before it and without', () => {
    const text = fc.array(character, { maxLength: 5 }).map(all => all.join(''))
    let matched = 0
    fc.assert(
      fc.property(
        expression(4, false),
        fc.boolean(),
        fc.array(fc.tuple(text, text), { minLength: 6, maxLength: 6 }),
        (pattern, ignoreCase, cases) => {
          fc.pre(pattern.length < 100)
          const own = new Pattern(pattern, ignoreCase)
          for (const [before, symbol] of cases) {
            const expected = native(pattern, ignoreCase ? 'iu' : 'u', before, symbol)
            if (expected) matched++
            expect([before, symbol, own.matches(symbol, own.endOf(before))]).toEqual([
              before,
              symbol,
              expected,
            ])
          }
        },
      ),
      { numRuns: 3000 },
    )
    expect(matched).toBeGreaterThan(500)
  })

  it('matches correctly after long texts, of which it reads only the end', () => {
    const long = 'ab 温'.repeat(100)
    for (const pattern of [
      '(?<=a)b',
      '(?<=^ab)x',
      '\\bx',
      '(?<!b.*)x',
      '(?<=(?<=a)b )温',
      '\\Bx',
      '(?<=温)x',
    ]) {
      for (const text of ['', 'a', 'ab', `${long}a`, `${long}ab `, `${long}x`, long]) {
        for (const symbol of ['b', 'x', '温']) {
          const own = new Pattern(pattern)
          expect([pattern, own.matches(symbol, own.endOf(text))]).toEqual([
            pattern,
            native(pattern, 'u', text, symbol),
          ])
        }
      }
    }
  })

  it('has equal keys only for ends after which the same symbols match', () => {
    const text = fc.array(character, { maxLength: 6 }).map(all => all.join(''))
    fc.assert(
      fc.property(expression(4, false), text, text, fc.array(text), (pattern, a, b, symbols) => {
        fc.pre(pattern.length < 100)
        const own = new Pattern(pattern)
        const [endA, endB] = [own.endOf(a), own.endOf(b)]
        fc.pre(endA.key === endB.key)
        for (const symbol of symbols) {
          expect(own.matches(symbol, endA)).toBe(own.matches(symbol, endB))
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['(a+)+$', 'a'.repeat(5000), 'b'],
    ['(a|a)*', 'a'.repeat(5000), 'b'],
    ['(?:.*a){20}', 'a'.repeat(5000), 'b'],
    ['(?=(a+)+b)a*', 'a'.repeat(5000), 'c'],
    ['[a-z](?<!^(a+)+.)', 'a'.repeat(5000), '!'],
    ['(?<=^(a|aa)+)a*', 'a'.repeat(5000), '!'],
    ['(x+x+)+y', 'x'.repeat(5000), ''],
  ])(
    '/%s/ takes no longer for being hostile: each character meets each part once',
    (pattern, many, end) => {
      const own = new Pattern(pattern)
      // These would take the engine for ever; a busy machine does them in well under a second.
      expect(typeof own.matches(many + end)).toBe('boolean')
      expect(typeof own.matches(end, own.endOf(many))).toBe('boolean')
    },
  )

  it.each([
    ['(a)\\1', 'refers back to a group with \\1'],
    ['(?<x>a)\\k<x>', 'refers back to a group with \\k<x>'],
    ['(?<=a(?=b))b', 'looks ahead inside of a part that looks back'],
    ['(?<!(?:a|(?!b)))b', 'looks ahead inside of a part that looks back'],
    ['a{1,1000}{1,1000}', 'is no regular expression'],
    ['(?:a{1,1000}){1,1000}', 'parts when its repetitions are written out; expected at most 1000'],
    ['a{1001}', 'parts when its repetitions are written out'],
    ['a{999999999999999999999999}', 'has countless parts'],
    ['(?:){1000000}', 'parts when its repetitions are written out'],
    ['(?<=a{400})(?<=b{400})c', 'parts when its repetitions are written out'],
    [`${'('.repeat(51)}a${')'.repeat(51)}`, 'more than 50 deep'],
    ['a'.repeat(1001), 'is 1001 characters long; expected at most 1000'],
    ['[', 'is no regular expression'],
    ['(', 'is no regular expression'],
    ['\\p{Nothing}', 'is no regular expression'],
    ['(?i:a)', /is no regular expression|changes flags/],
  ])('%.40s is refused with the reason', (pattern, reason) => {
    const sentence = (): string => {
      try {
        new Pattern(pattern)
        return 'none'
      } catch (error) {
        return (error as Error).message
      }
    }
    if (typeof reason === 'string') expect(sentence()).toContain(reason)
    else expect(sentence()).toMatch(reason)
    expect(sentence().length).toBeLessThan(250)
  })
})
