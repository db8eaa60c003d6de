/**
 * A browser for tests of the text store: one storage, locks and a channel that several tabs share. What
 * a tab asks for happens later, in an order that the test's chance decides; the storage keeps its order.
 */
import type { Change, Key, KeyValueStore } from '../storage/key-value.js'
import type { StoreEnvironment, TextMessage } from './text-database.js'

interface Task {
  readonly tab: FakeTab
  readonly run: () => void
}

const isBelow = (prefix: Key, key: Key): boolean => prefix.every((part, i) => key[i] === part)

function compare(a: Key, b: Key): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1
  }
  return a.length - b.length
}

const failure = (name: string): Error => Object.assign(new Error(name), { name })

export class FakeBrowser {
  readonly rows = new Map<string, unknown>()
  /** The storage takes nothing more. */
  full = false
  /** The storage cannot be opened, and what is open fails. */
  refused = false
  hasLocks = true
  hasChannel = true
  tabs: FakeTab[] = []
  time = 1000
  /** The storage does one thing after the other; messages and locks come in between. */
  private readonly storage: Task[] = []
  private readonly others: Task[] = []
  private readonly random: () => number
  private readonly locks = new Map<string, FakeTab>()
  private ids = 0

  constructor(random: () => number) {
    this.random = random
  }

  /** Does one thing that is due, if there is any. */
  async turn(): Promise<boolean> {
    const most = this.others.length + Math.min(1, this.storage.length)
    if (most === 0) return false
    const at = Math.floor(this.random() * most)
    // A tab hears another tab's messages in order.
    const task = at < this.others.length ? this.firstLike(at) : this.storage.shift()!
    task.run()
    for (let i = 0; i < 20; i++) await Promise.resolve()
    return true
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve()
    while (await this.turn());
  }

  /** A person clears what this page stored. */
  clearSiteData(): void {
    this.rows.clear()
    for (const tab of this.tabs) {
      for (const lost of tab.lost.splice(0)) lost()
    }
  }

  /** A tab ends; of what it asked the storage for last, only a part may be done. */
  end(tab: FakeTab): void {
    const own = this.storage.filter(task => task.tab === tab)
    const done = new Set(own.slice(0, Math.floor(this.random() * (own.length + 1))))
    for (const list of [this.storage, this.others]) {
      const stays = list.filter(task => task.tab !== tab || done.has(task))
      list.splice(0, list.length, ...stays)
    }
    tab.isOpen = false
    this.tabs = this.tabs.filter(each => each !== tab)
    for (const [name, holder] of this.locks) if (holder === tab) this.locks.delete(name)
  }

  open(): FakeTab {
    const tab = new FakeTab()
    this.tabs.push(tab)
    return tab
  }

  environment(tab: FakeTab): StoreEnvironment {
    return {
      open: lost =>
        this.ask(tab, this.storage, () => {
          if (this.refused) throw failure('SecurityError')
          tab.lost.push(lost)
          return this.database(tab)
        }),
      hold: name =>
        this.ask(tab, this.others, () => {
          if (!this.hasLocks || this.locks.has(name)) return undefined
          this.locks.set(name, tab)
          return () => this.locks.delete(name)
        }),
      held: () =>
        this.ask(tab, this.others, () => (this.hasLocks ? new Set(this.locks.keys()) : undefined)),
      listen: told => {
        tab.listeners.add(told)
        return {
          tell: message => this.send(tab, message),
          close: () => tab.listeners.delete(told),
        }
      },
      newId: () => `id${(this.ids++).toString().padStart(6, '0')}`,
      now: () => this.time++,
    }
  }

  // --- internal ---

  private firstLike(at: number): Task {
    const { tab } = this.others[at]
    const first = this.others.findIndex(task => task.tab === tab)
    return this.others.splice(first, 1)[0]
  }

  private send(from: FakeTab, message: TextMessage): void {
    if (!this.hasChannel) return
    for (const tab of this.tabs) {
      if (tab === from) continue
      const run = () => {
        for (const told of tab.listeners) told(structuredClone(message))
      }
      this.others.push({ tab, run })
    }
  }

  private ask<T>(tab: FakeTab, list: Task[], answer: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      list.push({
        tab,
        run: () => {
          let found: T
          try {
            found = answer()
          } catch (error) {
            if (tab.isOpen) reject(error)
            return
          }
          // What a tab asked for is done also when it has gone; nobody is told.
          if (tab.isOpen) resolve(found)
        },
      })
    })
  }

  private database(tab: FakeTab): KeyValueStore {
    return {
      rows: (prefix, from) =>
        this.ask(tab, this.storage, () => {
          if (this.refused) throw failure('InvalidStateError')
          return [...this.rows]
            .map(([key, value]): [Key, unknown] => [JSON.parse(key), structuredClone(value)])
            .filter(([key]) => isBelow(prefix, key))
            .filter(([key]) => from === undefined || Number(key[prefix.length]) >= from)
            .sort(([a], [b]) => compare(a, b))
        }),
      keys: () =>
        this.ask(tab, this.storage, () => [...this.rows.keys()].map(key => JSON.parse(key))),
      change: change => {
        // As they are now: the page writes on meanwhile.
        const puts = structuredClone(change.puts ?? [])
        return this.ask(tab, this.storage, () => this.apply({ ...change, puts }))
      },
      close() {},
    }
  }

  private apply({ puts = [], removes = [], expect }: Change): boolean {
    if (this.refused) throw failure('UnknownError')
    if (expect && !expect.is(structuredClone(this.rows.get(JSON.stringify(expect.key)))))
      return false
    if (this.full && puts.length > 0) throw failure('QuotaExceededError')
    for (const prefix of removes) {
      for (const key of [...this.rows.keys()]) {
        if (isBelow(prefix, JSON.parse(key))) this.rows.delete(key)
      }
    }
    for (const [key, value] of puts) this.rows.set(JSON.stringify(key), value)
    return true
  }
}

export class FakeTab {
  isOpen = true
  readonly listeners = new Set<(message: TextMessage) => void>()
  readonly lost: (() => void)[] = []
}
