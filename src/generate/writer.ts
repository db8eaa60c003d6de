/**
 * Writes one text, symbol by symbol, from a session of the network, the coins of a seed and a decoder.
 * `generate()` adds stop strings and a length; the studio uses the writer directly.
 */
import { counted, InputError } from '../errors.js'
import type { Model } from '../file/model.js'
import type { Bilingual } from '../knob.js'
import type { ModelConfig } from '../model/config.js'
import { drawingLogits } from '../model/drawing-logits.js'
import { log2 } from '../numeric.js'
import { Random, type Seed } from '../random.js'
import type { Network, Session, State } from '../runtime/session.js'
import {
  type Candidates,
  type Chain,
  type ChainedDraw,
  CONTEXT_TAIL,
  checkTemperature,
  Distribution,
  type Draw,
  type Interval,
  intervalOf,
  type ScheduleInput,
} from '../temperature/index.js'
import { LOOP_REPEATS, type Loop, LoopDetector } from '../text/index.js'
import type { StreamDecoder } from '../text/tokenizer.js'

/** The record of a written symbol: its position, its text, and how it was drawn. */
export interface SymbolRecord extends Draw, Partial<Omit<ChainedDraw, keyof Draw>> {
  /** Position in the written text, from 0; also the position of its coin. */
  readonly index: number
  /** The text that this symbol completes; '' while a character is incomplete. */
  readonly text: string
  /** The temperatures at which the coin gives this symbol; only with `intervals` and temperature alone. */
  readonly interval?: Interval
  /** Why temperature had no effect here; only with `notes`. */
  readonly temperatureNote?: Bilingual
  /** True when a person chose the symbol. Then no coin was read, and `rank` is that of the model. */
  readonly chosen?: true
  /** The longest loop in which the text ends with this symbol; only with `loops`. */
  readonly loop?: Loop
}

/** The network at a position of a text, from which writing can continue. */
export interface Snapshot {
  /** Number of written symbols that the network had read after the prompt. */
  readonly read: number
  readonly state: State
  /** The logits [V] to draw from after them; absent when the last symbol was not yet read. */
  readonly logits?: Float32Array
}

/** A text to continue. */
export interface ResumePoint {
  /** The symbols written so far. */
  readonly ids: ArrayLike<number>
  /** Number of these symbols that the session has read after the prompt. */
  readonly read: number
  /** The logits [V] to draw from after all symbols; required when the session has read all of them. */
  readonly logits?: Float32Array
  /** Surprisal of the last symbol, bits, for schedules that depend on it. */
  readonly lastSurprisal?: number
}

export interface WriterOptions {
  readonly seed: Seed
  /** Selects one of the independent random streams of a seed. Default 0. */
  readonly stream?: number
  /** Samplers between the logits and the draw. Default: temperature alone. */
  readonly chain?: Chain
  /** Keep the end of the text and its loops for `scheduleInput()`. Default false. */
  readonly watch?: boolean
  /** Compute the interval of each symbol, which takes 1.4 to 3 times as long. Default false. */
  readonly intervals?: boolean
  /** Report at each symbol the loop in which the text ends. Default false. */
  readonly loops?: boolean
  /** Report at each symbol why temperature had no effect, where the chain caused that. Default false. */
  readonly notes?: boolean
  /** Continue a text. The session has then read the prompt and `resume.read` symbols. */
  readonly resume?: ResumePoint
}

export class Writer {
  private readonly session: Session
  private readonly config: ModelConfig
  private readonly decoder: StreamDecoder
  private readonly random: Random
  private readonly distribution: Distribution
  private readonly logits: Float32Array
  private readonly chain: Chain | undefined
  private readonly intervals: boolean
  private readonly notes: boolean
  /** The ids so far with the prompt, when the chain or the loop detector needs them. */
  private readonly history: number[] = []
  private readonly detector: LoopDetector | undefined
  private readonly loops: boolean
  private looping = 0
  private tail = ''
  private lastSurprisal: number | undefined
  private index = 0
  /** The symbol that the network has not read yet; -1 when it has read all. */
  private pending = -1

