import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excerpt } from './excerpt.js'
import type { Records } from './records.js'

/** Records of which only the places of the symbols are read; a symbol is a code point. */
function recordsOf(text: string): Records {
  const symbols = Array.from(text)
  const ends = symbols.map((_, n) => symbols.slice(0, n + 1).join('').length)
  return { text, ends, start: (n: number) => ends[n - 1] ?? 0 } as unknown as Records
}

describe('the excerpt around a symbol', () => {
  it('is the word in which the symbol stands', () => {
    const text = "To be, or don't be"
    expect(excerpt(recordsOf(text), text.indexOf('n'))).toBe("don't")
    expect(excerpt(recordsOf(text), text.indexOf(','))).toBe('be,')
  })

  it('begins and ends at a grapheme that is not the symbol itself', () => {
    const letters = fc.constantFrom('a', 'e\u0301', 'か\u3099', '𠮷', '각', 'x\u0323\u0307')
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 60 }), fc.nat(), (parts, pick) => {
        const text = parts.join('')
        // A symbol of one grapheme: the first code point of a part.
        const n = Array.from(parts.slice(0, pick % parts.length).join('')).length
        const records = recordsOf(text)
        const shown = excerpt(records, n)
        const at = text.indexOf(shown)
        expect(at).toBeGreaterThanOrEqual(0)
        expect(shown.length).toBeLessThanOrEqual(24)
        expect(shown).not.toMatch(/^\p{M}|^[\udc00-\udfff]|[\ud800-\udbff]$/u)
      }),
    )
  })
})
