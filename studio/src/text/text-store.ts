/**
 * Texts outlive the page: the forest of each model is kept in IndexedDB, by the model's hash. Symbols
 * are kept in chunks, so that a long text costs no more to keep than what is new of it. Where storage
 * is refused, or another window already keeps this model's texts, nothing is kept and nothing fails.
 */
import type { Origin } from '../writer/protocol.js'
import type { Moment, Past } from './history.js'
import type { Piece } from './records.js'
import type { Branch, Reason } from './text-tree.js'
import { Draft } from './text-tree.js'

/** Symbols of a chunk: about 220 KB. */
const CHUNK = 4096
const DATABASE = 'ondo-texts'
const VERSION = 1
/** Keys are [hash] for a forest, [hash, branch, chunk] for symbols. */
export const STORE = 'texts'

/** What is kept of a branch beside its symbols. */
type BranchEntry = Pick<Branch, 'parent' | 'at' | 'reason' | 'origin'> & { count: number }

interface Forest {
  readonly branches: readonly BranchEntry[]
  readonly standing: Standing
  /** Left out by older pages, as what follows. */
  readonly chains?: readonly string[]
  readonly past?: Past
}

/** Where the reader was. */
export type Standing = Moment

export interface Kept {
  readonly draft: Draft
  readonly standing: Standing
  readonly past: Past | undefined
}

export const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

export async function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, VERSION)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return settled(request)
}

/** Ours as long as this window keeps that model's texts; undefined when another window does. */
async function claim(name: string): Promise<(() => void) | undefined> {
  if (!navigator.locks) return () => {}
  return new Promise(resolve => {
    navigator.locks
      .request(name, { ifAvailable: true }, lock => {
        if (!lock) return resolve(undefined)
        return new Promise<void>(release => resolve(release))
      })
      .catch(() => resolve(undefined))
  })
}

export class Shelf {
  private readonly hash: string
  private readonly database: IDBDatabase
  private readonly release: () => void
  /** Symbols of each branch that are kept already. */
  private readonly kept = new Map<number, number>()
  private writing = false

  private constructor(hash: string, database: IDBDatabase, release: () => void) {
    this.hash = hash
    this.database = database
    this.release = release
  }

  /** @returns undefined where nothing can be kept */
  static async of(hash: string): Promise<Shelf | undefined> {
    const release = await claim(`${DATABASE} ${hash}`)
    if (!release) return undefined
    try {
      return new Shelf(hash, await openDatabase(), release)
    } catch {
      // Private windows and strict settings refuse storage; the page works without.
      release()
      return undefined
    }
  }

  /** What was kept, or undefined for a model without texts, or with damaged ones. */
  async load(): Promise<Kept | undefined> {
    const store = this.database.transaction(STORE).objectStore(STORE)
    const forest = (await settled(store.get([this.hash]))) as Forest | undefined
    if (!forest) return undefined
    const range = IDBKeyRange.bound([this.hash, 0], [this.hash, Number.POSITIVE_INFINITY, []])
    const [keys, pieces] = await Promise.all([
      settled(store.getAllKeys(range)),
      settled(store.getAll(range)) as Promise<Piece[]>,
    ])
    const draft = new Draft()
    for (const written of forest.chains ?? []) draft.chainIndex(written)
    for (const { parent, at, reason, origin } of forest.branches) {
      draft.adopt(parent, at, reason as Reason, origin as Origin)
    }
    keys.forEach((key, i) => {
      const [, branch] = key as [string, number, number]
      const { text, columns } = pieces[i]
      const { length } = columns.ids
      draft.branches[branch]?.records.append(text, {
        ...columns,
        chains: columns.chains ?? new Uint16Array(length),
      })
    })
    for (const [id, { count }] of forest.branches.entries()) {
      if (draft.branches[id].records.count !== count) return undefined
      this.kept.set(id, count)
    }
    return { draft, standing: forest.standing, past: forest.past }
  }

  /** Keeps what is new. Symbols only ever come to the end of a branch. */
  async save(draft: Draft, standing: Standing, past: Past): Promise<void> {
    if (this.writing) return
    this.writing = true
    try {
      const transaction = this.database.transaction(STORE, 'readwrite')
      const store = transaction.objectStore(STORE)
      const branches = draft.branches.map(({ id, parent, at, reason, origin, records }) => {
        const known = this.kept.get(id) ?? 0
        const { count } = records
        for (let from = known - (known % CHUNK); count > known && from < count; from += CHUNK) {
          const piece = records.slice(from, Math.min(count, from + CHUNK))
          store.put(piece, [this.hash, id, from / CHUNK])
        }
        this.kept.set(id, count)
        return { parent, at, reason, origin, count }
      })
      store.put({ branches, standing, chains: draft.chains, past } satisfies Forest, [this.hash])
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
      })
    } catch {
      // A full disk: what was kept before stays, the text on the page is whole.
      this.kept.clear()
    } finally {
      this.writing = false
    }
  }

  async clear(): Promise<void> {
    const transaction = this.database.transaction(STORE, 'readwrite')
    const range = IDBKeyRange.bound([this.hash], [this.hash, []])
    await settled(transaction.objectStore(STORE).delete(range))
    this.kept.clear()
  }

  close(): void {
    this.database.close()
    this.release()
  }
}
