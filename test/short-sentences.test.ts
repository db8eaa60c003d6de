/** What sentences quote of what came: at most some 80 characters, whole graphemes; and memory. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryError, quote, shorten, shortPath, withMemory } from '../src/errors.js'

describe('what is quoted', () => {
  it('is the value when that is short, and else a beginning of whole graphemes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '温', '👩‍👩‍👧', 'e\u0301', '🇯🇵', '\n')), parts => {
        const text = parts.join('')
        const short = shorten(text)
        expect(short.length).toBeLessThanOrEqual(80)
        if (text.length <= 80) expect(short).toBe(text)
        else {
          const segments = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
          const kept = short.slice(0, -3)
          const starts = segments.map((_, i) => segments.slice(0, i).join(''))
          expect(starts).toContain(kept)
        }
      }),
      { numRuns: 200 },
    )
    expect(quote('a"b')).toBe('"a\\"b"')
    expect(quote({ a: [1, null, 'x'] })).toBe('{"a":[1,null,"x"]}')
    expect([undefined, Number.NaN, 1n, true].map(quote)).toEqual(['undefined', 'NaN', '1', 'true'])
    const ring: unknown[] = []
    ring.push(ring)
    expect(quote(ring).length).toBeLessThanOrEqual(80)
    expect(shortPath(`/${'a'.repeat(500)}/model.safetensors`)).toMatch(
      /^\/a+\.\.\.a*\/model\.safetensors$/,
    )
  })
})

describe('memory that there is not', () => {
  const greedy: (() => object)[] = [
    () => new ArrayBuffer(2 ** 53 - 1),
    () => new Float32Array(2 ** 52),
    () => new WebAssembly.Memory({ initial: 1, maximum: 1 }).grow(1) as never,
  ]
  it.each(greedy)('is a sentence: %s', make => {
    try {
      withMemory({ en: 'The network', ja: 'ネットワーク' }, make)
      expect.fail('there was memory')
    } catch (error) {
      expect(error).toMatchObject({ code: 'memory' })
      expect((error as Error).message).toMatch(
        /^The network needs more memory than there is; close/,
      )
    }
  })

  it('is told from other errors, in the words of V8, SpiderMonkey and JavaScriptCore', () => {
    const internal = Object.assign(new Error('allocation size overflow'), { name: 'InternalError' })
    for (const error of [
      new RangeError('Array buffer allocation failed'),
      new RangeError('WebAssembly.Memory(): could not allocate memory'),
      new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory'),
      new RangeError('Out of memory'),
      new RangeError('Invalid typed array length: 4503599627370496'),
      internal,
    ]) {
      expect(memoryError(error)?.code, error.message).toBe('memory')
    }
    for (const error of [new RangeError('Invalid time value'), new Error('out of memory'), 'x']) {
      expect(memoryError(error)).toBeUndefined()
    }
  })
})
