import { describe, expect, it } from 'vitest'
import { CHOSEN } from '../writer/protocol.js'
import { ORIGIN, pieceOf } from './text.fixture.js'
import { CHUNK, LAYOUT } from './text-rows.js'
import { alone } from './text-segments.js'
import { FakeBrowser, type FakeTab } from './text-store.fixture.js'
import { type StorageStatus, TextStore } from './text-store.js'
import { TextTree } from './text-tree.js'

const HASH = 'abc'

/** Numbers in [0, 1) from a seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole text with how it was drawn, symbol by symbol. */
function wholeText(tree: TextTree, branch: number): string {
  const { text, columns } = TextTree.textOf(tree, tree.lastPositionOf(branch)).slice(0)
  const { prompt, seed } = tree.branches[branch].origin
  const drawn = [...text].map((letter, n) => {
    const chosen = columns.coins[n] === CHOSEN ? '!' : ''
    return `${letter}${columns.temperatures[n]}${chosen}${tree.chains[columns.chains[n]]}`
  })
  return `${prompt}/${seed}: ${drawn.join(' ')}`
}

const textsOf = (tree: TextTree): string[] => tree.branches.map(({ id }) => wholeText(tree, id))
const holds = (texts: readonly string[], text: string): boolean =>
  texts.some(each => each === text || each.startsWith(text.endsWith(': ') ? text : `${text} `))

const SHORT = 60
/** Texts that are not among others, cut short. */
const missing = (wanted: readonly string[], texts: readonly string[]): string[] =>
  wanted
    .filter(text => !holds(texts, text))
    .map(text => (text.length > 2 * SHORT ? `${text.slice(0, SHORT)}…${text.slice(-SHORT)}` : text))

/** A page in a tab: what a reader does to its texts, as the editor does it. */
class Page {
  tree = new TextTree()
  store!: TextStore
  loaded = false
  playing = true
  temperature = 1
  /** What must be shown, whatever other tabs do. */
  shown = ''
  kept: Partial<Awaited<ReturnType<TextStore['load']>>['page']> = {}
  readonly said: StorageStatus[] = []
  readonly tab: FakeTab
  private readonly browser: FakeBrowser

  constructor(browser: FakeBrowser, promise: (page: Page) => void = () => {}) {
    this.browser = browser
    this.tab = browser.open()
    const listener = {
      keeping: (keeping: StorageStatus) => {
        this.said.push(keeping)
        if (keeping === 'kept' && this.loaded) promise(this)
      },
      grown: () => {},
      cleared: () => {
        this.tree = alone(this.tree)
        this.store.replace(this.tree)
      },
    }
    this.store = new TextStore(
      { hash: HASH, fileHash: 'def' },
      listener,
      browser.environment(this.tab),
    )
  }

  async load(previous?: string): Promise<void> {
    const { tree, page } = await this.store.load(previous)
    this.tree = tree
    this.kept = page
    this.playing = page.playing ?? true
    this.loaded = true
    if (page.standing) this.go(page.standing.place)
    else this.shown = tree.shown.text
  }

  begin(seed: string): void {
    const origin = { ...ORIGIN, seed }
    const root = this.tree.rootOf(origin)
    if (root) this.tree.go({ branch: root.id, count: 0 })
    else this.tree.begin(origin)
    this.shown = ''
    this.store.touch()
  }

  /** The next symbols follow from the text's beginning, the place and the temperature, as a model's do. */
  write(count: number, { hand = '', chain = '' } = {}): void {
    const { branch, position } = this.tree
    if (!branch) {
      this.begin('1')
      return
    }
    const letters = Array.from({ length: count }, (_, i) => {
      const code = (Number(branch.origin.seed) * 31 + (position.count + i) * 7) % 5
      return String.fromCharCode(97 + code + (this.temperature > 1 ? 1 : 0))
    })
    const piece = pieceOf(hand || letters.join(''), this.temperature)
    if (hand) piece.columns.coins.fill(CHOSEN)
    piece.columns.chains.fill(this.tree.chainIndex(chain))
    this.tree.append(piece, hand ? 'choice' : 'temperature')
    this.shown += piece.text
    this.store.touch()
  }

