/** The database of texts, and what storing them needs of the browser. */
import { type KeyValueStore, openStore } from '../storage/key-value.js'

/** What storing texts needs of the browser; tests give their own. */
export interface StoreEnvironment {
  /** @param lost called when the browser closes the storage, as it does when a person clears it */
  open(lost: () => void): Promise<KeyValueStore>
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

const TEXTS = { database: 'ondo-texts', store: 'texts' } as const

/** @throws DOMException, or an Error where the storage does not answer */
export const openTexts = (lost?: () => void): Promise<KeyValueStore> => openStore(TEXTS, lost)

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
