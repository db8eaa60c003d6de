/** The page's state, and its talk with the worker. Components read it and call its verbs. */
import { type Candidates, Distribution, type TrainingRecord, type UnknownSymbol } from 'ondo'
import { type Address, readAddress, writeAddress } from './address.js'
import { isLanguage, type Language, preferredLanguage } from './messages/index.js'
import type {
  Beginning,
  BundledModel,
  FromWorker,
  ModelFacts,
  NextStep,
  ToWorker,
} from './protocol.js'
import { Records } from './records.js'
import { newSeed, readSeed } from './seed.js'
import { Shell } from './shell.svelte.js'
import { keep, kept } from './store.js'
import { Speech } from './words.js'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

export const SPEEDS = {
  slow: 5,
  reading: 20,
  brisk: 60,
  fast: 300,
  full: Number.POSITIVE_INFINITY,
} as const
export type Speed = keyof typeof SPEEDS

/** A little below the model's own confidence, as on the command line. */
const FIRST_TEMPERATURE = 0.8
const FIRST_SEED = '42'
/** Candidates that have a row of their own. */
export const ROWS = 8
const ADDRESS_EVERY = 300
/** With less motion wanted, the text grows once a second and not with every frame. */
const FRAME = 16
const CALM = 1000

/** Who shows the text; it is told of pieces, not of states. */
export interface TextView {
  clear(prompt: string): void
  /** Symbols `from` up to `records.count` are new. */
  append(records: Records, from: number): void
}

export interface Trouble {
  readonly during: 'open' | 'begin' | 'write'
  readonly message: string
}

type Written = Extract<FromWorker, { type: 'written' }>

const isOneOf = <T extends string>(list: readonly T[], value: string | null): value is T =>
  list.includes(value as T)

export class Studio {
  language = $state<Language>('en')
  theme = $state<Theme>('system')
  shortcuts = $state(true)
  tint = $state(false)

  models = $state.raw<readonly BundledModel[]>([])
  /** Id of a bundled model, or '' for a file of the reader's own. */
  modelId = $state('')
  model = $state.raw<ModelFacts>()
  loading = $state(true)
  trouble = $state.raw<Trouble>()

  /** As edited; the running text may have begun with another. */
  prompt = $state('')
  /** With which the running text began. */
  begunPrompt = $state('')
  unknown = $state.raw<readonly UnknownSymbol[]>([])
  unknownChoice = $state<Beginning['unknown']>('skip')
  seed = $state(FIRST_SEED)
  speed = $state<Speed>('reading')
  temperature = $state(FIRST_TEMPERATURE)
  playing = $state(true)
  full = $state(false)
  /** Symbols written. */
  count = $state(0)
  /** The step that has not been drawn yet, as a distribution that answers for any temperature. */
  next = $state.raw<{ index: number; coin: number; distribution: Distribution }>()

  readonly speech = $derived(new Speech(this.language))
  readonly say = $derived(this.speech.say)
  /** `LSTM 2 × 256 · 1.54 nats`. */
  readonly about = $derived.by(() => {
    const { model, say, speech } = this
    if (!model) return ''
    const { validationLoss } = model.training
    const size = say.facts(cellName(model), speech.count(model.layers), speech.count(model.hidden))
    return validationLoss === undefined
      ? size
      : `${size} · ${say.nats(speech.decimal(validationLoss))}`
  })
  readonly candidates = $derived<Candidates | undefined>(
    this.next?.distribution.candidates(this.temperature, ROWS),
  )
  /** What the coin of the next step falls on at the present temperature. */
  readonly draw = $derived(this.next?.distribution.draw(this.temperature, this.next.coin))

  readonly shell = new Shell()
  readonly records = new Records()
  private readonly lastingThings = new Map<string, unknown>()
  private readonly worker: Worker
  private view: TextView | undefined
  /** Of the text shown. */
  private run = 0
  private runs = 0
  /** The model being opened; the present text goes on until it is there. */
  private opening: { job: number; run: number; id: string; prompt?: string } | undefined
  private checkJob = 0
  private arrived: Written[] = []
  private frame = 0
  private addressTimer: ReturnType<typeof setTimeout> | undefined

