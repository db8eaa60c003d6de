/** The page's state: the desk, and what stands around it: models, the address, the shell. */

import { createChain, InputError, type Run } from 'ondo'
import type { Language } from '../../shared/messages/index.js'
import { newSeed, readSeed } from '../../shared/seed.js'
import { type Zone, zonesOf } from '../dial/zones.js'
import { Shell } from '../layout/layout.svelte.js'
import { isViewName, tabsOf } from '../layout/panels.js'
import { addressOf, bytesOf, smallFirst } from '../models/first-model.js'
import { isTint } from '../settings/settings.svelte.js'
import { type Address, readAddress, writeAddress } from '../share/address.js'
import { readRunOf } from '../share/link.js'
import type { Session } from '../share/session.js'
import { Desk, FIRST_SEED } from '../text/editor.svelte.js'
import { History } from '../text/history.js'
import { StoredTexts } from '../text/stored-texts.svelte.js'
import type { PageState, Standing } from '../text/text-rows.js'
import { alone } from '../text/text-segments.js'
import { Draft } from '../text/text-tree.js'
import { Vouch } from '../text/verification.svelte.js'
import { fitsHeld } from '../writer/held-units.js'
import {
  type Beginning,
  type BundledModel,
  type FromWorker,
  FULL,
  isModelOf,
  type ModelFacts,
  type Origin,
} from '../writer/protocol.js'
import { Offline } from './offline.svelte.js'

const ADDRESS_EVERY = 300

export class Studio extends Desk {
  readonly shell = new Shell()
  readonly offline = new Offline()
  readonly vouch = new Vouch(message => this.tell(message))
  readonly stored = new StoredTexts(this)

  models = $state.raw<readonly BundledModel[]>([])
  /** Id of a bundled model, or '' for a file of the reader's own. */
  modelId = $state('')
  model = $state.raw<ModelFacts>()
  /** Where the shown model came from: its address, or the reader's file. */
  source = $state.raw<string | Blob>('')
  loading = $state(true)
  /** The model that is on its way while a small one writes; with `take`, it is here and waits. */
  arriving = $state.raw<{ readonly model: BundledModel; readonly take?: () => void }>()
  /** As edited; the shown text may have begun with another. */
  prompt = $state('')
  unknownChoice = $state<Beginning['unknown']>('skip')
  seed = $state(FIRST_SEED)

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
  /** Where this model loops, reads like its corpus, breaks; none when nobody measured it. */
  readonly zones = $derived<readonly Zone[]>(zonesOf(this.model?.measures))

  /** Kana tell that the model writes Japanese, whatever language the page speaks. */
  readonly japanese = $derived(
    this.model?.symbols.some(symbol => /[\u3041-\u30ff]/.test(symbol)) ?? false,
  )

  /** Why a link or a file could not be followed. */
  notice = $state<'run' | 'model' | 'session'>()
  /** The model that a link or a session needs, by the beginning of its hash, and its name. */
  missing = $state('')

  /** The text of a link with its held units, until its model is open. */
  private awaited: { readonly run: Run; readonly held: string | undefined } | undefined
  /** Nobody has chosen a model on this page yet. */
  private isArriving = true
  private readonly lastingThings = new Map<string, unknown>()
  /** The model being opened; the present text goes on until it is there. */
  private opening: { job: number; id: string; address: Address; source: string | Blob } | undefined
  private checkJob = 0
  private addressTimer: ReturnType<typeof setTimeout> | undefined

  constructor(worker: Worker) {
    super(worker)
    // A worker that cannot even start says so only here.
    worker.addEventListener('error', event => {
      this.loading = false
      this.trouble = { during: 'open', code: 'worker', message: event.message ?? '' }
    })
    window.addEventListener('hashchange', () => this.follow(readAddress(location.hash)))
  }

  get language(): Language {
    return this.settings.language
  }

