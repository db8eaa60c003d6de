import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ORIGIN, pieceOf } from './text.fixture.js'
import { TextTree, type TreePosition } from './text-tree.js'

function begun(text: string): TextTree {
  const tree = new TextTree()
  tree.begin(ORIGIN)
  if (text) tree.append(pieceOf(text), 'temperature')
  return tree
}

describe('a tree', () => {
  it('keeps the replaced symbols as a sibling when another one is chosen', () => {
    const tree = begun('the king')
    tree.go({ branch: 0, count: 4 })
    tree.append(pieceOf('queen'), 'choice')
    expect(tree.shown.text).toBe('the queen')
    expect(tree.forks()).toEqual([{ at: 4, ways: [0, 1], taken: 1 }])
    tree.go(tree.lastPositionOf(0))
    expect(tree.shown.text).toBe('the king')
    expect(tree.forks()).toEqual([{ at: 4, ways: [0, 1], taken: 0 }])
  })

  it('makes no branch of symbols that are written again in the same way', () => {
    const tree = begun('the king')
    tree.go({ branch: 0, count: 2 })
    tree.append(pieceOf('e ki'), 'temperature')
    expect([tree.shown.text, tree.branches.length]).toEqual(['the ki', 1])
    tree.append(pieceOf('ngs'), 'temperature')
    expect([tree.shown.text, tree.branches.length]).toEqual(['the kings', 1])
  })

  it('makes a branch of the same symbols at another temperature', () => {
    const tree = begun('the king')
    tree.go({ branch: 0, count: 0 })
    tree.append(pieceOf('the king', 2), 'temperature')
    expect(tree.branches.length).toBe(2)
    expect(tree.forks()).toEqual([{ at: 0, ways: [0, 1], taken: 1 }])
    expect(tree.difference(1)).toBe(8)
  })

  it('makes a third choice at the same symbol a sibling of the first two', () => {
    const tree = begun('abcd')
    for (const letter of ['x', 'y']) {
      tree.go({ branch: tree.position.branch, count: 2 })
      tree.append(pieceOf(letter), 'choice')
    }
    expect(tree.branches.map(({ parent }) => parent)).toEqual([undefined, 0, 0])
    expect(tree.forks()).toEqual([{ at: 2, ways: [0, 1, 2], taken: 2 }])
  })

  it('goes on along an existing branch with the same symbols', () => {
    const tree = begun('abcd')
    const again = (temperature: number) => {
      tree.go({ branch: 0, count: 0 })
      tree.append(pieceOf('abc', temperature), 'temperature')
    }
    again(2)
    again(1)
    again(2)
    tree.append(pieceOf('z', 2), 'temperature')
    expect(tree.branches.length).toBe(2)
    expect(tree.shown.text).toBe('abcz')
  })

  it('lists several roots as a fork before the first symbol', () => {
    const tree = begun('abc')
    tree.begin({ ...ORIGIN, seed: '2' })
    tree.append(pieceOf('xyz'), 'temperature')
    expect(tree.forks()).toEqual([{ at: -1, ways: [0, 1], taken: 1 }])
  })

  it('holds the same texts as a plain list after any sequence of operations', () => {
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
        const tree = begun('')
        // The oracle: every text that was ever whole, letter and temperature by letter.
        const whole = new Set<string>()
        let shown = ''
        const show = (): string => {
          const records = tree.shown
          return Array.from(
            { length: records.count },
            (_, n) => records.textOf(n) + records.temperatures[n],
          ).join('')
        }
        for (const doing of all) {
          if ('write' in doing) {
            tree.append(pieceOf(doing.write, doing.T), 'choice')
            shown += Array.from(doing.write, letter => letter + doing.T).join('')
            whole.add(shown)
          } else {
            const branch = doing.branch % tree.branches.length
            const count = Math.round(doing.share * tree.lengthOf(branch))
            const place: TreePosition = { branch, count }
            const expected = TextTree.textOf(tree, place)
            tree.go(place)
            expect(tree.shown.text).toBe(expected.text)
            shown = show()
          }
          expect(show()).toBe(shown)
        }
        // Nothing is lost: every whole text is the beginning of a text of the tree.
        const texts = tree.branches.map(({ id }) => {
          tree.go(tree.lastPositionOf(id))
          return show()
        })
        for (const text of whole) expect(texts.some(each => each.startsWith(text))).toBe(true)
        // A way of a fork leads to another text, and all ways of it agree up to there.
        for (const { at, ways } of tree.forks()) {
          expect(new Set(ways).size).toBe(ways.length)
          const heads = ways.map(way =>
            TextTree.textOf(tree, tree.lastPositionOf(way)).text.slice(0, at),
          )
          expect(new Set(heads).size).toBe(1)
        }
      }),
      { numRuns: 300 },
    )
  })
})
