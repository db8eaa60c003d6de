/** The state that the tab and the tinted text share: the network's states, the unit, the marked passage. */

import type { PanelStates } from '../../layout/panel-states.js'
import type { Models } from '../../models/models.svelte.js'
import type { Editor } from '../../text/editor.svelte.js'
import type { ErrorMessage } from '../../writer/error-message.js'
import { parseHeld, writeHeld } from '../../writer/held-units.js'
import type { FromStateReader, OnUnit, Passage, Quantity, ToStateReader, Unit } from './protocol.js'
import { type Scale, scaleOf } from './scale.js'

export const LENGTHS = [300, 1000, 2000]
/** Units are suggested for texts of at least this many symbols. */
export const LEAST = 120
/** While the text grows, it is read again no more often than this, ms. */
const READ_EVERY = 1500

type Answer = Extract<FromStateReader, { type: 'read' }>

export interface NetworkReading extends Omit<Answer, 'type' | 'job'> {
  /** The text of each symbol kept. */
  readonly texts: readonly string[]
}

export interface Series {
  readonly unit: Unit
  readonly quantity: Quantity
  readonly values: Float32Array
  readonly scale: Scale
  readonly highest: readonly number[]
  readonly lowest: readonly number[]
}

export const sameUnit = (a: Unit, b: Unit): boolean => a.layer === b.layer && a.unit === b.unit

export interface InsideParts {
  readonly editor: Editor
  readonly models: Models
}

export class Inside {
  keep = $state(1000)
  unit = $state.raw<Unit>({ layer: 0, unit: 0 })
  quantity = $state<Quantity>('h')
  threshold = $state(0.3)
  guesses = $state(false)
  trouble = $state.raw<ErrorMessage | string>('')
  busy = $state(false)
  reading = $state.raw<NetworkReading>()
  series = $state.raw<Series>()
  /** The range of the symbols kept, [from, to). */
  passage = $state.raw<{ from: number; to: number }>()
  brushed = $state.raw<{ units: readonly OnUnit[]; passages: readonly Passage[] }>()
  /** The symbol that keys or pointer selected. */
  at = $state<number>()

  private readonly parts: InsideParts
  private worker: Worker | undefined
  private job = 0
  private asked: { texts: string[]; key: string } | undefined
  private hash = ''
  private readKey = ''
  private seriesJob = 0
  private brushJob = 0
  private lastRead = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(parts: InsideParts) {
    this.parts = parts
  }

  /** Reads the present text after a delay; a text with a marked passage is not replaced. */
  follow(): void {
    const wait = Math.max(0, this.lastRead + READ_EVERY - performance.now())
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.read()
    }, wait)
  }

  rest(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  choose(unit: Unit): void {
    this.unit = { layer: unit.layer, unit: unit.unit }
    this.ask()
  }

  look(quantity: Quantity): void {
    this.quantity = quantity
    this.ask()
  }

  /** Marks a passage; an empty one removes the mark. */
  mark(from: number, to: number): void {
    if (to <= from) {
      this.passage = undefined
      this.brushed = undefined
      this.follow()
      return
    }
    this.passage = { from, to }
    this.brush()
  }

  setThreshold(value: number): void {
    this.threshold = value
    this.brush()
  }

  /** The value at which the unit is held, or undefined. */
  get heldAt(): number | undefined {
    const held = parseHeld(this.parts.editor.origin.held ?? '') ?? []
    return held.find(each => sameUnit(each, this.unit))?.value
  }

  hold(value: number | undefined): void {
    const others = (parseHeld(this.parts.editor.origin.held ?? '') ?? []).filter(
      each => !sameUnit(each, this.unit),
    )
    this.parts.editor.hold(
      writeHeld(value === undefined ? others : [...others, { ...this.unit, value }]),
    )
  }

  // --- internal ---

  private read(): void {
    const { editor, models } = this.parts
    const { origin, records, count } = editor
    const { current: model, source } = models
    if (!model) return
    const from = Math.max(0, count - this.keep)
    const last = count > 0 ? records.ids[count - 1] : -1
    const key = JSON.stringify([model.hash, origin, this.keep, count, last, editor.version])
    if (key === this.readKey || (this.passage && this.hash === model.hash)) return
    if (this.hash !== model.hash) {
      this.hash = model.hash
      this.reading = undefined
      this.series = undefined
      this.passage = undefined
      this.brushed = undefined
      this.at = undefined
      this.quantity = 'h'
      // The units of the last layer are closest to the prediction.
      this.unit = { layer: model.layers - 1, unit: 0 }
    }
    this.readKey = key
    this.lastRead = performance.now()
    this.busy = true
    const texts = Array.from({ length: count - from }, (_, n) => records.textOf(from + n))
    this.asked = { texts, key }
    this.tell({
      type: 'read',
      job: ++this.job,
      source,
      prompt: origin.prompt,
      unknown: origin.unknown,
      ...(origin.held !== undefined && { held: origin.held }),
      ids: records.ids.slice(0, count),
      keep: this.keep,
    })
  }

  private ask(): void {
    const { layer, unit } = this.unit
    this.tell({ type: 'series', job: ++this.seriesJob, quantity: this.quantity, layer, unit })
  }

  private brush(): void {
    if (!this.passage) return
    const { from, to } = this.passage
    this.tell({ type: 'brush', job: ++this.brushJob, from, to, threshold: this.threshold })
  }

  private tell(message: ToStateReader): void {
    if (!this.worker) {
      this.worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      this.worker.addEventListener('message', event => this.receive(event.data))
      this.worker.addEventListener('error', event => {
        this.trouble = event.message ?? ''
      })
    }
    this.worker.postMessage(message)
  }

  private receive(message: FromStateReader): void {
    switch (message.type) {
      case 'read': {
        if (message.job !== this.job || !this.asked) return
        const { type: _, job: __, ...reading } = message
        const first = this.reading === undefined
        this.busy = false
        this.trouble = ''
        this.reading = { ...reading, texts: this.asked.texts }
        if (this.at !== undefined && this.at >= reading.count) this.at = undefined
        const best = reading.suggestions[0]
        if (first && best) this.choose(best)
        else this.ask()
        return
      }
      case 'series': {
        if (message.job !== this.seriesJob) return
        const { values, highest, lowest } = message
        const { unit, quantity } = this
        this.series = { unit, quantity, values, scale: scaleOf(quantity, values), highest, lowest }
        return
      }
      case 'brushed':
        if (message.job === this.brushJob) this.brushed = message
        return
      case 'failed':
        this.busy = false
        this.trouble = message
    }
  }
}

export const insideOf = (states: PanelStates, parts: InsideParts): Inside =>
  states.of('inside', () => new Inside(parts))