  /** Opens the model that the address names, else the first one; `prompt` and luck from there too. */
  async start(): Promise<void> {
    const address = readAddress(location.hash, location.search)
    this.dress(address)
    this.tell({ type: 'play' })
    const list = await fetch('./models/index.json').catch(() => undefined)
    const all: BundledModel[] = list?.ok ? await list.json() : []
    this.models = all.filter(({ standsFor }) => standsFor === undefined)
    const model = this.modelFor(address) ?? this.models[0]
    const starter = all.find(({ standsFor }) => standsFor === model?.id)
    if (!model) this.loading = false
    else if (starter && address.run === undefined) this.openInTurn(starter, model, address)
    else this.openBundled(model.id, address)
  }

  /** A small model writes until the wanted one is here, if the network is slow (first-model.ts). */
  private async openInTurn(
    starter: BundledModel,
    wanted: BundledModel,
    address: Address,
  ): Promise<void> {
    const first = await smallFirst(starter, wanted)
    // A file was opened, or another model chosen.
    if (this.opening || this.model) return
    if (!first) {
      this.openBundled(wanted.id, address)
      return
    }
    this.openModel(first, starter.name, '', address)
    this.arriving = { model: wanted }
    const begun = address.temperature ?? this.temperature
    const bytes = await bytesOf(wanted)
    if (this.arriving?.model !== wanted) return
    const take = (): void => {
      const { temperature, schedule, chain } = this
      // Before the small one is open, nothing of the address stands yet.
      const turned =
        this.model !== undefined &&
        (schedule !== address.schedule ||
          chain !== address.chain ||
          (schedule === undefined && temperature !== begun))
      const from = turned ? { ...address, temperature, schedule, chain } : address
      this.openModel(addressOf(wanted), wanted.name, wanted.id, from, bytes)
    }
    if (bytes && this.isBusy()) this.arriving = { model: wanted, take }
    else take()
  }

  /** Does the reader do more than watch, and turn the temperature? */
  private isBusy(): boolean {
    const { playing, selected, draft, prompt, origin, shell } = this
    return (
      !playing ||
      selected !== undefined ||
      draft.branches.length > 1 ||
      prompt !== origin.prompt ||
      shell.view !== undefined
    )
  }

  /** The model that an address names, by the code of its text or by id. */
  private modelFor(address: Address): BundledModel | undefined {
    if (address.run === undefined) return this.models.find(({ id }) => id === address.model)
    const run = readRunOf(address.run)
    this.awaited = run && { run, held: address.held }
    if (!run) {
      this.notice = 'run'
      return undefined
    }
    const model = this.models.find(listed => isModelOf(listed, run.model))
    this.notice = model ? undefined : 'model'
    this.missing = run.model.slice(0, 12)
    return model
  }

  /** What an address hides and shows around the text, as share/link.ts writes it. */
  private dress({ hide, lesson, view: written = '' }: Address): void {
    this.shell.hidden = hide ?? this.shell.hidden
    if (lesson !== undefined) {
      this.shell.lesson = lesson
      this.shell.tabs.left = 'lessons'
    }
    const [left, right, tint, view] = written.split('.')
    for (const [side, id] of [
      ['left', left],
      ['right', right],
    ] as const) {
      if (tabsOf(side).some(tab => tab.id === id)) this.shell.tabs[side] = id
    }
    if (isTint(tint)) this.settings.tint = tint
    if (isViewName(view) && view !== 'compare') this.shell.view = view
  }