  constructor(worker: Worker) {
    this.worker = worker
    worker.addEventListener('message', event => this.receive(event.data))
    // A worker that cannot even start says so only here.
    worker.addEventListener('error', event => {
      this.loading = false
      this.trouble = { during: 'open', message: event.message ?? '' }
    })
    const language = kept('language')
    this.language = isLanguage(language) ? language : preferredLanguage(navigator.languages)
    const theme = kept('theme')
    if (isOneOf(THEMES, theme)) this.theme = theme
    this.shortcuts = kept('shortcuts') !== 'off'
    this.tint = kept('tint') === 'on'
    const speed = kept('speed')
    if (isOneOf(Object.keys(SPEEDS) as Speed[], speed)) this.speed = speed
    const calm = matchMedia('(prefers-reduced-motion: reduce)')
    const setCalm = () => this.tell({ type: 'calm', value: calm.matches ? CALM : FRAME })
    calm.addEventListener('change', setCalm)
    setCalm()
    this.tell({ type: 'rate', value: SPEEDS[this.speed] })
    // A hidden page is given no frames, but the text goes on.
    document.addEventListener('visibilitychange', () => document.hidden && this.show())
    window.addEventListener('hashchange', () => this.follow(readAddress(location.hash)))
  }

  /** Opens the model that the address names, else the first one; `prompt` and luck from there too. */
  async start(): Promise<void> {
    const address = readAddress(location.hash)
    this.seed = address.seed ?? FIRST_SEED
    this.setTemperature(address.temperature ?? FIRST_TEMPERATURE)
    this.tell({ type: 'play' })
    const list = await fetch('./models/index.json').catch(() => undefined)
    this.models = list?.ok ? await list.json() : []
    const model = this.models.find(({ id }) => id === address.model) ?? this.models[0]
    if (model) this.openBundled(model.id, address.prompt)
    else this.loading = false
  }

  attach(view: TextView): void {
    this.view = view
    view.clear(this.begunPrompt)
    view.append(this.records, 0)
  }

  /** What a part of the page keeps while it is not shown: made once, under its name. */
  lasting<Thing>(name: string, make: () => Thing): Thing {
    if (!this.lastingThings.has(name)) this.lastingThings.set(name, make())
    return this.lastingThings.get(name) as Thing
  }

  // --- verbs ---

  openBundled(id: string, prompt?: string): void {
    const model = this.models.find(each => each.id === id)
    if (model)
      this.open(new URL(`./models/${model.file}`, location.href).href, model.name, id, prompt)
  }

  openFile(file: File): void {
    this.open(file, file.name.replace(/\.safetensors$/, ''), '')
  }

  restart(): void {
    if (!this.model) return
    this.run = ++this.runs
    this.tell({ type: 'begin', begin: this.beginning(this.run, this.prompt) })
    this.begunPrompt = this.prompt
    this.writeAddressSoon()
  }

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

  setTemperature(value: number): void {
    if (value === this.temperature && this.run > 0) return
    this.temperature = value
    this.tell({ type: 'temperature', value })
    this.writeAddressSoon()
  }

  setSpeed(speed: Speed): void {
    this.speed = speed
    keep('speed', speed)
    this.tell({ type: 'rate', value: SPEEDS[speed] })
  }

  toggle(): void {
    if (this.full) return
    this.playing = !this.playing
    this.tell({ type: this.playing ? 'play' : 'pause' })
  }

  step(): void {
    this.playing = false
    this.tell({ type: 'step' })
  }

  /** Asks which symbols of the edited prompt the model does not know. */
  checkPrompt(): void {
    const { prompt, unknownChoice: unknown } = this
    this.tell({ type: 'check', job: ++this.checkJob, prompt, unknown })
  }

  setTint(on: boolean): void {
    this.tint = on
    keep('tint', on ? 'on' : 'off')
  }

