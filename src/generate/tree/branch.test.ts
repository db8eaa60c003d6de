import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BranchLink, BranchTree } from './branch.js'

interface Twig extends BranchLink {
  /** A symbol of its own for each position: two texts agree only where they share a branch. */
  readonly own: readonly string[]
}

class Texts extends BranchTree<Twig> {
  plant(parent: number | undefined, at: number, length: number): void {
    const id = this.branches.length
    this.add({ id, parent, at, own: Array.from({ length }, (_, n) => `${id}:${at + n}`) })
  }

  protected ownLength({ own }: Twig): number {
    return own.length
  }
}

/** Trees with several roots, branches at any place of any branch, some of them empty. */
const trees = fc
  .array(fc.tuple(fc.nat(), fc.nat(), fc.nat({ max: 4 }), fc.nat({ max: 9 })), {
    minLength: 1,
    maxLength: 14,
  })
  .map(all => {
    const tree = new Texts()
    for (const [which, where, length, root] of all) {
      const { length: count } = tree.branches
      if (count === 0 || root === 0) {
        tree.plant(undefined, 0, length)
        continue
      }
      const parent = tree.branches[which % count]
      const at = parent.at + (where % (parent.own.length + 1))
      tree.plant(parent.id, at, length)
    }
    return tree
  })

/** The plain twin: the whole text of each branch as a list of symbols. */
function wholeTexts(tree: Texts): string[][] {
  const texts: string[][] = []
  for (const { parent, at, own } of tree.branches) {
    texts.push([...(parent === undefined ? [] : texts[parent].slice(0, at)), ...own])
  }
  return texts
}

const rootOf = (tree: Texts, id: number): number => tree.path(id)[0].branch.id

describe('a tree of branches', () => {
  it('is the list of texts that its links describe', () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), (tree, a, b) => {
        const texts = wholeTexts(tree)
        for (const { id } of tree.branches) {
          expect(tree.lengthOf(id)).toBe(texts[id].length)
          const from = a % (texts[id].length + 1)
          const to = b % (texts[id].length + 1)
          const part = tree
            .segments(id, from, to)
            .flatMap(one => one.branch.own.slice(one.from - one.branch.at, one.to - one.branch.at))
          expect(part).toEqual(texts[id].slice(from, to))
          texts[id].forEach((symbol, position) => {
            expect(symbol).toBe(`${tree.ownerOf(id, position)}:${position}`)
          })
        }
      }),
    )
  })

  it('knows how much two texts share, and where texts go different ways', () => {
    fc.assert(
      fc.property(trees, tree => {
        const texts = wholeTexts(tree)
        const shared = (a: string[], b: string[]): number => {
          let n = 0
          while (n < a.length && n < b.length && a[n] === b[n]) n++
          return n
        }
        for (const { id } of tree.branches) {
          for (const other of tree.branches) {
            expect(tree.commonLength(id, other.id)).toBe(shared(texts[id], texts[other.id]))
          }
          for (let at = 0; at <= texts[id].length; at++) {
            const ways = tree.waysAt(id, at).filter(way => texts[way].length > at)
            const next = tree.branches.filter(
              ({ id: other, at: start, own }) =>
                rootOf(tree, other) === rootOf(tree, id) &&
                start <= at &&
                at < start + own.length &&
                shared(texts[other].slice(0, at), texts[id].slice(0, at)) === at,
            )
            expect(ways).toEqual(next.map(one => one.id))
          }
          for (const { at, ways, taken } of tree.forksOf(id, texts[id].length)) {
            if (at < 0) continue
            expect(new Set(ways).size).toBe(ways.length)
            for (const way of ways) expect(texts[way].slice(0, at)).toEqual(texts[id].slice(0, at))
            if (taken >= 0) expect(ways[taken]).toBe(tree.ownerOf(id, at))
          }
        }
      }),
    )
  })
})