  /** Writes the text of a link again, as long as it was, and rests; without an end it goes on. */
  private arrive({ run, held }: NonNullable<Studio['awaited']>, model: ModelFacts): void {
    this.awaited = undefined
    this.notice = undefined
    this.pause()
    const { prompt, seed, stream, unknown = 'skip', length, chain, stop } = run
    if (!this.fitsChain(chain)) {
      // No Ondo wrote this with that very model.
      this.notice = 'run'
      this.beginFrom(this.wanted())
      return
    }
    this.steer({
      ...readAddress(new URLSearchParams({ t: run.temperature }).toString()),
      ...(chain !== undefined && { chain }),
    })
    const kind = unknown === 'error' ? 'skip' : unknown
    const fits = held !== undefined && fitsHeld(held, model)
    const luck = { seed, ...(stream > 0 && { stream }) }
    const origin: Origin = { prompt, ...luck, unknown: kind, ...(fits && { held }) }
    if (length !== 'inf') this.beginFrom(origin, { length, stops: stop })
    else if (stop.length > 0) this.beginFrom(origin, { length: FULL, stops: stop })
    else {
      this.beginFrom(origin)
      this.toggle()
    }
  }

  /** Puts the texts of a session beside those of this model, and shows its text. */
  async openSession(session: Session): Promise<boolean> {
    if (!this.model || !isModelOf(this.model, session.model)) {
      this.notice = 'session'
      this.missing = session.modelName
      return false
    }
    const before = this.moment()
    const ends = this.stored.adopt(session.draft)
    const { branch, count } = session.standing.place
    this.notice = undefined
    this.restore({ ...session.standing, place: { branch: ends[branch] ?? 0, count } })
    this.history.did(before, this.moment())
    this.changed()
    this.vouch.check(session.draft, ends)
    return true
  }

  standing(): Standing {
    return this.moment()
  }

  /** What a part of the page keeps while it is not shown: made once, under its name. */
  lasting<Thing>(name: string, make: () => Thing): Thing {
    if (!this.lastingThings.has(name)) this.lastingThings.set(name, make())
    return this.lastingThings.get(name) as Thing
  }

  // --- verbs ---

  /** @param lesson its place in LESSONS; undefined: none */
  openLesson(lesson: number | undefined): void {
    this.shell.lesson = lesson
    this.tellAddress()
  }

  /** Writes the shown text anew, as long as it is, with these hidden units held (held-units.ts). */
  hold(held: string | undefined): void {
    if (held === this.origin.held) return
    const { held: _, ...origin } = this.origin
    this.beginFrom({ ...origin, ...(held !== undefined && { held }) }, this.count)
  }

  /** @param address what to begin with there; left out: what was last written with that model */
  openBundled(id: string, address: Address = {}): void {
    const model = this.models.find(each => each.id === id)
    if (!model) return
    this.openModel(addressOf(model), model.name, id, address)
  }

  openFile(file: File): void {
    this.openModel(file, file.name.replace(/\.safetensors$/, ''), '')
  }