  setLanguage(language: Language): void {
    this.language = language
    keep('language', language)
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    keep('theme', theme)
  }

  setShortcuts(on: boolean): void {
    this.shortcuts = on
    keep('shortcuts', on ? 'on' : 'off')
  }

  // --- internal ---

  private tell(message: ToWorker): void {
    this.worker.postMessage(message)
  }

  private beginning(run: number, prompt: string | undefined): Beginning {
    return {
      run,
      ...(prompt !== undefined && { prompt }),
      unknown: this.unknownChoice,
      seed: this.seed,
    }
  }

  /** @param prompt only one that the address asks for outlives a change of the model */
  private open(source: string | Blob, name: string, id: string, prompt?: string): void {
    this.loading = true
    const job = ++this.runs
    this.opening = { job, run: job, id, prompt }
    this.tell({ type: 'open', job, source, name, begin: this.beginning(job, prompt) })
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case 'opened': {
        const { opening } = this
        if (message.job !== opening?.job) return
        this.run = opening.run
        this.modelId = opening.id
        this.opening = undefined
        this.loading = false
        this.model = message.model
        this.prompt = opening.prompt ?? message.model.prompt
        this.begunPrompt = this.prompt
        this.writeAddressSoon()
        return
      }
      case 'began':
        if (message.run !== this.run) return
        this.arrived = []
        this.records.clear()
        this.count = 0
        this.full = false
        this.trouble = undefined
        this.unknown = message.unknown
        this.setNext(message.next)
        this.view?.clear(this.begunPrompt)
        return
      case 'checked':
        if (message.job === this.checkJob) this.unknown = message.unknown
        return
      case 'written':
        if (message.run !== this.run) return
        this.arrived.push(message)
        if (document.hidden) this.show()
        else this.frame ||= requestAnimationFrame(() => this.show())
        return
      case 'failed':
        if (message.during === 'open') {
          if (message.job !== this.opening?.job) return
          this.opening = undefined
          this.loading = false
        }
        if (message.during === 'write') this.playing = false
        this.trouble = { during: message.during, message: message.message }
    }
  }

  /** Shows what has arrived; once a frame. */
  private show(): void {
    cancelAnimationFrame(this.frame)
    this.frame = 0
    const { arrived, records } = this
    this.arrived = []
    const from = records.count
    for (const message of arrived) {
      records.append(message.text, message.columns)
      if (message.next) this.setNext(message.next)
      if (message.rest === 'full') {
        this.full = true
        this.playing = false
      }
      this.tell({ type: 'seen', run: message.run })
    }
    if (records.count > from) this.view?.append(records, from)
    if (from === 0 && records.count > 0) performance.mark('first text')
    this.count = records.count
  }

  private setNext({ index, coin, logits }: NextStep): void {
    this.next = { index, coin, distribution: Distribution.of(logits) }
  }

  private writeAddressSoon(): void {
    this.addressTimer ??= setTimeout(() => {
      this.addressTimer = undefined
      history.replaceState(null, '', writeAddress(this.address()))
    }, ADDRESS_EVERY)
  }

  private address(): Address {
    const { begunPrompt: prompt, model, modelId, seed, temperature } = this
    return {
      ...(modelId && { model: modelId }),
      ...(model && prompt !== model.prompt && { prompt }),
      seed,
      temperature,
    }
  }

  /** A link was opened in this very page. */
  private follow(address: Address): void {
    if (writeAddress(address) === writeAddress(this.address())) return
    if (address.temperature !== undefined) this.setTemperature(address.temperature)
    if (address.seed !== undefined) this.seed = address.seed
    const id = address.model ?? this.modelId
    if (id && id !== this.modelId) {
      this.openBundled(id, address.prompt)
    } else {
      this.prompt = address.prompt ?? this.model?.prompt ?? ''
      this.restart()
    }
  }
}

/** `LSTM`. */
export const cellName = (model: ModelFacts): string => model.cell.toUpperCase()

export type { TrainingRecord }
