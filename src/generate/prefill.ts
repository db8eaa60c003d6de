/** Reading a text that was there before, in slices, so that others have their turn and aborts are heard. */
import { TimeSlices } from '../event-loop.js'
import type { Model } from '../file/model.js'
import type { Network, Session } from '../runtime/session.js'
import { type PromptState, startIds, Writer, type WriterOptions } from './writer.js'

export interface PrefillOptions {
  /** Ends the reading with the signal's reason as error. */
  readonly signal?: AbortSignal
  /** Called after each slice of a long text with the symbols read so far, and at its end. */
  readonly onProgress?: (read: number, total: number) => void
}

/** How long to read or write before timers, messages and aborts run, ms: half a frame. */
export const SLICE = 8
/** Ids that are read at once at first: a usual prompt takes one or two calls. */
const FIRST = 32
/** Ids that are read at once at most. */
const MOST = 4096

/**
 * Reads many ids, like `session.prefill`, with a turn of the event loop after each 8 ms. How many
 * ids one call reads follows from how fast the machine is; the result does not depend on it.
 * @param ids at least one, each from 0 to V - 1
 * @returns the logits [V] after the last; a view that the session's next call overwrites
 * @throws InputError for an id out of range; the signal's reason when it is aborted
 */
export async function prefillInSlices(
  session: Session,
  ids: ArrayLike<number>,
  { signal, onProgress }: PrefillOptions = {},
): Promise<Float32Array> {
  signal?.throwIfAborted()
  if (ids.length <= FIRST) return session.prefill(ids)
  const slices = new TimeSlices({ milliseconds: SLICE, signal })
  const all = Array.isArray(ids) || ArrayBuffer.isView(ids) ? (ids as number[]) : Array.from(ids)
  let yielded = false
  let count = FIRST
  for (let read = 0; ; ) {
    const start = performance.now()
    const logits = session.prefill(all.slice(read, read + count))
    const elapsed = performance.now() - start
    read += count
    if (read >= all.length) {
      if (yielded) onProgress?.(all.length, all.length)
      return logits
    }
    if (elapsed < SLICE / 4) count = Math.min(MOST, count * 2)
    else if (elapsed > SLICE / 2) count = Math.max(1, count >> 1)
    if (!slices.over) continue
    yielded = true
    onProgress?.(read, all.length)
    await slices.yield()
  }
}

/** What `beginning` gives, read in slices. @throws InputError; the signal's reason */
export async function readPromptInSlices(
  model: Model,
  network: Network,
  promptIds: ArrayLike<number>,
  prefill: PrefillOptions = {},
): Promise<PromptState> {
  const session = network.session()
  try {
    const logits = (await prefillPrompt(model, session, promptIds, prefill)).slice()
    return { state: session.snapshot(), logits }
  } finally {
    session.dispose()
  }
}

/**
 * A writer that has read its prompt: what `new Writer` does at once, done in slices.
 * @param session a fresh session of the model; the writer disposes it, and so does a failure here
 * @throws InputError for an id out of range; the signal's reason when it is aborted
 */
export async function openWriter(
  model: Model,
  session: Session,
  promptIds: ArrayLike<number>,
  options: Omit<WriterOptions, 'resume'>,
  prefill: PrefillOptions = {},
): Promise<Writer> {
  try {
    const logits = await prefillPrompt(model, session, promptIds, prefill)
    const resume = { ids: [], read: 0, logits }
    return new Writer(model, session, promptIds, { ...options, resume })
  } catch (error) {
    session.dispose()
    throw error
  }
}

/** Zeros where there is nothing to read. */
async function prefillPrompt(
  model: Model,
  session: Session,
  promptIds: ArrayLike<number>,
  prefill: PrefillOptions,
): Promise<Float32Array> {
  const ids = promptIds.length > 0 ? promptIds : startIds(model)
  return ids.length > 0 ? prefillInSlices(session, ids, prefill) : new Float32Array(session.size)
}
