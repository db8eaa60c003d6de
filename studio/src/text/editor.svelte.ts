/**
 * The desk: the text that is shown, all the others beside it, the temperature, and the talk with
 * the worker that writes. Components read it and call its verbs.
 */
import { createChain, formatSchedule, type Loop, parseSchedule } from 'ondo'
import { CONTEXT_TAIL } from 'ondo/temperature'
import type { UnknownSymbol } from 'ondo/text'
import { SPEEDS, type Speed } from '../settings/settings.svelte.js'
import type { Told } from '../writer/open-model.js'
import {
  type Aside,
  CHOSEN,
  type FromWorker,
  type NextStep,
  type Origin,
  type PromptRead,
  type ToWorker,
} from '../writer/protocol.js'
import { type Ends, endsOf, loopOf, stretchStart } from './change-points.js'
import { History, type Moment } from './history.js'
import type { Piece, Records } from './records.js'
import { type ReachNote, reachNote } from './schedule-reach.js'
import { Asides } from './side-texts.js'
import { Rate } from './speed-meter.js'
import { type Before, StepInSight, stepOf } from './step-view.svelte.js'
import { Draft, type Fork, type Place, type Reason } from './text-tree.js'

export const FIRST_SEED = '42'
/** With less motion wanted, the text grows once a second and not with every frame. */
const FRAME = 16
const CALM = 1000
/** More symbols than this wait for the next frame: to set and shade them takes a while. */
const FRAME_SYMBOLS = 300
/** UTF-16 units of a text's name. */
const NAME = 28
/** What counts again and again along the text is counted no more often than this, ms. */
const SURVEY_EVERY = 120

/** Who shows the text; it is told of pieces, not of states. */
export interface TextView {
  /** Another text altogether. */
  clear(prompt: string): void
  /** Symbols `from` up to `records.count` are new. */
  append(records: Records, from: number): void
  /** Only the first `count` symbols stand. */
  truncate(records: Records, count: number): void
}

export interface Trouble extends Told {
  readonly during: 'open' | 'begin' | 'write' | 'aside'
}

type Written = Extract<FromWorker, { type: 'written' }>

/** How a text begins that is written at once. */
interface Burst {
  readonly length: number
  readonly stops?: readonly string[]
}

export class Desk extends StepInSight {
  trouble = $state.raw<Trouble>()
  playing = $state(true)
  full = $state(false)
  /** The reader chooses each symbol. */
  choosing = $state(false)
  /** Grows with every change of the tree of texts. */
  version = $state(0)
  origin = $state.raw<Origin>({ prompt: '', unknown: 'skip', seed: FIRST_SEED })
  unknown = $state.raw<readonly UnknownSymbol[]>([])
  /** The temperatures at which this text changes. */
  ends = $state.raw<Ends>()
  /** The loop in which the text ends, and the temperature above which a choice in it would differ. */
  loop = $state.raw<Loop & { readonly leave: number }>()
  /** Why the schedule does not meet its goal, where it can't. */
  unreached = $state.raw<ReachNote>()
  /** Symbols a second, while the text grows. */
  pace = $state<number>()
  /** The search for the next different text, while it runs; `none` when there is no other. */
  search = $state<'up' | 'down' | 'none-up' | 'none-down'>()

  draft = new Draft()
  history = new History()
  protected readonly worker: Worker
  protected view: TextView | undefined
  /** Of the text that the worker writes. */
  protected run = 0
  protected runs = 0
  private reason: Reason = 'temperature'
  /** The first symbol that the present schedule draws. */
  private scheduledFrom = 0
  private lookJob = 0
  private searchJob = 0
  private readonly asides = new Asides()
  private promptRead: PromptRead = { ids: new Uint32Array(), text: '' }
  private readonly rate = new Rate()
  private arrived: Written[] = []
  private frame = 0
  private surveyed = 0
  private surveyTimer: ReturnType<typeof setTimeout> | undefined

  constructor(worker: Worker) {
    super()
    this.worker = worker
    worker.addEventListener('message', event => this.receive(event.data))
    const calm = matchMedia('(prefers-reduced-motion: reduce)')
    const setCalm = () => this.tell({ type: 'calm', value: calm.matches ? CALM : FRAME })
    calm.addEventListener('change', setCalm)
    setCalm()
    this.tell({ type: 'rate', value: SPEEDS[this.settings.speed] })
    // A hidden page is given no frames, but the text goes on.
    document.addEventListener('visibilitychange', () => document.hidden && this.show())
  }

  get records(): Records {
    return this.draft.shown
  }

