/** A network at a place of a text: it reads symbols, predicts the next one and draws it. */
import { counted, InputError, quote } from '../errors.js'
import { TimeSlices } from '../event-loop.js'
import type { Model } from '../file/model.js'
import { prefillInSlices } from '../generate/prefill.js'
import type { Random } from '../random.js'
import type { Network, Session } from '../runtime/session.js'
import { Distribution } from '../temperature/distribution.js'

/** Length of a time slice, ms: half a frame, so that the page goes on drawing. */
const SLICE_MS = 8

/**
 * The state of charRNN: plain numbers, which nothing changes later. `c` is empty for networks without
 * a cell state (GRU, RNN).
 */
export interface CharRNNState {
  /** Cell states of the layers, [H] each. */
  readonly c: readonly ArrayLike<number>[]
  /** Hidden states of the layers, [H] each. */
  readonly h: readonly ArrayLike<number>[]
  /** Logits [V] of the next symbol. */
  readonly logits?: ArrayLike<number>
}

/** The symbol that was drawn and the probabilities [V] from which it was drawn. */
export interface Prediction {
  readonly sample: string
  readonly probabilities: Float64Array
}

/** Typed arrays, arrays, and typed arrays that went through JSON, where they are objects. */
function numbersOf(value: unknown): number[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const numbers = Object.values(value)
  return numbers.every(number => Number.isFinite(number)) ? numbers : undefined
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

export class TextStream {
  private readonly model: Model
  private readonly session: Session
  /** Logits [V] of the next symbol. */
  private readonly logits: Float32Array
  private readonly distribution: Distribution
  private known: CharRNNState | undefined
  /** True as long as nothing was read. */
  private start = true

  constructor(model: Model, network: Network) {
    this.model = model
    this.session = network.session()
    this.logits = new Float32Array(this.session.size)
    this.distribution = new Distribution(this.session.size)
    this.reset()
  }

  /** Whether it is at the beginning of a text. */
  get atStart(): boolean {
    return this.start
  }

  /** Goes to the beginning of a text. The prediction there is that of a state of zeros, as in ml5. */
  reset(): void {
    this.session.reset()
    this.logits.set(this.model.weights.get('head.bias') ?? [])
    this.known = undefined
    this.start = true
  }

  /** Reads symbols in time slices. @param ids each from 0 to V - 1; may be empty */
  async read(ids: ArrayLike<number>): Promise<void> {
    if (ids.length === 0) return
    this.logits.set(await prefillInSlices(this.session, ids))
    this.moved()
  }

  /**
   * Draws the next symbol and stays where it is. A byte that begins a character is followed by the rest
   * of that character, so that the sample can be fed.
   * @param temperature 0 to Infinity
   * @param coin gives the next random number
   */
  predict(temperature: number, coin: () => number): Prediction {
    const decoder = this.model.tokenizer.decoder()
    const { distribution } = this
    distribution.load(this.logits)
    const probabilities = this.probabilitiesAt(temperature)
    let { id } = distribution.draw(temperature, coin())
    let sample = decoder.push(id)
    if (sample === '') {
      const state = this.session.snapshot()
      while (sample === '') {
        distribution.load(this.session.step(id))
        id = distribution.draw(temperature, coin()).id
        sample = decoder.push(id)
      }
      this.session.restore(state)
    }
    return { sample, probabilities }
  }

  /**
   * Writes symbols and reads each, so that the state is the one after the text.
   * @param from position of the first random number
   */
  async write(
    length: number,
    temperature: number,
    random: Random,
    from: number,
  ): Promise<Prediction> {
    const { distribution, session, logits } = this
    const decoder = this.model.tokenizer.decoder()
    const slices = new TimeSlices({ milliseconds: SLICE_MS })
    let probabilities: Float64Array = new Float64Array()
    let sample = ''
    for (let n = 0; n < length; n++) {
      distribution.load(logits)
      if (n === length - 1) probabilities = this.probabilitiesAt(temperature)
      const { id } = distribution.draw(temperature, random.coin(from + n))
      sample += decoder.push(id)
      logits.set(session.step(id))
      if (slices.over) await slices.yield()
    }
    if (length > 0) this.moved()
    return { sample: sample + decoder.flush(), probabilities }
  }

  /** The state here, as a value; the same object until something is read. */
  get state(): CharRNNState {
    this.known ??= { ...this.layers(), logits: this.logits.slice() }
    return this.known
  }

  /** Goes to a state that `state` gave. @throws InputError for anything else */
  restore(state: CharRNNState): void {
    const { h, c, logits } = (state ?? {}) as Partial<CharRNNState>
    if (!(isList(h) && isList(c))) throw refusedState(state)
    if (h.length + c.length === 0) {
      this.reset()
      return
    }
    const [numbers, next] = [[...h, ...c].map(numbersOf), numbersOf(logits)]
    if (!next || !numbers.every(list => list !== undefined)) throw refusedState(state)
    if (next.length !== this.logits.length) {
      throw new InputError(
        'state',
        `The state is of a model of ${counted(next.length, 'symbol')}, this model has ${this.logits.length}; give a state that getState() of the same model gave.`,
      )
    }
    this.session.restore(Float32Array.from(numbers.flat()))
    this.logits.set(next)
    this.known = state
    this.start = false
  }

  /** Rows of the session's state by layer; a state of another kind is one row. */
  private layers(): { c: Float32Array[]; h: Float32Array[] } {
    const { cell, hidden, layers, window } = this.model.config
    const state = this.session.snapshot()
    const rows = cell === 'lstm' ? 2 * layers : layers
    if (window !== undefined || state.length !== rows * hidden) return { c: [], h: [state] }
    const all = Array.from({ length: rows }, (_, k) => state.slice(k * hidden, (k + 1) * hidden))
    return { h: all.slice(0, layers), c: all.slice(layers) }
  }

  private probabilitiesAt(temperature: number): Float64Array {
    const tempered = this.distribution.at(temperature)
    return Float64Array.from({ length: this.logits.length }, (_, id) => tempered.probability(id))
  }

  private moved(): void {
    this.known = undefined
    this.start = false
  }
}

const refusedState = (state: unknown): InputError =>
  new InputError(
    'state',
    `The state is ${quote(state)}; expected one that getState() or generate() gave.`,
  )
