/**
 * charRNN of ml5 0.x on Ondo's runtime: the same methods, orders of arguments, options and results.
 * What it does otherwise, because ml5 had a fault there, is listed in docs/ml5.md.
 *
 * Source: ml5-library, src/CharRNN/index.js (read, not copied).
 */
import { InputError, quote } from '../errors.js'
import type { Model } from '../file/model.js'
import { networkOf, promptIds } from '../generate/generate.js'
import { readKnob } from '../knob.js'
import { Random, type Seed } from '../random.js'
import { LENGTH, TEMPERATURE } from '../temperature/settings.js'
import type { UnknownPolicy } from '../text/tokenizer.js'
import { type Callback, withCallback } from './callback.js'
import { type CharRNNSource, openModel } from './open.js'
import { Pace } from './pace.js'
import { type CharRNNState, TextStream } from './stream.js'
import { type VocabularyOption, vocabularyOf } from './vocabulary.js'

/** What `generate` uses where an option is missing; a sketch may change it. */
export interface CharRNNDefaults {
  /** The text to go on from. Where the model does not know "a", the prompt of its file. */
  seed: string
  /** Number of characters to write. */
  length: number
  temperature: number
  /** Whether `generate` goes on from the state instead of a new text. */
  stateful: boolean
  /** What `generate` and `feed` do with characters that the model does not know. */
  unknown: UnknownPolicy
  /** Whether `predict` gives at most one character a frame, which a reader can follow. */
  paced: boolean
}

/** Numbers may be strings, as sliders give them. */
export interface CharRNNGenerateOptions {
  readonly seed?: string
  readonly length?: number | string
  /** 0 always takes the most likely character. */
  readonly temperature?: number | string
  readonly stateful?: boolean
  /** The seed of the random numbers of this text: the same number gives the same text. */
  readonly randomSeed?: Seed
  readonly unknown?: UnknownPolicy
}

export interface CharRNNResult {
  /** What was written after the seed. */
  readonly sample: string
  /** The state after it. */
  readonly state: CharRNNState
}

export interface CharRNNPrediction {
  /** The character that was drawn. `feed` reads it. */
  readonly sample: string
  /** All characters of the model with their probabilities at the temperature. */
  readonly probabilities: readonly { readonly char: string; readonly probability: number }[]
}

export interface CharRNNOptions {
  /** The characters of an ml5 folder whose vocab.json is damaged: in order, or with their ids. */
  readonly vocabulary?: VocabularyOption
}

/** A random seed for those who ask for none. */
const anySeed = (): number => Math.floor(Math.random() * 2 ** 53)

const ignore = (): void => {}

/** The text of a seed. ml5 also took a list of characters. */
function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.join('')
  const hint =
    typeof value === 'number' && name === 'seed'
      ? ' The seed of the random numbers is randomSeed.'
      : ''
  throw new InputError(
    name,
    `The ${name} is ${quote(value)}; expected the text to go on from.${hint}`,
  )
}

/** ml5 wrote a further character for a part of one, which sliders without a step give. */
const readLength = (value: unknown): number =>
  Math.ceil(readKnob({ ...LENGTH, kind: 'number' }, value))

export class CharRNN {
  /** Resolves to this object when the model is loaded. It is always true in a condition, as in ml5. */
  readonly ready: Promise<CharRNN>
  /** The model once it is loaded. */
  model: Model | undefined
  /** Number of layers. */
  cellsAmount = 0
  /** Ids of the characters. */
  vocab: Readonly<Record<string, number>> = {}
  /** Number of characters that the model knows. */
  vocabSize = 0
  /** Probabilities [V] by id from which the last character was drawn. */
  probabilities: ArrayLike<number> = []
  readonly defaults: CharRNNDefaults = {
    seed: 'a',
    length: 20,
    temperature: 0.5,
    stateful: false,
    unknown: 'error',
    paced: true,
  }
  private readonly pace = new Pace()
  private readonly loading: Promise<void>
  private stream: TextStream | undefined
  private random = new Random(anySeed())
  /** Position of the next random number. */
  private drawn = 0
  /** Calls that have not finished, and the last of them. */
  private pending = 0
  private last: Promise<unknown> = Promise.resolve()

