/**
 * A tree is stored in segments. A segment is a stretch of a text that one page wrote, under an id that no
 * other page makes. It leaves another segment at some symbol, as a branch does; only its page writes it, and
 * only at its end. So tabs never write the same row, and the texts of all tabs are
 * the union of their segments. One branch may be stored in several segments: what a later page adds
 * to the end of a branch is a segment of its own.
 */
import type { Origin } from '../writer/protocol.js'
import { type Piece, Records } from './records.js'
import { type Reason, TextTree, type TreePosition } from './text-tree.js'

/** A position in a stored text. */
export interface StoredPosition {
  readonly segment: string
  /** Symbols from the beginning of the text. */
  readonly count: number
}

/** A piece with its own list of chains, which its column `chains` indexes; 0 is temperature alone. */
export interface StoredPiece extends Piece {
  readonly chains: readonly string[]
}

/** What is stored of a segment beside its symbols. */
export interface SegmentFacts {
  /** The segment that it leaves; left out for a beginning. */
  readonly parent?: string
  /** Place of its first own symbol in the whole text. */
  readonly at: number
  readonly reason: Reason
  readonly origin: Origin
  /** ms since 1970. */
  readonly born: number
}

export interface Segment extends SegmentFacts {
  readonly id: string
  /** Own symbols that the tree has. */
  count: number
  /** How many of them are stored; -1: its facts are not stored either. */
  saved: number
  /** Whether this page writes it. */
  own: boolean
  /** The branch in which its text ends. */
  branch: number
}

/** Symbols of a branch up to `end` (in the whole text) are those of a segment's text. */
interface Cover {
  readonly segment: Segment
  end: number
}

const isRow = (piece: unknown): piece is Piece =>
  typeof piece === 'object' && piece !== null && 'columns' in piece && 'text' in piece

/** Whether a stored piece is what it should be: all columns of one length, and the text of theirs. */
export function isWhole(piece: unknown): piece is StoredPiece {
  if (!isRow(piece) || typeof piece.text !== 'string') return false
  const { ids, lengths } = piece.columns
  if (!(ids instanceof Uint32Array) || lengths === undefined) return false
  if (Object.values(piece.columns).some(column => column.length !== ids.length)) return false
  return lengths.reduce((sum: number, n: number) => sum + n, 0) === piece.text.length
}

/** Makes a piece of a tree one to be stored. @param all the chains of the tree */
export function toStored(piece: Piece, all: readonly string[]): StoredPiece {
  const chains = ['']
  const places = new Map([[0, 0]])
  const own = piece.columns.chains.map(index => {
    if (!places.has(index)) places.set(index, chains.push(all[index]) - 1)
    return places.get(index)!
  })
  return { text: piece.text, columns: { ...piece.columns, chains: own }, chains }
}

/** Makes a stored piece one of a tree. */
export function fromStored({ text, columns, chains }: StoredPiece, tree: TextTree): Piece {
  const places = chains.map(written => tree.chainIndex(written))
  const theirs = columns.chains ?? new Uint16Array(columns.ids.length)
  return { text, columns: { ...columns, chains: theirs.map(index => places[index] ?? 0) } }
}

/**
 * Adds symbols to a tree after a position, unless they are there already, and shows the position where
 * they end.
 * @returns the branch in which they end; undefined: there is no such place
 */
function insert(
  tree: TextTree,
  place: TreePosition,
  pieces: readonly Piece[],
  reason: Reason,
): number | undefined {
  tree.go(place)
  if (tree.position.count !== place.count) return undefined
  for (const piece of pieces) tree.append(piece, reason)
  return tree.position.branch
}

/** The root with this origin, made if there is none; the shown text stays. */
function rootFor(tree: TextTree, origin: Origin): number {
  return (tree.rootOf(origin) ?? tree.adopt(undefined, 0, 'begin', origin)).id
}

/**
 * Adds all texts of one tree to another, and leaves one of them shown.
 * @returns the branch of `into` where each text of `from` ends; undefined where what it goes on from is not there
 */
export function merge(from: TextTree, into: TextTree): (number | undefined)[] {
  const ends: (number | undefined)[] = []
  for (const { parent, at, reason, origin, records } of from.branches) {
    const start = parent === undefined ? rootFor(into, origin) : ends[parent]
    const piece = fromStored({ ...records.slice(0), chains: from.chains }, into)
    const place = start === undefined ? undefined : { branch: start, count: at }
    ends.push(place && insert(into, place, [piece], reason))
  }
  return ends
}

/** A tree with nothing but the text that is shown. */
export function alone(tree: TextTree): TextTree {
  const { position, branch } = tree
  const made = new TextTree()
  for (const written of tree.chains) made.chainIndex(written)
  if (!branch) return made
  made.begin(branch.origin)
  const { text, columns } = TextTree.textOf(tree, position).slice(0)
  made.append({ text, columns }, 'begin')
  return made
}

