/** The models of the list, the one that writes, and opening another. */
import type { ErrorMessage } from '../writer/error-message.js'
import type { BundledModel, FromWorker, ModelFacts, ToWorker } from '../writer/protocol.js'
import { addressOf } from './first-model.js'

/** What a text begins with once a model is open. */
export interface TextStart {
  prompt?: string
  seed?: string
  /** Independent random numbers under the same seed, from 1. */
  stream?: number
  temperature?: number
  /** In its written form, instead of a temperature. */
  schedule?: string
  /** The chain between the logits and the draw, in its written form. */
  chain?: string
  /** Hidden units held at a value, in their written form. */
  held?: string
}

interface Request {
  readonly source: string | Blob
  /** Used where the file does not name its model. */
  readonly name: string
  /** Of a bundled model, or '' for a file of the reader's own. */
  readonly id: string
  readonly start?: TextStart
  /** What the source holds, when it is here already. */
  readonly bytes?: string | Blob
}

/** A model that the worker has opened, with what is stored of its texts. */
export interface Prepared {
  /** The page goes on with this model. */
  use(start: TextStart): void
  /** Another model was chosen meanwhile. */
  drop(): void
}

export interface ModelEvents {
  /** The worker has opened a model. @returns what to do once its stored texts are loaded */
  prepare(model: ModelFacts): Promise<Prepared>
  failed(error: ErrorMessage): void
}

export class Models {
  /** Those to choose from. */
  list = $state.raw<readonly BundledModel[]>([])
  /** Id of a bundled model, or '' for a file of the reader's own. */
  currentId = $state('')
  current = $state.raw<ModelFacts>()
  /** Where the current model came from: its address, or the reader's file. */
  source = $state.raw<string | Blob>('')
  loading = $state(true)
  /** The model that is on its way while a small one writes; with `take`, it is here and waits. */
  arriving = $state.raw<{ readonly model: BundledModel; readonly take?: () => void }>()

  /** Kana in the vocabulary show that the model writes Japanese, whatever language the page has. */
  readonly japanese = $derived(
    this.current?.symbols.some(symbol => /[\u3041-\u30ff]/.test(symbol)) ?? false,
  )

  private readonly send: (message: ToWorker) => void
  private readonly events: ModelEvents
  /** Also the small models that stand for one of the list. */
  private all: readonly BundledModel[] = []
  private jobs = 0
  /** The model being opened; the present text goes on until it is there. */
  private opening: (Request & { readonly job: number }) | undefined

  constructor(send: (message: ToWorker) => void, events: ModelEvents) {
    this.send = send
    this.events = events
  }

  /** Fetches the list of the models that come with the page; without one it stays empty. */
  async load(): Promise<void> {
    const answer = await fetch('./models/index.json').catch(() => undefined)
    this.all = answer?.ok ? await answer.json() : []
    this.list = this.all.filter(({ standsFor }) => standsFor === undefined)
  }

  /** The small model that may write until this one is here. */
  starterOf(model: BundledModel | undefined): BundledModel | undefined {
    return this.all.find(({ standsFor }) => standsFor === model?.id)
  }

  /** Whether a model is open, or about to be. */
  get isChosen(): boolean {
    return this.opening !== undefined || this.current !== undefined
  }

  /** @param start what to begin with; left out: what was last written with that model */
  openBundled(id: string, start: TextStart = {}, bytes?: Blob): void {
    const model = this.list.find(each => each.id === id)
    if (model) this.open({ source: addressOf(model), name: model.name, id, start, bytes })
  }

  openFile(file: File): void {
    this.open({ source: file, name: file.name.replace(/\.safetensors$/, ''), id: '' })
  }

  /** Lets a small model write while the wanted one is on its way. */
  openStarter(bytes: Blob, starter: BundledModel, wanted: BundledModel, start: TextStart): void {
    this.open({ source: bytes, name: starter.name, id: '', start })
    this.arriving = { model: wanted }
  }

  /** @returns whether the message was for this */
  receive(message: FromWorker): boolean {
    if (message.type === 'opened') {
      if (message.job === this.opening?.job) void this.opened(message.model)
      return true
    }
    if (message.type !== 'failed' || message.during !== 'open') return false
    if (message.job !== this.opening?.job) return true
    this.opening = undefined
    this.loading = false
    this.events.failed(message)
    return true
  }

  // --- internal ---

  private open(request: Request): void {
    const { source, name, bytes = source } = request
    this.loading = true
    this.arriving = undefined
    const job = ++this.jobs
    this.opening = { ...request, job }
    this.send({ type: 'open', job, source: bytes, name })
  }

  private async opened(model: ModelFacts): Promise<void> {
    const opening = this.opening!
    const prepared = await this.events.prepare(model)
    // Another model was chosen meanwhile.
    if (this.opening?.job !== opening.job) {
      prepared.drop()
      return
    }
    this.opening = undefined
    this.currentId = opening.id
    this.source = opening.source
    this.loading = false
    this.current = model
    prepared.use(opening.start ?? {})
  }
}

/** `LSTM`. */
export const cellName = (model: ModelFacts): string => model.cell.toUpperCase()
