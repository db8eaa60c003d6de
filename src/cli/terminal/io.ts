/** The terminal: text to stdout, everything else to stderr; colours, interrupts, closed pipes. */
import picocolors from 'picocolors'
import type { Bilingual } from '../../knob.js'
import { type Language, pick } from './language.js'

export type Colours = ReturnType<typeof picocolors.createColors>

/** Colours on a terminal only. NO_COLOR and FORCE_COLOR as at no-color.org and force-color.org. */
function colours(stream: NodeJS.WriteStream): Colours {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  const on = NO_COLOR ? false : FORCE_COLOR ? FORCE_COLOR !== '0' : stream.isTTY && TERM !== 'dumb'
  return picocolors.createColors(Boolean(on))
}

/** Exit codes. */
export const DONE = 0
export const FAILED = 1
export const WRONG_USE = 2
export const INTERRUPTED = 130

export class Io {
  readonly language: Language
  quiet = false
  /** Colours for stdout, and for stderr. */
  readonly paint = colours(process.stdout)
  readonly dye = colours(process.stderr)
  /** Whoever read stdout went away (`| head`): stop, without complaint. */
  closed = false
  private readonly abort = new AbortController()
  private listening = false

  constructor(language: Language) {
    this.language = language
    process.stdout.on('error', error => {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
      this.closed = true
      this.abort.abort(new Error('the pipe was closed'))
    })
    // A closed stderr has nobody left to tell.
    process.stderr.on('error', () => {})
  }

  get columns(): number {
    return process.stderr.columns || 80
  }

  /** stderr is a terminal, so a line may be rewritten. */
  get live(): boolean {
    return Boolean(process.stderr.isTTY) && process.env.TERM !== 'dumb'
  }

  /** Text or bytes, the thing asked for. Waits while the reader is slow. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.closed || text.length === 0) return
    if (!process.stdout.write(text)) {
      await new Promise<void>(resolve => {
        process.stdout.once('drain', resolve)
        process.stdout.once('error', () => resolve())
      })
    }
  }

  /** A line of JSON. JSON has no infinity; the command line's own `inf` stands for it. */
  json(value: unknown): Promise<void> {
    return this.write(jsonLine(value))
  }

  /** News for a person; silent under --quiet. */
  say(line: string | Bilingual): void {
    if (!this.quiet) this.warn(line)
  }

  /** News that --quiet does not silence. */
  warn(line: string | Bilingual): void {
    process.stderr.write(`${typeof line === 'string' ? line : pick(line, this.language)}\n`)
  }

  t(text: Bilingual): string {
    return pick(text, this.language)
  }

  /**
   * Aborted by the first Ctrl-C (SIGTERM, SIGHUP), or when stdout's reader goes away. A second Ctrl-C
   * ends the process at once.
   */
  get interrupt(): AbortSignal {
    if (!this.listening) {
      this.listening = true
      const stop = () => {
        if (this.abort.signal.aborted) process.exit(INTERRUPTED)
        this.abort.abort(new Error('interrupted'))
      }
      // SIGHUP: the terminal was closed, and training would rather save first.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    }
    return this.abort.signal
  }

  /** Ctrl-C was pressed, or the pipe was closed. */
  get interrupted(): boolean {
    return this.abort.signal.aborted
  }

  /** The exit code after the interrupt signal was aborted. */
  get interruptedCode(): number {
    return this.closed ? DONE : INTERRUPTED
  }
}

/** Gathers small pieces of text or bytes: one write a frame, not one a character; the first at once. */
export class Gathered {
  private readonly io: Io
  private pieces: (string | Uint8Array)[] = []
  private length = 0
  private last = 0

  constructor(io: Io) {
    this.io = io
  }

  async push(piece: string | Uint8Array): Promise<void> {
    this.pieces.push(piece)
    this.length += piece.length
    const now = performance.now()
    if (now - this.last < 16 && this.length < 8192) return
    await this.flush()
    this.last = now
  }

  async flush(): Promise<void> {
    const { pieces } = this
    this.pieces = []
    this.length = 0
    await this.io.write(
      pieces.every(piece => typeof piece === 'string')
        ? pieces.join('')
        : Buffer.concat(pieces.map(piece => Buffer.from(piece))),
    )
  }
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_, entry) =>
    entry === Number.POSITIVE_INFINITY ? 'inf' : typeof entry === 'bigint' ? String(entry) : entry,
  )}\n`
}
