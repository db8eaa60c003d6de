import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../errors.js'
import { formatNumber } from '../../knob.js'
import { DEFAULT_TEMPERATURES, parseTemperatures } from './temperature-list.js'

describe('parseTemperatures', () => {
  it.each([
    ['0.8', [0.8]],
    ['inf, 0, 1', [0, 1, Number.POSITIVE_INFINITY]],
    ['∞,Infinity,.5,1.', [0.5, 1, Number.POSITIVE_INFINITY]],
    ['0..0.3:0.1', [0, 0.1, 0.2, 0.3]],
    ['0.1..0.35:0.1', [0.1, 0.2, 0.3]],
    ['0.1..10/3', [0.1, 1, 10]],
    ['0.5..1', [0.5, 0.63, 0.8, 1]],
    ['1..2,1.5..2:0.5', [1, 1.25, 1.5, 1.6, 2]],
    ['0.9..0.95', [0.9, 0.95]],
  ])('reads %j', (text, expected) => {
    expect(parseTemperatures(text)).toEqual(expected)
  })

  it('takes round numbers, 1 among them, for the default range', () => {
    expect(
      parseTemperatures(DEFAULT_TEMPERATURES)
        .map(T => formatNumber(T))
        .join(' '),
    ).toBe('0 0.1 0.125 0.16 0.2 0.25 0.315 0.4 0.5 0.63 0.8 1 1.25 1.6 2 2.5 3 inf')
  })

  it.each([
    ['', 'have ended at character 1; expected a temperature'],
    ['0,', 'have ended at character 3; expected a temperature'],
    ['0,hot', '"hot" at character 3; expected a temperature'],
    ['-1', '"-1" at character 1; expected a temperature'],
    ['1 2', '"2" at character 3; expected `,`'],
    ['3..1', '"1" at character 4; expected a temperature above 3'],
    ['1..inf', '"inf" at character 4; expected a temperature above 1 and below inf'],
    ['inf..3', '"inf..3" at character 1; expected a finite start'],
    ['1, 0..3', '"0..3" at character 4; expected a start above 0'],
    ['0..3:0', '"0" at character 6; expected a step above 0'],
    ['0..3:', 'have ended at character 6; expected a step above 0'],
    ['0..3:0.0001', 'expected a step that gives at most 1000'],
    ['0.1..3/1', '"1" at character 8; expected a whole number of temperatures from 2'],
    ['0.1..3/2.5', 'expected a whole number'],
  ])('points at the character of %j', (text, sentence) => {
    expect(() => parseTemperatures(text)).toThrow(InputError)
    expect(() => parseTemperatures(text)).toThrow(sentence)
  })

  it('gives rising temperatures between the ends, ten a decade', () => {
    const ends = fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 4000 }))
    fc.assert(
      fc.property(ends, ([a, more]) => {
        const [from, to] = [a / 100, (a + more) / 100]
        const found = parseTemperatures(`${from}..${to}`)
        expect(found[0]).toBe(from)
        expect(found.at(-1)).toBe(to)
        for (let i = 1; i < found.length; i++) {
          const ratio = found[i] / found[i - 1]
          expect(ratio).toBeGreaterThan(1)
          // 1.28 between preferred numbers, and one too near to either end is left out: 1.28 * 1.06^2.
          expect(ratio).toBeLessThan(1.44)
        }
      }),
    )
  })

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1 }),
        list => {
          const sorted = list.map(T => T + 0).sort((a, b) => a - b)
          expect(parseTemperatures(list.map(T => formatNumber(T)).join(','))).toEqual([
            ...new Set(sorted),
          ])
        },
      ),
    )
  })

  it('takes the numbers that people write', () => {
    expect(parseTemperatures('.5, +1, 1e-1, ２．５, ∞')).toEqual([0.1, 0.5, 1, 2.5, Infinity])
  })

  it('does not guess whether two whole numbers with a comma are one temperature', () => {
    for (const text of ['0,7', '1,25', '０，７']) {
      expect(() => parseTemperatures(text)).toThrow(/may mean \d\.\d+, or \d and \d+; use \d\.\d+/)
    }
    expect(parseTemperatures('0, 7')).toEqual([0, 7])
    expect(parseTemperatures('0,7,1')).toEqual([0, 1, 7])
    expect(parseTemperatures('0,0.7')).toEqual([0, 0.7])
  })
})
