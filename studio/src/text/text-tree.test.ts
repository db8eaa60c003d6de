import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ORIGIN, pieceOf } from './text.fixture.js'
import { Draft, type Place } from './text-tree.js'

function begun(text: string): Draft {
  const draft = new Draft()
  draft.begin(ORIGIN)
  if (text) draft.append(pieceOf(text), 'temperature')
  return draft
}

describe('a draft', () => {
  it('keeps what stood when another choice is made, as a sibling', () => {
    const draft = begun('the king')
    draft.go({ branch: 0, count: 4 })
    draft.append(pieceOf('queen'), 'choice')
    expect(draft.shown.text).toBe('the queen')
    expect(draft.forks()).toEqual([{ at: 4, ways: [0, 1], taken: 1 }])
    draft.go(draft.placeOf(0))
    expect(draft.shown.text).toBe('the king')
    expect(draft.forks()).toEqual([{ at: 4, ways: [0, 1], taken: 0 }])
  })

  it('makes no branch of what is written again in the same way', () => {
    const draft = begun('the king')
    draft.go({ branch: 0, count: 2 })
    draft.append(pieceOf('e ki'), 'temperature')
    expect([draft.shown.text, draft.branches.length]).toEqual(['the ki', 1])
    draft.append(pieceOf('ngs'), 'temperature')
    expect([draft.shown.text, draft.branches.length]).toEqual(['the kings', 1])
  })

  it('makes a branch of the same letters at another temperature', () => {
    const draft = begun('the king')
    draft.go({ branch: 0, count: 0 })
    draft.append(pieceOf('the king', 2), 'temperature')
    expect(draft.branches.length).toBe(2)
    expect(draft.forks()).toEqual([{ at: 0, ways: [0, 1], taken: 1 }])
    expect(draft.difference(1)).toBe(8)
  })

  it('puts a third choice at the same place beside the two, not under one', () => {
    const draft = begun('abcd')
    for (const letter of ['x', 'y']) {
      draft.go({ branch: draft.place.branch, count: 2 })
      draft.append(pieceOf(letter), 'choice')
    }
    expect(draft.branches.map(({ parent }) => parent)).toEqual([undefined, 0, 0])
    expect(draft.forks()).toEqual([{ at: 2, ways: [0, 1, 2], taken: 2 }])
  })

  it('finds a branch again that was written before, and makes no second one', () => {
    const draft = begun('abcd')
    const again = (temperature: number) => {
      draft.go({ branch: 0, count: 0 })
      draft.append(pieceOf('abc', temperature), 'temperature')
    }
    again(2)
    again(1)
    again(2)
    draft.append(pieceOf('z', 2), 'temperature')
    expect(draft.branches.length).toBe(2)
    expect(draft.shown.text).toBe('abcz')
  })

  it('tells the beginnings as a fork before the first symbol', () => {
    const draft = begun('abc')
    draft.begin({ ...ORIGIN, seed: '2' })
    draft.append(pieceOf('xyz'), 'temperature')
    expect(draft.forks()).toEqual([{ at: -1, ways: [0, 1], taken: 1 }])
  })

  it('is, whatever is done, the texts that a plain list of texts would hold', () => {
    const letters = fc.stringMatching(/^[abc]{1,6}$/)
    const doings = fc.array(
      fc.oneof(
        fc.record({ write: letters, T: fc.constantFrom(1, 2) }),
        fc.record({ branch: fc.nat(), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(doings, all => {
        const draft = begun('')
        // The oracle: every text that was ever whole, letter and temperature by letter.
        const whole = new Set<string>()
        let shown = ''
        const show = (): string => {
          const records = draft.shown
          return Array.from(
            { length: records.count },
            (_, n) => records.textOf(n) + records.temperatures[n],
          ).join('')
        }
        for (const doing of all) {
          if ('write' in doing) {
            draft.append(pieceOf(doing.write, doing.T), 'choice')
            shown += Array.from(doing.write, letter => letter + doing.T).join('')
            whole.add(shown)
          } else {
            const branch = doing.branch % draft.branches.length
            const count = Math.round(doing.share * draft.lengthOf(branch))
            const place: Place = { branch, count }
            const expected = Draft.textOf(draft, place)
            draft.go(place)
            expect(draft.shown.text).toBe(expected.text)
            shown = show()
          }
          expect(show()).toBe(shown)
        }
        // Nothing is lost: every whole text is the beginning of a text of the tree.
        const texts = draft.branches.map(({ id }) => {
          draft.go(draft.placeOf(id))
          return show()
        })
        for (const text of whole) expect(texts.some(each => each.startsWith(text))).toBe(true)
        // A way of a fork leads to another text, and all ways of it agree up to there.
        for (const { at, ways } of draft.forks()) {
          expect(new Set(ways).size).toBe(ways.length)
          const heads = ways.map(way => Draft.textOf(draft, draft.placeOf(way)).text.slice(0, at))
          expect(new Set(heads).size).toBe(1)
        }
      }),
      { numRuns: 300 },
    )
  })
})