  attach(view: TextView): void {
    this.view = view
    view.clear(this.origin.prompt)
    view.append(this.records, 0)
  }

  // --- the temperature ---

  setTemperature(value: number): void {
    if (value === this.temperature && this.schedule === undefined) return
    const before = this.moment()
    this.applyTemperature(value)
    this.history.moved(before, this.moment(), performance.now())
    this.changed()
  }

  /** @throws InputError that points at the character */
  setSchedule(written: string): void {
    const parsed = parseSchedule(written)
    if (parsed.kind === 'constant') {
      this.setTemperature(parsed.temperature)
      return
    }
    const before = this.moment()
    this.applySchedule(formatSchedule(parsed))
    this.history.moved(before, this.moment(), performance.now())
    this.changed()
  }

  /**
   * The samplers between the logits and the draw count from the very next symbol.
   * @throws InputError that points at the character, or names what the model does not have
   */
  setChain(written: string): void {
    if (!this.symbols) return
    const made = createChain(written, this.symbols)
    const chain = made.plain ? undefined : made.toString()
    if (chain === this.chain) return
    const before = this.moment()
    this.applyChain(chain)
    this.history.moved(before, this.moment(), performance.now(), 'chain')
    this.changed()
    this.survey()
  }

  /** Writes the stretch that was written at one temperature anew, at the next that changes it. */
  nextText(direction: 'up' | 'down'): void {
    const { records, count } = this
    const from = stretchStart(records, count)
    if (from >= count || this.chain !== undefined || records.chains[count - 1] !== 0) return
    this.search = direction
    const temperature = records.temperatures[count - 1]
    const job = ++this.searchJob
    this.tell({ type: 'neighbour', job, from, to: count, temperature, direction })
  }

  // --- the pace ---

  setSpeed(speed: Speed): void {
    this.settings.keepSpeed(speed)
    this.tell({ type: 'rate', value: SPEEDS[speed] })
  }

  toggle(): void {
    if (this.full) return
    this.playing = !this.playing
    this.rate.forget()
    if (!this.playing) this.pace = undefined
    if (this.playing) this.choosing = false
    this.tell({ type: this.playing ? 'play' : 'pause' })
  }

  pause(): void {
    if (this.playing) this.toggle()
  }

  writeOne(): void {
    this.playing = false
    this.tell({ type: 'step' })
  }

  // --- the text and its branches ---

  /** Looks at a symbol; `count` is the step to come, undefined nothing. */
  select(n: number | undefined): void {
    const at = n === undefined ? undefined : Math.max(0, Math.min(this.count, n))
    if (at === this.selected) return
    this.selected = at
    if (at === undefined) {
      this.looked = undefined
    } else if (at === this.next?.index) {
      this.looked = this.next
    } else {
      this.tell({ type: 'look', job: ++this.lookJob, at })
    }
  }

  setChoosing(on: boolean): void {
    this.choosing = on
    if (on) this.pause()
  }

  /** Puts a symbol where the bars are of. What stood there stays, as a branch. */
  choose(id: number): void {
    const at = this.step?.index
    // The bars are still of another step than the one looked at: what was meant is not known.
    if (at === undefined || at > this.count || at !== (this.selected ?? at)) return
    // The choice before this one is not yet there.
    if (this.reason === 'choice') return
    if (at < this.count && this.records.ids[at] === id) return
    const before = this.moment()
    this.playing = false
    this.tell({ type: 'pause' })
    // The same choice was made before: its text is there.
    const known = this.wayWith(at, id)
    this.goTo(known ?? { branch: this.draft.place.branch, count: at })
    if (known === undefined) {
      this.reason = 'choice'
      this.tell({ type: 'step', id })
    }
    this.select(undefined)
    this.history.did(before, this.moment())
    this.changed()
  }

  /** Shows the text that goes another way at a fork. */
  take(fork: Fork, way: number): void {
    this.open(this.draft.placeOf(fork.ways[(way + fork.ways.length) % fork.ways.length]))
  }

  /** Shows another text. */
  open(place: Place): void {
    const before = this.moment()
    this.pause()
    this.goTo(place)
    this.history.did(before, this.moment())
    this.changed()
  }

  /**
   * Begins anew from this, at the present temperature.
   * @param burst so many symbols are written at once
   */
  beginFrom(origin: Origin, burst?: number | Burst): void {
    const before = this.draft.branch && this.moment()
    const root = this.draft.rootOf(origin)
    if (root) {
      this.goTo({ branch: root.id, count: 0 }, burst)
    } else {
      this.draft.begin(origin)
      this.refresh(0)
      this.carryOn(burst)
    }
    this.reason = 'temperature'
    if (before) this.history.did(before, this.moment())
    this.changed()
  }

