/**
 * The text of a model on standard output. A byte model's bytes go to a file or a pipe as they were
 * drawn, with nothing added; on a terminal they are shown readably.
 */
import type { Model } from '../../file/index.js'
import { type Step, TextBytes } from '../../generate/index.js'
import { readableBytes } from '../../text/index.js'
import { BufferedOutput, type Io } from './io.js'

export class TextOutput {
  private readonly io: Io
  private readonly model: Model
  private readonly gathered: BufferedOutput
  private readonly form: 'text' | 'raw' | 'readable'
  private bytes: TextBytes | undefined
  /** Did what was written last end its line? */
  private lineEnded = false
  private prompt = ''

  /** @param terminal is standard output a terminal? */
  constructor(io: Io, model: Model, terminal = process.stdout.isTTY) {
    this.io = io
    this.model = model
    this.gathered = new BufferedOutput(io)
    this.form = model.tokenizer.kind !== 'byte' ? 'text' : terminal ? 'readable' : 'raw'
  }

  /**
   * Begins a text.
   * @param prompt shown before it, where not ''; not before the prompt has been read, since the bar
   *   of that reading would cover its last line
   */
  begin(prompt: string): void {
    this.bytes = this.form === 'text' ? undefined : new TextBytes(this.model)
    this.prompt = prompt
    this.lineEnded = false
  }

  async push(step: Step): Promise<void> {
    await this.echo()
    await this.put(this.bytes ? this.bytes.push(step) : step.text)
  }

  /** The rest of the text. */
  async end(): Promise<void> {
    await this.echo()
    if (this.bytes) await this.put(this.bytes.flush())
    await this.gathered.flush()
  }

  /** Ends the last line of a text, if it is open; at the end of all output raw bytes stay as they are. */
  async endLine(last: boolean): Promise<void> {
    if (this.lineEnded || (last && this.form === 'raw')) return
    await this.io.write('\n')
    this.lineEnded = true
  }

  private async echo(): Promise<void> {
    const { prompt } = this
    this.prompt = ''
    if (prompt === '') return
    await this.io.write(this.form === 'raw' ? prompt : this.io.stdoutColors.dim(prompt))
    this.lineEnded = prompt.endsWith('\n')
  }

  private async put(piece: string | Uint8Array): Promise<void> {
    if (piece.length === 0) return
    const shown =
      typeof piece !== 'string' && this.form === 'readable' ? readableBytes(piece) : piece
    this.lineEnded = typeof shown === 'string' ? shown.endsWith('\n') : shown.at(-1) === 0x0a
    await this.gathered.push(shown)
  }
}
