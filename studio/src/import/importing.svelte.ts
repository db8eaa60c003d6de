/** Opens what the reader drops or chooses: the worker recognises it, and the page shows what comes of it. */
import type { Models } from '../models/models.svelte.js'
import type { ErrorMessage } from '../writer/error-message.js'
import type { Foreign } from '../writer/protocol.js'
import type { Dropped } from './dropped.js'
import { givenByDialogue, givenByDrop, givenFiles } from './given-files.js'
import type { FromImporter, Given, GivenFile, ToImporter } from './protocol.js'

export interface ImportEvents {
  /** Text files, on which a model can be trained. */
  text(files: readonly File[]): void
  /** A saved session or run. @returns false when it is damaged */
  saved(json: string): Promise<boolean>
}

export type Stage =
  | { readonly state: 'working'; readonly title: string; readonly files: number }
  /** The files do not say the symbols of the model. */
  | { readonly state: 'asking'; readonly title: string; readonly error: ErrorMessage }
  | { readonly state: 'refused'; readonly title: string; readonly error: ErrorMessage }
  | { readonly state: 'opened'; readonly name: string; readonly foreign: Foreign }

export class Importing {
  stage = $state.raw<Stage>()

  private readonly models: Models
  private readonly events: ImportEvents
  private worker: Worker | undefined
  private job = 0
  private given: Given | undefined
  private vocabulary: GivenFile | string = ''

  constructor(models: Models, events: ImportEvents) {
    this.models = models
    this.events = events
  }

  /** @param asText files of no known format are texts to train on, in whatever encoding */
  async drop(dropped: readonly Dropped[], asText = false): Promise<void> {
    await this.take(() => givenByDrop(dropped), asText)
  }

  async choose(files: readonly File[]): Promise<void> {
    if (files.length > 0) await this.take(async () => givenByDialogue(files))
  }

  /** Opens the same files again with the symbols that this file or text says. */
  giveVocabulary(vocabulary: GivenFile | string): void {
    const { given } = this
    if (!given) return
    this.vocabulary = vocabulary
    this.stage = { state: 'working', title: given.title, files: given.files.length }
    this.send({ type: 'open', job: ++this.job, given, vocabulary })
  }

  close(): void {
    this.job++
    this.stage = undefined
    this.given = undefined
    // Work that is under way ends, and its memory is freed.
    this.worker?.terminate()
    this.worker = undefined
  }

  // --- internal ---

  private async take(read: () => Promise<Given>, asText = false): Promise<void> {
    const job = ++this.job
    try {
      const given = await read()
      if (this.job !== job) return
      const [only, ...others] = given.files
      // What is dropped while the symbols are asked for may be the file that says them.
      if (this.stage?.state === 'asking' && only && others.length === 0) this.giveVocabulary(only)
      else this.open(given, asText)
    } catch (error) {
      if (this.job !== job) return
      const message = error instanceof Error ? error.message : String(error)
      this.stage = {
        state: 'refused',
        title: '',
        error: {
          code: 'unreadable',
          message: `The browser could not read the files (${message.slice(0, 80)}): choose them again.`,
          ja: `ブラウザーがファイルを読めませんでした（${message.slice(0, 80)}）。もう一度選んでください。`,
        },
      }
    }
  }

  private open(given: Given, asText = false): void {
    this.given = given
    this.stage = { state: 'working', title: given.title, files: given.files.length }
    this.send({ type: 'open', job: ++this.job, given, asText })
  }

  private send(message: ToImporter): void {
    if (!this.worker) {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      worker.addEventListener('message', event => this.receive(event.data))
      // A worker that cannot start, or that has no memory left, reports it only here.
      worker.addEventListener('error', event => {
        this.receive({
          type: 'failed',
          job: this.job,
          code: 'worker',
          message: `The files could not be read: ${event.message || 'the worker of the page stopped'}.`,
          ja: 'ファイルを読み込めませんでした。ページのワーカーが止まりました。',
        })
      })
      this.worker = worker
    }
    this.worker.postMessage(message)
  }

  private receive(message: FromImporter): void {
    if (message.job !== this.job) return
    switch (message.type) {
      case 'models':
        this.openModels(message.models)
        return
      case 'saved':
        void this.openSaved(message.json)
        return
      case 'text':
        this.events.text(this.given?.files.map(({ name, file }) => asFile(name, file)) ?? [])
        this.close()
        return
      case 'imported':
        this.models.openFile(new Blob([message.bytes]), message.name, { foreign: message.foreign })
        this.close()
        this.stage = { state: 'opened', name: message.name, foreign: message.foreign }
        return
      case 'other-model':
        if (typeof this.vocabulary === 'object') this.open(givenFiles([this.vocabulary]))
        return
      case 'failed': {
        const { type: _, job: __, ...error } = message
        const state = error.way === 'vocabulary' ? 'asking' : 'refused'
        const title = this.given?.title ?? this.models.current?.name ?? ''
        this.stage = { state, title, error }
      }
    }
  }

  private openModels(found: readonly { name: string; file: Blob }[]): void {
    this.close()
    // Several files of Ondo at once are mostly of one run: its best model is the one that is meant.
    const best = found.find(({ name }) => /^best/i.test(name)) ?? found[0]
    if (best) this.models.openFile(best.file, best.name)
  }

  private async openSaved(json: string): Promise<void> {
    const title = this.given?.title ?? ''
    this.close()
    if (await this.events.saved(json)) return
    this.stage = {
      state: 'refused',
      title,
      error: {
        code: 'session',
        message: 'The session is damaged, or a newer Ondo wrote it: save it again.',
        ja: 'セッションが壊れているか、新しいOndoで書かれています。もう一度保存してください。',
      },
    }
  }
}

const asFile = (name: string, file: Blob): File =>
  file instanceof File ? file : new File([file], name.replace(/^.*\//, ''))
