/** How much of the browser's storage this page's texts and models take, and ways to have it back. */
import { openDatabase, STORE, settled } from '../text/text-store.js'

/** Of a symbol in its columns (records.ts). */
const SYMBOL_BYTES = 60
/** Caches of offline/service-worker.js that hold models. */
const MODELS = 'ondo-models-'

export interface Room {
  /** Of everything this page keeps, and what the browser would give it; undefined: it does not say. */
  readonly usage: number | undefined
  readonly quota: number | undefined
  /** Whether the browser promised not to clear it away by itself. */
  readonly safe: boolean | undefined
  /** Models of which texts are kept, and what the texts take, bytes. */
  readonly texts: { readonly models: number; readonly bytes: number }
  /** Models kept for when there is no network. */
  readonly models: { readonly count: number; readonly bytes: number }
}

interface Counted {
  readonly branches?: readonly { readonly count: number }[]
}

async function textsKept(): Promise<Room['texts']> {
  let models = 0
  let bytes = 0
  try {
    const database = await openDatabase()
    const store = database.transaction(STORE).objectStore(STORE)
    const keys = (await settled(store.getAllKeys())) as IDBValidKey[][]
    for (const key of keys) {
      // [hash] is a forest, longer keys are its symbols.
      if (key.length > 1) continue
      const { branches = [] } = (await settled(store.get(key))) as Counted
      models++
      for (const { count } of branches) bytes += count * SYMBOL_BYTES
    }
    database.close()
  } catch {
    // Storage is refused: nothing is kept.
  }
  return { models, bytes }
}

async function modelCaches(): Promise<Cache[]> {
  if (typeof caches !== 'object') return []
  const names = (await caches.keys()).filter(name => name.startsWith(MODELS))
  return Promise.all(names.map(name => caches.open(name)))
}

async function modelsKept(): Promise<Room['models']> {
  let count = 0
  let bytes = 0
  for (const cache of await modelCaches()) {
    for (const request of await cache.keys()) {
      const response = await cache.match(request)
      count++
      bytes += (await response?.blob())?.size ?? 0
    }
  }
  return { count, bytes }
}

export async function roomTaken(): Promise<Room> {
  const { storage } = navigator
  const [estimate, safe, texts, models] = await Promise.all([
    storage?.estimate?.().catch(() => undefined),
    storage?.persisted?.().catch(() => undefined),
    textsKept(),
    modelsKept(),
  ])
  return { usage: estimate?.usage, quota: estimate?.quota, safe, texts, models }
}

/** Asks the browser not to clear the texts away by itself. @returns whether it promised */
export const keepSafe = async (): Promise<boolean> =>
  (await navigator.storage?.persist?.().catch(() => false)) ?? false

/** Lets go of the models kept for later; each is fetched again when it is wanted. */
export async function dropModels(): Promise<void> {
  for (const cache of await modelCaches()) {
    for (const request of await cache.keys()) await cache.delete(request)
  }
}

/** Throws away the texts of every model; those of the one shown are the desk's to forget. */
export async function dropTexts(): Promise<void> {
  const database = await openDatabase()
  await settled(database.transaction(STORE, 'readwrite').objectStore(STORE).clear())
  database.close()
}