  undo(): void {
    const moment = this.history.undo(this.moment())
    if (moment) this.restore(moment)
  }

  redo(): void {
    const moment = this.history.redo(this.moment())
    if (moment) this.restore(moment)
  }

  get canUndo(): boolean {
    void this.version
    return this.history.canUndo
  }

  get canRedo(): boolean {
    void this.version
    return this.history.canRedo
  }

  /** A few words by which a branch is known: those with which it leaves its parent. */
  nameOf(id: number): string {
    const { records, origin, parent } = this.draft.branches[id]
    const start = records.start(this.draft.difference(id))
    const words = records.text
      .slice(start, start + NAME)
      .replace(/\s+/g, ' ')
      .trim()
    if (parent !== undefined) return `…${words}`
    return `${origin.prompt.slice(0, NAME / 2).trim()} ${words}`.trim() || '…'
  }

  /** Forks of the shown text; read together with `version` and `count`. */
  forks(): Fork[] {
    return this.draft.forks()
  }

  /**
   * Writes texts aside, each told when it is whole; another wish of the same channel ends this one.
   * @param more.failed told why they could not be written; left out: the page says it
   */
  writeAside(
    texts: readonly Aside[],
    tell: (place: number, piece: Piece) => void,
    more: { readonly channel?: string; readonly failed?: (message: string) => void } = {},
  ): void {
    const { channel = '', failed } = more
    const job = this.asides.wish(channel, tell, failed)
    this.tell({ type: 'aside', channel, job, texts })
  }

  // --- for those who extend the desk ---

  /** Something worth keeping has changed. */
  protected changed(): void {
    this.version++
  }

  /** Something was written. */
  protected grew(): void {}

  protected tell(message: ToWorker): void {
    this.worker.postMessage(message)
  }

  protected moment(): Moment {
    const { temperature, schedule, chain } = this
    return { place: this.draft.place, temperature, schedule, chain }
  }

  protected override before(index: number): Before {
    const { promptRead: prompt, records } = this
    const history = new Uint32Array(prompt.ids.length + index)
    history.set(prompt.ids)
    history.set(records.ids.subarray(0, index), prompt.ids.length)
    const start = records.start(index)
    const text = prompt.text + records.text.slice(Math.max(0, start - CONTEXT_TAIL), start)
    return { history, text: index === 0 ? text : text.slice(-CONTEXT_TAIL) }
  }

  protected applyChain(written: string | undefined): void {
    this.chain = written
    this.tell({ type: 'chain', written })
  }

  protected applyTemperature(value: number): void {
    this.schedule = undefined
    this.temperature = value
    this.tell({ type: 'temperature', value })
  }

  protected applySchedule(written: string): void {
    this.schedule = written
    this.scheduledFrom = this.count
    this.unreached = undefined
    this.tell({ type: 'schedule', written })
  }

  protected restore({ place, temperature, schedule, chain }: Moment): void {
    this.pause()
    if (chain !== this.chain) this.applyChain(chain)
    this.temperature = temperature
    if (schedule === undefined) this.applyTemperature(temperature)
    else this.applySchedule(schedule)
    this.goTo(place)
    this.changed()
  }

  /** Shows a place of the tree and lets the worker stand there. */
  protected goTo(place: Place, burst?: number | Burst): void {
    this.reason = 'temperature'
    this.refresh(this.draft.go(place))
    this.carryOn(burst)
  }

  /** The shown text is another one from symbol `from` on. */
  protected refresh(from: number): void {
    const { shown } = this.draft
    const origin = this.draft.branch?.origin
    if (origin && (origin !== this.origin || from === 0)) {
      this.origin = origin
      this.view?.clear(origin.prompt)
      from = 0
    } else {
      this.view?.truncate(shown, from)
    }
    if (shown.count > from) this.view?.append(shown, from)
    this.count = shown.count
    this.full = false
    this.select(undefined)
    this.version++
    this.survey()
  }

  /** Lets the worker write on from what is shown. */
  protected carryOn(burst?: number | Burst): void {
    this.run = ++this.runs
    this.arrived = []
    const { shown } = this.draft
    const { count } = shown
    this.scheduledFrom = count
    this.tell({
      type: 'begin',
      begin: {
        run: this.run,
        ...this.origin,
        ids: shown.ids.slice(0, count),
        ...(count > 0 && { lastSurprisal: shown.surprisals[count - 1] }),
        ...(typeof burst === 'number' && { burst }),
        ...(typeof burst === 'object' && { burst: burst.length, stops: burst.stops }),
      },
    })
  }

