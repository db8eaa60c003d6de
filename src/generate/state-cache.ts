/** States of a network along texts, so that going back costs a few steps and not the whole text. */
import type { Session, State } from '../runtime/session.js'

/** States are kept at every so many positions: going back costs at most as many steps. */
export const EVERY = 16

/** The newest-used states, up to a limit of memory. */
export class Snapshots {
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
    for (const [oldest, old] of this.states) {
      if (this.used <= this.limit) return
      this.states.delete(oldest)
      this.used -= old.byteLength
    }
  }
}

/** Where the states of one text are kept, by how many of its symbols had been read. */
export interface Shelf {
  /** States are kept at multiples of this. */
  readonly every: number
  /** After the prompt. */
  readonly base: State
  get(read: number): State | undefined
  set(read: number, state: State): void
}

/**
 * Brings a session to where it has read the first `count` of the ids: the nearest state below, and
 * at most `every` steps where it is there. States that it passes and misses are kept again.
 * @returns the network's steps that it took
 */
export function seek(
  session: Session,
  shelf: Shelf,
  ids: ArrayLike<number>,
  count: number,
): number {
  const { every } = shelf
  let read = Math.floor(count / every) * every
  let state = read > 0 ? shelf.get(read) : undefined
  while (read > 0 && state === undefined) {
    read -= every
    state = read > 0 ? shelf.get(read) : undefined
  }
  session.restore(state ?? shelf.base)
  for (let at = read; at < count; at++) {
    session.step(ids[at])
    if ((at + 1) % every === 0) shelf.set(at + 1, session.snapshot())
  }
  return count - read
}
