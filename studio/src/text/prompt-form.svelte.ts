/** What the next text begins with, as the reader edits it: prompt and seed. */
import { newSeed, readSeed } from '../../shared/seed.js'
import type { Models } from '../models/models.svelte.js'
import type { FromWorker, Origin, ToWorker } from '../writer/protocol.js'
import { type Editor, FIRST_SEED } from './editor.svelte.js'

export class PromptForm {
  /** The prompt as edited; the shown text may have begun with another. */
  prompt = $state('')
  unknown = $state<Origin['unknown']>('skip')
  seed = $state(FIRST_SEED)

  private readonly editor: Editor
  private readonly models: Models
  private readonly send: (message: ToWorker) => void
  private job = 0

  constructor(editor: Editor, models: Models, send: (message: ToWorker) => void) {
    this.editor = editor
    this.models = models
    this.send = send
  }

  /** Begins a text with what the form says; held units and stream stay those of the shown text. */
  restart(): void {
    if (this.models.current) this.editor.beginFrom(this.origin)
  }

  /** @returns whether the text is a seed */
  setSeed(text: string): boolean {
    const seed = readSeed(text)
    if (seed === undefined) return false
    if (seed !== this.seed) {
      this.seed = seed
      this.restart()
    }
    return true
  }

  renewSeed(): void {
    this.setSeed(newSeed())
  }

  /** Asks which symbols of the edited prompt the model does not know. */
  check(): void {
    const { prompt, unknown } = this
    this.send({ type: 'check', job: ++this.job, prompt, unknown })
  }

  /** The fields say what the shown text began with. */
  show({ prompt, seed, unknown }: Origin): void {
    this.prompt = prompt
    this.seed = seed
    this.unknown = unknown
  }

  get origin(): Origin {
    const { prompt, unknown, seed } = this
    const { held, stream, seed: last } = this.editor.origin
    return {
      ...{ prompt, unknown, seed },
      ...(stream !== undefined && seed === last && { stream }),
      ...(held !== undefined && { held }),
    }
  }

  /** @returns whether the message was for this */
  receive(message: FromWorker): boolean {
    if (message.type !== 'checked') return false
    if (message.job === this.job) this.editor.unknownSymbols = message.unknown
    return true
  }
}
