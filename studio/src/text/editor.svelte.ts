/**
 * The shown text and all the others of its tree: writing, selection, branches, undo. Components read it
 * and call its methods; it talks with the worker that writes.
 */
import type { UnknownSymbol } from 'ondo/text'
import { type Settings, SPEEDS, type Speed } from '../settings/settings.svelte.js'
import type { ErrorMessage } from '../writer/error-message.js'
import type { FromWorker, NextStep, Origin, PromptRead, ToWorker } from '../writer/protocol.js'
import { FrameQueue } from './frame-queue.js'
import { type EditorState, History } from './history.js'
import { NextTextSearch } from './next-text-search.svelte.js'
import type { Records } from './records.js'
import { type Control, Sampling } from './sampling.svelte.js'
import { contextOf, type StepContext, StepView } from './step-view.svelte.js'
import { Survey } from './survey.svelte.js'
import type { PageState } from './text-rows.js'
import { alone } from './text-segments.js'
import { type Fork, type Reason, TextTree, type TreePosition } from './text-tree.js'

export const FIRST_SEED = '42'
/** More symbols than this wait for the next frame: to lay out and colour them takes a while. */
const FRAME_SYMBOLS = 300

/** Shows the text; it is given changes, not whole texts. */
export interface TextView {
  /** A new text begins. */
  clear(prompt: string): void
  /** Symbols `from` up to `records.count` are new. */
  append(records: Records, from: number): void
  /** Only the first `count` symbols stay. */
  truncate(records: Records, count: number): void
}

export interface Trouble extends ErrorMessage {
  readonly during: 'open' | 'begin' | 'write' | 'side-texts'
}

/** What the rest of the page does when the texts change. */
export interface EditorEvents {
  /** The tree, the shown text, or the sampling has changed. */
  changed(): void
  /** Symbols were written. */
  grew(): void
  /** Another text is shown, or another part of it. */
  shown(): void
  /** The writing was paused, or goes on. */
  toggled(): void
}

type Written = Extract<FromWorker, { type: 'written' }>

/** How a text begins that is written at once. */
interface Burst {
  readonly length: number
  readonly stops?: readonly string[]
}

export class Editor {
  /** Symbols shown. */
  count = $state(0)
  /** The symbol that the reader looks at; `count` is the one to come. */
  selected = $state<number>()
  trouble = $state.raw<Trouble>()
  playing = $state(true)
  full = $state(false)
  /** The reader chooses each symbol. */
  choosing = $state(false)
  /** Grows with every change of the tree of texts. */
  version = $state(0)
  /** What the shown text began with. */
  origin = $state.raw<Origin>({ prompt: '', unknown: 'skip', seed: FIRST_SEED })
  /** Symbols of the prompt that the model does not know. */
  unknownSymbols = $state.raw<readonly UnknownSymbol[]>([])

  readonly sampling: Sampling
  readonly stepView: StepView
  readonly survey = new Survey(this)
  readonly nextText: NextTextSearch
  tree = new TextTree()

  private history = new History()
  private readonly settings: Settings
  private readonly send: (message: ToWorker) => void
  private readonly events: EditorEvents
  private view: TextView | undefined
  /** The number of the text that the worker writes. */
  private run = 0
  private reason: Reason = 'temperature'
  private lookJob = 0
  private promptRead: PromptRead = { ids: new Uint32Array(), text: '' }
  private readonly arrived = new FrameQueue<Written>(() => this.show())

  constructor(settings: Settings, send: (message: ToWorker) => void, events: EditorEvents) {
    this.settings = settings
    this.send = send
    this.events = events
    this.sampling = new Sampling(
      send,
      (control, change) => this.edit(control, change),
      () => this.survey.startSchedule(),
    )
    this.stepView = new StepView(this, settings)
    this.nextText = new NextTextSearch(this, send)
    send({ type: 'rate', value: SPEEDS[settings.speed] })
  }

  get records(): Records {
    return this.tree.shown
  }

  attach(view: TextView): void {
    this.view = view
    view.clear(this.origin.prompt)
    view.append(this.records, 0)
  }

  // --- pace ---

  setSpeed(speed: Speed): void {
    this.settings.keepSpeed(speed)
    this.send({ type: 'rate', value: SPEEDS[speed] })
  }

