/** Writes and reads session files: all texts of the page with their records. */
import { VERSION } from 'ondo'
import type { EditorState } from '../text/history.js'
import { emptyColumns } from '../text/records.js'
import { type Reason, TextTree } from '../text/text-tree.js'
import type { Origin, RecordColumns } from '../writer/protocol.js'
import { readChain, readSchedule } from './address.js'

const FORMAT = 'ondo-session'
/** Version 1 had no chains. */
const FORMAT_VERSION = 2

interface SessionFile {
  readonly format: string
  readonly version: number
  readonly ondo: string
  readonly model: string
  readonly modelName: string
  readonly standing: EditorState
  /** The chains in the order of `TextTree.chains`. */
  readonly chains?: readonly string[]
  readonly branches: readonly {
    readonly parent?: number
    readonly at: number
    readonly reason: Reason
    readonly origin: Origin
    readonly text: string
    readonly columns: Readonly<Record<string, string>>
  }[]
}

type Column = RecordColumns[keyof RecordColumns]

/** The bytes of a column, so that numbers stay exact to the bit, infinities too. */
function toBase64(column: Column): string {
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  }
  return btoa(text)
}

export function saveSession(
  tree: TextTree,
  standing: EditorState,
  model: { readonly hash: string; readonly name: string },
): string {
  const branches = tree.branches.map(({ parent, at, reason, origin, records }) => {
    const { text, columns } = records.slice(0)
    const kept = Object.entries(columns).map(([name, column]) => [name, toBase64(column)])
    return { parent, at, reason, origin, text, columns: Object.fromEntries(kept) }
  })
  // JSON has no infinity, which a temperature may be.
  const temperature = String(standing.temperature)
  return `${JSON.stringify({
    format: FORMAT,
    version: FORMAT_VERSION,
    ondo: VERSION,
    model: model.hash,
    modelName: model.name,
    standing: { ...standing, temperature },
    chains: tree.chains,
    branches,
  })}\n`
}

export interface Session {
  readonly model: string
  readonly modelName: string
  readonly tree: TextTree
  readonly standing: EditorState
}

/** @returns undefined if the file is not a session, or damaged */
export function readSession(json: string): Session | undefined {
  try {
    const file = JSON.parse(json) as SessionFile
    if (file.format !== FORMAT || !(file.version >= 1 && file.version <= FORMAT_VERSION)) {
      return undefined
    }
    const tree = new TextTree()
    for (const [place, written] of (file.chains ?? []).entries()) {
      if (place > 0 && readChain(written) !== written) return undefined
      if (tree.chainIndex(written) !== place) return undefined
    }
    for (const [id, { parent, at, reason, origin, text, columns }] of file.branches.entries()) {
      const known = parent === undefined || (Number.isInteger(parent) && parent >= 0 && parent < id)
      if (!known || !Number.isInteger(at) || at < 0) return undefined
      const { records } = tree.adopt(parent, at, reason, origin)
      const bytes = atob(columns.ids).length / 4
      const filled = emptyColumns(bytes)
      for (const [name, column] of Object.entries(filled)) {
        if (name === 'chains' && file.version === 1) continue
        const raw = Uint8Array.from(atob(columns[name]), letter => letter.charCodeAt(0))
        new Uint8Array(column.buffer).set(raw)
        if (raw.length !== column.byteLength) return undefined
      }
      const length = filled.lengths.reduce((sum, n) => sum + n, 0)
      if (length !== text.length) return undefined
      if (filled.chains.some(chain => chain >= tree.chains.length)) return undefined
      records.append(text, filled)
    }
    const { place, schedule, chain } = file.standing
    const end = tree.branches[place.branch] && tree.lengthOf(place.branch)
    if (end === undefined || !(place.count >= 0 && place.count <= end)) return undefined
    const temperature = Number(file.standing.temperature)
    if (!(temperature >= 0)) return undefined
    if (schedule !== undefined && readSchedule(schedule) === undefined) return undefined
    if (chain !== undefined && readChain(chain) !== chain) return undefined
    return {
      model: file.model,
      modelName: file.modelName,
      tree,
      standing: { place, temperature, schedule, chain },
    }
  } catch {
    return undefined
  }
}