  go(place: { branch: number; count: number }): void {
    this.tree.go(place)
    this.shown = this.tree.shown.text
    this.store.touch()
  }

  save(closing = false): Promise<void> {
    const standing = {
      place: this.tree.position,
      temperature: this.temperature,
      schedule: undefined,
      chain: undefined,
    }
    const past = { moments: [standing], at: 0 }
    return this.store.save({ standing, past, playing: this.playing }, closing)
  }

  /** As when a tab is closed. */
  close(): void {
    void this.save(true)
    this.browser.end(this.tab)
  }
}

async function opened(browser: FakeBrowser, previous?: string): Promise<Page> {
  const page = new Page(browser)
  const loading = page.load(previous)
  await browser.settle()
  await loading
  return page
}

async function saved(browser: FakeBrowser, page: Page): Promise<void> {
  const saving = page.save()
  await browser.settle()
  await saving
}

const calm = (): FakeBrowser => new FakeBrowser(() => 0)

describe('200 interleavings of two tabs, closings and failures', () => {
  type Acts = Record<string, (page: Page, at: number) => void>

  interface Interleaving {
    readonly browser: FakeBrowser
    readonly pages: (Page | undefined)[]
    /** Texts that must be stored in the end. */
    readonly expected: Set<string>
    readonly below: (n: number) => number
  }

  /** What may happen to a page, by name. */
  function actsOf({ browser, pages, expected, below }: Interleaving): Acts {
    return {
      begin: page => page.begin(String(below(3))),
      write: page => page.write(1 + below(6)),
      writeMore: page => page.write(1 + below(6)),
      writeLong: page => below(12) === 0 && page.write(CHUNK - 2 + below(4)),
      choose: page => page.write(1, { hand: 'xyz'[below(3)] }),
      chain: page => page.write(2, { chain: ['min-p 0.1', 'top-k 3'][below(2)] }),
      warm: page => {
        page.temperature = 1 + below(2)
      },
      back: page => {
        const { branches } = page.tree
        if (branches.length === 0) return
        const branch = below(branches.length)
        page.go({ branch, count: below(page.tree.lengthOf(branch) + 1) })
      },
      save: page => void page.save(),
      saveAgain: page => void page.save(),
      hide: page => void page.save(true),
      close: (page, at) => {
        page.close()
        pages[at] = undefined
      },
      kill: (page, at) => {
        browser.end(page.tab)
        pages[at] = undefined
      },
      toCache: page => {
        page.save(true)
        page.store.suspend()
      },
      fromCache: page => void page.store.resume(),
      forget: page => {
        if (below(8) > 0) return
        expected.clear()
        page.tree = new TextTree()
        page.shown = ''
        page.store.clear(page.tree).then(() => expected.clear())
      },
      session: page => {
        const session = new TextTree()
        session.begin({ ...ORIGIN, seed: String(below(4)) })
        session.append(pieceOf('session'.slice(0, 1 + below(7)), 1 + below(2)), 'temperature')
        page.store.adopt(session)
      },
    }
  }

  async function interleave(seed: number): Promise<void> {
    const random = chance(seed)
    const below = (n: number): number => Math.floor(random() * n)
    const browser = new FakeBrowser(random)
    browser.hasLocks = random() < 0.8
    browser.hasChannel = random() < 0.8
    const expected = new Set<string>()
    const expectTexts = (page: Page): void => {
      for (const text of textsOf(page.tree)) expected.add(text)
    }
    const pages: (Page | undefined)[] = [undefined, undefined]
    const acts = actsOf({ browser, pages, expected, below })
    const names = Object.keys(acts)
    for (let step = 0; step < 120; step++) {
      const at = below(2)
      const page = pages[at]
      if (!page) {
        pages[at] = new Page(browser, expectTexts)
        void pages[at].load()
      } else if (page.loaded) {
        acts[names[below(names.length)]](page, at)
        expect(page.tree.shown.text).toBe(page.shown)
      }
      const fate = random()
      if (fate < 0.04) browser.full = !browser.full
      else if (fate < 0.06) browser.refused = !browser.refused
      else if (fate < 0.065) {
        expected.clear()
        browser.clearSiteData()
      }
      browser.time += below(4000)
      for (let n = below(8); n > 0; n--) await browser.turn()
      for (const each of pages) if (each?.loaded) expect(each.tree.shown.text).toBe(each.shown)
    }
    browser.full = false
    browser.refused = false
    await browser.settle()
    browser.time += 1e6
    // Every page that is still open stores its texts, and then each has the texts of all.
    for (const page of pages) void page?.store.resume()
    await browser.settle()
    for (const page of pages) void page?.save()
    await browser.settle()
    for (const page of pages) expect(page?.store.keeping ?? 'kept').toBe('kept')
    for (const page of pages) if (page) expectTexts(page)
    const standing = pages.filter(page => page !== undefined)
    if (browser.hasChannel && standing.length === 2) {
      const [a, b] = standing.map(({ tree }) => textsOf(tree))
      expect([missing(a, b), missing(b, a)]).toEqual([[], []])
    }
    const { tree } = await opened(browser)
    const texts = textsOf(tree)
    expect(missing([...expected], texts)).toEqual([])
  }

  const first = Number(process.env.ONDO_SEED ?? 1)
  const count = process.env.ONDO_SEED === undefined ? 200 : 1
  it('lose no text that the store reported as kept', async () => {
    for (let seed = first; seed < first + count; seed++) {
      try {
        await interleave(seed)
      } catch (error) {
        throw new Error(`Seed ${seed} (ONDO_SEED=${seed} runs it alone).`, { cause: error })
      }
    }
  }, 60_000)
})