  protected receive(message: FromWorker): void {
    switch (message.type) {
      case 'began':
        if (message.run !== this.run) return
        this.trouble = undefined
        this.unknown = message.unknown
        this.promptRead = message.prompt
        this.setNext(message.next)
        return
      case 'written':
        if (message.run !== this.run) return
        this.arrived.push(message)
        if (document.hidden) this.show()
        else this.frame ||= requestAnimationFrame(() => this.show())
        return
      case 'looked':
        if (message.job === this.lookJob && message.step.index === this.selected)
          this.looked = stepOf(message.step)
        return
      case 'found':
        if (message.job === this.searchJob) this.foundText(message.temperature)
        return
      case 'wrote-aside':
        this.asides.of(message.job)?.tell(message.place, message)
        return
      case 'failed':
        if (message.during === 'open' || message.during === 'verify') return
        if (message.during === 'aside') {
          const wish = this.asides.of(message.job)
          if (wish?.failed) wish.failed(message.message)
          else if (wish) this.trouble = { ...message, during: 'aside' }
          return
        }
        if (message.during === 'write') this.playing = false
        this.reason = 'temperature'
        this.trouble = { ...message, during: message.during }
    }
  }

  // --- internal ---

  private foundText(temperature: number | undefined): void {
    const direction = this.search === 'up' ? 'up' : 'down'
    this.search = undefined
    if (temperature === undefined) {
      this.search = direction === 'up' ? 'none-up' : 'none-down'
      return
    }
    const { count } = this
    const from = stretchStart(this.records, count)
    const before = this.moment()
    this.applyTemperature(temperature)
    this.reason = 'temperature'
    this.goTo({ branch: this.draft.place.branch, count: from }, count - from)
    this.history.did(before, this.moment())
    this.changed()
  }

  /** A text that already goes on with this symbol at this place. */
  private wayWith(at: number, id: number): Place | undefined {
    const fork = this.draft.forks().find(each => each.at === at)
    const way = fork?.ways.find(each => {
      const branch = this.draft.branches[each]
      return branch.records.ids[at - branch.at] === id
    })
    return way === undefined ? undefined : this.draft.placeOf(way)
  }

  /** Shows what has arrived; once a frame. */
  private show(): void {
    cancelAnimationFrame(this.frame)
    this.frame = 0
    const { arrived, draft } = this
    const from = draft.shown.count
    const branches = draft.branches.length
    const most = document.hidden ? Number.POSITIVE_INFINITY : FRAME_SYMBOLS
    while (arrived.length > 0 && draft.shown.count - from < most) {
      const message = arrived.shift()!
      if (message.columns.ids.length > 0) {
        message.columns.chains.fill(draft.chainIndex(message.chain))
        draft.append(message, this.reason)
      }
      if (message.next) this.setNext(message.next)
      if (message.rest === 'full') {
        this.full = true
        this.playing = false
      }
      this.tell({ type: 'seen', run: message.run })
    }
    if (arrived.length > 0) this.frame = requestAnimationFrame(() => this.show())
    const { shown } = draft
    if (shown.count > from) {
      this.view?.append(shown, from)
      this.reason = 'temperature'
      this.search = undefined
    }
    if (from === 0 && shown.count > 0) performance.mark('first text')
    this.count = shown.count
    if (draft.branches.length > branches) this.changed()
    if (shown.count > from) this.grew()
    this.surveySoon()
  }

  private setNext(step: NextStep): void {
    this.next = stepOf(step)
    if (this.schedule !== undefined && step.temperature !== undefined)
      this.temperature = step.temperature
    // The selected step to come is pinned until it is there.
    if (this.selected === step.index && this.looked === undefined) this.looked = this.next
  }

  private surveySoon(): void {
    const wait = Math.max(0, this.surveyed + SURVEY_EVERY - performance.now())
    this.surveyTimer ??= setTimeout(() => this.survey(), wait)
  }

  private survey(): void {
    clearTimeout(this.surveyTimer)
    this.surveyTimer = undefined
    this.surveyed = performance.now()
    this.rate.note(this.surveyed, this.count)
    this.pace = this.playing ? this.rate.perSecond : undefined
    this.loop = loopOf(this.records)
    this.unreached = reachNote(this.schedule, this.records, this.scheduledFrom)
    // A schedule has not one temperature to move.
    const oneT = this.schedule === undefined && this.chain === undefined
    this.ends = oneT ? endsOf(this.records, this.records.count) : undefined
  }
}

/** Was this symbol put there by a hand? */
export const isChosen = (records: Records, n: number): boolean => records.coins[n] === CHOSEN
