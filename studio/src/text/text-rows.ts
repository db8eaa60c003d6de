/** The rows in which texts are stored, and reading them. */

import type { Key } from '../storage/key-value.js'
import type { EditorState, StoredHistory } from './history.js'
import {
  cut,
  isWhole,
  type SegmentFacts,
  type Segments,
  type StoredPiece,
  type StoredPosition,
} from './text-segments.js'

/** Symbols of a chunk: about 220 KB. */
export const CHUNK = 4096
/** The first part of every key: [LAYOUT, hash, kind, ...]. */
export const LAYOUT = 'texts 2'
/** The last state of this many pages is kept; older ones are deleted. */
const MOST_PAGES = 8

export type Row = readonly [Key, unknown]

/** What is stored of a page beside its texts. */
export interface PageState {
  readonly standing: EditorState
  readonly past: StoredHistory
  readonly playing: boolean
}

export type StoredEditorState = Omit<EditorState, 'place'> & { readonly place: StoredPosition }

/** Key [LAYOUT, hash, 'desk', writer]: the last state of a page. */
export interface PageRow {
  readonly standing: StoredEditorState | undefined
  readonly past: { readonly moments: readonly StoredEditorState[]; readonly at: number }
  readonly playing: boolean
  readonly time: number
}

/** Key [LAYOUT, hash, 'segment', id]; its symbols lie under [LAYOUT, hash, 'chunk', id, n]. */
export interface SegmentRow extends SegmentFacts {
  readonly count: number
  /** The page that writes it. */
  readonly writer: string
  /** Rows of an older generation count as deleted. */
  readonly generation: string
}

/** Segments of one generation, each after the one that it branches from. */
export function inOrder(
  rows: ReadonlyMap<string, SegmentRow>,
  generation: string | undefined,
): string[] {
  const ordered = new Set<string>()
  if (generation === undefined) return []
  const all = [...rows].sort(([a, { born: x }], [b, { born: y }]) => x - y || (a < b ? -1 : 1))
  for (const [id] of all) {
    const way: string[] = []
    for (let at: string | undefined = id; at !== undefined; at = rows.get(at)?.parent) {
      if (rows.get(at)?.generation !== generation || ordered.has(at) || way.includes(at)) break
      way.unshift(at)
    }
    for (const each of way) ordered.add(each)
  }
  return [...ordered]
}

/** Whether the row is still what it was when it was read. */
export const isSame = (now: SegmentRow | undefined, row: SegmentRow): boolean =>
  now?.writer === row.writer && now.count === row.count

/** The state of this page before a reload, else of the page stored last; and the rows to delete. */
export function lastPageOf(
  rows: readonly Row[],
  previous: string | undefined,
): { page: PageRow | undefined; useless: Key[] } {
  const pages = rows.filter(([[, , kind]]) => kind === 'desk') as [Key, PageRow][]
  pages.sort(([, a], [, b]) => b.time - a.time)
  const own = pages.find(([key]) => key[3] === previous)
  return {
    page: (own ?? pages[0])?.[1],
    useless: pages.slice(MOST_PAGES).map(([key]) => key),
  }
}

/** Own symbols [from, to) of a segment, up to the first chunk that is missing or damaged. */
export function wholePieces(chunks: readonly unknown[], from: number, to: number): StoredPiece[] {
  const pieces: StoredPiece[] = []
  let at = from
  while (at < to) {
    const n = Math.floor(at / CHUNK)
    const chunk = chunks[n]
    const start = n * CHUNK
    if (!isWhole(chunk)) break
    const end = Math.min(to, start + chunk.columns.ids.length)
    if (end <= at) break
    pieces.push(cut(chunk, at - start, end - start))
    // A chunk that is not full is the last one.
    if (end < start + CHUNK) break
    at = end
  }
  return pieces
}

export function pageRow(
  { standing, past, playing }: PageState,
  segments: Segments,
  time: number,
): PageRow {
  const stored = (moment: EditorState): StoredEditorState | undefined => {
    const place = segments.storedPositionOf(moment.place)
    return place && { ...moment, place }
  }
  const isKnown = (moment: StoredEditorState | undefined): moment is StoredEditorState => !!moment
  const moments = past.moments.map(stored)
  const at = moments.slice(0, past.at + 1).filter(isKnown).length - 1
  const known = moments.filter(isKnown)
  return { standing: stored(standing), past: { moments: known, at }, playing, time }
}

/** The state of a page, as far as the positions in it exist. */
export function pageOf(
  { standing, past, playing }: PageRow,
  segments: Segments,
): Partial<PageState> {
  const found = ({ place, ...moment }: StoredEditorState): EditorState | undefined => {
    const where = segments.positionOf(place)
    return where && { ...moment, place: where }
  }
  const here = standing && found(standing)
  const moments = past.moments.map(found)
  const isWhole = !moments.includes(undefined)
  return {
    ...(here && { standing: here }),
    ...(isWhole && { past: { moments: moments as EditorState[], at: past.at } }),
    playing,
  }
}