/** As pages with layout 1 stored two texts of one beginning. */
function putOld(browser: FakeBrowser, hash: string): void {
  const branch = { parent: undefined, at: 0, reason: 'begin', origin: ORIGIN, count: 8 }
  const other = { parent: 0, at: 4, reason: 'choice', origin: ORIGIN, count: 5 }
  const standing = { place: { branch: 1, count: 9 }, temperature: 0.7 }
  const put = (key: unknown[], value: unknown) => browser.rows.set(JSON.stringify(key), value)
  put([hash], { branches: [branch, other], standing, chains: [''] })
  put([hash, 0, 0], pieceOf('the king'))
  put([hash, 1, 0], pieceOf('queen'))
}

const shown = (page: Page): string[] =>
  page.tree.branches.map(({ id }) => TextTree.textOf(page.tree, page.tree.lastPositionOf(id)).text)

describe('a text store', () => {
  it.each(['abc', 'def'])(
    'takes over what older pages stored under %s, once they are closed',
    async hash => {
      const browser = calm()
      putOld(browser, hash)
      // An old page that is still open holds this lock, and goes on writing.
      const old = browser.open()
      const held = browser.environment(old).hold(`ondo-texts ${hash}`)
      await browser.settle()
      const release = (await held)!
      const page = await opened(browser)
      expect(shown(page)).toEqual(['the king', 'the queen'])
      expect(page.kept.standing).toMatchObject({ temperature: 0.7, place: { branch: 1, count: 9 } })
      expect(page.said[0]).toBe('kept')
      expect(browser.rows.has(JSON.stringify([hash]))).toBe(true)
      release()
      const later = await opened(browser)
      expect(shown(later)).toEqual(['the king', 'the queen'])
      expect([...browser.rows.keys()].filter(key => !key.includes(LAYOUT))).toEqual([])
      expect(shown(await opened(browser))).toEqual(['the king', 'the queen'])
    },
  )

  it('reads the undamaged texts of the old layout, and leaves the other rows in place', async () => {
    const browser = calm()
    putOld(browser, HASH)
    browser.rows.set(JSON.stringify([HASH, 1, 0]), { text: 'queen', columns: {} })
    const page = await opened(browser)
    expect(shown(page)[0]).toBe('the king')
    expect(browser.rows.has(JSON.stringify([HASH, 1, 0]))).toBe(true)
  })

  it('loads what is stored where the storage is full, and reports that no more is kept', async () => {
    const browser = calm()
    const first = await opened(browser)
    first.begin('1')
    first.write(5)
    await saved(browser, first)
    expect(first.store.keeping).toBe('kept')
    first.close()
    await browser.settle()
    browser.full = true
    const page = await opened(browser)
    expect(shown(page)).toEqual([first.shown])
    page.write(3)
    await saved(browser, page)
    expect(page.store.keeping).toBe('full')
    // There is room again: at its next try everything is kept.
    browser.full = false
    browser.time += 60_000
    expect(page.store.isDue).toBe(true)
    await saved(browser, page)
    expect(page.store.keeping).toBe('kept')
    expect(shown(await opened(browser))).toEqual([page.shown])
  })

  it('does not fail where storage is refused, and stores once it is allowed', async () => {
    const browser = calm()
    browser.refused = true
    const page = await opened(browser)
    page.begin('1')
    page.write(4)
    await saved(browser, page)
    expect([page.store.keeping, page.said]).toEqual(['refused', ['refused']])
    const clearing = page.store.clear(page.tree)
    await browser.settle()
    await clearing
    browser.refused = false
    browser.time += 60_000
    await saved(browser, page)
    expect(page.store.keeping).toBe('kept')
    expect(shown(await opened(browser))).toEqual([page.shown])
  })

  it('stores everything again after a person cleared the storage, with or without a message', async () => {
    for (const isTold of [true, false]) {
      const browser = calm()
      const page = await opened(browser)
      page.begin('1')
      page.write(4)
      await saved(browser, page)
      if (isTold) browser.clearSiteData()
      else browser.rows.clear()
      if (isTold) expect(page.store.keeping).toBe('unsaved')
      page.write(2)
      await saved(browser, page)
      expect(page.store.keeping).toBe('kept')
      expect(shown(await opened(browser))).toEqual([page.shown])
    }
  })

  it('reads a damaged segment up to the damage, and the branches that do not depend on the rest', async () => {
    const browser = calm()
    const page = await opened(browser)
    page.begin('1')
    page.write(CHUNK + 10)
    page.begin('2')
    page.write(7)
    await saved(browser, page)
    const chunk = [...browser.rows.keys()].find(
      key => key.includes('chunk') && key.endsWith(',1]'),
    )!
    browser.rows.delete(chunk)
    const found = shown(await opened(browser))
    expect(found.map(({ length }) => length)).toEqual([CHUNK, 7])
  })

  it('goes on with the same segment after a reload, and makes another while the other page is open', async () => {
    const browser = calm()
    const segments = () => [...browser.rows.keys()].filter(key => key.includes('"segment"')).length
    const page = await opened(browser)
    page.begin('1')
    page.write(4)
    await saved(browser, page)
    browser.end(page.tab)
    const again = await opened(browser, page.store.writer)
    again.write(4)
    await saved(browser, again)
    expect(segments()).toBe(1)
    const beside = await opened(browser)
    beside.write(4)
    await saved(browser, beside)
    expect(segments()).toBe(2)
    expect(shown(again)).toEqual([beside.shown])
  })

  it('restores the state of its own tab, and in a new tab the newest', async () => {
    const browser = calm()
    const [a, b] = [await opened(browser), await opened(browser)]
    a.begin('1')
    a.write(4)
    a.playing = false
    b.begin('2')
    b.write(6)
    await saved(browser, a)
    await saved(browser, b)
    const names = [a.store.writer, b.store.writer]
    a.close()
    await browser.settle()
    b.close()
    await browser.settle()
    const reloaded = await opened(browser, names[0])
    expect([reloaded.shown, reloaded.playing]).toEqual([a.shown, false])
    expect((await opened(browser)).shown).toBe(b.shown)
  })
})
