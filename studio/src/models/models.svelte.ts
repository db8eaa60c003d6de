/** The models of the list, the one that writes, and opening another. */
import type { ErrorMessage } from '../writer/error-message.js'
import type {
  BundledModel,
  FromWorker,
  ListedModel,
  ModelFacts,
  ToWorker,
} from '../writer/protocol.js'
import { addressOf } from './first-model.js'
import { ownId } from './own-id.js'
import type { NotStored, OwnModel, OwnModels } from './own-models.js'

/** What a text begins with once a model is open. */
export interface TextStart {
  prompt?: string
  seed?: string
  /** Independent random numbers under the same seed, from 1. */
  stream?: number
  temperature?: number
  /** A schedule in its written form, instead of a temperature. */
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
  /** The id of a listed model, or '' for a file that is not listed yet. */
  readonly id: string
  readonly start?: TextStart
  /** What the source holds, when it is here already. */
  readonly bytes?: string | Blob
  /** Left out: the model is not stored once it is open. */
  readonly storing?: Storing
}

/** What is stored with an own model; it is stored once the worker has opened it. */
export interface Storing extends Pick<OwnModel, 'foreign' | 'trained'> {
  /** Id of the own model that it replaces. */
  readonly replaces?: string
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
  /** The current model has another id in the list: it was stored, or another tab deleted it. */
  renamed(): void
}

export class Models {
  /** The models that come with the page. */
  list = $state.raw<readonly BundledModel[]>([])
  /** The reader's own models that are stored in this browser. */
  own = $state.raw<readonly OwnModel[]>([])
  /** Why the current model could not be stored. */
  notStored = $state<NotStored>()
  /** Id of a listed model, or '' for one that is neither bundled nor stored. */
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

  /** The current model, if it is one of the reader's own that are stored. */
  readonly currentOwn = $derived(this.own.find(({ id }) => id === this.currentId))

  private readonly send: (message: ToWorker) => void
  private readonly events: ModelEvents
  private storage: Promise<OwnModels> | undefined
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
  starterOf(model: ListedModel | undefined): BundledModel | undefined {
    return this.all.find(({ standsFor }) => standsFor === model?.id)
  }

  /** Whether a model is open, or about to be. */
  get isChosen(): boolean {
    return this.opening !== undefined || this.current !== undefined
  }

  /** Reads the list of own models. */
  async loadOwn(): Promise<void> {
    this.own = await (await this.ownModels).list()
    const isListed = [...this.list, ...this.own].some(({ id }) => id === this.currentId)
    if (isListed || this.currentId === '') return
    // The model was deleted; the text goes on with it.
    this.currentId = ''
    this.events.renamed()
  }

  /**
   * Opens a bundled model or one of the reader's own.
   * @param start what to begin with; left out: what was last written with that model
   */
  openListed(id: string, start: TextStart = {}, bytes?: Blob): void {
    const model = this.list.find(each => each.id === id)
    const own = this.own.find(each => each.id === id)
    if (model) this.open({ source: addressOf(model), name: model.name, id, start, bytes })
    else if (own) void this.openOwn(own, start)
  }

  /** The name of the model of the chooser with this id. */
  nameOf(id: string): string {
    const listed = [...this.list, ...this.own].find(each => each.id === id)
    return listed?.name ?? this.current?.name ?? ''
  }

  /**
   * Where the model of the chooser with this id is: its address or its file.
   * @returns undefined for a model that is not stored any more
   */
  async sourceOf(id: string): Promise<string | Blob | undefined> {
    if (id === this.currentId && this.source !== '') return this.source
    const bundled = this.list.find(each => each.id === id)
    return bundled ? addressOf(bundled) : (await this.ownModels).file(id)
  }

  /** Opens a model file, and stores it among the reader's own models. */
  openFile(file: Blob, name: string, storing: Storing = {}): void {
    this.open({ source: file, name, id: '', storing })
  }