  constructor(source: CharRNNSource, options: CharRNNOptions = {}, callback?: Callback<CharRNN>) {
    this.loading = this.load(source, options)
    const awaitable: { then?: Promise<CharRNN>['then'] } = this as object
    const loaded = this.loading.then(() => {
      delete awaitable.then
      return this
    })
    this.ready = withCallback(loaded, callback)
    // Objects of ml5 1.x can be awaited, and sketches do so. A loaded object has no `then` any more, or
    // its own promise would wait for itself.
    // biome-ignore lint/suspicious/noThenProperty: see above
    awaitable.then = (done, failed) => this.ready.then(done, failed)
  }

  private async load(source: CharRNNSource, options: CharRNNOptions): Promise<void> {
    const vocabulary = options.vocabulary && vocabularyOf(options.vocabulary)
    const model = await openModel(source, vocabulary ? { vocabulary } : {})
    const network = await networkOf(model)
    const { tokenizer } = model
    this.model = model
    this.cellsAmount = model.config.layers
    this.vocabSize = tokenizer.size
    this.vocab = Object.fromEntries(
      Array.from({ length: tokenizer.size }, (_, id) => [tokenizer.symbol(id), id]),
    )
    const { defaults } = this
    if (defaults.seed === 'a' && tokenizer.known('a') === undefined) {
      defaults.seed = model.prompt ?? tokenizer.symbol(0)
    }
    this.stream = new TextStream(model, network)
  }

  /**
   * Does some work after all calls before it, so that calls take effect in their order whether a sketch
   * awaits them or not.
   */
  private inOrder<T>(work: (stream: TextStream, model: Model) => T | Promise<T>): Promise<T> {
    this.pending++
    const result = this.last.then(async () => {
      await this.loading
      return work(this.stream as TextStream, this.model as Model)
    })
    this.last = result.then(ignore, ignore)
    // A promise of its own, so that an error which the sketch does not look at is shown in the console.
    return result.finally(() => this.pending--)
  }

  /** As `inOrder`, for results that go to the caller: a failed load is then said there. */
  private call<T>(work: (stream: TextStream, model: Model) => T | Promise<T>): Promise<T> {
    this.ready.catch(ignore)
    return this.inOrder(work)
  }

  /** Changes the state now, or after the calls that have not finished. */
  private change(work: (stream: TextStream) => void): void {
    if (this.stream && this.pending === 0) work(this.stream)
    else {
      this.inOrder(work).catch((error: unknown) => {
        // The promise `ready` says why a load failed.
        if (this.stream) throw error
      })
    }
  }

  /** The state after all calls that have finished. */
  get state(): CharRNNState {
    return this.stream?.state ?? { c: [], h: [] }
  }

  set state(state: CharRNNState) {
    this.setState(state)
  }

  /** @returns the state as a value, which later calls leave as it is */
  getState(): CharRNNState {
    return this.state
  }

  /** Goes to a state that `getState` or `generate` gave. @throws InputError for anything else */
  setState(state: CharRNNState): void {
    this.change(stream => stream.restore(state))
  }

  /** Begins a new text. */
  reset(): void {
    this.change(stream => stream.reset())
  }

  /** The other name of `reset` in ml5. */
  resetState(): void {
    this.reset()
  }

  /**
   * Makes all draws from here on those of a seed, as `randomSeed` of p5 does for `random`: the same
   * number and the same calls give the same texts.
   * @param seed a whole number from 0 to 2^64 - 1 @throws InputError for anything else
   */
  randomSeed(seed: Seed): void {
    this.random = new Random(seed)
    this.drawn = 0
  }

