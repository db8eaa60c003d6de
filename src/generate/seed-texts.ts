/**
 * All the texts of one seed, as the temperature runs from 0 to infinity.
 *
 * A choice is made on an interval of temperatures (temperature/interval.ts), a text where all its
 * intervals meet. Beyond an end one symbol is another, and the text goes its own way from there. A
 * text at another temperature shares with this one all that is before the first difference: that
 * part is drawn anew from logits that were kept, so only the rest costs the network.
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

/** What makes the texts of one seed, but for the temperature. */
export type SeedTextsOptions = Pick<
  GenerateOptions,
  'prompt' | 'unknown' | 'seed' | 'stream' | 'length' | 'stop' | 'signal' | 'onPrompt'
>

/** The text at one temperature, and where it stays. */
export interface SeedText extends Passage {
  readonly text: string
  /** All that were drawn, those of a stop string included. */
  readonly ids: readonly number[]
  readonly steps: readonly Step[]
  readonly stop: StopReason
  readonly stopString?: string
}

/** One symbol of a change, by its rank at that position. */
export interface ChangedSymbol {
  readonly id: number
  readonly symbol: string
  readonly rank: number
}

/** Where the text becomes another as the temperature moves. */
export interface TemperatureChange {
  readonly direction: 'up' | 'down'
  /** The nearest temperature at which the text is another, to the last double. */
  readonly temperature: number
  /** The first position at which the two part. */
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
  /** The symbols of `drawn`. */
  private readonly cache: StateCache
  private drawn: DrawnSymbol[] = []
  private leftover = ''
  private last: SeedText | undefined
  /** Where all choices so far of the text at hand stay. */
  private bounds: Interval = { low: 0, high: Number.POSITIVE_INFINITY }

  /**
   * Reads the prompt in slices: others have their turn meanwhile.
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
   * @param base the network after the prompt; left out, the prompt is read here, at once
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

  /** The text at a temperature: exactly what `generate` writes. @throws InputError out of range */
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
   * The closest change above or below a temperature; undefined where the text stays as it is to the
   * end of the scale.
   */
  next(temperature: number, direction: 'up' | 'down'): TemperatureChange | undefined {
    const here = this.at(temperature)
    const beyond = temperatureBeyond(here, direction)
    if (beyond === undefined) return undefined
    return this.between(here, this.at(beyond))
  }

  /** Where two texts of this seed part. */
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

  /** The changes from a temperature onwards, the nearest first, each found when it is asked for. */
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

  /** All the texts in the order of temperature, each found when it is asked for. */
  *up(from = 0): Generator<SeedText, void, void> {
    yield this.at(from)
    for (const { text } of this.changes(from, 'up')) yield text
  }

  /** Lets go of what is kept of the last text; the next one is written from the prompt. */
  dispose(): void {
    this.drawn = []
    this.cache.truncate(0)
    this.last = undefined
  }

  /** The beginning of the last text that is the same at T, drawn again: its odds are others. */
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

  /** Writes on from the kept beginning to the end of the text. */
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
 * The closest temperature above or below a run's at which its text changes: where, from what to
 * what; undefined where none is. For more than one, use `SeedTexts`, which keeps what it knows.
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

/** @throws InputError unless the run is at one temperature, with temperature alone */
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

/** What it takes to leave a loop. */
export interface LoopExit {
  /** The loop in which the text ends at the temperature asked about. */
  readonly loop: Loop
  /**
   * The smallest temperature above at which the text, of the same length, ends in no loop, and where
   * it parts from the one asked about; absent when it was not found within the limit, or is none.
   */
  readonly exit?: TemperatureChange
  /** At every temperature from the one asked about up to this one the text ends in a loop. */
  readonly until: number
  /** Texts looked at. */
  readonly texts: number
}

/**
 * Finds the smallest temperature that leaves the loop in which a text ends: goes through the texts
 * of the seed upwards, so that none is missed.
 * @param options.least loops of fewer symbols do not count; default 24
 * @param options.limit how many texts to look at; default 1000
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