  /**
   * The current model, one of the reader's own, has another file.
   * @param change what is different in it
   */
  async changeOwn(
    file: Blob,
    { name, prompt, window }: { name?: string; prompt?: string; window?: number | null },
  ): Promise<void> {
    const { current, currentOwn: own } = this
    if (!current || !own) return
    // Another window makes another model, whose texts begin anew.
    if (window !== undefined) {
      const storing = { ...(own.foreign && { foreign: own.foreign }), replaces: own.id }
      this.open({ source: file, name: own.name, id: '', storing })
      return
    }
    const facts = { ...own, bytes: file.size, ...(name !== undefined && { name }) }
    this.notStored = await (await this.ownModels).put(facts, file)
    this.own = await (await this.ownModels).list()
    this.source = file
    this.current = { ...current, name: facts.name, ...(prompt !== undefined && { prompt }) }
  }

  /** Deletes an own model from this browser; its texts stay. */
  async deleteOwn(id: string): Promise<void> {
    await (await this.ownModels).remove(id)
    await this.loadOwn()
    const [next] = [...this.list, ...this.own]
    if (this.currentId === '' && next) this.openListed(next.id)
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

  /** The storage of own models. Its code is loaded after the first text. */
  private get ownModels(): Promise<OwnModels> {
    this.storage ??= import('./own-models.js').then(
      ({ OwnModels }) => new OwnModels(() => this.loadOwn()),
    )
    return this.storage
  }

  private open(request: Request): void {
    const { source, name, bytes = source } = request
    this.loading = true
    this.arriving = undefined
    const job = ++this.jobs
    this.opening = { ...request, job }
    this.send({ type: 'open', job, source: bytes, name })
  }

  private async openOwn({ id, name }: OwnModel, start: TextStart): Promise<void> {
    this.loading = true
    this.arriving = undefined
    const job = ++this.jobs
    const file = await (await this.ownModels).file(id)
    // Another model was chosen meanwhile.
    if (this.jobs !== job) return
    if (file) {
      this.open({ source: file, name, id, start })
      return
    }
    this.loading = false
    this.events.failed({
      code: 'not-stored',
      message: `The model ${JSON.stringify(name.slice(0, 60))} is not stored in this browser any more: open its file again.`,
      ja: `モデル「${name.slice(0, 60)}」はもうこのブラウザーに保存されていません。ファイルをもう一度開いてください。`,
    })
    void this.loadOwn()
  }

  /** Stores a model that was opened from a file. @returns its id, or '' when it could not be stored */
  private async store(model: ModelFacts, file: Blob, storing: Storing): Promise<string> {
    const { hash, fileHash, name, bytes } = model
    const bundled = this.list.find(each => each.hash === hash)
    if (bundled) return bundled.id
    const id = ownId(hash)
    const { replaces, ...kept } = storing
    const earlier = this.own.filter(
      each => each.id === replaces || (kept.trained && each.trained && each.name === name),
    )
    const facts = { id, name, hash, ...(fileHash && { fileHash }), bytes, added: Date.now() }
    const removed = earlier.map(each => each.id).filter(each => each !== id)
    this.notStored = await (await this.ownModels).put({ ...facts, ...kept }, file, removed)
    this.own = await (await this.ownModels).list()
    return this.own.some(each => each.id === id) ? id : ''
  }

  private async opened(model: ModelFacts): Promise<void> {
    const opening = this.opening!
    const { source, storing } = opening
    const prepared = await this.events.prepare(model)
    // Another model was chosen meanwhile.
    if (this.opening?.job !== opening.job) {
      prepared.drop()
      return
    }
    this.opening = undefined
    this.currentId = opening.id
    this.notStored = undefined
    this.source = source
    this.loading = false
    this.current = model
    prepared.use(opening.start ?? {})
    if (!storing || typeof source === 'string') return
    const id = await this.store(model, source, storing)
    if (this.current === model) {
      this.currentId = id
      this.events.renamed()
    }
  }
}

/** `LSTM`. */
export const cellName = (model: ModelFacts): string => model.cell.toUpperCase()
