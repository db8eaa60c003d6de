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

export interface TextDatabase {
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

/** What storing texts needs of the browser; tests give their own. */
export interface StoreEnvironment {
  /** @param lost called when the browser closes the storage, as it does when a person clears it */
  open(lost: () => void): Promise<TextDatabase>
  /** A lock for as long as this page lives; undefined: another has it, or there are no locks. */
  hold(lock: string): Promise<(() => void) | undefined>
  /** The locks that any page holds now; undefined: this browser does not say. */
  held(): Promise<ReadonlySet<string> | undefined>
  /** What other tabs say, and a way to tell them, also after `close`: a last save ends later. */
  listen(told: (message: TextMessage) => void): { tell(message: TextMessage): void; close(): void }
  newId(): string
  /** ms since 1970. */
  now(): number
}

export type TextMessage =
  | { readonly type: 'saved'; readonly hash: string }
  /** Left out `hash`: the texts of all models. */
  | { readonly type: 'cleared'; readonly hash?: string }

const DATABASE = 'ondo-texts'
const VERSION = 1
const STORE = 'texts'
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

class IndexedTexts implements TextDatabase {
  private readonly database: IDBDatabase

  constructor(database: IDBDatabase, lost: () => void) {
    this.database = database
    database.onclose = lost
    // A newer page wants to change the layout; an open connection would block it.
    database.onversionchange = () => {
      database.close()
      lost()
    }
  }

  async rows(prefix: Key, from?: number): Promise<(readonly [Key, unknown])[]> {
    const store = this.database.transaction(STORE).objectStore(STORE)
    const range = below(prefix, from)
    const [keys, values] = await Promise.all([
      settled(store.getAllKeys(range)),
      settled(store.getAll(range)),
    ])
    return keys.map((key, i) => [key as unknown as Key, values[i]])
  }

  async keys(prefix: Key): Promise<Key[]> {
    const store = this.database.transaction(STORE).objectStore(STORE)
    return (await settled(store.getAllKeys(below(prefix)))) as unknown as Key[]
  }

  change({ puts = [], removes = [], expect }: Change): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(STORE, 'readwrite')
      const store = transaction.objectStore(STORE)
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

function openIndexed(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('The storage does not answer.')), PATIENCE)
    const request = indexedDB.open(DATABASE, VERSION)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onblocked = () => reject(new Error('Another tab holds an older storage open.'))
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      clearTimeout(late)
      resolve(request.result)
    }
  })
}

/** @throws DOMException, or an Error where the storage does not answer */
export async function openTexts(lost: () => void = () => {}): Promise<TextDatabase> {
  return new IndexedTexts(await openIndexed(), lost)
}

const CHANNEL = 'ondo-texts'

/** The browser that shows this page. Without a secure context it has no locks. */
export const BROWSER: StoreEnvironment = {
  open: openTexts,
  hold(name) {
    return new Promise(resolve => {
      const { locks } = navigator as { readonly locks?: LockManager }
      if (!locks) return resolve(undefined)
      locks
        .request(name, { ifAvailable: true }, lock => {
          if (!lock) return resolve(undefined)
          return new Promise<void>(release => resolve(release))
        })
        .catch(() => resolve(undefined))
    })
  },
  async held() {
    const { locks } = navigator as { readonly locks?: LockManager }
    const state = await locks?.query().catch(() => undefined)
    return (
      state && new Set([...(state.held ?? []), ...(state.pending ?? [])].map(l => l.name ?? ''))
    )
  },
  listen(told) {
    if (typeof BroadcastChannel !== 'function') return { tell() {}, close() {} }
    const channel = new BroadcastChannel(CHANNEL)
    channel.onmessage = ({ data }) => told(data)
    let isClosed = false
    return {
      tell: message => (isClosed ? tellTabs(message) : channel.postMessage(message)),
      close() {
        isClosed = true
        channel.close()
      },
    }
  },
  newId: () => [...crypto.getRandomValues(new Uint32Array(4))].map(n => n.toString(36)).join('-'),
  now: () => Date.now(),
}

/** Sends a message to the other tabs, from a part of the page that stores no texts itself. */
export function tellTabs(message: TextMessage): void {
  const channel = BROWSER.listen(() => {})
  channel.tell(message)
  channel.close()
}
