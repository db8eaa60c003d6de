import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Step, StopGate } from './stop.js'
import type { SymbolRecord } from './writer.js'

function position(index: number, text: string): SymbolRecord {
  return {
    index,
    text,
    id: 0,
    rank: 1,
    temperature: 1,
    coin: 0.5,
    p: 1,
    pT: 1,
    entropy: 0,
    entropyT: 0,
    surprisal: 0,
    candidates: 1,
  }
}

/** Pushes pieces until a stop; what came out at each push, and the rest. */
function run(stops: string[], pieces: string[]): { outs: string[]; steps: Step[]; gate: StopGate } {
  const gate = new StopGate(stops)
  const outs: string[] = []
  const steps: Step[] = []
  for (const [index, piece] of pieces.entries()) {
    const free = gate.push(position(index, piece))
    outs.push(free.map(step => step.text).join(''))
    steps.push(...free)
    if (free.at(-1)?.stop) return { outs, steps, gate }
  }
  steps.push(...gate.flush())
  return { outs, steps, gate }
}

const text = (steps: Step[]): string => steps.map(step => step.text).join('')

/** What a gate must find, said plainly: after each piece, the stop string that begins first. */
function plainly(stops: string[], pieces: string[]): { text: string; stop?: string } {
  let all = ''
  for (const piece of pieces) {
    all += piece
    const starts = stops.map(stop => all.indexOf(stop))
    const found = starts.filter(start => start >= 0)
    if (found.length === 0) continue
    const start = Math.min(...found)
    return { text: all.slice(0, start), stop: stops[starts.indexOf(start)] }
  }
  return { text: all }
}

describe('stop strings', () => {
  it('are found as a search of the whole text finds them', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', '温'), minLength: 1, maxLength: 5 })
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '温'), maxLength: 4 })
    fc.assert(
      fc.property(
        fc.array(few, { maxLength: 4 }),
        fc.array(piece, { maxLength: 20 }),
        (stops, pieces) => {
          const { steps } = run(stops, pieces)
          expect({ text: text(steps), stop: steps.at(-1)?.stopString }).toEqual({
            stop: undefined,
            ...plainly(stops, pieces),
          })
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('cost the same for each symbol, however long they are', () => {
    const before = process.cpuUsage()
    const length = 50_000
    for (const stop of [`${'a'.repeat(length)}b`, `${'ab'.repeat(length / 2)}c`]) {
      const { steps } = run(
        [stop],
        Array.from({ length }, (_, i) => (i % 100 === 99 ? 'b' : 'a')),
      )
      expect(steps).toHaveLength(length)
    }
    const many = Array.from({ length: 1000 }, (_, i) => `b${i}`)
    expect(run(many, Array(2000).fill('a')).steps).toHaveLength(2000)
    const { user } = process.cpuUsage(before)
    expect(user / 1e6).toBeLessThan(5)
  })

  it('are refused when they are too many or too long', () => {
    expect(() => new StopGate(Array(1001).fill('a'))).toThrow(
      'There are 1001 stop strings; expected at most 1000.',
    )
    expect(() => new StopGate(['a'.repeat(100_001)])).toThrow(
      'The stop strings are 100001 characters long together; expected at most 100000.',
    )
  })

  it('hold back what may be their beginning and let go what is not', () => {
    const { outs, steps } = run(['abc'], [...'xababcz'])
    expect(outs).toEqual(['x', '', '', 'ab', '', ''])
    expect(text(steps)).toBe('xab')
    expect(steps.at(-1)).toMatchObject({ stop: 'stop', stopString: 'abc', index: 5, text: '' })
  })

  it('give out every position, whatever the text says', () => {
    const { steps } = run(['\n\n'], ['a', '\n', 'b', '\n'])
    expect(steps.map(step => step.index)).toEqual([0, 1, 2, 3])
    expect(text(steps)).toBe('a\nb\n')
    expect(steps.some(step => step.stop)).toBe(false)
  })

  it('cut inside a position that brings several characters', () => {
    const { steps } = run(['。'], ['春', 'の。夜'])
    expect(text(steps)).toBe('春の')
    expect(steps.at(-1)?.stopString).toBe('。')
  })

  it('do not hold back without need', () => {
    const { outs } = run([], ['a', 'b'])
    expect(outs).toEqual(['a', 'b'])
  })

  it('refuse to be empty', () => {
    expect(() => new StopGate([''])).toThrow(/A stop string is ""; expected text/)
  })

  it('end exactly where a search in the whole text says, and never show a part of themselves', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'ab', '', 'ba'), { maxLength: 30 })
    const stops = fc.array(
      fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }).map(x => x.join('')),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(letters, stops, (pieces, stopList) => {
        const { gate, steps } = run(stopList, pieces)
        // the oracle: the first moment at which the text holds a stop string, and where it begins
        let whole = ''
        let want = pieces.join('')
        for (const piece of pieces) {
          whole += piece
          const starts = stopList.map(stop => whole.indexOf(stop)).filter(at => at >= 0)
          if (starts.length > 0) {
            want = whole.slice(0, Math.min(...starts))
            break
          }
        }
        expect(text(steps)).toBe(want)
        // Without those that hold a part of the stop string, every symbol is as it was written.
        const { overlap } = gate
        expect(overlap > 0).toBe(steps.at(-1)?.stop !== undefined)
        const before = steps.slice(0, steps.length - overlap)
        expect(before.map(step => step.text)).toEqual(pieces.slice(0, before.length))
        const next = pieces[before.length] ?? ''
        if (overlap > 0) {
          expect(text(before).length).toBeLessThanOrEqual(want.length)
          expect(
            text(before).length === want.length || (text(before) + next).length > want.length,
          ).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