  toggle(): void {
    if (!this.full) {
      this.playing = !this.playing
      this.survey.restartSpeed()
      if (this.playing) this.choosing = false
      this.send({ type: this.playing ? 'play' : 'pause' })
    }
    this.events.toggled()
  }

  pause(): void {
    if (this.playing) this.toggle()
  }

  writeOne(): void {
    this.playing = false
    this.send({ type: 'step' })
  }

  // --- the text and its branches ---

  /** Selects a symbol; `count` is the step to come, undefined nothing. */
  select(n: number | undefined): void {
    const at = n === undefined ? undefined : Math.max(0, Math.min(this.count, n))
    if (at === this.selected) return
    this.selected = at
    if (this.stepView.select(at)) this.send({ type: 'look', job: ++this.lookJob, at: at! })
  }

  setChoosing(on: boolean): void {
    this.choosing = on
    if (on) this.pause()
  }

  /** Puts a symbol in the place of the shown step. What stood there stays, as a branch. */
  choose(id: number): void {
    const at = this.stepView.step?.index
    // The bars still show another step than the selected one, so what was meant is not known.
    if (at === undefined || at > this.count || at !== (this.selected ?? at)) return
    // The previous choice has not arrived yet.
    if (this.reason === 'choice') return
    if (at < this.count && this.records.ids[at] === id) return
    const before = this.state
    this.playing = false
    this.send({ type: 'pause' })
    // The same choice was made before, so its text exists.
    const known = this.tree.wayWithSymbol(at, id)
    this.goTo(known ?? { branch: this.tree.position.branch, count: at })
    if (known === undefined) {
      this.reason = 'choice'
      this.send({ type: 'step', id })
    }
    this.select(undefined)
    this.history.add(before, this.state)
    this.changed()
  }

  /** Shows the text that goes another way at a fork. */
  takeWay(fork: Fork, way: number): void {
    this.open(this.tree.lastPositionOf(fork.ways[(way + fork.ways.length) % fork.ways.length]))
  }

  /** Shows another text. */
  open(place: TreePosition): void {
    const before = this.state
    this.pause()
    this.goTo(place)
    this.history.add(before, this.state)
    this.changed()
  }

  /**
   * Begins a text, at the present temperature.
   * @param burst so many symbols are written at once
   */
  beginFrom(origin: Origin, burst?: number | Burst): void {
    const before = this.tree.branch && this.state
    const root = this.tree.rootOf(origin)
    if (root) {
      this.goTo({ branch: root.id, count: 0 }, burst)
    } else {
      this.tree.begin(origin)
      this.refresh(0)
      this.carryOn(burst)
    }
    this.reason = 'temperature'
    if (before) this.history.add(before, this.state)
    this.changed()
  }

  /** Writes the shown text again, as long as it is, with these hidden units held (held-units.ts). */
  hold(held: string | undefined): void {
    if (held === this.origin.held) return
    const { held: _, ...origin } = this.origin
    this.beginFrom({ ...origin, ...(held !== undefined && { held }) }, this.count)
  }

  /** Writes the symbols from `from` on again, at another temperature. */
  rewriteFrom(from: number, temperature: number): void {
    const { count } = this
    const before = this.state
    this.sampling.applyTemperature(temperature)
    this.goTo({ branch: this.tree.position.branch, count: from }, count - from)
    this.history.add(before, this.state)
    this.changed()
  }

  // --- history ---

  /** What is shown, and what draws the next symbol. */
  get state(): EditorState {
    return { place: this.tree.position, ...this.sampling.state }
  }

  undo(): void {
    const state = this.history.undo(this.state)
    if (state) this.restore(state)
  }

  redo(): void {
    const state = this.history.redo(this.state)
    if (state) this.restore(state)
  }

  get canUndo(): boolean {
    void this.version
    return this.history.canUndo
  }

  get canRedo(): boolean {
    void this.version
    return this.history.canRedo
  }

  /** Shows this state instead of the present one; undo leads back. */
  replace(state: EditorState, before: EditorState): void {
    this.restore(state)
    this.history.add(before, this.state)
    this.changed()
  }

  restore({ place, ...sampling }: EditorState): void {
    this.pause()
    this.sampling.restore(sampling)
    this.goTo(place)
    this.changed()
  }

  // --- the tree as a whole, for what stores it ---

