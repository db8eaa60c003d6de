/**
 * Stores the texts of the page: when they are stored, what the reader is told of it, and the state of
 * this tab before a reload.
 */

import type { PageState } from './text-rows.js'
import { type StorageStatus, type StoredModel, type StoredState, TextStore } from './text-store.js'
import type { TextTree } from './text-tree.js'

/** How often texts are stored while they change, ms. */
const KEEP_EVERY = 1500
/** After a failure, storing is tried again after this time, even without a change, ms. */
const RETRY_EVERY = 15_000

/** What a tab remembers of itself over a reload, in its entry of the browser's history. */
export interface TabState {
  /** The model's identity hash. */
  readonly hash: string
  readonly writer: string
  readonly paused: boolean
  /** Symbols shown. */
  readonly count: number
}

/** The page whose texts are stored. */
export interface StoredPage {
  readonly pageState: PageState | undefined
  readonly playing: boolean
  readonly count: number
  /** Texts of another tab came in. */
  grownElsewhere(): void
  readonly tree: TextTree
  /** Forgets all texts but the shown one. */
  clearOthers(): void
  /** Forgets all texts; another one is to be begun at once. */
  clear(): void
}

export class StoredTexts {
  keeping = $state<StorageStatus>('unsaved')
  /** Whether anything was stored since the last failure. */
  works = $state(false)
  /** The reader has seen that nothing is stored. */
  dismissed = $state(false)
  /** What this tab remembered when it was opened. */
  readonly before: TabState | undefined = readTabState()

  private readonly page: StoredPage
  private store: TextStore | undefined
  private hash = ''
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(page: StoredPage) {
    this.page = page
    document.addEventListener('visibilitychange', () => this.save(document.hidden))
    window.addEventListener('pagehide', ({ persisted }) => {
      this.save(true)
      this.rememberTab()
      if (persisted) this.store?.suspend()
    })
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted) void this.store?.resume().then(() => this.save())
    })
  }

  /** Opens the texts of a model. @returns what was stored, and a way to go on with it */
  async open(
    model: StoredModel,
  ): Promise<{ kept: StoredState; take: () => void; leave: () => void }> {
    const { hash } = model
    const store: TextStore = new TextStore(model, {
      keeping: keeping => store === this.store && this.say(keeping),
      grown: () => store === this.store && this.page.grownElsewhere(),
      cleared: () => store === this.store && this.clearedElsewhere(),
    })
    const kept = await store.load(this.before?.hash === hash ? this.before.writer : undefined)
    return {
      kept,
      take: () => {
        // The last symbols of the previous model are not stored yet.
        this.save(true)
        this.store?.close()
        this.store = store
        this.hash = hash
        this.dismissed = false
        this.say(store.keeping)
      },
      leave: () => store.close(),
    }
  }

  /** The texts have changed. */
  changed(): void {
    this.store?.touch()
    this.timer ??= setTimeout(() => this.save(), KEEP_EVERY)
  }

  /** Stores the texts in the next task. */
  soon(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.save())
  }

  /** @param closing the page may end at once */
  save(closing = false): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const { store } = this
    const state = this.page.pageState
    if (!store || !state) return
    if (closing || store.isDue) void store.save(state, closing)
    else this.timer = setTimeout(() => this.save(), KEEP_EVERY)
  }

  /** Space was freed: storing is tried again at once. */
  retry(): void {
    this.store?.retry()
    this.save()
  }

  /** Throws away all texts of this model, stored ones too. @param begin begins another text */
  async forget(begin: () => void): Promise<void> {
    this.page.clear()
    const cleared = this.store?.clear(this.page.tree)
    begin()
    await cleared
  }

  /** Adds the texts of a session. @returns the branch where each of its texts ends */
  adopt(session: TextTree): (number | undefined)[] {
    return this.store?.adopt(session) ?? []
  }

  /** The state of this tab for the browser's history, which survives a reload even where storage is refused. */
  get tabState(): { readonly ondo: TabState } | undefined {
    const { hash, store, page } = this
    if (!store) return undefined
    const { playing, count } = page
    return { ondo: { hash, writer: store.writer, paused: !playing, count } }
  }

  // --- internal ---

  /** Another tab deleted the texts: only the shown one stays. */
  private clearedElsewhere(): void {
    this.page.clearOthers()
    this.store?.replace(this.page.tree)
    this.page.grownElsewhere()
  }

  private say(keeping: StorageStatus): void {
    this.keeping = keeping
    if (keeping === 'kept') this.works = true
    if (keeping !== 'full' && keeping !== 'refused') {
      this.dismissed &&= keeping !== 'kept'
      return
    }
    this.works = false
    this.timer ??= setTimeout(() => this.save(), RETRY_EVERY)
  }

  private rememberTab(): void {
    if (this.tabState) history.replaceState(this.tabState, '')
  }
}

function readTabState(): TabState | undefined {
  const state = (history.state as { readonly ondo?: TabState } | null)?.ondo
  return typeof state?.hash === 'string' && typeof state.writer === 'string' ? state : undefined
}