/** Symbols [from, to) of a piece. */
export function cut({ text, columns, chains }: StoredPiece, from: number, to: number): StoredPiece {
  if (from === 0 && to === columns.ids.length) return { text, columns, chains }
  const records = new Records()
  const filled = { ...columns, chains: columns.chains ?? new Uint16Array(columns.ids.length) }
  records.append(text, filled)
  return { ...records.slice(from, to), chains }
}

export class Segments {
  readonly tree: TextTree
  private readonly known = new Map<string, Segment>()
  /** The spans of each branch, in order. */
  private readonly covers: Cover[][] = []

  constructor(tree: TextTree) {
    this.tree = tree
  }

  get(id: string): Segment | undefined {
    return this.known.get(id)
  }

  /** The segments of this page with symbols that are not stored. */
  unsaved(): Segment[] {
    return [...this.known.values()].filter(({ own, count, saved }) => own && count > saved)
  }

  /** Assigns every symbol that is in no segment yet to a segment of this page. */
  assign(newId: () => string, now: number): void {
    for (const { id, parent, at, reason, origin, records } of this.tree.branches) {
      const covers = this.coversOf(id)
      const last = covers.at(-1)
      const from = last?.end ?? at
      const end = at + records.count
      const isNewRoot = parent === undefined && last === undefined
      if (end === from && !isNewRoot) continue
      if (last && this.isAtEnd(last.segment, id, from)) {
        last.segment.count += end - from
        last.end = end
        continue
      }
      const before = last?.segment ?? (parent === undefined ? undefined : this.holding(parent, at))
      const segment: Segment = {
        id: newId(),
        ...(before && { parent: before.id }),
        at: from,
        reason: from === at ? reason : 'temperature',
        origin,
        born: now,
        count: end - from,
        saved: -1,
        own: true,
        branch: id,
      }
      this.known.set(segment.id, segment)
      covers.push({ segment, end })
    }
  }

  /** The symbols of an own segment from its own symbol `from` on, to be stored. */
  piece({ branch, at, count }: Segment, from: number, to = count): StoredPiece {
    const { records, at: start } = this.tree.branches[branch]
    const offset = at - start
    return toStored(records.slice(offset + from, offset + to), this.tree.chains)
  }

  /**
   * Adds what another page stored to the tree, and shows the end of that text.
   * @param piece behind what is known of this segment
   * @returns false when the text that it goes on from is not there
   */
  graft(id: string, facts: SegmentFacts, pieces: readonly StoredPiece[]): boolean {
    const known = this.known.get(id)
    const { tree } = this
    const parent = facts.parent === undefined ? undefined : this.known.get(facts.parent)
    if (!known && facts.parent !== undefined && (!parent || facts.at > parent.at + parent.count)) {
      return false
    }
    const start = known?.branch ?? parent?.branch ?? rootFor(tree, facts.origin)
    const segment: Segment = known ?? {
      ...facts,
      id,
      count: 0,
      saved: 0,
      own: false,
      branch: start,
    }
    const place = { branch: start, count: segment.at + segment.count }
    const grafted = pieces.map(piece => fromStored(piece, tree))
    const branch = insert(tree, place, grafted, facts.reason)
    if (branch === undefined) return false
    segment.branch = branch
    for (const { columns } of grafted) segment.count += columns.ids.length
    segment.saved = segment.count
    this.known.set(id, segment)
    this.cover(segment)
    return true
  }

  /** Whether this page could write on in a segment of another page. */
  canTake(segment: Segment): boolean {
    const { at, records } = this.tree.branches[segment.branch]
    const last = this.coversOf(segment.branch).at(-1)
    return segment.at >= at && last?.segment === segment && last.end === at + records.count
  }

  storedPositionOf({ branch, count }: TreePosition): StoredPosition | undefined {
    const segment = this.tree.branches[branch] && this.holding(branch, count)
    return segment && { segment: segment.id, count }
  }

  positionOf({ segment, count }: StoredPosition): TreePosition | undefined {
    const known = this.known.get(segment)
    if (!known || !(count >= 0 && count <= known.at + known.count)) return undefined
    return { branch: known.branch, count }
  }

  // --- internal ---

  private coversOf(branch: number): Cover[] {
    this.covers[branch] ??= []
    return this.covers[branch]
  }

  /** Whether this page's segment ends here, so that it may grow. */
  private isAtEnd({ own, branch, at, count }: Segment, id: number, end: number): boolean {
    return own && branch === id && at + count === end
  }

  /** The segment whose text is that of a branch as far as `count`. */
  private holding(id: number, count: number): Segment | undefined {
    let branch = this.tree.branches[id]
    while (branch.parent !== undefined && count <= branch.at) {
      branch = this.tree.branches[branch.parent]
    }
    return this.coversOf(branch.id).find(({ end }) => end >= count)?.segment
  }

  /** Records which symbols of the branches on the way to its end a segment holds. */
  private cover(segment: Segment): void {
    const textEnd = segment.at + segment.count
    for (const { branch, to } of this.tree.path(segment.branch)) {
      const end = Math.min(to, textEnd)
      const covers = this.coversOf(branch.id)
      const from = covers.at(-1)?.end ?? (branch.parent === undefined ? -1 : branch.at)
      if (end > from) covers.push({ segment, end })
    }
  }
}
