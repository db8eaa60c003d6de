/** A tree of texts: branches that leave each other, and where a text runs through them. No network. */

import type { SymbolRecord } from '../writer.js'
import type { BranchSettings } from './settings.js'

/** What every tree knows of a branch. */
export interface BranchLink {
  /** Its place in `tree.branches`. */
  readonly id: number
  /** The branch that it leaves; undefined for a root. */
  readonly parent?: number | undefined
  /** The position at which it leaves its parent; its own symbols begin there. */
  readonly at: number
}

export interface Branch extends BranchLink {
  readonly settings: BranchSettings
  /** The symbol that was put at `at` by hand. */
  readonly choice?: number
  /** Its own symbols, with the record of why each came. */
  readonly steps: readonly SymbolRecord[]
}

/** A place in the tree: before the symbol at `position`, with the settings of `branch`. */
export interface TreePosition {
  readonly branch: number
  readonly position: number
}

/** A way the text went at a position. */
export interface Alternative {
  readonly branch: number
  readonly step: SymbolRecord
}

export const samePosition = (a: TreePosition, b: TreePosition): boolean =>
  a.branch === b.branch && a.position === b.position

/** Part of a text that belongs to one branch: positions [from, to). */
export interface Segment<B> {
  readonly branch: B
  readonly from: number
  readonly to: number
}

/** A position from which texts go different ways. */
export interface Fork {
  /** The symbol from which they differ; -1 where different roots are the ways. */
  readonly at: number
  /** The branches that go on from here. */
  readonly ways: readonly number[]
  /** Which of the ways a text takes; -1 where it ends here. */
  readonly taken: number
}

/**
 * The structure that all trees of texts share. A text is a branch with what comes before it: the
 * symbols of its parent up to where it leaves, and so on to a root. Nothing is ever removed.
 * @template B what a branch holds beside its link
 */
export abstract class BranchTree<B extends BranchLink> {
  protected readonly all: B[] = []
  private readonly children: number[][] = []

  /** All branches, parents before children. The list only grows. */
  get branches(): readonly B[] {
    return this.all
  }

  get roots(): readonly B[] {
    return this.all.filter(({ parent }) => parent === undefined)
  }

  /** The branches that leave a branch, in the order in which they were added. */
  childrenOf(id: number): readonly number[] {
    return this.children[id]
  }

  /** The length of a text from the beginning to the end of a branch. */
  lengthOf(id: number): number {
    return this.endOf(this.all[id])
  }

  /** The branch on the path to `id` that a position belongs to. */
  ownerOf(id: number, position: number): number {
    let owner = id
    for (;;) {
      const { at, parent } = this.all[owner]
      if (at <= position || parent === undefined) return owner
      owner = parent
    }
  }

  /** The branches of a text, its root first, each with the position at which the next one begins. */
  path(id: number): { readonly branch: B; readonly to: number }[] {
    const path: { branch: B; to: number }[] = []
    let to = Number.POSITIVE_INFINITY
    for (let at: number | undefined = id; at !== undefined; at = this.all[at]?.parent) {
      const branch: B | undefined = this.all[at]
      if (branch === undefined) break
      path.push({ branch, to: Math.min(to, this.endOf(branch)) })
      to = Math.min(to, branch.at)
    }
    return path.reverse()
  }

  /** The parts of a text between two positions, one a branch. */
  segments(id: number, from: number, to: number): Segment<B>[] {
    return this.path(id).flatMap(({ branch, to: end }) => {
      const segment = { branch, from: Math.max(from, branch.at), to: Math.min(to, end) }
      return segment.from < segment.to ? [segment] : []
    })
  }

  /** How many symbols two texts have in common because they come from the same branches. */
  commonLength(a: number, b: number): number {
    const [mine, other] = [this.path(a), this.path(b)]
    let same = 0
    for (let step = 0; step < Math.min(mine.length, other.length); step++) {
      if (mine[step].branch !== other[step].branch) break
      same = Math.min(mine[step].to, other[step].to)
      if (mine[step].to !== other[step].to) break
    }
    return same
  }

  /**
   * The branch that a new one leaves at a position of a text: the nearest on its path with a symbol
   * before it. A branch that is still empty there gets siblings and no children.
   */
  stemAt(id: number, position: number): B {
    return this.all[this.ownerOf(id, position - 1)]
  }

  /**
   * The branches that go on at a position in texts that are the same up to there, in the order in
   * which they were added: the one that holds the symbol before it, where it goes on, and all that
   * leave it there.
   */
  waysAt(id: number, position: number): number[] {
    const ways: number[] = []
    const leave = (from: number): void => {
      for (const child of this.children[from]) {
        if (this.all[child].at !== position) continue
        ways.push(child)
        leave(child)
      }
    }
    const stem = this.stemAt(id, position)
    if (this.endOf(stem) > position) ways.push(stem.id)
    leave(stem.id)
    return ways.sort((a, b) => a - b)
  }

  /** The forks on the way to a position of a text, in order. */
  forksOf(id: number, position: number): Fork[] {
    const forks: Fork[] = []
    const path = this.path(id)
    const roots = this.roots.map(root => root.id)
    if (roots.length > 1) {
      forks.push({ at: -1, ways: roots, taken: roots.indexOf(path[0].branch.id) })
    }
    for (const [step, { branch, to }] of path.entries()) {
      const end = step === path.length - 1 ? Math.min(to, position) : to
      const places = new Set(this.children[branch.id].map(child => this.all[child].at))
      for (const at of [...places].sort((a, b) => a - b)) {
        // What leaves behind the place where this text leaves the branch is on another way. What
        // leaves at the branch's own beginning is a way of the fork from which the branch came.
        if (at > end || (at === branch.at && branch.parent !== undefined)) continue
        const ways = this.waysAt(branch.id, at)
        if (ways.length > 1) forks.push({ at, ways, taken: ways.indexOf(this.ownerOf(id, at)) })
      }
    }
    return forks
  }

  /** How many symbols a branch has of its own. */
  protected abstract ownLength(branch: B): number

  protected add(branch: B): B {
    this.all.push(branch)
    this.children.push([])
    if (branch.parent !== undefined) this.children[branch.parent].push(branch.id)
    return branch
  }

  private endOf(branch: B): number {
    return branch.at + this.ownLength(branch)
  }
}
