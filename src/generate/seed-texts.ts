/**
 * All texts of one seed, as the temperature goes from 0 to infinity.
 *
 * A symbol is drawn on an interval of temperatures, and a text on the intersection of the intervals of
 * its symbols. Outside, one symbol is different, and the text is different from there on. Two texts
 * of a seed are the same up to their first difference. That part is drawn again from stored logits,
 * so that only the rest needs the network.
 *
 * With temperature alone. A schedule has not one temperature to move; a sampler that cuts candidates
 * makes the set of temperatures something else than an interval.
 */
import { InputError, shorten } from '../errors.js'
import { yieldToEventLoop } from '../event-loop.js'
import type { Model } from '../file/model.js'
import { readKnob } from '../knob.js'
import { Random } from '../random.js'
import type { Network } from '../runtime/session.js'
import {
  checkTemperature,
  Distribution,
  type Interval,
  LENGTH,
  narrow,
  parseSchedule,
  SEED,
  TEMPERATURE,
} from '../temperature/index.js'
import { findLongestLoop, type Loop, MIN_LOOP } from '../text/index.js'
import { type GenerateOptions, networkOf, promptIds, readStopStrings } from './generate.js'
import { type Passage, temperatureBeyond } from './next-text.js'
import { readPromptInSlices } from './prefill.js'
import { canonicalChain, canonicalTemperature } from './run/header.js'
import { StateCache } from './state-cache.js'
import { type Step, StopGate, type StopReason } from './stop.js'
import type { PromptState, SymbolRecord } from './writer.js'

/** The options that the texts of one seed have in common. */
export type SeedTextsOptions = Pick<
  GenerateOptions,
  'prompt' | 'unknown' | 'seed' | 'stream' | 'length' | 'stop' | 'signal' | 'onPrompt'
>

/** The text at one temperature, with the interval of temperatures on which it is the same. */
export interface SeedText extends Passage {
  readonly text: string
  /** All drawn symbols, including those of a stop string. */
  readonly ids: readonly number[]
  readonly steps: readonly Step[]
  readonly stop: StopReason
  readonly stopString?: string
}

/** A symbol at a changed position, with its rank there. */
export interface ChangedSymbol {
  readonly id: number
  readonly symbol: string
  readonly rank: number
}

/** A change of the text as the temperature moves. */
export interface TemperatureChange {
  readonly direction: 'up' | 'down'
  /** The nearest temperature with another text, exact to the last double. */
  readonly temperature: number
  /** The first position at which the two texts differ. */
  readonly position: number
  readonly from: ChangedSymbol
  readonly to: ChangedSymbol
  /** The other text. */
  readonly text: SeedText
}

interface DrawnSymbol {
  readonly record: SymbolRecord
  /** [V] */
  readonly logits: Float32Array
}

/**
 * The texts of one seed. Keeps the last one with its logits: 4 V bytes a position. Free it with
 * `dispose`.
 *
 * @example
 * const texts = await SeedTexts.of(model, { prompt: 'ROMEO:', seed: 42, length: 60 })
 * for (const { interval, text } of texts.up()) console.log(interval.high, text)
 */
export class SeedTexts {
  private readonly model: Model
  private readonly length: number
  private readonly stops: readonly string[]
  private readonly seed: NonNullable<GenerateOptions['seed']>
  private readonly stream: number
  private readonly random: Random
  private readonly scratch: Distribution
  /** The network states along the symbols of `drawn`. */
  private readonly cache: StateCache
  private drawn: DrawnSymbol[] = []
  private leftover = ''
  private last: SeedText | undefined
  /** The interval on which all symbols so far of the current text are the same. */
  private bounds: Interval = { low: 0, high: Number.POSITIVE_INFINITY }

  /**
   * Reads the prompt in time slices, so that other tasks of the event loop can run.
   * @throws InputError for options out of range, or symbols that the model does not know; the
   *   signal's reason when it is aborted while the prompt is read
   */
  static async of(model: Model, options: SeedTextsOptions = {}): Promise<SeedTexts> {
    const network = await networkOf(model)
    const ids = promptIds(model, options.prompt ?? model.prompt ?? '', options.unknown)
    const { signal, onPrompt } = options
    const base = await readPromptInSlices(model, network, ids, { signal, onProgress: onPrompt })
    return new SeedTexts(model, network, options, base)
  }

