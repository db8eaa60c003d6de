/**
 * Older pages kept a model's texts under the SHA-256 of its file; now its identity is their key, so
 * that a file with a new title keeps its texts.
 */
import { openDatabase, STORE, settled } from './text-store.js'

/**
 * Moves texts kept under `fileHash` to `hash`, in one transaction: all or none of them. Texts that
 * are under `hash` already win, and the older ones stay where they are.
 * @throws never: where storage is refused, nothing was kept
 */
export async function moveFormerTexts(hash: string, fileHash: string | undefined): Promise<void> {
  if (fileHash === undefined || fileHash === hash) return
  try {
    const database = await openDatabase()
    try {
      const store = database.transaction(STORE, 'readwrite').objectStore(STORE)
      const ofModel = (key: string): IDBKeyRange => IDBKeyRange.bound([key], [key, []])
      if ((await settled(store.count(ofModel(hash)))) > 0) return
      const range = ofModel(fileHash)
      const [keys, values] = await Promise.all([
        settled(store.getAllKeys(range)),
        settled(store.getAll(range)),
      ])
      keys.forEach((key, i) => {
        store.put(values[i], [hash, ...(key as IDBValidKey[]).slice(1)])
      })
      if (keys.length > 0) await settled(store.delete(range))
    } finally {
      database.close() // waits for the transaction
    }
  } catch {
    // The page works without kept texts.
  }
}
