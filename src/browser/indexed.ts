/** Checkpoints in IndexedDB, for browsers whose workers can't write OPFS files in place. */
import type { CheckpointStore } from '../train/index.js'

const DATABASE = 'ondo'
/** Object store with the keys [folder, name, part]. A write makes one part, each append one more. */
const PARTS = 'parts'

function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

async function database(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(PARTS)
  return answer(request)
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Opens the store of a folder. A write is one transaction, so it is done whole or not at all. */
export async function indexedStore(folder: string): Promise<CheckpointStore> {
  const db = await database()
  const parts = (name: string): IDBKeyRange => IDBKeyRange.bound([folder, name], [folder, name, []])

  /** Runs a transaction. Resolves when its changes are on the disk. */
  const change = (work: (store: IDBObjectStore) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const transaction = db.transaction(PARTS, 'readwrite', { durability: 'strict' })
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
      work(transaction.objectStore(PARTS))
    })
  const replace = (name: string, bytes: Uint8Array): Promise<void> =>
    change(store => {
      store.delete(parts(name))
      store.put(bytes.slice(), [folder, name, 0])
    })
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const store = db.transaction(PARTS).objectStore(PARTS)
    const found: Uint8Array[] = await answer(store.getAll(parts(name)))
    return found.length > 0 ? join(found) : undefined
  }

  return {
    read,
    write: replace,
    append: (name, text) =>
      change(store => {
        const bytes = new TextEncoder().encode(text)
        store.openKeyCursor(parts(name), 'prev').onsuccess = event => {
          const last = (event.target as IDBRequest<IDBCursor | null>).result?.key
          store.put(bytes, [folder, name, Array.isArray(last) ? Number(last[2]) + 1 : 0])
        }
      }),
    remove: name => change(store => store.delete(parts(name))),
    async truncate(name, length) {
      const old = await read(name)
      if (old && old.length > length) await replace(name, old.slice(0, length))
    },
  }
}
