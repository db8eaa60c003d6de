/**
 * One stream of text, one symbol at a time: the model's session, the coins of a seed, the decoder.
 * `generate()` is this with stop strings and a length; the studio drives it directly.
 */
import { counted, InputError } from '../errors.js'
import type { Model } from '../file/model.js'
import type { Bilingual } from '../knob.js'
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

/** Why a symbol came out: the draw, and where. */
export interface SymbolRecord extends Draw, Partial<Omit<ChainedDraw, keyof Draw>> {
  /** Place in the written text, from 0; also the position of its coin. */
  readonly index: number
  /** The text that became whole with this symbol; '' while a character is incomplete. */
  readonly text: string
  /** Where asked for, with temperature alone: at which T the same coin makes this choice. */
  readonly interval?: Interval
  /** Why temperature had no effect here, with `notes` and where it had none. */
  readonly temperatureNote?: Bilingual
  /** True where a person put the symbol there: no coin was read, and `rank` is the model's. */
  readonly chosen?: true
  /** Where asked for: the loop with the longest tail in which the text ends with this symbol. */
  readonly loop?: Loop
}

/** What a network had read at some place of a text: enough to go on from there. */
export interface Snapshot {
  /** How many of the written symbols it had read, after the prompt. */
  readonly read: number
  readonly state: State
  /** The logits [V] after them, where no symbol is waiting to be read. */
  readonly logits?: Float32Array
}

/** A text to carry on instead of beginning one. */
export interface ResumePoint {
  /** The symbols written so far. */
  readonly ids: ArrayLike<number>
  /** How many of them the session has read, after the prompt. */
  readonly read: number
  /** The logits after all of them, needed where `read` is all of them. */
  readonly logits?: Float32Array
  /** Surprisal of the last one, for schedules that look at it. */
  readonly lastSurprisal?: number
}

export interface WriterOptions {
  readonly seed: Seed
  /** Independent luck under the same seed. Default 0. */
  readonly stream?: number
  /** Samplers between the logits and the draw. Default: temperature alone. */
  readonly chain?: Chain
  /** Keep what `moment()` tells of the text: its end, and whether it loops. Default false. */
  readonly watch?: boolean
  /** Find the interval of each choice. Default false: writing then takes 1.4 to 3 times as long. */
  readonly intervals?: boolean
  /** Report the loop in which the text ends at each position. Default false. */
  readonly loops?: boolean
  /** Say at each position why its chain left temperature no effect, where it did. Default false. */
  readonly notes?: boolean
  /** Carry on from here; the session is then one that has read the prompt and more. */
  readonly resume?: ResumePoint
}

export class Writer {
  private readonly session: Session
  private readonly decoder: StreamDecoder
  private readonly random: Random
  private readonly distribution: Distribution
  private readonly logits: Float32Array
  private readonly chain: Chain | undefined
  private readonly intervals: boolean
  private readonly notes: boolean
  /** Ids so far, prompt included, when a chain wants them. */
  private readonly history: number[] = []
  private readonly detector: LoopDetector | undefined
  private readonly loops: boolean
  private looping = 0
  private tail = ''
  private lastSurprisal: number | undefined
  private index = 0
  /** Drawn but not yet read by the network; -1 when the logits are of now. */
  private pending = -1

  /**
   * @param session a fresh session of the model, or with `resume` one that has read what it says;
   *   this writer disposes it
   * @param promptIds read in one prefill. Empty: the network reads a newline, as before a first
   *   line, when it knows one; else the first symbol is drawn from all alike.
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
    this.decoder = model.tokenizer.decoder()
    this.random = new Random(seed, stream)
    this.distribution = new Distribution(session.size)
    this.logits = new Float32Array(session.size)
    this.chain = chain?.plain ? undefined : chain
    this.intervals = intervals && this.chain === undefined
    this.notes = notes
    this.loops = options.loops ?? false
    if (resume === undefined) {
      const ids = promptIds.length > 0 ? promptIds : startIds(model)
      if (ids.length > 0) this.logits.set(session.prefill(ids))
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
   * Brings all that remembers the text (decoder, history, loop detector) to its end: one pass over
   * the ids. The network reads only those that it has not read; the last one waits as it would have.
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
      this.logits.set(this.session.step(this.pending))
      this.pending = -1
      this.distribution.load(this.logits)
    }
    return this.distribution
  }

  /** The coin that the next draw will read. */
  coin(): number {
    return this.random.coin(this.index)
  }

  /** The second coin of the same position, which a chain may read. */
  secondCoin(): number {
    return this.random.secondCoin(this.index)
  }

  /** The likeliest next symbols, before and after temperature (and the chain). */
  candidates(temperature: number, limit: number): Candidates {
    const distribution = this.peek()
    return this.chain === undefined
      ? distribution.candidates(temperature, limit)
      : this.chained(this.chain, temperature).candidates(limit)
  }

  /** What a schedule may look at before the next draw. */
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
   * Puts a symbol there by hand instead of drawing it. Its record has no coin; the rank is the
   * model's own, and pT is 0 where the chain had taken the symbol away.
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

  /** What the network has read, as a value to go on from: for a rewind, or another temperature. */
  snapshot(): Snapshot {
    const state = this.session.snapshot()
    return this.pending >= 0
      ? { read: this.index - 1, state }
      : { read: this.index, state, logits: this.logits.slice() }
  }

  /** Text left over when the writing ends inside a character: U+FFFD, else ''. */
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

  /** Tells all that remembers the text of one more symbol. */
  private trackSymbol(id: number, text: string): void {
    if (this.tracksText) {
      this.history.push(id)
      this.tail = (this.tail + text).slice(-CONTEXT_TAIL)
    }
    if (this.detector) {
      // Counted from where a loop could be seen: a long one must not begin with a leap.
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

/** A network that has read a prompt, as a value: where every text after it begins. */
export interface PromptState {
  readonly state: State
  /** [V]; zeros where there was nothing to read. */
  readonly logits: Float32Array
}

export function readPromptAtOnce(
  model: Model,
  network: Network,
  promptIds: ArrayLike<number>,
): PromptState {
  const session = network.session()
  const ids = promptIds.length > 0 ? promptIds : startIds(model)
  const logits = ids.length > 0 ? session.prefill(ids).slice() : new Float32Array(session.size)
  const state = session.snapshot()
  session.dispose()
  return { state, logits }
}

/** What stands for an empty prompt. */
export function startIds(model: Model): ArrayLike<number> {
  return model.tokenizer.encode('\n', 'skip').ids
}
