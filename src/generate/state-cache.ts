/**
 * A text with states of the network along it: a writer stands at any position after a few steps of
 * the network, and not after all of them.
 */
import { TimeSlices } from '../event-loop.js'
import type { Model } from '../file/model.js'
import type { Network, State } from '../runtime/session.js'
import { type PrefillOptions, readPromptInSlices, SLICE_MS } from './prefill.js'
import { type PromptState, readPromptAtOnce, Writer, type WriterOptions } from './writer.js'

/** Default distance between two states, in symbols. */
export const STATE_EVERY = 16

/** States by how many symbols of a text the network had read. A `Map` is one. */
export interface StateStore {
  get(read: number): State | undefined
  set(read: number, state: State): unknown
  delete(read: number): unknown
}

export interface StateCacheOptions {
  /** The symbols written so far. Default: none. */
  readonly ids?: ArrayLike<number>
  /** The distance between two states, in symbols. Default 16. */
  readonly every?: number
  /** Default: a map of its own, without a limit. */
  readonly states?: StateStore
  /** The network after the prompt. Default: the prompt is read when it is first needed. */
  readonly base?: PromptState
}

export class StateCache {
  readonly model: Model
  readonly promptIds: ArrayLike<number>
  /** The written symbols. */
  readonly ids: number[]
  /** How many symbols the network has read a second time for `writerAt`. */
  replayed = 0
  private readonly network: Network
  private readonly every: number
  private readonly states: StateStore
  private base: PromptState | undefined

  constructor(
    model: Model,
    network: Network,
    promptIds: ArrayLike<number>,
    options: StateCacheOptions = {},
  ) {
    const { ids = [], every = STATE_EVERY, states = new Map(), base } = options
    this.model = model
    this.network = network
    this.promptIds = promptIds
    this.ids = Array.isArray(ids) ? ids.slice() : Array.from(ids)
    this.every = every
    this.states = states
    this.base = base
  }

  /** Takes over the states of another text of the same model and prompt, as far as both agree. */
  adoptStates(other: StateCache): void {
    const { model, every, ids } = this
    if (other.model !== model || other.every !== every) return
    const { length } = this.promptIds
    if (other.promptIds.length !== length) return
    if (commonLength(other.promptIds, this.promptIds) < length) return
    this.base ??= other.base
    const common = commonLength(other.ids, ids)
    for (let read = every; read <= common; read += every) {
      const state = other.states.get(read)
      if (state) this.states.set(read, state)
    }
  }

  /**
   * Reads all that stands before symbol `n` in slices, with a turn of the event loop between them, so
   * that `writerAt(n)` then takes no longer than usual. The text must not change meanwhile.
   * @throws the signal's reason when it is aborted
   */
  async prepare(n: number, options: PrefillOptions = {}): Promise<void> {
    const { signal, onProgress } = options
    this.base ??= await readPromptInSlices(this.model, this.network, this.promptIds, options)
    const read = Math.max(0, n - 1)
    const from = this.lastState(read)
    if (read - from < this.every) return
    const session = this.network.session()
    const slices = new TimeSlices({ milliseconds: SLICE_MS, signal })
    try {
      session.restore(this.states.get(from) ?? this.base.state)
      for (let at = from; at < read; at++) {
        session.step(this.ids[at])
        if ((at + 1) % this.every !== 0) continue
        this.states.set(at + 1, session.snapshot())
        if (!slices.over) continue
        onProgress?.(at + 1, read)
        await slices.yield()
      }
    } finally {
      session.dispose()
    }
  }

  /** The last position up to `read` of which there is a state; 0 is the end of the prompt. */
  private lastState(read: number): number {
    let from = read - (read % this.every)
    while (from > 0 && !this.states.get(from)) from -= this.every
    return from
  }

  /**
   * A new writer that stands before symbol `n`, as if it had written all before it. The last symbol
   * is left for the writer to read.
   * @param options.lastSurprisal of symbol n - 1, bits, for schedules that look at it
   */
  writerAt(
    n: number,
    options: Omit<WriterOptions, 'resume'> & { readonly lastSurprisal?: number },
  ): Writer {
    const { model, network, promptIds } = this
    this.base ??= readPromptAtOnce(model, network, promptIds)
    const { state, logits } = this.base
    const session = network.session()
    const read = Math.max(0, n - 1)
    const from = this.lastState(read)
    session.restore((from > 0 && this.states.get(from)) || state)
    for (let at = from; at < read; at++) {
      session.step(this.ids[at])
      if ((at + 1) % this.every === 0) this.states.set(at + 1, session.snapshot())
    }
    this.replayed += n - from
    return new Writer(model, session, promptIds, {
      ...options,
      resume: {
        ids: n === this.ids.length ? this.ids : this.ids.slice(0, n),
        read,
        lastSurprisal: options.lastSurprisal,
        ...(n === 0 && { logits }),
      },
    })
  }

  /** Adds the symbol that a writer has just written, and keeps the writer's state where one is due. */
  add(id: number, writer: Writer): void {
    this.ids.push(id)
    // The writer has read all but the last symbol.
    const read = this.ids.length - 1
    if (read > 0 && read % this.every === 0) this.states.set(read, writer.snapshot().state)
  }

  /** Forgets all symbols from n on. */
  truncate(n: number): void {
    const { every, ids } = this
    for (let read = n - (n % every) + every; read <= ids.length; read += every) {
      this.states.delete(read)
    }
    ids.length = Math.min(n, ids.length)
  }
}

/** The states of many texts within a limit of memory: those used longest ago are dropped first. */
export class RecentStates {
  /** Bytes of states held. */
  used = 0
  private readonly limit: number
  /** In the order of use, the one used longest ago first. */
  private readonly states = new Map<string, State>()

  /** @param limit bytes */
  constructor(limit: number) {
    this.limit = limit
  }

  get(key: string): State | undefined {
    const state = this.states.get(key)
    if (state) {
      this.states.delete(key)
      this.states.set(key, state)
    }
    return state
  }

  set(key: string, state: State): void {
    if (this.states.has(key) || state.byteLength > this.limit) return
    this.states.set(key, state)
    this.used += state.byteLength
    for (const oldest of this.states.keys()) {
      if (this.used <= this.limit) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const state = this.states.get(key)
    if (state && this.states.delete(key)) this.used -= state.byteLength
  }

  /** The states of one text. @param keyOf the key of the state after so many symbols */
  storeOf(keyOf: (read: number) => string): StateStore {
    return {
      get: read => this.get(keyOf(read)),
      set: (read, state) => this.set(keyOf(read), state),
      delete: read => this.delete(keyOf(read)),
    }
  }
}

/** How many of the first ids are the same. */
function commonLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const shorter = Math.min(a.length, b.length)
  let common = 0
  while (common < shorter && a[common] === b[common]) common++
  return common
}