  /** Replaces the texts by those of another model; the caller decides which one is shown. */
  load(symbols: readonly string[], tree: TextTree, history = new History()): void {
    this.sampling.use(symbols)
    this.trouble = undefined
    this.tree = tree
    this.history = history
  }

  /** What is stored beside the texts; undefined before there are any. */
  get pageState(): PageState | undefined {
    const { playing, history, state } = this
    return this.tree.branch && { standing: state, past: history.stored, playing }
  }

  /** Texts of another tab came in. */
  grownElsewhere(): void {
    this.version++
  }

  /** Forgets all texts but the shown one. */
  clearOthers(): void {
    this.tree = alone(this.tree)
    this.history = new History()
  }

  /** Forgets all texts; another one is to be begun at once. */
  clear(): void {
    this.tree = new TextTree()
    this.history = new History()
  }

  // --- messages of the worker ---

  receive(message: FromWorker): void {
    switch (message.type) {
      case 'began':
        if (message.run !== this.run) return
        this.trouble = undefined
        this.unknownSymbols = message.unknown
        this.promptRead = message.prompt
        this.setNext(message.next)
        return
      case 'written':
        if (message.run !== this.run) return
        this.arrived.add(message)
        return
      case 'looked':
        if (message.job === this.lookJob && message.step.index === this.selected) {
          this.stepView.setSelected(message.step)
        }
        return
      case 'found':
        this.nextText.receive(message)
        return
      case 'failed':
        if (message.during !== 'begin' && message.during !== 'write') return
        if (message.during === 'write') this.playing = false
        this.reason = 'temperature'
        this.trouble = { ...message, during: message.during }
    }
  }

  /** What a chain reads of the text before symbol `index`. */
  contextAt(index: number): StepContext {
    return contextOf(this.promptRead, this.records, index)
  }

  /** Shows a place of the tree and lets the worker write on from there. */
  goTo(place: TreePosition, burst?: number | Burst): void {
    this.reason = 'temperature'
    this.refresh(this.tree.go(place))
    this.carryOn(burst)
  }

  // --- internal ---

  private changed(): void {
    this.version++
    this.events.changed()
  }

  /** Moves a control; a drag is one step of the history. */
  private edit(control: Control, change: () => void): void {
    const before = this.state
    change()
    this.history.addMove(before, this.state, performance.now(), control)
    this.changed()
    if (control === 'chain') this.survey.now()
  }

  /** The shown text is another one from symbol `from` on. */
  private refresh(from: number): void {
    const { shown } = this.tree
    const origin = this.tree.branch?.origin
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
    this.survey.now()
    this.events.shown()
  }

  /** Lets the worker write on from what is shown. */
  private carryOn(burst?: number | Burst): void {
    this.run++
    this.arrived.clear()
    const { shown } = this.tree
    const { count } = shown
    this.survey.scheduledFrom = count
    this.send({
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

  /** Shows what has arrived; once a frame. */
  private show(): void {
    const { arrived, tree } = this
    const from = tree.shown.count
    const branches = tree.branches.length
    const most = document.hidden ? Number.POSITIVE_INFINITY : FRAME_SYMBOLS
    while (tree.shown.count - from < most) {
      const message = arrived.next()
      if (!message) break
      this.append(message)
    }
    const { shown } = tree
    if (shown.count > from) {
      this.view?.append(shown, from)
      this.reason = 'temperature'
      this.nextText.clear()
    }
    if (from === 0 && shown.count > 0) performance.mark('first text')
    this.count = shown.count
    if (tree.branches.length > branches) this.changed()
    if (shown.count > from) this.events.grew()
    this.survey.soon()
  }

  private append(message: Written): void {
    const { tree } = this
    if (message.columns.ids.length > 0) {
      message.columns.chains.fill(tree.chainIndex(message.chain))
      tree.append(message, this.reason)
    }
    if (message.next) this.setNext(message.next)
    if (message.rest === 'full') {
      this.full = true
      this.playing = false
    }
    this.send({ type: 'seen', run: message.run })
  }

  private setNext(step: NextStep): void {
    this.stepView.setNext(step)
    const { sampling } = this
    if (sampling.schedule !== undefined && step.temperature !== undefined) {
      sampling.temperature = step.temperature
    }
  }
}