  /**
   * @param network of the model: `await networkOf(model)`
   * @param base the network after the prompt; without it, the prompt is read here, in one call
   */
  constructor(model: Model, network: Network, options: SeedTextsOptions = {}, base?: PromptState) {
    const { seed = SEED.default, stream = 0 } = options
    this.model = model
    this.length = readKnob(LENGTH, options.length ?? LENGTH.default)
    this.stops = readStopStrings(options.stop, model)
    this.seed = seed
    this.stream = stream
    this.random = new Random(seed, stream)
    this.scratch = new Distribution(model.config.vocabulary)
    const ids = promptIds(model, options.prompt ?? model.prompt ?? '', options.unknown)
    this.cache = new StateCache(model, network, ids, { base })
  }

  /** The text at a temperature, the same as of `generate`. @throws InputError out of range */
  at(temperature: number): SeedText {
    const T = checkTemperature(temperature)
    if (this.last && Object.is(this.last.temperature, T)) return this.last
    const gate = new StopGate(this.stops)
    const steps: Step[] = []
    this.bounds = { low: 0, high: Number.POSITIVE_INFINITY }
    const kept = this.redraw(T)
    for (const { record } of kept) steps.push(...gate.push(record))
    const whole = kept.length === this.length || steps.at(-1)?.stop !== undefined
    this.drawn = kept
    if (!whole) this.write(T, kept, gate, steps)
    if (!steps.at(-1)?.stop) {
      steps.push(...gate.flush())
      const end = steps.at(-1)
      if (end) steps[steps.length - 1] = { ...end, text: end.text + this.leftover, stop: 'length' }
    }
    const end = steps.at(-1)
    this.last = {
      temperature: T,
      interval: this.bounds,
      zero: kept.every(({ record }) => record.rank === 1),
      text: steps.map(step => step.text).join(''),
      ids: kept.map(({ record }) => record.id),
      steps,
      stop: end?.stop ?? 'length',
      ...(end?.stopString !== undefined && { stopString: end.stopString }),
    }
    return this.last
  }

  /**
   * The nearest change above or below a temperature; undefined when the text stays the same up to the
   * end of the scale.
   */
  next(temperature: number, direction: 'up' | 'down'): TemperatureChange | undefined {
    const here = this.at(temperature)
    const beyond = temperatureBeyond(here, direction)
    if (beyond === undefined) return undefined
    return this.between(here, this.at(beyond))
  }

  /** The change from one text of this seed to another. */
  between(here: SeedText, text: SeedText): TemperatureChange {
    const position = here.ids.findIndex((id, i) => id !== text.ids[i])
    const symbolIn = ({ steps }: SeedText): ChangedSymbol => {
      const { id, rank } = steps[position]
      return { id, symbol: this.model.tokenizer.symbol(id), rank }
    }
    return {
      direction: text.temperature > here.temperature ? 'up' : 'down',
      temperature: text.temperature,
      position,
      from: symbolIn(here),
      to: symbolIn(text),
      text,
    }
  }

  /** The changes from a temperature on, the nearest first. Each is computed when it is requested. */
  *changes(
    temperature: number,
    direction: 'up' | 'down',
  ): Generator<TemperatureChange, void, void> {
    let T = temperature
    for (;;) {
      const change = this.next(T, direction)
      if (change === undefined) return
      yield change
      T = change.temperature
    }
  }

  /** All texts in the order of temperature. Each is computed when it is requested. */
  *up(from = 0): Generator<SeedText, void, void> {
    yield this.at(from)
    for (const { text } of this.changes(from, 'up')) yield text
  }

  /** Frees the memory of the last text. The next text is written from the prompt. */
  dispose(): void {
    this.drawn = []
    this.cache.truncate(0)
    this.last = undefined
  }

  /** Draws the last text again at T, up to its first difference: the probabilities differ with T. */
  private redraw(T: number): DrawnSymbol[] {
    const kept: DrawnSymbol[] = []
    const { scratch } = this
    for (const { record, logits } of this.drawn) {
      const coin = this.random.coin(kept.length)
      scratch.load(logits)
      const draw = scratch.draw(T, coin)
      if (draw.id !== record.id) break
      this.bounds = narrow(this.bounds, scratch, draw.rank, coin, T)
      kept.push({ logits, record: { ...record, ...draw } })
    }
    return kept
  }

