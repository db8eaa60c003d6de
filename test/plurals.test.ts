/** One plural rule: no message counts a noun without it. Log lines are cut where people see a cut. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cut, width, wrap } from '../src/cli/terminal/language.js'
import { beginning, counted, quote } from '../src/errors.js'
import { splitGraphemes } from '../src/text/segment.js'

const root = fileURLToPath(new URL('../', import.meta.url))

const NOUNS =
  'symbols|files|characters|updates|kinds|texts|words|temperatures|models|units|parameters|tensors|bytes|threads|names|stretches|times|values|epochs|letters|passes|others|parts|layers'
/** A count straight before a plural: `${n} symbols`. Numbers with decimals are always plural. */
const NAIVE = new RegExp(`\\$\\{((?:[^{}\`]|\\{[^{}]*\\})+)\\} (?:more )?(?:${NOUNS})\\b`, 'g')
/** What can't be 1: a constant, a rate, a number with decimals; and what asks for 1 itself. */
const FINE = /^[A-Z][A-Z_]+$|toFixed|^rate\(|^speed$|^seq$|\? |^\+epochs|^hidden$|^config\.hidden$/

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .filter(entry => !/\.(test|golden|reference|fixture|as|wasm)\.ts$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
}

describe('counts', () => {
  it.each([
    [1, 'symbol', '1 symbol'],
    [0, 'symbol', '0 symbols'],
    [2, 'stretch', '2 stretches'],
    [1n, 'pass', '1 pass'],
    [3, 'pass', '3 passes'],
    [2, 'entry', '2 entries'],
    [2, 'key', '2 keys'],
    ['1', 'more file', '1 more file'],
    ['1,204', 'more file', '1,204 more files'],
    ['1.0', 'epoch', '1.0 epochs'],
  ])('%s %s', (count, noun, said) => {
    expect(counted(count, noun)).toBe(said)
  })

  it('stand before no naive plural in any message', () => {
    const naive = ['src', 'studio/src', 'studio/shared', 'studio/exported-page']
      .flatMap(sources)
      .flatMap(path => {
        const lines = readFileSync(path, 'utf8').split('\n')
        return lines.flatMap((line, i) => {
          if (/^\s*(\/\/|\*|\/\*)/.test(line)) return []
          return [...line.matchAll(NAIVE)]
            .filter(([, count]) => !FINE.test(count))
            .map(([found]) => `${path.slice(root.length)}:${i + 1} ${found}`)
        })
      })
    expect(naive).toEqual([])
  })
})

describe('what is cut', () => {
  const text = fc
    .array(
      fc.constantFrom('a', 'e\u0301', 'か\u3099', '👨‍👩‍👧', '🇯🇵', 'नि', '温', ' ', '\u{20000}'),
      { maxLength: 60 },
    )
    .map(parts => parts.join(''))

  it('is cut between graphemes, and fits', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 40 }), (line, columns) => {
        const shown = cut(line, columns)
        expect(width(shown)).toBeLessThanOrEqual(columns)
        const graphemes = splitGraphemes(line)
        expect(graphemes.slice(0, splitGraphemes(shown).length).join('')).toBe(shown)
        const start = beginning(line, columns)
        expect(start.length).toBeLessThanOrEqual(columns)
        expect(graphemes.slice(0, splitGraphemes(start).length).join('')).toBe(start)
      }),
    )
  })

  it('is wrapped between graphemes', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 8, max: 40 }), (line, columns) => {
        const lines = wrap(line, columns).map(part => splitGraphemes(part.replaceAll(' ', '')))
        expect(lines.flat()).toEqual(splitGraphemes(line.replaceAll(' ', '')))
      }),
    )
  })

  it('is quoted without half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 80, maxLength: 200 }), came => {
        const quoted = quote(came)
        expect(quoted.length).toBeLessThanOrEqual(80)
        expect(quoted).not.toMatch(/\p{Surrogate}/u)
      }),
    )
  })
})
