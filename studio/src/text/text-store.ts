/**
 * Stores the texts of each model under the model's hash, in segments that only one tab writes
 * (text-segments.ts): tabs never overwrite each other, and each sees the texts of all.
 */
import type { Key, KeyValueStore } from '../storage/key-value.js'
import { BROWSER, type StoreEnvironment } from './text-database.js'
import {
  CHUNK,
  inOrder,
  isSame,
  LAYOUT,
  lastPageOf,
  type PageState,
  pageOf,
  pageRow,
  type Row,
  type SegmentRow,
  wholePieces,
} from './text-rows.js'
import { merge, type Segment, Segments } from './text-segments.js'
import { TextTree } from './text-tree.js'
import { type FromVersion1, mergeVersion1 } from './text-version1.js'

/** The delay before the first retry after a failure, which doubles up to the last, ms. */
const FIRST_RETRY = 2000
const LAST_RETRY = 60_000

/** `unsaved`: the newest symbols are not stored yet. `refused`: the browser stores nothing for this page. */
export type StorageStatus = 'kept' | 'unsaved' | 'full' | 'refused'

/** What was stored; `page` is empty where the state of the page is unknown. */
export interface StoredState {
  readonly tree: TextTree
  readonly page: Partial<PageState>
}

/** The model's identity; older pages used the SHA-256 of its file. */
export interface StoredModel {
  readonly hash: string
  readonly fileHash?: string
}

/** What the store tells the page. */
export interface StoreListener {
  keeping(keeping: StorageStatus): void
  /** Texts of another tab were added to the tree. */
  grown(): void
  /** Another tab deleted all texts. */
  cleared(): void
}

const writerLock = (writer: string): string => `ondo-texts writer ${writer}`
/** The lock of pages with layout 1 while they write. */
const oldLock = (hash: string): string => `ondo-texts ${hash}`

export class TextStore {
  keeping: StorageStatus = 'unsaved'
  /** The id of this page, for other pages and for itself after a reload. */
  writer: string
  private readonly hash: string
  /** The hash under which older pages stored the texts of this model. */
  private readonly former: readonly string[]
  private readonly environment: StoreEnvironment
  private readonly listener: StoreListener
  private readonly channel: ReturnType<StoreEnvironment['listen']>
  private segments = new Segments(new TextTree())
  private database: KeyValueStore | undefined
  private generation: string | undefined
  private releaseWriter: (() => void) | undefined
  /** True while the page is in the back/forward cache, and after its end. */
  private resting = false
  /** The state of the page when it was last to be stored. */
  private page: PageState | undefined
  private saving: Promise<void> | undefined
  private refreshing: Promise<void> | undefined
  private again = false
  /** Whether all that is stored has been read. */
  private isRead = false
  private touches = 0
  private retryAt = 0
  private retryWait = FIRST_RETRY

  constructor({ hash, fileHash }: StoredModel, listener: StoreListener, environment = BROWSER) {
    this.hash = hash
    this.former = fileHash === undefined || fileHash === hash ? [hash] : [hash, fileHash]
    this.listener = listener
    this.environment = environment
    this.writer = environment.newId()
    this.channel = environment.listen(message => {
      if (message.hash !== undefined && message.hash !== hash) return
      if (message.type === 'saved') this.refresh().catch(error => this.failed(error))
      else this.clearedElsewhere()
    })
  }

