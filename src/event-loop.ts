/** Long computations let timers, messages and aborts run in between. Works in Node, pages and workers. */

/**
 * Resolves after one turn of the event loop. Timers are not used for it: browsers add 4 ms to nested
 * timers and slow the timers of hidden pages to one a second.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise(resolve => {
    const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown }
    if (setImmediate) {
      setImmediate(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}

/** Longer than any compilation; the timer is cleared before. */
const LONG = 2 ** 30

/**
 * Waits for work that V8 does in its own threads, as compiling WebAssembly, with a timer running. Without
 * one Node's event loop is empty meanwhile: Node then waits for all of V8's threads, and one of them may
 * wait for a garbage collection by the main thread, so that the process hangs for ever (nodejs/node#54918).
 */
export async function withTimerRunning<T>(work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => {}, LONG)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Parts a long computation into slices of time with a turn of the event loop between them.
 *
 * @example
 * const slices = new TimeSlices({ signal })
 * for (const id of ids) {
 *   session.step(id)
 *   if (slices.over) await slices.yield()
 * }
 */
export class TimeSlices {
  private readonly milliseconds: number
  private readonly signal: AbortSignal | undefined
  private end: number

  /** @param options.milliseconds the length of a slice; default 50 */
  constructor(options: { readonly milliseconds?: number; readonly signal?: AbortSignal } = {}) {
    this.milliseconds = options.milliseconds ?? 50
    this.signal = options.signal
    this.end = performance.now() + this.milliseconds
  }

  /** True when the slice has lasted long enough. It reads the clock: some 50 ns. */
  get over(): boolean {
    return performance.now() > this.end
  }

  /** Lets everything else run, then begins the next slice. @throws the signal's reason */
  async yield(): Promise<void> {
    await yieldToEventLoop()
    this.signal?.throwIfAborted()
    this.end = performance.now() + this.milliseconds
  }
}
