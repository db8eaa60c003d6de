/**
 * All texts of one model on this desk: a forest. A root is a beginning (prompt, seed); a branch
 * leaves another text at some symbol and holds what is its own from there on. Nothing is ever cut:
 * going back only shows less of a text, and writing on from there grows a branch beside the rest.
 */
import type { Origin, RecordColumns } from '../writer/protocol.js'
import { type Piece, Records } from './records.js'

/** Why a branch was made. */
export type Reason = 'begin' | 'choice' | 'temperature'

export interface Branch {
  readonly id: number
  /** The branch that it leaves; undefined for a root. */
  readonly parent: number | undefined
  /** Place of its first own symbol in the whole text. */
  readonly at: number
  readonly reason: Reason
  readonly origin: Origin
  /** Its own symbols, from `at` on. */
  readonly records: Records
  /** In the order in which they grew. */
  readonly children: number[]
}

/** A text, and how much of it is shown. */
export interface Place {
  readonly branch: number
  /** Symbols from the beginning. */
  readonly count: number
}

/** Where texts part on the way to the one shown. */
export interface Fork {
  /** The symbol from which they differ. */
  readonly at: number
  /** Branches that go on from here; following one leads to its `place`. */
  readonly ways: readonly number[]
  /** Which of them the shown text takes. */
  readonly taken: number
}

const end = (branch: Branch): number => branch.at + branch.records.count

export class Draft {
  readonly branches: Branch[] = []
  /** The chains that drew any of the symbols, in their written form; the first is temperature alone. */
  readonly chains: string[] = ['']
  /** The text shown. */
  readonly shown = new Records()
  private here = 0
  private readonly differences = new Map<number, number>()

  get branch(): Branch | undefined {
    return this.branches[this.here]
  }

  get place(): Place {
    return { branch: this.here, count: this.shown.count }
  }

  /** The place of a chain in the list. */
  chainIndex(written = ''): number {
    const at = this.chains.indexOf(written)
    return at >= 0 ? at : this.chains.push(written) - 1
  }

  get roots(): readonly Branch[] {
    return this.branches.filter(({ parent }) => parent === undefined)
  }

  /** The text that begins so. */
  rootOf(origin: Origin): Branch | undefined {
    return this.roots.find(
      ({ origin: its }) =>
        its.prompt === origin.prompt &&
        its.seed === origin.seed &&
        (its.stream ?? 0) === (origin.stream ?? 0) &&
        its.unknown === origin.unknown &&
        its.held === origin.held,
    )
  }

  /** The branches of a text, its root first, each with where it hands on to the next. */
  path(id: number): { branch: Branch; to: number }[] {
    const path: { branch: Branch; to: number }[] = []
    if (this.branches.length === 0) return path
    let to = Number.POSITIVE_INFINITY
    for (let at: number | undefined = id; at !== undefined; at = this.branches[at].parent) {
      const branch: Branch = this.branches[at]
      path.unshift({ branch, to: Math.min(to, end(branch)) })
      to = Math.min(to, branch.at)
    }
    return path
  }

  /** The whole length of a text. */
  lengthOf(id: number): number {
    return end(this.branches[id])
  }

  /** A text, apart from what is shown. */
  static textOf(draft: Draft, { branch: id, count }: Place): Records {
    const records = new Records()
    for (const { branch, to } of draft.path(id)) {
      const until = Math.min(to, count)
      if (until <= branch.at) continue
      const piece = branch.records.slice(0, until - branch.at)
      records.append(piece.text, piece.columns)
    }
    return records
  }

  /** The first own symbol of a branch that its parent does not have in the same place. */
  difference(id: number): number {
    const known = this.differences.get(id)
    if (known !== undefined) return known
    const { parent, at, records } = this.branches[id]
    if (parent === undefined) return 0
    const other = this.branches[parent]
    let n = 0
    while (
      n < records.count &&
      at - other.at + n < other.records.count &&
      records.ids[n] === other.records.ids[at - other.at + n]
    ) {
      n++
    }
    if (n < records.count) this.differences.set(id, n)
    return n
  }

  /** A new text from nothing; it is shown. */
  begin(origin: Origin): Branch {
    const branch = this.make(undefined, 0, 'begin', origin)
    this.here = branch.id
    this.shown.clear()
    return branch
  }

  /** Shows another text, or less or more of this one. @returns how many symbols stay as they were */
  go({ branch: id, count }: Place): number {
    const same = Math.min(this.commonLength(id), count)
    this.shown.truncate(same)
    this.here = id
    for (const { branch, to } of this.path(id)) {
      const from = Math.max(this.shown.count, branch.at)
      const until = Math.min(to, count)
      if (from >= until || from !== this.shown.count) continue
      const piece = branch.records.slice(from - branch.at, until - branch.at)
      this.shown.append(piece.text, piece.columns)
    }
    return same
  }

