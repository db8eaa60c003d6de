/** The state of the training panel, and its messages to and from the worker that trains. */

import type { DeviceChoice } from 'ondo/browser'
import type { TokenizerKind } from 'ondo/text'
import { save } from '../../controls/download.js'
import type { Models } from '../../models/models.svelte.js'
import type { ErrorMessage } from '../../writer/error-message.js'
import { Curve, EMPTY_CURVE, type PointColumns } from './loss-curve.js'
import { type Size, sizeFor } from './plan.js'
import type {
  BaseModel,
  CorpusReport,
  FromTrainer,
  RunFacts,
  Sample,
  Saved,
  Source,
  Standing,
  ToTrainer,
} from './protocol.js'

/** The choice of no model to go on from. Ids of models are not empty, but for a model that is not stored. */
export const NEW_MODEL = 'new model'

export type Rest = 'paused' | 'stopped' | 'finished'
export type Unit = 'minutes' | 'epochs'

/** The answer to the message `take`. */
interface Taken {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Returns the lowest point of a validation curve; undefined when it is empty. */
function lowest({ steps, losses }: PointColumns): { step: number; loss: number } | undefined {
  if (losses.length === 0) return undefined
  const at = losses.indexOf(Math.min(...losses))
  return { step: steps[at], loss: losses[at] }
}

export class Training {
  /** `looking` while the worker looks for a stored run, `form` to choose a text, `run` to show a run. */
  view = $state<'looking' | 'form' | 'run'>('looking')
  state = $state<'preparing' | 'running' | Rest>('paused')
  preparing = $state<'engine' | 'speed'>('engine')
  trouble = $state.raw<ErrorMessage | string>()
  warning = $state.raw<Extract<FromTrainer, { type: 'warned' }>>()

  // --- the form ---
  report = $state.raw<CorpusReport>()
  inspecting = $state(false)
  refusal = $state.raw<ErrorMessage>()
  size = $state<Size>('medium')
  /** Whether the user chose the size; until then the size depends on the text. */
  sized = false
  amount = $state(5)
  unit = $state<Unit>('minutes')
  tokenizer = $state<TokenizerKind>('character')
  encoding = $state('')
  device = $state<DeviceChoice>('auto')
  /** Id of the model to go on from; `NEW_MODEL` for none. */
  baseId = $state(NEW_MODEL)
  /** What the text and this model have in common. */
  readonly base = $derived(this.report?.base)

  // --- the run ---
  facts = $state.raw<RunFacts>()
  standing = $state.raw<Standing>()
  training = $state.raw<PointColumns>(EMPTY_CURVE)
  validation = $state.raw<PointColumns>(EMPTY_CURVE)
  samples = $state.raw<readonly Sample[]>([])
  /** Index in `samples` of the sample shown; undefined shows the newest. */
  sampleIndex = $state<number>()
  /** Step of the last checkpoint. */
  keptAt = $state(0)

  readonly best = $derived(lowest(this.validation))
  /** Loss of the model that the run went on from, on the held-out text. */
  readonly before = $derived(
    this.facts?.base && this.validation.steps[0] === 0 ? this.validation.losses[0] : undefined,
  )
  readonly hasModel = $derived(this.keptAt > 0 || this.validation.steps.length > 0)
  readonly busy = $derived(this.state === 'preparing' || this.state === 'running')
  readonly sample = $derived<Sample | undefined>(
    this.samples[this.sampleIndex ?? this.samples.length - 1],
  )

  private readonly models: Models
  private worker: Worker | undefined
  private source: Pick<Source, 'files' | 'text'> | undefined
  private baseModel: BaseModel | undefined
  private job = 0
  private curve = new Curve()
  private readonly waiting = new Map<number, (taken: Taken | undefined) => void>()

  constructor(models: Models) {
    this.models = models
    this.send()
  }

  // --- actions ---

  inspect(source: Pick<Source, 'files' | 'text'>): void {
    this.source = source
    // The chosen encoding belonged to another text.
    this.encoding = ''
    this.reinspect()
  }

  /** Inspects the text again with another encoding or tokenizer. */
  reinspect(): void {
    const source = this.chosenSource()
    if (!source) return
    this.inspecting = true
    this.refusal = undefined
    this.send({ type: 'inspect', job: ++this.job, source })
  }

  /** Chooses the model to go on from. */
  async chooseBase(id: string): Promise<void> {
    this.baseId = id
    this.baseModel = undefined
    if (id !== NEW_MODEL) {
      const source = await this.models.sourceOf(id)
      // Another one was chosen meanwhile.
      if (this.baseId !== id) return
      if (source === undefined) this.baseId = NEW_MODEL
      else this.baseModel = { source, name: this.models.nameOf(id) }
    }
    this.reinspect()
  }

  forget(): void {
    this.source = undefined
    this.report = undefined
    this.refusal = undefined
    this.inspecting = false
    this.job++
  }

  start(): void {
    const source = this.chosenSource()
    if (!source || !this.report) return
    // Asks the browser not to delete the run when storage is short.
    navigator.storage?.persist?.().catch(() => undefined)
    this.begin()
    this.send({
      type: 'start',
      job: this.job,
      source,
      request: { size: this.size, [this.unit]: this.amount, fromModel: source.base !== undefined },
      device: this.device,
    })
  }

