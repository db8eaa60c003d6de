/** A sweep of the shown model. It goes on while its tab is not shown; finished texts are kept. */
import { InputError, type Seed, type SweepResult } from 'ondo'
import {
  curve,
  DEFAULT_TEMPERATURES,
  parseTemperatures,
  type SweepMeasure,
  type SweepText,
} from 'ondo/measure'
import { readSeed } from '../../../shared/seed.js'
import type { Layout } from '../../layout/layout.svelte.js'
import type { Models } from '../../models/models.svelte.js'
import type { Editor } from '../../text/editor.svelte.js'
import type { ErrorMessage } from '../../writer/error-message.js'
import type { FromSweeper, ToSweeper } from './protocol.js'

export const LENGTHS = [200, 500, 1000, 2000, 5000]
const MOST_SEEDS = 1000
/** While texts arrive, the figure is drawn at most this often, ms. */
const DRAW_EVERY = 400

/** `8`: the seeds 1 to 8, as on the command line; `3,5,42`: these. */
export function readSeeds(text: string): number | Seed[] | undefined {
  const parts = text.split(/[,、，\s]+/).filter(part => part !== '')
  if (parts.length === 1 && !/[,、，]/.test(text)) {
    const count = Number(parts[0])
    return Number.isSafeInteger(count) && count >= 1 && count <= MOST_SEEDS ? count : undefined
  }
  const seeds = parts.map(readSeed)
  if (seeds.length === 0 || seeds.includes(undefined)) return undefined
  return [...new Set(seeds as string[])].map(BigInt)
}

/** Texts of an earlier sweep are used again only if all of this is the same. */
interface Key {
  readonly hash: string
  readonly prompt: string
  readonly length: number
}
const same = (a: Key | undefined, b: Key): boolean =>
  a?.hash === b.hash && a.prompt === b.prompt && a.length === b.length

/** The text that is open: its index among those of its temperature. */
export interface OpenText {
  readonly temperature: number
  readonly at: number
  readonly measure: SweepMeasure
}

export interface SweepParts {
  readonly editor: Editor
  readonly models: Models
  readonly layout: Layout
}

export class Sweeper {
  temperatures = $state(DEFAULT_TEMPERATURES)
  seeds = $state('8')
  length = $state(1000)
  running = $state(false)
  done = $state(0)
  total = $state(0)
  trouble = $state.raw<ErrorMessage | string>('')
  /** The name of the model that was swept. */
  name = $state('')
  prompt = $state('')
  result = $state.raw<SweepResult>()
  open = $state.raw<OpenText>()
  /** Estimated seconds until the end; undefined before the first text. */
  left = $state<number>()

  private readonly parts: SweepParts
  private worker: Worker | undefined
  private key: Key | undefined
  private texts: SweepText[] = []
  private started = 0
  private before = 0
  private drawn = 0

  constructor(parts: SweepParts) {
    this.parts = parts
  }

  /** @returns the sentence that says what is wrong with the list, or '' */
  get wrongTemperatures(): string {
    try {
      parseTemperatures(this.temperatures)
      return ''
    } catch (error) {
      if (error instanceof InputError) return error.message
      throw error
    }
  }

  get wrongSeeds(): boolean {
    return readSeeds(this.seeds) === undefined
  }

  /** Whether the figure is of the model that is shown now. */
  get ofThisModel(): boolean {
    return this.key?.hash === this.parts.models.current?.hash
  }

  start(): void {
    const { current: model, source } = this.parts.models
    const { origin } = this.parts.editor
    const seeds = readSeeds(this.seeds)
    if (!model || seeds === undefined || this.wrongTemperatures || this.running) return
    const key = { hash: model.hash, prompt: origin.prompt, length: this.length }
    if (!same(this.key, key)) {
      this.texts = []
      this.result = undefined
      this.open = undefined
    }
    this.key = key
    this.name = model.name
    this.prompt = origin.prompt
    this.trouble = ''
    this.running = true
    this.started = performance.now()
    this.left = undefined
    this.drawn = 0
    this.tell({
      type: 'sweep',
      request: {
        source,
        temperatures: parseTemperatures(this.temperatures),
        seeds,
        length: key.length,
        prompt: key.prompt,
        done: this.texts,
      },
    })
  }

  cancel(): void {
    this.tell({ type: 'cancel' })
  }

  /** The texts of one temperature, by seed. */
  textsAt(T: number): SweepText[] {
    const texts = (this.result?.texts ?? []).filter(text => text.temperature === T)
    return texts.sort((a, b) => (BigInt(a.seed) < BigInt(b.seed) ? -1 : 1))
  }

  /** Opens the text that is nearest to the median of a measure. */
  show(T: number, measure: SweepMeasure): void {
    const middle = this.result?.curve.find(point => point.temperature === T)?.values[measure]
    const off = ({ values }: SweepText): number =>
      Math.abs((values[measure] ?? Number.POSITIVE_INFINITY) - (middle?.median ?? 0))
    const texts = this.textsAt(T)
    const at = texts.reduce((best, text, i) => (off(text) < off(texts[best]) ? i : best), 0)
    this.open = { temperature: T, at, measure }
  }

  turn(by: 1 | -1): void {
    if (!this.open) return
    const { length } = this.textsAt(this.open.temperature)
    this.open = { ...this.open, at: (this.open.at + by + length) % length }
  }

  /** Lets the page write this text again and go on from its end. */
  carryOn({ temperature, seed, symbols }: SweepText): void {
    const { editor, layout } = this.parts
    editor.sampling.setTemperature(temperature)
    // A sweep uses temperature alone, without a chain.
    editor.sampling.setChain('')
    editor.beginFrom({ prompt: this.prompt, unknown: 'skip', seed: String(seed) }, symbols)
    layout.sheet = 'none'
  }

  // --- internal ---

  private tell(message: ToSweeper): void {
    if (!this.worker) {
      this.worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      this.worker.addEventListener('message', event => this.receive(event.data))
      this.worker.addEventListener('error', event => {
        this.running = false
        this.trouble = event.message ?? ''
      })
    }
    this.worker.postMessage(message)
  }

  private receive(message: FromSweeper): void {
    switch (message.type) {
      case 'start':
        this.total = message.total
        this.done = message.done
        this.before = message.done
        return
      case 'text': {
        this.texts.push(message.text)
        this.done = message.done
        const now = performance.now()
        const each = (now - this.started) / 1000 / (this.done - this.before)
        this.left = each * (this.total - this.done)
        if (now - this.drawn > DRAW_EVERY) {
          this.drawn = now
          this.result = this.sofar()
        }
        return
      }
      case 'end':
        this.running = false
        this.texts = [...message.result.texts]
        this.result = message.result
        return
      case 'failed':
        this.running = false
        this.trouble = message
    }
  }

  /** The curves of the texts so far; zones are computed at the end. */
  private sofar(): SweepResult {
    const { texts, prompt, length } = this
    return {
      complete: false,
      temperatures: [],
      seeds: [],
      length: this.key?.length ?? length,
      prompt,
      texts: [...texts],
      curve: curve(texts),
      zones: undefined,
      figures: undefined,
    }
  }
}