  /** @param previous the writer that this page was before a reload: its place counts before others' */
  async load(previous?: string): Promise<StoredState> {
    const tree = new TextTree()
    this.segments = new Segments(tree)
    let page: Partial<PageState> = {}
    try {
      this.releaseWriter = await this.environment.hold(writerLock(this.writer))
      await this.open()
      const rows = await this.database!.rows([LAYOUT, this.hash])
      this.generation = rows.find(([[, , kind]]) => kind === 'generation')?.[1] as string
      const found = this.graftAll(rows)
      this.isRead = true
      const { page: last, useless } = lastPageOf(rows, previous)
      if (last) page = pageOf(last, this.segments)
      const old = await this.readOld(tree)
      page = { ...old?.page, ...page }
      await this.connect()
      if (old) await this.takeOld(old.isWhole)
      const segment = last?.standing && this.segments.get(last.standing.place.segment)
      if (segment) await this.take(segment, found)
      if (useless.length > 0) await this.database!.change({ removes: useless })
      this.say(this.segments.unsaved().length === 0 ? 'kept' : 'unsaved')
    } catch (error) {
      this.failed(error)
    }
    return { tree, page }
  }

  /** Something is not stored yet. */
  touch(): void {
    this.touches++
    if (this.keeping === 'kept') this.say('unsaved')
  }

  /** Whether a save would be tried now: after a failure the store waits a while. */
  get isDue(): boolean {
    return !this.resting && this.environment.now() >= this.retryAt
  }

  /** Space was freed. */
  retry(): void {
    this.retryAt = 0
    this.retryWait = FIRST_RETRY
  }

  /**
   * Stores what is new.
   * @param closing the page may end at once, so all requests are made without waiting for an answer
   */
  async save(page: PageState, closing = false): Promise<void> {
    if (this.resting) return
    this.page = page
    if (closing && this.database && this.generation !== undefined) {
      await this.write(false)
      return
    }
    if (this.saving !== undefined) {
      this.again = true
      return this.saving
    }
    this.saving = this.saveAll().finally(() => {
      this.saving = undefined
    })
    return this.saving
  }

  /** Adds the texts of a session. @returns the branch where each of its texts ends */
  adopt(session: TextTree): (number | undefined)[] {
    const { tree } = this.segments
    const shown = tree.position
    const ends = merge(session, tree)
    if (tree.branch) tree.go(shown)
    this.touch()
    return ends
  }

  /** Deletes all texts of this model, in all tabs. @param tree what the page goes on with */
  async clear(tree: TextTree): Promise<void> {
    this.replace(tree)
    try {
      await this.connect()
      this.generation = this.environment.newId()
      await this.database!.change({
        removes: [[LAYOUT, this.hash], ...this.former.map(hash => [hash])],
        puts: [[this.key('generation'), this.generation]],
      })
      this.channel.tell({ type: 'cleared', hash: this.hash })
      // What was stored meanwhile is deleted as well.
      this.replace(this.segments.tree)
    } catch (error) {
      this.failed(error)
    }
  }

  /** The page goes on with these texts, none of which is stored yet. */
  replace(tree: TextTree): void {
    this.segments = new Segments(tree)
    this.touch()
  }

  /** The page goes to the back/forward cache: others may write on where it stopped. */
  suspend(): void {
    this.resting = true
    this.releaseWriter?.()
  }

  /** The page comes back from there, as another writer. */
  async resume(): Promise<void> {
    if (!this.resting) return
    this.writer = this.environment.newId()
    this.releaseWriter = await this.environment.hold(writerLock(this.writer))
    this.restart()
    this.resting = false
    await this.refresh().catch(error => this.failed(error))
  }

  close(): void {
    this.suspend()
    this.channel.close()
    this.database?.close()
    this.database = undefined
  }

  // --- internal ---

  private key(...parts: Key): Key {
    return [LAYOUT, this.hash, ...parts]
  }

  private say(keeping: StorageStatus): void {
    if (keeping === this.keeping) return
    this.keeping = keeping
    this.listener.keeping(keeping)
  }

  private failed(error: unknown): void {
    if (this.resting) return
    const name = error instanceof Error || error instanceof DOMException ? error.name : ''
    const full = name === 'QuotaExceededError'
    if (!full) {
      this.database?.close()
      this.database = undefined
    }
    this.retryAt = this.environment.now() + this.retryWait
    this.retryWait = Math.min(LAST_RETRY, 2 * this.retryWait)
    this.say(full ? 'full' : 'refused')
  }

