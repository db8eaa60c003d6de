/**
 * One stream of text, one symbol at a time: the model's session, the coins of a seed, the decoder.
 * `generate()` is this with stop strings and a length; the studio drives it directly.
 */
import type { Model } from '../file/model.js'
import { log2 } from '../numeric.js'
import { Random, type Seed } from '../random.js'
import type { Session } from '../runtime/session.js'
import {
  type Candidates,
  type Chain,
  type ChainedDraw,
  checkTemperature,
  Distribution,
  type Draw,
  type Interval,
  intervalOf,
  LoopDetector,
  type Moment,
} from '../temperature/index.js'
import type { StreamDecoder } from '../text/tokenizer.js'

/** Why a symbol came out: the draw, and where. */
export interface Position extends Draw, Partial<Omit<ChainedDraw, keyof Draw>> {
  /** Place in the written text, from 0; also the position of its coin. */
  readonly index: number
  /** The text that became whole with this symbol; '' while a character is incomplete. */
  readonly text: string
  /** Where asked for, with temperature alone: at which T the same coin makes this choice. */
  readonly interval?: Interval
}

export interface WriterOptions {
  readonly seed: Seed
  /** Independent luck under the same seed. Default 0. */
  readonly stream?: number
  /** Links between the logits and the draw. Default: temperature alone. */
  readonly chain?: Chain
  /** Keep what `moment()` tells of the text: its end, and whether it loops. Default false. */
  readonly watch?: boolean
  /** Find the interval of each choice. Default false: it costs about as much as the draw. */
  readonly intervals?: boolean
}

/** How much of the end of the text schedules and links get to see, UTF-16 units. */
const TAIL = 256

export class Writer {
  private readonly session: Session
  private readonly decoder: StreamDecoder
  private readonly random: Random
  private readonly distribution: Distribution
  private readonly logits: Float32Array
  private readonly chain: Chain | undefined
  private readonly intervals: boolean
  /** Ids so far, prompt included, when a chain wants them. */
  private readonly history: number[] = []
  private readonly detector: LoopDetector | undefined
  private looping = 0
  private tail = ''
  private last: Position | undefined
  private index = 0
  /** Drawn but not yet read by the network; -1 when the logits are of now. */
  private pending = -1

  /**
   * @param session a fresh session of the model; this writer disposes it
   * @param promptIds read in one prefill. Empty: the network reads a newline, as before a first
   *   line, when it knows one; else the first symbol is drawn from all alike.
   */
  constructor(
    model: Model,
    session: Session,
    promptIds: ArrayLike<number>,
    options: WriterOptions,
  ) {
    const { seed, stream = 0, chain, watch = false, intervals = false } = options
    this.session = session
    this.decoder = model.tokenizer.decoder()
    this.random = new Random(seed, stream)
    this.distribution = new Distribution(session.size)
    this.logits = new Float32Array(session.size)
    this.chain = chain?.plain ? undefined : chain
    this.intervals = intervals && this.chain === undefined
    const ids = promptIds.length > 0 ? promptIds : startIds(model)
    if (ids.length > 0) this.logits.set(session.prefill(ids))
    this.distribution.load(this.logits)
    if (watch) this.detector = new LoopDetector()
    if (this.watched) {
      for (let i = 0; i < promptIds.length; i++) this.history.push(promptIds[i])
      this.tail = model.tokenizer.decode(this.history.slice(-TAIL))
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

  /** The likeliest next symbols, before and after temperature (and the chain). */
  candidates(temperature: number, limit: number): Candidates {
    const distribution = this.peek()
    return this.chain === undefined
      ? distribution.candidates(temperature, limit)
      : this.chained(this.chain, temperature).candidates(limit)
  }

  /** What a schedule may look at before the next draw. */
  moment(): Moment {
    const distribution = this.peek()
    return {
      position: this.index,
      text: this.tail,
      normalisedEntropy: () =>
        distribution.allowed > 1 ? distribution.entropy(1) / log2(distribution.allowed) : 0,
      lastSurprisal: this.last?.surprisal,
      looping: this.looping,
    }
  }

  /** Draws the next symbol. @param temperature 0 to Infinity */
  next(temperature: number): Position {
    const T = checkTemperature(temperature)
    const distribution = this.peek()
    const coin = T === 0 ? 1 : this.coin()
    const draw: Draw =
      this.chain === undefined
        ? distribution.draw(T, coin)
        : this.chained(this.chain, T).draw(this.coin())
    const text = this.decoder.push(draw.id)
    const position: Position = {
      index: this.index,
      text,
      ...draw,
      ...(this.intervals && { interval: intervalOf(distribution, draw.rank, this.coin()) }),
    }
    if (this.watched) {
      this.history.push(draw.id)
      this.tail = (this.tail + text).slice(-TAIL)
    }
    if (this.detector) this.looping = this.detector.push(draw.id)
    this.last = position
    this.pending = draw.id
    this.index++
    return position
  }

  /** Text left over when the writing ends inside a character: U+FFFD, else ''. */
  flush(): string {
    return this.decoder.flush()
  }

  dispose(): void {
    this.session.dispose()
  }

  private get watched(): boolean {
    return this.detector !== undefined || this.chain !== undefined
  }

  private chained(chain: Chain, temperature: number) {
    const { history, tail, index, random } = this
    return chain.apply(this.logits, {
      history,
      temperature,
      text: tail,
      luck: () => random.secondCoin(index),
    })
  }
}

/** What stands for an empty prompt. */
export function startIds(model: Model): ArrayLike<number> {
  return model.tokenizer.encode('\n', 'skip').ids
}
