/** The structure of a tree of texts: its branches, and the path of a text through them. */

import type { SymbolRecord } from '../writer.js'
import type { BranchSettings } from './settings.js'

/** The part of a branch that all trees share. */
export interface BranchLink {
  /** Its index in `tree.branches`. */
  readonly id: number
  /** The branch from which it forks; undefined for a root. */
  readonly parent?: number | undefined
  /** The position at which it forks from its parent. Its own symbols begin there. */
  readonly at: number
}

export interface Branch extends BranchLink {
  readonly settings: BranchSettings
  /** The symbol that a person chose at `at`. */
  readonly choice?: number
  /** The records of its own symbols. */
  readonly steps: readonly SymbolRecord[]
}

/** A position in the tree: before symbol `position` of a branch, with its settings. */
export interface TreePosition {
  readonly branch: number
  readonly position: number
}

/** One of the symbols that follow a position. */
export interface Alternative {
  readonly branch: number
  readonly step: SymbolRecord
}

export const samePosition = (a: TreePosition, b: TreePosition): boolean =>
  a.branch === b.branch && a.position === b.position

/** The part of a text that belongs to one branch: positions [from, to). */
export interface Segment<B> {
  readonly branch: B
  readonly from: number
  readonly to: number
}

/** A position at which texts diverge. */
export interface Fork {
  /** The position of the first different symbol; -1 for a fork between roots. */
  readonly at: number
  /** The branches that continue from here. */
  readonly ways: readonly number[]
  /** Index in `ways` of the branch of the text; -1 when the text ends here. */
  readonly taken: number
}

/**
 * The base class of trees of texts. The text of a branch is its own symbols after those of its parent
 * up to the fork, and so on to a root. Branches are never removed.
 * @template B the type of a branch
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

  /** The children of a branch, in the order in which they were added. */
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

  /** The number of symbols that two texts share because they are on the same branches. */
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
   * The parent of a new branch at a position of a text: the branch on its path that has the symbol
   * before. A branch that is still empty there gets siblings instead of children.
   */
  stemAt(id: number, position: number): B {
    return this.all[this.ownerOf(id, position - 1)]
  }

  /**
   * The branches that continue at a position, among texts that are the same up to there, in the order
   * in which they were added: the branch of the symbol before, if it is longer, and all branches that
   * fork from it there.
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
        // Branches that fork after this text has left the branch do not matter. Those that fork at
        // its beginning belong to the fork at its parent.
        if (at > end || (at === branch.at && branch.parent !== undefined)) continue
        const ways = this.waysAt(branch.id, at)
        if (ways.length > 1) forks.push({ at, ways, taken: ways.indexOf(this.ownerOf(id, at)) })
      }
    }
    return forks
  }

  /** The number of own symbols of a branch. */
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
