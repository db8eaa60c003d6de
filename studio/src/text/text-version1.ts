/**
 * Reads texts as pages before 0.2 stored them: one row for all branches of a model, and chunks of symbols
 * under the index of their branch.
 */
import type { Origin } from '../writer/protocol.js'
import type { EditorState } from './history.js'
import type { Row } from './text-rows.js'
import { fromStored, isWhole, merge } from './text-segments.js'
import { type Reason, TextTree } from './text-tree.js'

interface Forest {
  readonly branches: readonly {
    readonly parent: number | undefined
    readonly at: number
    readonly reason: Reason
    readonly origin: Origin
    readonly count: number
  }[]
  readonly standing?: EditorState
  /** Left out by the oldest pages. */
  readonly chains?: readonly string[]
}

export interface FromVersion1 {
  /** Whether nothing was damaged; what is not damaged is read in any case. */
  readonly isWhole: boolean
  /** The position that the reader saw. */
  readonly page: { readonly standing?: EditorState }
}

/**
 * Adds what is stored in this form to a tree.
 * @param forests of each, rows with keys [hash] and [hash, branch, chunk], in order
 */
export function mergeVersion1(forests: readonly (readonly Row[])[], into: TextTree): FromVersion1 {
  let isWhole = true
  let page: FromVersion1['page'] = {}
  for (const rows of forests) {
    const forest = read(rows)
    isWhole &&= forest.isWhole
    const ends = merge(forest.tree, into)
    const { standing } = forest
    const branch = standing && ends[standing.place.branch]
    if (branch === undefined || page.standing) continue
    page = { standing: { ...standing!, place: { ...standing!.place, branch } } }
  }
  return { isWhole, page }
}

interface Read {
  readonly tree: TextTree
  readonly isWhole: boolean
  readonly standing?: EditorState
}

function read(rows: readonly Row[]): Read {
  const tree = new TextTree()
  const forest = rows.find(([key]) => key.length === 1)?.[1] as Forest | undefined
  if (!Array.isArray(forest?.branches)) return { tree, isWhole: false }
  for (const { parent, at, reason, origin } of forest.branches) {
    tree.adopt(parent, at, reason, origin)
  }
  const broken = new Set<number>()
  const chunks = new Map<number, number>()
  for (const [[, id, chunk], piece] of rows) {
    if (chunk === undefined) continue
    const branch = tree.branches[id as number]
    const next = chunks.get(branch?.id) ?? 0
    if (!branch || broken.has(branch.id) || chunk !== next || !isWhole(piece)) {
      broken.add(id as number)
      continue
    }
    chunks.set(branch.id, next + 1)
    const { text, columns } = fromStored({ ...piece, chains: forest.chains ?? [''] }, tree)
    branch.records.append(text, columns)
  }
  const counted = tree.branches.every(({ id, records }) => {
    return records.count === forest.branches[id].count
  })
  const { standing } = forest
  const isThere = standing && tree.branches[standing.place?.branch]
  return { tree, isWhole: counted && broken.size === 0, ...(isThere && { standing }) }
}