  /** Writes the rest of a text after its beginning `kept`. */
  private write(T: number, kept: DrawnSymbol[], gate: StopGate, steps: Step[]): void {
    const { cache, seed, stream } = this
    cache.truncate(kept.length)
    const writer = cache.writerAt(kept.length, { seed, stream })
    try {
      for (let n = kept.length; n < this.length; n++) {
        const distribution = writer.peek()
        const logits = Float32Array.from({ length: distribution.size }, (_, id) =>
          distribution.logit(id),
        )
        const record = writer.next(T)
        cache.add(record.id, writer)
        this.bounds = narrow(this.bounds, distribution, record.rank, this.random.coin(n), T)
        kept.push({ record, logits })
        steps.push(...gate.push(record))
        if (steps.at(-1)?.stop) return
      }
      this.leftover = writer.flush()
    } finally {
      writer.dispose()
    }
  }
}

/**
 * The nearest change of a run's text above or below its temperature; undefined when there is none.
 * For several changes use `SeedTexts`, which reuses its results.
 * @param run as for `generate`; its temperature one number, its chain temperature alone
 * @throws InputError for a schedule, a function, or a chain with other samplers
 */
export async function nextTemperature(
  model: Model,
  run: GenerateOptions,
  direction: 'up' | 'down',
): Promise<TemperatureChange | undefined> {
  const T = constantTemperature(model, run)
  return (await SeedTexts.of(model, run)).next(T, direction)
}

/** @throws InputError unless the run has a constant temperature and no other sampler */
function constantTemperature(model: Model, run: GenerateOptions): number {
  const { temperature = TEMPERATURE.default, chain } = run
  const written = chain === undefined ? undefined : canonicalChain(chain, model.tokenizer)
  if (written !== undefined) {
    throw new InputError(
      'chain',
      `The chain is "${shorten(written)}"; expected temperature alone: with other samplers a choice does not keep to one interval of temperatures.`,
    )
  }
  if (typeof temperature === 'number') return checkTemperature(temperature)
  const schedule = typeof temperature === 'string' ? parseSchedule(temperature) : temperature
  if (typeof schedule === 'object' && schedule.kind === 'constant') return schedule.temperature
  const came = typeof schedule === 'function' ? 'a function' : `"${canonicalTemperature(schedule)}"`
  throw new InputError(
    'temperature',
    `The temperature is ${came}; expected one number: a text whose temperature moves has no next one.`,
  )
}

/** The result of `leaveLoop`. */
export interface LoopExit {
  /** The loop in which the text ends at the given temperature. */
  readonly loop: Loop
  /**
   * The change to the smallest higher temperature at which a text of the same length does not end in
   * a loop; absent when there is none, or none was found within the limit.
   */
  readonly exit?: TemperatureChange
  /** At every temperature from the given one up to this one, the text ends in a loop. */
  readonly until: number
  /** Number of texts that were examined. */
  readonly texts: number
}

/**
 * Finds the smallest temperature that leaves the loop in which a text ends. It examines all texts of
 * the seed in the order of temperature, so that none is missed.
 * @param options.least loops of fewer symbols do not count; default 24
 * @param options.limit maximum number of texts to examine; default 1000
 * @returns undefined when the text ends in no loop
 */
export async function leaveLoop(
  texts: SeedTexts,
  temperature: number,
  options: { least?: number; limit?: number; signal?: AbortSignal } = {},
): Promise<LoopExit | undefined> {
  const { least = MIN_LOOP, limit = 1000, signal } = options
  const loopIn = ({ ids }: SeedText): Loop | undefined => {
    const loop = findLongestLoop(ids)
    return loop && loop.length >= least ? loop : undefined
  }
  const here = texts.at(temperature)
  const loop = loopIn(here)
  if (!loop) return undefined
  let count = 0
  let until = here.interval.high
  for (const { text } of texts.changes(temperature, 'up')) {
    count++
    if (!loopIn(text)) return { loop, exit: texts.between(here, text), until, texts: count }
    until = text.interval.high
    await yieldToEventLoop()
    if (count >= limit || signal?.aborted) break
  }
  return { loop, until, texts: count }
}