  resume(): void {
    this.begin()
    this.send({ type: 'resume' })
  }

  rest(why: 'paused' | 'stopped'): void {
    if (this.state === 'paused') this.state = 'stopped'
    else this.send({ type: 'rest', why })
  }

  show(view: 'form' | 'run'): void {
    this.view = view
  }

  discard(): void {
    this.send({ type: 'discard' })
  }

  async download(): Promise<void> {
    const taken = await this.take()
    if (taken) save(`${taken.name}.safetensors`, new Blob([taken.bytes]))
  }

  async write(): Promise<void> {
    const taken = await this.take()
    if (taken) this.models.openFile(new Blob([taken.bytes]), taken.name, { trained: true })
  }

  // --- internal ---

  private chosenSource(): Source | undefined {
    const { source, tokenizer, encoding, baseModel: base } = this
    return source && { ...source, tokenizer, ...(encoding && { encoding }), ...(base && { base }) }
  }

  private begin(): void {
    this.trouble = undefined
    this.warning = undefined
    this.state = 'preparing'
    this.preparing = 'engine'
    this.view = 'run'
  }

  private take(): Promise<Taken | undefined> {
    const job = ++this.job
    return new Promise(resolve => {
      this.waiting.set(job, resolve)
      this.send({ type: 'take', job })
    })
  }

  /** Sends a message. The worker is created when needed and ended when a run pauses, to free its memory. */
  private send(message?: ToTrainer): void {
    if (!this.worker) {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      worker.addEventListener('message', event => this.receive(event.data))
      // A worker that fails to start reports it only through this event.
      worker.addEventListener('error', event => this.fail(event.message ?? ''))
      const assets = new URL('./ort/', document.baseURI).href
      worker.postMessage({ type: 'look', assets } satisfies ToTrainer)
      this.worker = worker
    }
    if (message) this.worker.postMessage(message)
  }

  private stopWorker(): void {
    this.worker?.terminate()
    this.worker = undefined
  }

  private fail(told: ErrorMessage | string): void {
    this.trouble = told
    for (const resolve of this.waiting.values()) resolve(undefined)
    this.waiting.clear()
    // The storage could not be read, so nothing is stored; a text can still be chosen.
    if (this.view === 'looking') this.view = 'form'
    if (!this.busy) return
    this.state = 'paused'
    this.view = this.facts ? 'run' : 'form'
    this.stopWorker()
  }

  private receive(message: FromTrainer): void {
    switch (message.type) {
      case 'looked':
        // A worker created later also answers, but the state of this page is newer.
        if (this.view === 'looking') this.looked(message.saved)
        return
      case 'discarded':
        this.looked(undefined)
        return
      case 'inspected':
        if (message.job !== this.job) return
        this.inspecting = false
        this.report = message.report
        if (!this.sized) this.size = sizeFor(message.report.vocabulary.total)
        return
      case 'refused':
        if (message.job !== this.job) return
        this.inspecting = false
        this.report = undefined
        this.refusal = message
        return
      case 'preparing':
        this.preparing = message.what
        return
      case 'started':
        this.started(message.facts, message.standing)
        return
      case 'progress':
        this.standing = message.standing
        this.curve.add(message.standing.step, message.loss)
        this.training = this.curve.points()
        return
      case 'evaluated': {
        const { steps, losses } = this.validation
        this.validation = { steps: [...steps, message.step], losses: [...losses, message.loss] }
        return
      }
      case 'sampled':
        this.samples = [...this.samples, message.sample]
        return
      case 'kept':
        this.keptAt = message.step
        return
      case 'warned':
        this.warning = message
        return
      case 'rested':
        this.state = message.why
        this.standing = message.standing
        this.stopWorker()
        return
      case 'took':
        this.waiting.get(message.job)?.(message)
        this.waiting.delete(message.job)
        return
      case 'failed':
        this.fail(message)
    }
  }

  private looked(saved: Saved | undefined): void {
    // A text that was dropped meanwhile is shown instead.
    this.view = saved && this.source === undefined ? 'run' : 'form'
    this.state = saved && saved.standing.step >= saved.facts.steps ? 'finished' : 'paused'
    this.facts = saved?.facts
    this.standing = saved?.standing
    this.curve = new Curve(saved?.training)
    this.training = this.curve.points()
    this.validation = saved?.validation ?? EMPTY_CURVE
    this.samples = saved?.samples ?? []
    this.sampleIndex = undefined
    this.keptAt = saved?.standing.step ?? 0
  }

  private started(facts: RunFacts, standing: Standing): void {
    this.state = 'running'
    this.facts = facts
    if (standing.step === 0) {
      this.curve = new Curve()
      this.training = EMPTY_CURVE
      this.validation = EMPTY_CURVE
      this.samples = []
      this.sampleIndex = undefined
      this.keptAt = 0
    } else {
      // Steps after the last checkpoint are repeated, so their samples and losses are removed.
      this.samples = this.samples.filter(({ step }) => step <= standing.step)
      const whole = this.validation.steps.filter(step => step <= standing.step).length
      const { steps, losses } = this.validation
      this.validation = { steps: steps.slice(0, whole), losses: losses.slice(0, whole) }
    }
    this.standing = standing
  }
}
