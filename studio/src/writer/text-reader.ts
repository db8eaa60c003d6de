/** Reads a long text in slices, keeps messages that arrive meanwhile, and stops when it is not needed. */
import type { PrefillOptions, StateCache } from 'ondo/generate'
import type { ToWorker } from './protocol.js'

/**
 * Runs work that is done in slices and aborts it as soon as `wanted` returns false.
 * @returns false when the result is not wanted any more, finished or not
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

/** Reads the text that becomes the running one next. A newer text replaces an older one. */
export class TextReader {
  private reading: StateCache | undefined
  private waiting: ToWorker[] = []

  /** Keeps a message that is meant for the text being read. @returns false when no text is being read */
  keep(message: ToWorker): boolean {
    if (!this.reading || message.type === 'begin' || message.type === 'open') return false
    this.waiting.push(message)
    return true
  }

  /**
   * Reads a text to its end.
   * @param wanted whether the text is still needed
   * @returns false when it is not needed any more, or another text replaced it
   */
  async read(text: StateCache, wanted: () => boolean): Promise<boolean> {
    this.reading = text
    // A step was meant for the text before this one.
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

  /** Returns the kept messages once the text for which they are meant has begun or has failed. */
  take(): readonly ToWorker[] {
    if (this.reading) return []
    const { waiting } = this
    this.waiting = []
    return waiting
  }
}
