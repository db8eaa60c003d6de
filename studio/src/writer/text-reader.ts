/** Reading a long text in slices while messages come: what waits for it, and what ends it. */
import type { PrefillOptions, StateCache } from 'ondo/generate'
import type { ToWorker } from './protocol.js'

/**
 * Does something that reads or writes in slices, as long as it is wanted.
 * @returns false when it is not wanted any more, done or not
 */
export async function workWhile(
  wanted: () => boolean,
  work: (options: PrefillOptions) => Promise<unknown>,
): Promise<boolean> {
  const abort = new AbortController()
  const onProgress = (): void => {
    if (!wanted()) abort.abort()
  }
  try {
    await work({ signal: abort.signal, onProgress })
  } catch (error) {
    if (!abort.signal.aborted) throw error
  }
  return wanted()
}

/** The text that is being read before it is the running one; the newest wins. */
export class TextReader {
  private reading: StateCache | undefined
  private waiting: ToWorker[] = []

  /** Keeps a message that is meant for the text being read. @returns false when there is none */
  keep(message: ToWorker): boolean {
    if (!this.reading || message.type === 'begin' || message.type === 'open') return false
    this.waiting.push(message)
    return true
  }

  /**
   * Reads a text to its end.
   * @param wanted whether it is still asked for
   * @returns false when it was not any more, or another text came meanwhile
   */
  async read(text: StateCache, wanted: () => boolean): Promise<boolean> {
    this.reading = text
    // Symbols were meant for the text before.
    this.waiting = this.waiting.filter(({ type }) => type !== 'step')
    try {
      return await workWhile(
        () => this.reading === text && wanted(),
        options => text.prepare(text.ids.length, options),
      )
    } finally {
      if (this.reading === text) this.reading = undefined
    }
  }

  /** The kept messages, once the text that they are meant for has begun, or has failed to. */
  take(): readonly ToWorker[] {
    if (this.reading) return []
    const { waiting } = this
    this.waiting = []
    return waiting
  }
}