  /**
   * @param session a new session of the model, or with `resume` one that has read those symbols. The
   *   writer disposes it
   * @param promptIds read in one call, as `idsToRead` says. When that is nothing, all symbols are
   *   equally likely at first
   */
  constructor(
    model: Model,
    session: Session,
    promptIds: ArrayLike<number>,
    options: WriterOptions,
  ) {
    const {
      seed,
      stream = 0,
      chain,
      watch = false,
      intervals = false,
      notes = false,
      resume,
    } = options
    this.session = session
    this.config = model.config
    this.decoder = model.tokenizer.decoder(promptIds)
    this.random = new Random(seed, stream)
    this.distribution = new Distribution(session.size)
    this.logits = new Float32Array(session.size)
    this.chain = chain?.plain ? undefined : chain
    this.intervals = intervals && this.chain === undefined
    this.notes = notes
    this.loops = options.loops ?? false
    if (resume === undefined) {
      const ids = idsToRead(model, promptIds)
      if (ids.length > 0) this.logits.set(drawingLogits(model.config, session.prefill(ids)))
      this.distribution.load(this.logits)
    }
    if (watch || this.loops) this.detector = new LoopDetector()
    if (this.tracksText) {
      for (let i = 0; i < promptIds.length; i++) this.history.push(promptIds[i])
      this.tail = model.tokenizer.decode(this.history.slice(-CONTEXT_TAIL))
    }
    if (resume) this.resume(resume)
  }

  /**
   * Brings the decoder, the history and the loop detector to the end of a text, in one pass over its
   * ids. The network reads the symbols that it has not read, except for the last one.
   */
  private resume({ ids, read, logits, lastSurprisal }: ResumePoint): void {
    const last = ids.length - 1
    for (let i = 0; i <= last; i++) this.trackSymbol(ids[i], this.decoder.push(ids[i]))
    for (let i = read; i < last; i++) this.session.step(ids[i])
    this.index = ids.length
    this.lastSurprisal = lastSurprisal
    if (read <= last) {
      this.pending = ids[last]
    } else if (logits) {
      this.logits.set(logits)
      this.distribution.load(this.logits)
    } else {
      throw new InputError(
        'resume',
        `The session has read all ${counted(ids.length, 'symbol')}; expected one less, or the logits that follow them.`,
      )
    }
  }

  /** The distribution of the next symbol; valid until the next call of `next`. */
  peek(): Distribution {
    if (this.pending >= 0) {
      this.logits.set(drawingLogits(this.config, this.session.step(this.pending)))
      this.pending = -1
      this.distribution.load(this.logits)
    }
    return this.distribution
  }

  /** The coin of the next draw. */
  coin(): number {
    return this.random.coin(this.index)
  }

  /** The second coin of the same position, for samplers of a chain. */
  secondCoin(): number {
    return this.random.secondCoin(this.index)
  }

  /** The most likely next symbols, with their probabilities before and after temperature and chain. */
  candidates(temperature: number, limit: number): Candidates {
    const distribution = this.peek()
    return this.chain === undefined
      ? distribution.candidates(temperature, limit)
      : this.chained(this.chain, temperature).candidates(limit)
  }

  /** The values that a schedule can use before the next draw. */
  scheduleInput(): ScheduleInput {
    const distribution = this.peek()
    return {
      position: this.index,
      text: this.tail,
      normalisedEntropy: () =>
        distribution.allowed > 1 ? distribution.entropy(1) / log2(distribution.allowed) : 0,
      lastSurprisal: this.lastSurprisal,
      looping: this.looping,
    }
  }

  /** Draws the next symbol. @param temperature 0 to Infinity */
  next(temperature: number): SymbolRecord {
    const T = checkTemperature(temperature)
    const distribution = this.peek()
    const coin = T === 0 ? 1 : this.coin()
    if (this.chain !== undefined) {
      const chained = this.chained(this.chain, T)
      const temperatureNote = this.notes ? chained.temperatureNote : undefined
      return this.finishSymbol(
        chained.draw(this.coin()),
        temperatureNote ? { temperatureNote } : {},
      )
    }
    const draw = distribution.draw(T, coin)
    return this.finishSymbol(
      draw,
      this.intervals ? { interval: intervalOf(distribution, draw.rank, this.coin(), T) } : {},
    )
  }

