/**
 * A key-value store on IndexedDB: keys are lists, and a change is made wholly or not at all. IndexedDB runs
 * one change of a store at a time, also between tabs, so a change can safely depend on a row's value.
 */

export type Key = readonly (string | number)[]

export interface Change {
  readonly puts?: readonly (readonly [Key, unknown])[]
  /** Keys of rows to delete, each with all rows whose keys begin with it. */
  readonly removes?: readonly Key[]
  /** Nothing is changed unless this row has this value. */
  readonly expect?: { readonly key: Key; readonly is: (value: unknown) => boolean }
}

export interface KeyValueStore {
  /** Rows whose keys begin with this prefix, in order. @param from the least next part of their keys */
  rows(prefix: Key, from?: number): Promise<(readonly [Key, unknown])[]>
  /** The keys of those rows, without what lies under them. */
  keys(prefix: Key): Promise<Key[]>
  /**
   * Without `expect`, all requests are made before this returns, so that the page may be closed right after.
   * @returns whether the row was as expected
   * @throws DOMException; then nothing was changed
   */
  change(change: Change): Promise<boolean>
  close(): void
}

/** The parts of a database of the browser that hold a store. */
export interface StoreName {
  readonly database: string
  /** The object store in it. */
  readonly store: string
}

const VERSION = 1
/** A storage that does not answer within this time counts as refused, ms. */
const PATIENCE = 5000

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

function below(prefix: Key, from?: number): IDBKeyRange {
  return IDBKeyRange.bound(from === undefined ? prefix : [...prefix, from], [...prefix, []])
}

class IndexedStore implements KeyValueStore {
  private readonly database: IDBDatabase
  private readonly name: string

  constructor(database: IDBDatabase, name: string, lost: () => void) {
    this.database = database
    this.name = name
    database.onclose = lost
    // A newer page wants to change the layout; an open connection would block it.
    database.onversionchange = () => {
      database.close()
      lost()
    }
  }

  async rows(prefix: Key, from?: number): Promise<(readonly [Key, unknown])[]> {
    const store = this.database.transaction(this.name).objectStore(this.name)
    const range = below(prefix, from)
    const [keys, values] = await Promise.all([
      settled(store.getAllKeys(range)),
      settled(store.getAll(range)),
    ])
    return keys.map((key, i) => [key as unknown as Key, values[i]])
  }

  async keys(prefix: Key): Promise<Key[]> {
    const store = this.database.transaction(this.name).objectStore(this.name)
    return (await settled(store.getAllKeys(below(prefix)))) as unknown as Key[]
  }

  change({ puts = [], removes = [], expect }: Change): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(this.name, 'readwrite')
      const store = transaction.objectStore(this.name)
      let met = true
      const write = (): void => {
        for (const key of removes) store.delete(below(key))
        for (const [key, value] of puts) store.put(value, key as unknown as IDBValidKey)
        // Without it the browser waits for the page's answer, and a page that ends gives none.
        transaction.commit()
      }
      transaction.oncomplete = () => resolve(met)
      transaction.onabort = () => reject(transaction.error)
      try {
        if (!expect) return write()
        const request = store.get(expect.key as unknown as IDBValidKey)
        request.onsuccess = () => {
          met = expect.is(request.result)
          if (met) write()
        }
      } catch (error) {
        transaction.abort()
        reject(error)
      }
    })
  }

  close(): void {
    this.database.close()
  }
}

function openIndexed({ database, store }: StoreName): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('The storage does not answer.')), PATIENCE)
    const request = indexedDB.open(database, VERSION)
    request.onupgradeneeded = () => request.result.createObjectStore(store)
    request.onblocked = () => reject(new Error('Another tab holds an older storage open.'))
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      clearTimeout(late)
      resolve(request.result)
    }
  })
}

/** @throws DOMException, or an Error where the storage does not answer */
export async function openStore(
  name: StoreName,
  lost: () => void = () => {},
): Promise<KeyValueStore> {
  return new IndexedStore(await openIndexed(name), name.store, lost)
}