  private async open(): Promise<void> {
    this.database ??= await this.environment.open(() => {
      this.database = undefined
      this.touch()
    })
  }

  /** Opens the storage and finds or makes its generation. */
  private async connect(): Promise<void> {
    await this.open()
    if (this.generation !== undefined) return
    const key = this.key('generation')
    const made = this.environment.newId()
    const isFirst = await this.database!.change({
      expect: { key, is: value => value === undefined },
      puts: [[key, made]],
    })
    this.generation = isFirst ? made : await this.storedGeneration()
    // Another tab made it, and may have stored texts since these rows were read.
    if (!isFirst) this.isRead = false
  }

  private async storedGeneration(): Promise<string | undefined> {
    const rows = (await this.database?.rows(this.key('generation'))) ?? []
    return rows[0]?.[1] as string | undefined
  }

  private async saveAll(): Promise<void> {
    try {
      do {
        this.again = false
        await this.connect()
        if (!this.isRead) await this.refresh()
        if (this.resting || (await this.write(true))) continue
        // The storage was cleared: everything on the page is stored again.
        this.generation = await this.storedGeneration()
        this.restart()
        this.again = true
      } while (this.again && !this.resting)
    } catch (error) {
      this.failed(error)
    }
  }

  /** All that is stored is to be read again. */
  private restart(): void {
    this.segments = new Segments(this.segments.tree)
    this.isRead = false
    this.touch()
  }

  /** @param careful whether to look first that the storage was not cleared @returns false when it was */
  private async write(careful: boolean): Promise<boolean> {
    const { segments, generation, touches } = this
    segments.assign(this.environment.newId, this.environment.now())
    const unsaved = segments.unsaved().map(segment => ({ segment, count: segment.count }))
    const puts = unsaved.flatMap(({ segment }) => this.rowsOf(segment))
    puts.push([
      this.key('desk', this.writer),
      pageRow(this.page!, this.segments, this.environment.now()),
    ])
    try {
      const written = await this.database!.change({
        puts,
        ...(careful && {
          expect: { key: this.key('generation'), is: (value: unknown) => value === generation },
        }),
      })
      if (!written) return false
    } catch (error) {
      if (careful) throw error
      this.failed(error)
      return true
    }
    for (const { segment, count } of unsaved) segment.saved = Math.max(segment.saved, count)
    this.retryAt = 0
    this.retryWait = FIRST_RETRY
    if (segments === this.segments) {
      // Without a check, the texts do not count as stored.
      this.say(careful && touches === this.touches ? 'kept' : 'unsaved')
    }
    if (unsaved.length > 0) this.channel.tell({ type: 'saved', hash: this.hash })
    return true
  }

  private rowsOf(segment: Segment): [Key, unknown][] {
    const { id, parent, at, reason, origin, born, count, saved } = segment
    const row: SegmentRow = {
      ...(parent !== undefined && { parent }),
      ...{ at, reason, origin: { ...origin }, born, count },
      writer: this.releaseWriter ? this.writer : '',
      generation: this.generation!,
    }
    const rows: [Key, unknown][] = [[this.key('segment', id), row]]
    const first = Math.max(0, saved)
    for (let from = first - (first % CHUNK); from < count; from += CHUNK) {
      const piece = this.segments.piece(segment, from, Math.min(count, from + CHUNK))
      rows.push([this.key('chunk', id, from / CHUNK), piece])
    }
    return rows
  }

  /** @returns the rows of all segments */
  private graftAll(rows: readonly Row[]): Map<string, SegmentRow> {
    const found = new Map<string, SegmentRow>()
    const chunks = new Map<string, unknown[]>()
    for (const [[, , kind, id, n], value] of rows) {
      if (kind === 'segment') found.set(id as string, value as SegmentRow)
      if (kind !== 'chunk') continue
      if (!chunks.has(id as string)) chunks.set(id as string, [])
      chunks.get(id as string)![n as number] = value
    }
    for (const id of inOrder(found, this.generation))
      this.graft(id, found.get(id)!, chunks.get(id) ?? [])
    return found
  }

