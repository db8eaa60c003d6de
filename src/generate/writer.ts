/**
 * One stream of text, one symbol at a time: the model's session, the coins of a seed, the decoder.
 * `generate()` is this with stop strings and a length; the studio drives it directly.
 */
import type { Model } from '../file/model.js'
import { Random, type Seed } from '../random.js'
import type { Session } from '../runtime/session.js'
import { type Candidates, checkTemperature, Distribution, type Draw } from '../temperature/index.js'
import type { StreamDecoder } from '../text/tokenizer.js'

/** Why a symbol came out: the draw, and where. */
export interface Position extends Draw {
  /** Place in the written text, from 0; also the position of its coin. */
  readonly index: number
  /** The text that became whole with this symbol; '' while a character is incomplete. */
  readonly text: string
}

export class Writer {
  private readonly session: Session
  private readonly decoder: StreamDecoder
  private readonly random: Random
  private readonly distribution: Distribution
  private readonly logits: Float32Array
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
    seed: Seed,
    stream = 0,
  ) {
    this.session = session
    this.decoder = model.tokenizer.decoder()
    this.random = new Random(seed, stream)
    this.distribution = new Distribution(session.size)
    this.logits = new Float32Array(session.size)
    const ids = promptIds.length > 0 ? promptIds : startIds(model)
    if (ids.length > 0) this.logits.set(session.prefill(ids))
    this.distribution.load(this.logits)
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

  /** The likeliest next symbols, before and after temperature. */
  candidates(temperature: number, limit: number): Candidates {
    return this.peek().candidates(temperature, limit)
  }

  /** Draws the next symbol. @param temperature 0 to Infinity */
  next(temperature: number): Position {
    const T = checkTemperature(temperature)
    const draw = this.peek().draw(T, T === 0 ? 1 : this.coin())
    const position = { index: this.index, text: this.decoder.push(draw.id), ...draw }
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
}

/** What stands for an empty prompt. */
export function startIds(model: Model): ArrayLike<number> {
  return model.tokenizer.encode('\n', 'skip').ids
}
