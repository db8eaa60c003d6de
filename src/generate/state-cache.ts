/**
 * A text with states of the network along it. A writer can be placed at any position after a few steps
 * of the network instead of all of them.
 */
import { TimeSlices } from '../event-loop.js'
import type { Model } from '../file/model.js'
import type { Network, State } from '../runtime/session.js'
import { type PrefillOptions, readPromptInSlices, SLICE_MS } from './prefill.js'
import { type PromptState, readPromptAtOnce, Writer, type WriterOptions } from './writer.js'

/** Default distance between two states, symbols. */
export const STATE_EVERY = 16

/** Stores states by the number of symbols that the network had read. A `Map` can be used. */
export interface StateStore {
  get(read: number): State | undefined
  set(read: number, state: State): unknown
  delete(read: number): unknown
}

export interface StateCacheOptions {
  /** The symbols written so far. Default: none. */
  readonly ids?: ArrayLike<number>
  /** The distance between two states, symbols. Default 16. */
  readonly every?: number
  /** Where states are stored. Default: a new map without a limit. */
  readonly states?: StateStore
  /** The network after the prompt. Default: the prompt is read when it is first needed. */
  readonly base?: PromptState
}

export class StateCache {
  readonly model: Model
  readonly promptIds: ArrayLike<number>
  /** The written symbols. */
  readonly ids: number[]
  /** Number of symbols that the network has read again for `writerAt`. */
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

  /** Copies the states of another text of the same model and prompt, for their common beginning. */
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
   * Reads the text before symbol `n` in time slices, so that a following `writerAt(n)` does not block.
   * The text must not change meanwhile.
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

  /** The last position up to `read` with a stored state; 0 is the end of the prompt. */
  private lastState(read: number): number {
    let from = read - (read % this.every)
    while (from > 0 && !this.states.get(from)) from -= this.every
    return from
  }

  /**
   * A new writer before symbol `n`, in the same state as if it had written the symbols before. The
   * writer itself reads the last of them.
   * @param options.lastSurprisal surprisal of symbol n - 1, bits, for schedules that depend on it
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

  /** Adds the symbol that a writer has just written, and stores its state at every `every` symbols. */
  add(id: number, writer: Writer): void {
    this.ids.push(id)
    // The writer has read all but the last symbol.
    const read = this.ids.length - 1
    if (read > 0 && read % this.every === 0) this.states.set(read, writer.snapshot().state)
  }

  /** Removes all symbols from n on. */
  truncate(n: number): void {
    const { every, ids } = this
    for (let read = n - (n % every) + every; read <= ids.length; read += every) {
      this.states.delete(read)
    }
    ids.length = Math.min(n, ids.length)
  }
}

/** States of many texts within a memory limit. The least recently used states are removed first. */
export class RecentStates {
  /** Bytes of all stored states. */
  used = 0
  private readonly limit: number
  /** The states in the order of use, the least recently used first. */
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

  /** A store for one text. @param keyOf the key of the state after a number of symbols */
  storeOf(keyOf: (read: number) => string): StateStore {
    return {
      get: read => this.get(keyOf(read)),
      set: (read, state) => this.set(keyOf(read), state),
      delete: read => this.delete(keyOf(read)),
    }
  }
}

/** The length of the common beginning. */
function commonLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const shorter = Math.min(a.length, b.length)
  let common = 0
  while (common < shorter && a[common] === b[common]) common++
  return common
}