  /** Adds the new symbols of a stored segment to the tree. */
  private graft(id: string, row: SegmentRow, chunks: readonly unknown[]): void {
    const from = this.segments.get(id)?.count ?? 0
    this.segments.graft(id, row, wholePieces(chunks, from, row.count))
  }

  /** Takes over the segment of a page that is no longer open. */
  private async take(segment: Segment, rows: ReadonlyMap<string, SegmentRow>): Promise<void> {
    const row = rows.get(segment.id)
    const held = await this.environment.held()
    if (!row?.writer || !this.releaseWriter || !held || held.has(writerLock(row.writer))) return
    if (row.count !== segment.count || !this.segments.canTake(segment)) return
    const key = this.key('segment', segment.id)
    segment.own = await this.database!.change({
      expect: { key, is: value => isSame(value as SegmentRow | undefined, row) },
      puts: [[key, { ...row, writer: this.writer }]],
    })
  }

  /** Adds what pages with layout 1 stored. */
  private async readOld(tree: TextTree): Promise<FromVersion1 | undefined> {
    const forests = []
    for (const hash of this.former) forests.push(await this.database!.rows([hash]))
    const found = forests.filter(rows => rows.length > 0)
    return found.length > 0 ? mergeVersion1(found, tree) : undefined
  }

  /** Stores it in the present layout; the old rows stay while an old page is open, or if they are damaged. */
  private async takeOld(isWhole: boolean): Promise<void> {
    const locks = await Promise.all(this.former.map(hash => this.environment.hold(oldLock(hash))))
    try {
      this.segments.assign(this.environment.newId, this.environment.now())
      const unsaved = this.segments.unsaved()
      const puts = unsaved.flatMap(segment => this.rowsOf(segment))
      const goes = isWhole && !locks.includes(undefined)
      const removes = goes ? this.former.map(hash => [hash]) : []
      await this.database!.change({ puts, removes })
      for (const segment of unsaved) segment.saved = segment.count
    } finally {
      for (const release of locks) release?.()
    }
  }

  /** Adds what other tabs have stored since. */
  private refresh(): Promise<void> {
    if (this.resting || !this.database) return Promise.resolve()
    const turn = (this.refreshing ?? Promise.resolve()).catch(() => {}).then(() => this.readNew())
    this.refreshing = turn
    return turn
  }

  private async readNew(): Promise<void> {
    const { database, segments } = this
    if (!database || this.resting) return
    this.generation ??= await this.storedGeneration()
    const found = new Map<string, SegmentRow>()
    for (const [key, row] of await database.rows(this.key('segment'))) {
      found.set(key[3] as string, row as SegmentRow)
    }
    const news: [string, unknown[]][] = []
    for (const id of inOrder(found, this.generation)) {
      const known = segments.get(id)
      if (known && (known.own || known.count >= found.get(id)!.count)) continue
      const chunks: unknown[] = []
      const first = Math.floor((known?.count ?? 0) / CHUNK)
      for (const [key, chunk] of await database.rows(this.key('chunk', id), first)) {
        chunks[key[4] as number] = chunk
      }
      news.push([id, chunks])
    }
    // The page has changed to other texts meanwhile.
    if (segments !== this.segments || this.resting) return
    this.isRead = true
    if (news.length === 0) return
    const { tree } = segments
    const shown = tree.position
    for (const [id, chunks] of news) this.graft(id, found.get(id)!, chunks)
    if (tree.branch) tree.go(shown)
    this.listener.grown()
  }

  private clearedElsewhere(): void {
    if (this.resting) return
    this.generation = undefined
    this.listener.cleared()
  }
}
