/**
 * The reader's own models, stored in the browser: files that were opened, and models that were imported
 * from other systems or trained in the page. All tabs see the same ones.
 */
import { type KeyValueStore, openStore } from '../storage/key-value.js'
import type { Foreign, ListedModel } from '../writer/protocol.js'

/** What is stored beside the file of a model. */
export interface OwnModel extends ListedModel {
  readonly bytes: number
  /** When it was stored, ms since 1970. */
  readonly added: number
  readonly foreign?: Foreign
  /** Whether the page trained it: the next model of the same name replaces it. */
  readonly trained?: boolean
}

/** `full`: the browser gives no more space. `refused`: it stores nothing for this page. */
export type NotStored = 'full' | 'refused'

const MODELS = { database: 'ondo-models', store: 'models' } as const
const CHANNEL = 'ondo-models'
/** Rows are [FACTS, id] with an OwnModel, and [FILE, id] with the bytes of its file. */
const FACTS = 'facts'
const FILE = 'file'

export class OwnModels {
  private channel: BroadcastChannel | undefined
  private database: Promise<KeyValueStore> | undefined

  /** @param changed another tab stored or deleted a model */
  constructor(changed: () => void) {
    if (typeof BroadcastChannel !== 'function') return
    this.channel = new BroadcastChannel(CHANNEL)
    this.channel.onmessage = changed
  }

  /** All own models, the oldest first; none where the browser refuses storage. */
  async list(): Promise<OwnModel[]> {
    try {
      const rows = await (await this.open()).rows([FACTS])
      return rows.map(([, row]) => row as OwnModel).sort((a, b) => a.added - b.added)
    } catch {
      return []
    }
  }

  /** The file of a model; undefined when it is not stored any more. */
  async file(id: string): Promise<Blob | undefined> {
    try {
      const [row] = await (await this.open()).rows([FILE, id])
      return row && new Blob([row[1] as ArrayBuffer])
    } catch {
      return undefined
    }
  }

  /**
   * Stores a model in place of others.
   * @param replaced ids of the models that it replaces
   * @returns why it could not be stored
   */
  async put(
    model: OwnModel,
    file: Blob,
    replaced: readonly string[] = [],
  ): Promise<NotStored | undefined> {
    try {
      const bytes = await file.arrayBuffer()
      const database = await this.open()
      await database.change({
        removes: replaced.flatMap(rowsOf),
        puts: [
          [[FACTS, model.id], model],
          [[FILE, model.id], bytes],
        ],
      })
    } catch (error) {
      const name = error instanceof Error || error instanceof DOMException ? error.name : ''
      return name === 'QuotaExceededError' ? 'full' : 'refused'
    }
    this.channel?.postMessage('changed')
    // Asks the browser not to delete the models when storage is short.
    navigator.storage?.persist?.().catch(() => undefined)
    return undefined
  }

  async remove(id: string): Promise<void> {
    try {
      await (await this.open()).change({ removes: rowsOf(id) })
    } catch {
      // Storage is refused, so nothing is stored.
    }
    this.channel?.postMessage('changed')
  }

  // --- internal ---

  private open(): Promise<KeyValueStore> {
    this.database ??= openStore(MODELS, () => {
      this.database = undefined
    }).catch(error => {
      this.database = undefined
      throw error
    })
    return this.database
  }
}

const rowsOf = (id: string): [string, string][] => [
  [FACTS, id],
  [FILE, id],
]
