/** The rows in which texts are stored, and what is read out of them. */
import type { EditorState, Past } from './history.js'
import type { Key } from './text-database.js'
import {
  type Address,
  cut,
  isWhole,
  type SegmentFacts,
  type Segments,
  type StoredPiece,
} from './text-segments.js'

/** Symbols of a chunk: about 220 KB. */
export const CHUNK = 4096
/** First of all keys of this layout: [LAYOUT, hash, kind, ...]. */
export const LAYOUT = 'texts 2'
/** Where so many tabs left off is known; older ones are forgotten. */
const MOST_PAGES = 8

export type Row = readonly [Key, unknown]

/** How a page stands: what is stored of it beside the texts. */
export interface PageState {
  readonly standing: EditorState
  readonly past: Past
  readonly playing: boolean
}

export type StoredEditorState = Omit<EditorState, 'place'> & { readonly place: Address }

/** Key [LAYOUT, hash, 'desk', writer]: where a page left off. */
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
  /** Rows of an older generation were thrown away. */
  readonly generation: string
}

/** Segments of one generation, each behind the one that it leaves. */
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

/** Is the row still what it was when it was read? */
export const isSame = (now: SegmentRow | undefined, row: SegmentRow): boolean =>
  now?.writer === row.writer && now.count === row.count

/** The newest place where a page left off, or that of this page before a reload; and rows too many. */
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

/** Own symbols [from, to) of a segment, as far as they are stored whole. */
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
    const place = segments.addressOf(moment.place)
    return place && { ...moment, place }
  }
  const isKnown = (moment: StoredEditorState | undefined): moment is StoredEditorState => !!moment
  const moments = past.moments.map(stored)
  const at = moments.slice(0, past.at + 1).filter(isKnown).length - 1
  const known = moments.filter(isKnown)
  return { standing: stored(standing), past: { moments: known, at }, playing, time }
}

/** A page as it left off, as far as its places are there. */
export function pageOf(
  { standing, past, playing }: PageRow,
  segments: Segments,
): Partial<PageState> {
  const found = ({ place, ...moment }: StoredEditorState): EditorState | undefined => {
    const where = segments.placeOf(place)
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