  /**
   * Writes a chosen symbol instead of drawing one. Its record has no coin; its rank is that of the
   * model, and pT is 0 when the chain had removed the symbol.
   * @throws InputError for an id outside 0..V-1, or one that the model bans
   */
  choose(id: number, temperature: number): SymbolRecord {
    const T = checkTemperature(temperature)
    const distribution = this.peek()
    const { size } = distribution
    if (!(Number.isInteger(id) && id >= 0 && id < size && distribution.logit(id) > -Infinity)) {
      throw new InputError(
        'id',
        `The chosen id is ${String(id)}; expected a whole number from 0 to ${size - 1} that the model allows.`,
      )
    }
    let rank = 1
    while (distribution.idOfRank(rank) !== id) rank++
    const own = distribution.at(1)
    const { top, entropyT } = this.candidates(T, this.chain ? size : 0)
    const pT = this.chain
      ? (top.find(candidate => candidate.id === id)?.pT ?? 0)
      : distribution.probability(id, T)
    const draw = distribution.record({ id, rank, temperature: T, coin: null, pT, entropyT }, own)
    return this.finishSymbol(draw, { chosen: true })
  }

  /** A snapshot of the network, to continue later from this position. */
  snapshot(): Snapshot {
    const state = this.session.snapshot()
    return this.pending >= 0
      ? { read: this.index - 1, state }
      : { read: this.index, state, logits: this.logits.slice() }
  }

  /** The remaining text when the writing ends inside a character: U+FFFD, else ''. */
  flush(): string {
    return this.decoder.flush()
  }

  dispose(): void {
    this.session.dispose()
  }

  private finishSymbol(draw: Draw, more: Partial<SymbolRecord>): SymbolRecord {
    const text = this.decoder.push(draw.id)
    this.trackSymbol(draw.id, text)
    const loop = this.loops ? this.detector?.longestLoop : undefined
    const record: SymbolRecord = {
      index: this.index,
      text,
      ...draw,
      ...more,
      ...(loop && { loop }),
    }
    this.lastSurprisal = draw.surprisal
    this.pending = draw.id
    this.index++
    return record
  }

  /** Adds a symbol to the history, the tail and the loop detector. */
  private trackSymbol(id: number, text: string): void {
    if (this.tracksText) {
      this.history.push(id)
      this.tail = (this.tail + text).slice(-CONTEXT_TAIL)
    }
    if (this.detector) {
      // Counted from the symbol at which a loop is detected, so that the count starts at 1.
      this.looping =
        this.detector.push(id) === 0
          ? 0
          : Math.max(
              ...this.detector
                .loops()
                .map(({ length, period }) => length - LOOP_REPEATS * period + 1),
            )
    }
  }

  private get tracksText(): boolean {
    return this.detector !== undefined || this.chain !== undefined
  }

  private chained(chain: Chain, temperature: number) {
    const { history, tail, index, random } = this
    return chain.apply(this.logits, {
      history,
      temperature,
      text: tail,
      secondCoin: () => random.secondCoin(index),
    })
  }
}

/** The state of the network after a prompt. */
export interface PromptState {
  readonly state: State
  /** [V], to draw from; zeros when there was nothing to read. */
  readonly logits: Float32Array
}

export function readPromptAtOnce(
  model: Model,
  network: Network,
  promptIds: ArrayLike<number>,
): PromptState {
  const session = network.session()
  const ids = idsToRead(model, promptIds)
  const logits =
    ids.length > 0
      ? drawingLogits(model.config, session.prefill(ids)).slice()
      : new Float32Array(session.size)
  const state = session.snapshot()
  session.dispose()
  return { state, logits }
}

/**
 * The ids that the network reads for a prompt. A model of independent texts reads the id that begins
 * one first, unless the prompt begins with it; for an empty prompt others read what stands before every
 * text (padding), or a newline, if they know one.
 */
export function idsToRead(
  { config, tokenizer }: Pick<Model, 'config' | 'tokenizer'>,
  promptIds: ArrayLike<number>,
): ArrayLike<number> {
  const { restart, padding } = config
  if (restart !== undefined && promptIds[0] !== restart) return [restart, ...Array.from(promptIds)]
  if (promptIds.length > 0) return promptIds
  return padding === undefined ? tokenizer.encode('\n', 'skip').ids : [padding]
}