  /**
   * Writes a text from a seed. Without `stateful` it begins anew.
   * @param callback called with `(error, { sample, state })`
   * @throws InputError in the promise and to the callback, for options out of range and for characters
   *   that the model does not know
   */
  generate(
    options: CharRNNGenerateOptions = {},
    callback?: Callback<CharRNNResult>,
  ): Promise<CharRNNResult> {
    const result = this.call(async (stream, model) => {
      const { defaults } = this
      const stateful = options.stateful ?? defaults.stateful
      const temperature = readKnob(TEMPERATURE, options.temperature ?? defaults.temperature)
      const length = readLength(options.length ?? defaults.length)
      const given = textOf(options.seed ?? '', 'seed')
      // A state that goes on needs no text to begin with.
      const seed = given || (stateful && !stream.atStart ? '' : defaults.seed)
      const ids = promptIds(model, seed, options.unknown ?? defaults.unknown)
      const own = options.randomSeed === undefined ? undefined : new Random(options.randomSeed)
      if (!stateful) stream.reset()
      await stream.read(ids)
      const { sample, probabilities } = await stream.write(
        length,
        temperature,
        own ?? this.random,
        own ? 0 : this.drawn,
      )
      if (!own) this.drawn += length
      this.probabilities = probabilities
      return { sample, state: stream.state }
    })
    return withCallback(result, callback)
  }

  /**
   * Draws the next character and stays where it is: `feed` goes on with it.
   * @param temperature 0 or more, or a slider's string; default 0.5
   * @param callback called with the character alone, as in ml5; errors are in the promise
   */
  predict(
    temperature: number | string = this.defaults.temperature,
    callback?: (sample: string) => unknown,
  ): Promise<CharRNNPrediction> {
    return this.call(async stream => {
      const T = readKnob(TEMPERATURE, temperature)
      await this.pace.wait(this.defaults.paced)
      const { random } = this
      const { sample, probabilities } = stream.predict(T, () => random.coin(this.drawn++))
      this.probabilities = probabilities
      callback?.(sample)
      return {
        sample,
        probabilities: Object.entries(this.vocab).map(([char, id]) => ({
          char,
          probability: probabilities[id] as number,
        })),
      }
    })
  }

  /**
   * Reads a text on from the state, each character once.
   * @param callback called without arguments, or with an error
   */
  feed(text: string, callback?: Callback<void>): Promise<void> {
    const read = this.call((stream, model) =>
      stream.read(promptIds(model, textOf(text, 'text'), this.defaults.unknown)),
    )
    return withCallback(read, callback)
  }
}

/** A model that may still be loading: `await` gives it when it is loaded. */
export type LoadingCharRNN = CharRNN & PromiseLike<CharRNN>

/**
 * Loads a model, as `ml5.charRNN` did.
 *
 * @example
 * const rnn = charRNN('models/woolf/', error => console.log(error ?? 'loaded'))
 * const { sample } = await rnn.generate({ seed: 'The meaning of life is ', length: 100 })
 * @param source the address of a folder of ml5 0.x or of an Ondo file, files, or a model
 * @param options may be left out, as in ml5
 * @param callback called with `(undefined, rnn)`, or with an error
 */
export function charRNN(source?: CharRNNSource, callback?: Callback<CharRNN>): CharRNN
export function charRNN(source?: CharRNNSource, callback?: Callback<CharRNN>): LoadingCharRNN
export function charRNN(
  source: CharRNNSource,
  options: CharRNNOptions,
  callback?: Callback<CharRNN>,
): LoadingCharRNN
export function charRNN(
  source: CharRNNSource = './',
  options: CharRNNOptions | Callback<CharRNN> = {},
  callback?: Callback<CharRNN>,
): LoadingCharRNN {
  const rnn =
    typeof options === 'function'
      ? new CharRNN(source, {}, options)
      : new CharRNN(source, options ?? {}, callback)
  return rnn as LoadingCharRNN
}
