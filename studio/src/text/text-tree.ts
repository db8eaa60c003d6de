/**
 * All texts of one model on the page, and the one that is shown. A root begins with a prompt and a seed; a
 * branch leaves another text at some symbol and holds its own symbols from there on. Nothing is ever
 * removed: going back only shows less of a text, and writing on from there makes a branch.
 */
import { type BranchLink, BranchTree, type Fork } from 'ondo/generate'
import type { Origin, RecordColumns } from '../writer/protocol.js'
import { type Piece, Records } from './records.js'

/** The length of a text's name, UTF-16 units. */
const NAME = 28

/** Why a branch was made. */
export type Reason = 'begin' | 'choice' | 'temperature'

export interface Branch extends BranchLink {
  readonly reason: Reason
  readonly origin: Origin
  /** Its own symbols, from `at` on. */
  readonly records: Records
}

/** A text, and how much of it is shown. */
export interface TreePosition {
  readonly branch: number
  /** Symbols from the beginning. */
  readonly count: number
}

export type { Fork }

export class TextTree extends BranchTree<Branch> {
  /** The chains that drew any of the symbols, in their written form; the first is temperature alone. */
  readonly chains: string[] = ['']
  /** The text shown. */
  readonly shown = new Records()
  private here = 0
  private readonly differences = new Map<number, number>()

  get branch(): Branch | undefined {
    return this.branches[this.here]
  }

  get position(): TreePosition {
    return { branch: this.here, count: this.shown.count }
  }

  /** The index of a chain in the list; a new one is added. */
  chainIndex(written = ''): number {
    const at = this.chains.indexOf(written)
    return at >= 0 ? at : this.chains.push(written) - 1
  }

  /** The root with this origin. */
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

  /** The records of any text of a tree. */
  static textOf(tree: TextTree, { branch: id, count }: TreePosition): Records {
    const records = new Records()
    for (const { branch, from, to } of tree.segments(id, 0, count)) {
      const piece = branch.records.slice(from - branch.at, to - branch.at)
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

  /** Begins a new text and shows it. */
  begin(origin: Origin): Branch {
    const branch = this.make(undefined, 0, 'begin', origin)
    this.here = branch.id
    this.shown.clear()
    return branch
  }

  /** Shows another text, or less or more of this one. @returns how many symbols stay as they were */
  go({ branch: id, count }: TreePosition): number {
    const same = Math.min(this.commonLength(this.here, id), this.shown.count, count)
    this.shown.truncate(same)
    this.here = id
    for (const { branch, from, to } of this.segments(id, same, count)) {
      const piece = branch.records.slice(from - branch.at, to - branch.at)
      this.shown.append(piece.text, piece.columns)
    }
    return same
  }

  /**
   * Adds symbols after those shown. Where the text already goes on with the same symbols, more of it is
   * shown; where it goes on with others, the new symbols are a branch.
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
      if (this.shown.count === this.lengthOf(this.here)) break
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

  /** Forks along the shown text, in order; with more than one root, the beginning is a fork too. */
  forks(): Fork[] {
    return this.branches.length === 0 ? [] : this.forksOf(this.here, this.shown.count)
  }

  /** The end of a branch's text, which is shown when that way is taken. */
  lastPositionOf(id: number): TreePosition {
    return { branch: id, count: this.lengthOf(id) }
  }

  /** A text that already goes on with this symbol at this place. */
  wayWithSymbol(at: number, id: number): TreePosition | undefined {
    const fork = this.forks().find(each => each.at === at)
    const way = fork?.ways.find(each => {
      const branch = this.branches[each]
      return branch.records.ids[at - branch.at] === id
    })
    return way === undefined ? undefined : this.lastPositionOf(way)
  }

  /** A few words by which a branch is known: those with which it leaves its parent. */
  nameOf(id: number): string {
    const { records, origin, parent } = this.branches[id]
    const start = records.start(this.difference(id))
    const words = records.text
      .slice(start, start + NAME)
      .replace(/\s+/g, ' ')
      .trim()
    if (parent !== undefined) return `…${words}`
    return `${origin.prompt.slice(0, NAME / 2).trim()} ${words}`.trim() || '…'
  }

  /** Adds a stored branch, without its symbols. */
  adopt(parent: number | undefined, at: number, reason: Reason, origin: Origin): Branch {
    return this.make(parent, at, reason, origin)
  }

  // --- internal ---

  protected ownLength({ records }: Branch): number {
    return records.count
  }

  private make(parent: number | undefined, at: number, reason: Reason, origin: Origin): Branch {
    const id = this.branches.length
    return this.add({ id, parent, at, reason, origin, records: new Records() })
  }

  /** Makes a branch that leaves the shown text at its end. */
  private fork(reason: Reason): void {
    const stem = this.stemAt(this.here, this.shown.count)
    this.here = this.make(stem.id, this.shown.count, reason, stem.origin).id
  }

  /** A branch that leaves here and begins with the new symbols. */
  private wayWith({ columns }: Piece): number | undefined {
    const at = this.shown.count
    return this.waysAt(this.here, at).find(
      id => id !== this.here && this.agrees(this.branches[id], at, columns, 0),
    )
  }

  /** Whether a symbol of a branch and one of a piece are the same and were drawn in the same way. */
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

  /** How many of the new symbols already follow what is shown. */
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