  restart(): void {
    if (this.model) this.beginFrom(this.wanted())
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

  /** Asks which symbols of the edited prompt the model does not know. */
  checkPrompt(): void {
    const { prompt, unknownChoice: unknown } = this
    this.tell({ type: 'check', job: ++this.checkJob, prompt, unknown })
  }

  // --- internal ---

  private wanted(): Origin {
    const { prompt, unknownChoice: unknown, seed } = this
    const { held, stream, seed: last } = this.origin
    return {
      ...{ prompt, unknown, seed },
      ...(stream !== undefined && seed === last && { stream }),
      ...(held !== undefined && { held }),
    }
  }

  /** @param bytes what the source holds, when it is here already */
  private openModel(
    source: string | Blob,
    name: string,
    id: string,
    address: Address = {},
    bytes: string | Blob = source,
  ): void {
    this.loading = true
    this.arriving = undefined
    const job = ++this.runs
    this.opening = { job, id, address, source }
    this.tell({ type: 'open', job, source: bytes, name })
  }

  protected override receive(message: FromWorker): void {
    if (message.type === 'opened') {
      if (message.job === this.opening?.job) this.opened(message.model)
    } else if (message.type === 'checked') {
      if (message.job === this.checkJob) this.unknown = message.unknown
    } else if (message.type === 'failed' && message.during === 'open') {
      if (message.job !== this.opening?.job) return
      this.opening = undefined
      this.loading = false
      this.trouble = { ...message, during: 'open' }
    } else if (!this.vouch.receive(message)) {
      super.receive(message)
    }
  }

  private async opened(model: ModelFacts): Promise<void> {
    const { id, address, job, source } = this.opening!
    const { kept, take, leave } = await this.stored.open(model)
    // Another model was chosen meanwhile.
    if (this.opening?.job !== job) {
      leave()
      return
    }
    take()
    const arrives = this.isArriving
    // A small one only stands for the model that is wanted.
    if (!this.arriving) this.isArriving = false
    this.opening = undefined
    this.modelId = id
    this.source = source
    if (typeof source === 'string') this.offline.keep(source)
    this.loading = false
    this.model = model
    this.vouch.forget()
    const { symbols } = model
    this.symbols = { size: symbols.length, symbol: id => symbols[id] }
    if (!this.fitsChain(this.chain)) this.applyChain(undefined)
    this.trouble = undefined
    this.draft = kept.draft
    const { standing, past, playing } = kept.page
    this.history = past ? History.of(past) : new History()
    if (this.awaited && isModelOf(model, this.awaited.run.model)) {
      this.arrive(this.awaited, model)
      return
    }
    const { before } = this.stored
    const tab = arrives && before?.hash === model.hash ? before : undefined
    const rests = arrives && (tab?.paused ?? playing === false)
    if (standing && this.isWhere(standing, kept.draft, address)) {
      this.restore(standing)
      // The last of it was not stored: the same luck writes it again.
      const lost = (tab?.count ?? 0) - this.count
      if (rests && lost > 0) this.goTo(this.draft.place, lost)
      if (!rests) this.toggle()
      return
    }
    this.prompt = address.prompt ?? model.prompt
    this.origin = this.heldBy(address, model)
    this.takeLuck(address)
    // With a model chosen by name alone, the chain stays as the temperature does.
    const stays = Object.keys(address).length === 0 && this.chain !== undefined
    this.steer(stays ? { chain: this.chain } : address)
    // Nothing was stored, but the tab was only loaded anew: the same text, as long as it was, at rest.
    if (tab?.paused) this.pause()
    this.beginFrom(this.wanted(), tab?.paused && tab.count > 0 ? tab.count : undefined)
  }

  /** Seed and stream of an address; a seed alone is its first text. */
  private takeLuck({ seed, stream }: Address): void {
    if (seed === undefined) return
    const { stream: _, ...origin } = this.origin
    this.seed = seed
    this.origin = { ...origin, seed, ...(stream !== undefined && { stream }) }
  }

  /** Can the present model's symbols be put through it? */
  private fitsChain(written: string | undefined): boolean {
    try {
      if (written !== undefined && this.symbols) createChain(written, this.symbols)
      return true
    } catch (error) {
      if (error instanceof InputError) return false
      throw error
    }
  }

  /** Does an address ask for nothing else than where the reader was? */
  private isWhere(
    { place, temperature, schedule, chain }: Standing,
    draft: Draft,
    address: Address,
  ): boolean {
    const { prompt, seed, stream, held } = draft.branches[place.branch].origin
    return (
      (address.stream === undefined || address.stream === stream) &&
      (address.prompt === undefined || address.prompt === prompt) &&
      (address.seed === undefined || address.seed === seed) &&
      (address.held === undefined || address.held === held) &&
      (address.chain === undefined || address.chain === chain) &&
      (address.temperature === undefined || address.temperature === temperature) &&
      (address.schedule === undefined || address.schedule === schedule)
    )
  }

  /** Throws away all texts of this model, kept ones too. */
  async forget(): Promise<void> {
    this.draft = new Draft()
    this.history = new History()
    const cleared = this.stored.clear(this.draft)
    this.beginFrom(this.wanted())
    await cleared
  }

  /** How the page stands, to be stored beside its texts; undefined before there are any. */
  get pageState(): PageState | undefined {
    const { playing, history } = this
    if (!this.draft.branch) return undefined
    return { standing: this.moment(), past: history.past, playing }
  }

  grownElsewhere(): void {
    this.version++
  }

  /** The text that is shown stays; what another tab threw away beside it does not come back. */
  clearedElsewhere(): void {
    this.draft = alone(this.draft)
    this.history = new History()
    this.stored.replace(this.draft)
    this.version++
  }

  override toggle(): void {
    super.toggle()
    this.stored.soon()
    this.tellAddress()
  }

  protected override grew(): void {
    this.vouch.compare(this.records, this.draft.place.branch)
    this.stored.changed()
    // A tab at rest remembers how long its text is.
    if (!this.playing) this.tellAddress()
  }

  /** Temperature or schedule, and chain, as an address says them. */
  private steer({ temperature, schedule, chain }: Address): void {
    const wanted = this.fitsChain(chain) ? chain : undefined
    if (wanted !== this.chain) this.applyChain(wanted)
    if (schedule !== undefined) this.applySchedule(schedule)
    else this.applyTemperature(temperature ?? this.temperature)
  }

  /** What the next text begins from, with the units that an address holds; others may not fit. */
  private heldBy({ held }: Address, model: ModelFacts): Origin {
    const { held: _, ...origin } = this.origin
    return held !== undefined && fitsHeld(held, model) ? { ...origin, held } : origin
  }

  protected override refresh(from: number): void {
    super.refresh(from)
    // The fields tell what the shown text began with.
    this.prompt = this.origin.prompt
    this.seed = this.origin.seed
    this.unknownChoice = this.origin.unknown
  }

  protected override changed(): void {
    super.changed()
    this.grew()
    this.tellAddress()
  }

  private tellAddress(): void {
    this.addressTimer ??= setTimeout(() => {
      this.addressTimer = undefined
      // A lesson behind `?` has moved behind `#`, where it can be closed.
      const address = location.pathname + writeAddress(this.address())
      history.replaceState(this.stored.tabState ?? null, '', address)
    }, ADDRESS_EVERY)
  }

  private address(): Address {
    const { origin, model, modelId, temperature, schedule, chain } = this
    return {
      ...(modelId && { model: modelId }),
      ...(model && origin.prompt !== model.prompt && { prompt: origin.prompt }),
      seed: origin.seed,
      ...(origin.stream !== undefined && { stream: origin.stream }),
      ...(origin.held !== undefined && { held: origin.held }),
      ...(chain !== undefined && { chain }),
      ...(schedule === undefined ? { temperature } : { schedule }),
      ...(this.shell.hidden.length > 0 && { hide: this.shell.hidden }),
      ...(this.shell.lesson !== undefined && { lesson: this.shell.lesson }),
    }
  }

  /** A link was opened in this very page. */
  private follow(address: Address): void {
    if (writeAddress(address) === writeAddress(this.address())) return
    this.dress(address)
    const { hide: _, lesson, view, ...others } = address
    // A link to a lesson alone leaves the text alone.
    if (lesson !== undefined && Object.keys(others).length === 0) return
    if (address.run !== undefined) {
      const model = this.modelFor(address)
      if (model && model.id !== this.modelId) this.openBundled(model.id, address)
      else if (this.model && this.awaited && isModelOf(this.model, this.awaited.run.model)) {
        this.arrive(this.awaited, this.model)
      }
      return
    }
    const id = address.model ?? this.modelId
    if (id && id !== this.modelId) {
      this.openBundled(id, address)
      return
    }
    this.steer(address)
    this.prompt = address.prompt ?? this.model?.prompt ?? ''
    if (this.model) this.origin = this.heldBy(address, this.model)
    this.takeLuck(address)
    this.restart()
  }
}

/** `LSTM`. */
export const cellName = (model: ModelFacts): string => model.cell.toUpperCase()