  /**
   * Symbols written after those shown. Where the text already goes on, and in the same way, it is
   * only shown further; where it goes on in another way, the new symbols are a branch.
   */
  append(piece: Piece, reason: Reason): void {
    let rest = piece
    for (;;) {
      const ahead = this.agreement(rest)
      if (ahead > 0) {
        this.go({ branch: this.here, count: this.shown.count + ahead })
        rest = after(rest, ahead)
      }
      if (rest.columns.ids.length === 0) return
      if (this.shown.count === end(this.branches[this.here])) break
      const known = this.wayWith(rest)
      if (known === undefined) {
        this.fork(reason)
        break
      }
      this.here = known
    }
    this.branches[this.here].records.append(rest.text, rest.columns)
    this.shown.append(rest.text, rest.columns)
  }

  /** Forks on the way to the shown text, in order; the beginning is one when there are more roots. */
  forks(): Fork[] {
    const forks: Fork[] = []
    const path = this.path(this.here)
    const roots = this.roots.map(({ id }) => id)
    if (roots.length > 1)
      forks.push({ at: -1, ways: roots, taken: roots.indexOf(path[0].branch.id) })
    path.forEach(({ branch, to }, step) => {
      const next = path[step + 1]?.branch
      const places = new Set(branch.children.map(id => this.branches[id].at))
      for (const at of [...places].sort((a, b) => a - b)) {
        // A branch that leaves behind the place where this way leaves is on another way.
        if (at > to || (next === undefined && at > this.shown.count)) continue
        const leaving = branch.children.filter(id => this.branches[id].at === at)
        const goesOn = end(branch) > at
        const ways = [...(goesOn ? [branch.id] : []), ...leaving]
        const taken = next?.at === at ? ways.indexOf(next.id) : ways.indexOf(branch.id)
        if (ways.length > 1) forks.push({ at, ways, taken })
      }
    })
    return forks
  }

  /** The furthest end of a text that goes this way: what is shown when a way is taken. */
  placeOf(id: number): Place {
    return { branch: id, count: this.lengthOf(id) }
  }

  /** A branch that was kept, to be filled with its symbols. */
  adopt(parent: number | undefined, at: number, reason: Reason, origin: Origin): Branch {
    return this.make(parent, at, reason, origin)
  }

  // --- internal ---

  private make(
    parent: number | undefined,
    at: number,
    reason: Reason,
    origin: Origin,
    records = new Records(),
  ): Branch {
    const id = this.branches.length
    const branch: Branch = { id, parent, at, reason, origin, records, children: [] }
    this.branches.push(branch)
    if (parent !== undefined) this.branches[parent].children.push(id)
    return branch
  }

  /** The branch that a way from the end of the shown text leaves. */
  private stem(): Branch {
    // A branch without a symbol of its own before this place is a sibling, not the stem.
    let stem = this.branches[this.here]
    while (stem.parent !== undefined && stem.at >= this.shown.count)
      stem = this.branches[stem.parent]
    return stem
  }

  /** A branch leaves the shown text at its end. */
  private fork(reason: Reason): void {
    const stem = this.stem()
    this.here = this.make(stem.id, this.shown.count, reason, stem.origin).id
  }

  /** A way that leaves here and begins as the new symbols do; or the stem itself. */
  private wayWith({ columns }: Piece): number | undefined {
    const stem = this.stem()
    const at = this.shown.count
    const ways = [stem.id, ...stem.children.filter(id => this.branches[id].at === at)]
    return ways.find(id => id !== this.here && this.agrees(this.branches[id], at, columns, 0))
  }

  /** Is a symbol of a branch the same, drawn in the same way, as one of a piece? */
  private agrees(
    { at, records }: Branch,
    place: number,
    columns: RecordColumns,
    i: number,
  ): boolean {
    const n = place - at
    return (
      n >= 0 &&
      n < records.count &&
      records.ids[n] === columns.ids[i] &&
      Object.is(records.temperatures[n], columns.temperatures[i]) &&
      Object.is(records.coins[n], columns.coins[i]) &&
      records.chains[n] === columns.chains[i]
    )
  }

  /** How many symbols the shown text and another have in common by descent. */
  private commonLength(id: number): number {
    const mine = this.path(this.here)
    const other = this.path(id)
    let same = 0
    for (let step = 0; step < Math.min(mine.length, other.length); step++) {
      if (mine[step].branch !== other[step].branch) break
      same = Math.min(mine[step].to, other[step].to)
      if (mine[step].to !== other[step].to) break
    }
    return Math.min(same, this.shown.count)
  }

  /** How many of the new symbols are already there, behind what is shown. */
  private agreement({ columns }: Piece): number {
    const branch = this.branches[this.here]
    const { count } = this.shown
    let same = 0
    while (same < columns.ids.length && this.agrees(branch, count + same, columns, same)) same++
    return same
  }
}

/** A piece without its first n symbols. */
function after(piece: Piece, n: number): Piece {
  const records = new Records()
  records.append(piece.text, piece.columns)
  return records.slice(n)
}
