/** The terminal: text to stdout, everything else to stderr; colours, interrupts, output that fails. */
import { closeSync, fstatSync } from 'node:fs'
import { constants } from 'node:os'
import picocolors from 'picocolors'
import type { FileError } from '../../errors.js'
import { type Bilingual, toJson } from '../../knob.js'
import { writeAll } from '../../node/corpus-ids.js'
import { fileError } from '../../node/files.js'
import { type Language, pick } from './language.js'

export type Colors = ReturnType<typeof picocolors.createColors>

/** Colours on a terminal only. NO_COLOR and FORCE_COLOR as at no-color.org and force-color.org. */
function colorsFor(stream: NodeJS.WriteStream): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  const on = NO_COLOR ? false : FORCE_COLOR ? FORCE_COLOR !== '0' : stream.isTTY && TERM !== 'dumb'
  return picocolors.createColors(Boolean(on))
}

/** Exit codes; 128 and its number for a signal: 129 SIGHUP, 130 SIGINT, 143 SIGTERM. */
export const DONE = 0
export const FAILED = 1
export const WRONG_USE = 2

/** SIGHUP: the terminal was closed, and training would rather save first. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
type Signal = (typeof SIGNALS)[number]

const exitCodeOf = (signal: Signal): number => 128 + constants.signals[signal]

/**
 * Is a descriptor a file or a device such as /dev/full, and no terminal? Node's own stream for those
 * drops the rest of a write that found room for a part only, and is closed by the first error.
 */
function isFile({ fd, isTTY }: NodeJS.WriteStream & { readonly fd?: number }): boolean {
  if (isTTY || fd === undefined) return false
  try {
    const stats = fstatSync(fd)
    return stats.isFile() || stats.isCharacterDevice()
  } catch {
    return false
  }
}

/** The system's code of an error, or of the one that it is the sentence of. */
const errorCode = (error: unknown): string | undefined =>
  (((error as Error).cause ?? error) as NodeJS.ErrnoException).code

export class Io {
  readonly language: Language
  quiet = false
  /** Colours for stdout, and for stderr. */
  readonly stdoutColors = colorsFor(process.stdout)
  readonly stderrColors = colorsFor(process.stderr)
  /** Nothing more can be written to stdout: whoever read it went away (`| head`), or it failed. */
  closed = false
  /** Why stdout can't be written; undefined for a pipe that was closed, which is no complaint. */
  failure: FileError | undefined
  /** `error` was called. */
  errorShown = false
  private signal: Signal | undefined
  /** The terminal is gone. */
  private hungUp = false
  private readonly abort = new AbortController()
  private readonly stdoutIsFile = isFile(process.stdout)
  private readonly stderrIsFile = isFile(process.stderr)
  private listening = false

  constructor(language: Language) {
    this.language = language
    process.stdout.on('error', error => this.fail(error))
    // Where stderr fails nobody is left to tell, and the work may still be worth its end.
    process.stderr.on('error', error => this.noteHangup(error))
    process.once('exit', () => this.leaveTerminal())
  }

  private noteHangup(error: unknown): void {
    this.hungUp ||= errorCode(error) === 'EIO'
  }

  /**
   * At its end Node sets terminals back to how they were, and aborts (exit code 134) where that fails,
   * as it does for one that hung up. It passes over descriptors that are closed.
   */
  private leaveTerminal(): void {
    if (!this.hungUp && this.signal !== 'SIGHUP') return
    for (const fd of [0, 1, 2]) {
      try {
        closeSync(fd)
      } catch {
        // It was closed already.
      }
    }
  }

  get columns(): number {
    return process.stderr.columns || 80
  }

  /** stderr is a terminal, so a line may be rewritten. */
  get live(): boolean {
    return Boolean(process.stderr.isTTY) && process.env.TERM !== 'dumb'
  }

  /**
   * Text or bytes, the thing asked for. Waits while the reader is slow. Where it fails, the interrupt
   * is aborted, so that a command stops in order and saves; `main` says why.
   */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.closed || text.length === 0) return
    if (this.stdoutIsFile) {
      try {
        writeAll(process.stdout.fd, Buffer.from(text), 'standard output')
      } catch (error) {
        this.fail(error)
      }
    } else if (!process.stdout.write(text)) await this.settled('drain')
  }

  /** Waits until all that was written is out, or has failed. */
  async finish(): Promise<void> {
    if (!this.closed && process.stdout.writableLength > 0) await this.settled('drain')
    // Errors of a stream come after the write that met them.
    await new Promise(resolve => setImmediate(resolve))
  }

  private settled(event: 'drain'): Promise<void> {
    const { stdout } = process
    return new Promise(resolve => {
      const settle = (): void => {
        stdout.off(event, settle).off('error', settle).off('close', settle)
        resolve()
      }
      stdout.on(event, settle).on('error', settle).on('close', settle)
    })
  }

  private fail(error: unknown): void {
    if (this.closed) return
    this.closed = true
    this.noteHangup(error)
    if (errorCode(error) !== 'EPIPE') this.failure = fileError(error, 'standard output', 'written')
    this.abort.abort(this.failure ?? new Error('the pipe was closed'))
  }

  /** A line of JSON. JSON has no infinity; the command line's own `inf` stands for it. */
  json(value: unknown): Promise<void> {
    return this.write(jsonLine(value))
  }

  /** News for a person; silent under --quiet. */
  info(line: string | Bilingual): void {
    if (!this.quiet) this.warn(line)
  }

  /** News that --quiet does not silence. */
  warn(line: string | Bilingual): void {
    const text = `${typeof line === 'string' ? line : pick(line, this.language)}\n`
    if (!this.stderrIsFile) {
      process.stderr.write(text)
      return
    }
    try {
      writeAll(process.stderr.fd, Buffer.from(text), 'standard error')
    } catch {
      // As above. There may be room again for the next line.
    }
  }

  /** Why the command failed. */
  error(sentence: string): void {
    this.errorShown = true
    this.warn(`${this.stderrColors.red(this.t({ en: 'error', ja: 'エラー' }))}: ${sentence}`)
  }

  t(text: Bilingual): string {
    return pick(text, this.language)
  }

  /**
   * Aborted by the first Ctrl-C (SIGTERM, SIGHUP), or when stdout can't be written. A second signal ends
   * the process at once.
   */
  get interrupt(): AbortSignal {
    if (!this.listening) {
      this.listening = true
      for (const signal of SIGNALS) {
        process.on(signal, () => {
          if (this.abort.signal.aborted) process.exit(exitCodeOf(signal))
          this.signal = signal
          this.abort.abort(new Error('interrupted'))
        })
      }
    }
    return this.abort.signal
  }

  /** A signal came, or stdout can't be written. */
  get interrupted(): boolean {
    return this.abort.signal.aborted
  }

  /** The exit code after the interrupt signal was aborted. */
  get interruptedCode(): number {
    return this.signal ? exitCodeOf(this.signal) : this.failure ? FAILED : DONE
  }
}

/** Gathers small pieces of text or bytes: one write a frame, not one a character; the first at once. */
export class BufferedOutput {
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
  return `${toJson(value)}\n`
}
