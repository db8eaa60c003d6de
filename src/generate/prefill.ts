/** Reads a prompt in time slices, so that other tasks of the event loop can run and abort it. */
import { TimeSlices } from '../event-loop.js'
import type { Model } from '../file/model.js'
import { drawingLogits } from '../model/drawing-logits.js'
import type { Network, Session } from '../runtime/session.js'
import { idsToRead, type PromptState, Writer, type WriterOptions } from './writer.js'

export interface PrefillOptions {
  /** Ends the reading; the signal's reason is thrown. */
  readonly signal?: AbortSignal
  /** Called after each slice of a long text and at its end, with the number of symbols read. */
  readonly onProgress?: (read: number, total: number) => void
}

/** Length of a time slice, ms. Half a frame, so that a page stays responsive. */
export const SLICE_MS = 8
/** Number of ids in the first call. A usual prompt takes one or two calls. */
const FIRST_COUNT = 32
/** Maximum number of ids in a call. */
const LARGEST_COUNT = 4096

/**
 * Reads ids like `session.prefill`, with a turn of the event loop after each 8 ms. The number of ids
 * in a call adapts to the speed of the machine; the result does not depend on it.
 * @param ids at least one, each from 0 to V - 1
 * @returns the logits [V] after the last id, a view that the next call of the session overwrites
 * @throws InputError for an id out of range; the signal's reason when it is aborted
 */
export async function prefillInSlices(
  session: Session,
  ids: ArrayLike<number>,
  { signal, onProgress }: PrefillOptions = {},
): Promise<Float32Array> {
  signal?.throwIfAborted()
  if (ids.length <= FIRST_COUNT) return session.prefill(ids)
  const slices = new TimeSlices({ milliseconds: SLICE_MS, signal })
  const all = Array.isArray(ids) || ArrayBuffer.isView(ids) ? (ids as number[]) : Array.from(ids)
  let yielded = false
  let count = FIRST_COUNT
  for (let read = 0; ; ) {
    const start = performance.now()
    const logits = session.prefill(all.slice(read, read + count))
    const elapsed = performance.now() - start
    read += count
    if (read >= all.length) {
      if (yielded) onProgress?.(all.length, all.length)
      return logits
    }
    if (elapsed < SLICE_MS / 4) count = Math.min(LARGEST_COUNT, count * 2)
    else if (elapsed > SLICE_MS / 2) count = Math.max(1, count >> 1)
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
 * Makes a writer like `new Writer`, but reads the prompt in time slices.
 * @param session a new session of the model. The writer disposes it; a failure here does so too
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

/** The logits [V] to draw from after the prompt; zeros when there is nothing to read. */
async function prefillPrompt(
  model: Model,
  session: Session,
  promptIds: ArrayLike<number>,
  prefill: PrefillOptions,
): Promise<Float32Array> {
  const ids = idsToRead(model, promptIds)
  if (ids.length === 0) return new Float32Array(session.size)
  return drawingLogits(model.config, await prefillInSlices(session, ids, prefill))
}
