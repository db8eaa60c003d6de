/** How much of the browser's storage texts and models take, and deleting them. */
import { openTexts, tellTabs } from '../../text/text-database.js'
import { CHUNK, LAYOUT, type SegmentRow } from '../../text/text-rows.js'

/** The size of a symbol's record (records.ts). */
const SYMBOL_BYTES = 60
/** Caches of offline/service-worker.js that hold models. */
const MODELS = 'ondo-models-'

export interface Room {
  /** Bytes that this page stores, and that the browser would give it; undefined: it does not say. */
  readonly usage: number | undefined
  readonly quota: number | undefined
  /** Whether the browser promised not to clear it away by itself. */
  readonly safe: boolean | undefined
  /** The number of models with stored texts, and the size of the texts in bytes. */
  readonly texts: { readonly models: number; readonly bytes: number }
  /** Models cached for use without a network. */
  readonly models: { readonly count: number; readonly bytes: number }
}

async function textsKept(): Promise<Room['texts']> {
  const models = new Set<string>()
  let symbols = 0
  try {
    const database = await openTexts()
    for (const [first, second, kind] of await database.keys([])) {
      // Layout 1 has [hash, branch, chunk], layout 2 [LAYOUT, hash, kind, ...] (text-rows.ts).
      if (first !== LAYOUT) symbols += kind === undefined ? 0 : CHUNK
      models.add((first === LAYOUT ? second : first) as string)
    }
    for (const hash of models) {
      const rows = await database.rows([LAYOUT, hash, 'segment'])
      // A model with rows but without segments has no texts.
      if (rows.length === 0 && (await database.keys([hash])).length === 0) models.delete(hash)
      for (const [, row] of rows) symbols += (row as SegmentRow).count
    }
    database.close()
  } catch {
    // Storage is refused, so nothing is stored.
  }
  return { models: models.size, bytes: symbols * SYMBOL_BYTES }
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

/** Asks the browser not to delete the texts by itself. @returns whether it agreed */
export const keepSafe = async (): Promise<boolean> =>
  (await navigator.storage?.persist?.().catch(() => false)) ?? false

/** Deletes the cached models; each is fetched again when it is needed. */
export async function dropModels(): Promise<void> {
  for (const cache of await modelCaches()) {
    for (const request of await cache.keys()) await cache.delete(request)
  }
}

/** Deletes the stored texts of every model, in all tabs; the page clears the shown ones itself. */
export async function dropTexts(): Promise<void> {
  const database = await openTexts()
  await database.change({ removes: [[]] })
  database.close()
  tellTabs({ type: 'cleared' })
}
