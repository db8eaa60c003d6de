/**
 * Applies temperature to a distribution and draws from it. Definitions: docs/temperature.md.
 *
 *   p_i(T) = exp((l_i - m) / T) / sum_j exp((l_j - m) / T),   m = max l        (0 < T < inf)
 *
 * T = 0 is the limit: all mass on the largest logit, ties to the smallest id. T = inf is the limit:
 * uniform over the allowed symbols. A logit of -inf bans a symbol at every T.
 *
 * Ranks: symbols by logit, largest first, ties by smaller id. Dividing by T never changes them.
 * A coin u in (0, 1] picks the smallest rank r with C_r(T) >= u, C_r the cumulative probability in
 * rank order; so for one coin the rank can only grow with T.
 */
import { InputError } from '../errors.js'
import { readKnob } from '../knob.js'
import { exp, LN2, log, log2 } from '../numeric.js'
import { TEMPERATURE } from './settings.js'
import { type Partition, type WeightMemory, weightMemory } from './softmax-weights.js'

/** @throws InputError unless T is a number from 0 to Infinity */
export const checkTemperature = (temperature: unknown): number => readKnob(TEMPERATURE, temperature)

export interface Draw {
  readonly id: number
  /** The rank, 1 for the most likely symbol. */
  readonly rank: number
  /** The temperature of this draw. */
  readonly temperature: number
  /** The random number in (0, 1] that was read, or null at T = 0, which reads none. */
  readonly coin: number | null
  /** Probability of the drawn symbol at T = 1: the model's own. */
  readonly p: number
  /** Probability of the drawn symbol at the temperature of this draw. */
  readonly pT: number
  /** Entropy at T = 1, bits. */
  readonly entropy: number
  /** Entropy at the temperature of this draw, bits. */
  readonly entropyT: number
  /** -log2 p: how surprising the drawn symbol is to the model itself, bits. */
  readonly surprisal: number
  /** Number of symbols that are not banned (logit above -inf). */
  readonly candidates: number
}

/** The part of a `Draw` that depends on the draw; `Distribution.record` adds the model's numbers. */
export type DrawnSymbol = Pick<Draw, 'id' | 'rank' | 'temperature' | 'coin' | 'pT' | 'entropyT'>

export interface Candidate {
  readonly id: number
  readonly rank: number
  readonly logit: number
  /** Probability at T = 1. */
  readonly p: number
  /** Probability at the requested temperature. */
  readonly pT: number
  /** C_r(T). */
  readonly cumulative: number
}

export interface Candidates {
  readonly top: readonly Candidate[]
  /** Count and total probabilities of the symbols that the list leaves out. */
  readonly others: { readonly count: number; readonly p: number; readonly pT: number }
  /** Entropy at T = 1, bits. */
  readonly entropy: number
  /** Entropy at the requested temperature, bits. */
  readonly entropyT: number
}

/**
 * The distribution of one step. The logits are copied to float64 once; all else is computed on demand.
 * A draw from 4,000 symbols needs only a few ranks, so that a heap is faster than sorting.
 */
export class Distribution {
  /** V. */
  readonly size: number
  /** Symbols that are not banned. */
  allowed = 0
  private readonly logits: Float64Array
  private max = Number.NEGATIVE_INFINITY
  private argmax = -1
  /** order[0..ranked) holds the ids of ranks 1..ranked; order[ranked..) is a heap of the others. */
  private readonly order: Int32Array
  private ranked = 0
  private heapSize = 0

  /** @param size V */
  constructor(size: number) {
    this.size = size
    this.logits = new Float64Array(size)
    this.order = new Int32Array(size)
  }

  static of(logits: ArrayLike<number>): Distribution {
    return new Distribution(logits.length).load(logits)
  }

  /**
   * Loads the logits [V] of a step and reuses this object's memory.
   * @throws InputError when a logit is NaN or +inf, or when all are -inf
   */
  load(logits: ArrayLike<number>): this {
    let max = Number.NEGATIVE_INFINITY
    let argmax = -1
    let allowed = 0
    for (let i = 0; i < this.size; i++) {
      const logit = logits[i]
      this.logits[i] = logit
      if (logit > max) {
        max = logit
        argmax = i
      }
      if (logit > Number.NEGATIVE_INFINITY) allowed++
      else if (Number.isNaN(logit)) max = Number.NaN
    }
    if (!(max < Number.POSITIVE_INFINITY)) {
      throw new InputError(
        'logits',
        `The logits hold ${max}; expected finite numbers. The model is damaged or its training diverged.`,
      )
    }
    if (allowed === 0) {
      throw new InputError(
        'logits',
        'Every symbol is banned (all logits are -inf): nothing is left to draw.',
      )
    }
    this.max = max
    this.argmax = argmax
    this.allowed = allowed
    this.ranked = 0
    this.heapSize = 0
    return this
  }

  /** p_id(T). */
  probability(id: number, temperature: number): number {
    return this.at(temperature).probability(id)
  }

  /** H(T) in bits. */
  entropy(temperature: number): number {
    return this.at(temperature).entropy
  }

  /** Returns the distribution at one temperature, which is valid until the next `load`. */
  at(temperature: number): Tempered {
    const T = checkTemperature(temperature)
    const { logits, max, argmax, allowed } = this
    if (T === 0) {
      const probability = (id: number) => (id === argmax ? 1 : 0)
      return { probability, entropy: 0, partition: 1, logPartition: 0 }
    }
    if (T === Number.POSITIVE_INFINITY) {
      const share = 1 / allowed
      return {
        probability: id => (logits[id] > Number.NEGATIVE_INFINITY ? share : 0),
        entropy: log2(allowed),
        partition: allowed,
        logPartition: log(allowed),
      }
    }
    // H = ln Z - sum_i p_i x_i with x = (l - m) / T needs only one logarithm.
    const weights = this.weigh(T)
    const { sum, moment } = weights
    const logPartition = log(sum)
    return {
      probability: id => exp((logits[id] - max) / T) / sum,
      // Rounding may leave -1e-17 where one symbol has all the mass.
      entropy: Math.max(0, (logPartition - moment / sum) / LN2),
      partition: sum,
      logPartition,
      weights,
    }
  }

  /** l_id. */
  logit(id: number): number {
    return this.logits[id]
  }

  /**
   * Returns the memory that all distributions share, after copying this one's logits into it.
   * @internal
   */
  memory(): WeightMemory {
    const memory = weightMemory(this.size)
    memory.setLogits(this.logits)
    return memory
  }

  /**
   * The weights exp((l - m) / T), 0 < T < Infinity, and their sum.
   * @internal
   */
  weigh(temperature: number): Partition {
    return this.memory().weigh(this.size, this.max, temperature)
  }

  /** m, the largest logit. @internal */
  get largest(): number {
    return this.max
  }

  /** C_r(T): the probability of ranks 1..rank, summed in rank order exactly as `draw` sums it. */
  cumulative(rank: number, temperature: number): number {
    if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
      const { probability } = this.at(temperature)
      let sum = probability(this.argmax)
      for (let r = 2; r <= rank; r++) sum += probability(this.idOfRank(r))
      return sum
    }
    const weights = this.weigh(temperature)
    let sum = 1 / weights.sum
    for (let r = 2; r <= rank; r++) sum += weights.weight(this.idOfRank(r)) / weights.sum
    return sum
  }

  /** The id of a rank (from 1), or -1 when fewer symbols are allowed. */
  idOfRank(rank: number): number {
    if (rank < 1 || rank > this.allowed) return -1
    if (rank === 1) return this.argmax
    if (this.ranked === 0) this.heapify()
    while (this.ranked < rank) this.popRank()
    return this.order[this.size - rank]
  }

  /**
   * Draws with a coin.
   * @param temperature 0 to Infinity
   * @param coin in (0, 1]; not read at T = 0
   */
  draw(temperature: number, coin: number): Draw {
    const own = this.at(1)
    const tempered = temperature === 1 ? own : this.at(temperature)
    let rank = 1
    let id = this.argmax
    let cumulative = tempered.probability(id)
    if (temperature !== 0 && cumulative < coin) {
      const { weights, partition } = tempered
      while (cumulative < coin && rank < this.allowed) {
        rank++
        id = this.idOfRank(rank)
        cumulative += weights ? weights.weight(id) / partition : tempered.probability(id)
      }
    }
    const read = temperature === 0 ? null : coin
    const { entropy: entropyT } = tempered
    const pT = tempered.probability(id)
    return this.record({ id, rank, temperature, coin: read, pT, entropyT }, own)
  }

  /**
   * Returns the full record of a symbol that was drawn or chosen: the draw and the model's own
   * probability, entropy and surprisal.
   * @param own the distribution at T = 1
   */
  record(drawn: DrawnSymbol, own: Tempered = this.at(1)): Draw {
    const { id, rank, temperature, coin, pT, entropyT } = drawn
    return {
      id,
      rank,
      temperature,
      coin,
      p: own.probability(id),
      pT,
      entropy: own.entropy,
      entropyT,
      // Computed from the logits because p may have underflowed to 0.
      surprisal: (own.logPartition - (this.logits[id] - this.max)) / LN2,
      candidates: this.allowed,
    }
  }

  /**
   * Lists the first `limit` ranks with their probabilities at T and at T = 1, and sums up the others.
   * At T = 0 the list is equally long: rank 1 has pT = 1, the others have pT = 0.
   */
  candidates(temperature: number, limit: number): Candidates {
    const own = this.at(1)
    const tempered = this.at(temperature)
    const top: Candidate[] = []
    let sum = 0
    let cumulative = 0
    for (let rank = 1; rank <= Math.min(limit, this.allowed); rank++) {
      const id = this.idOfRank(rank)
      const p = own.probability(id)
      const pT = tempered.probability(id)
      sum += p
      cumulative += pT
      top.push({ id, rank, logit: this.logits[id], p, pT, cumulative })
    }
    return {
      top,
      others: {
        count: this.allowed - top.length,
        p: Math.max(0, 1 - sum),
        pT: Math.max(0, 1 - cumulative),
      },
      entropy: own.entropy,
      entropyT: tempered.entropy,
    }
  }

  // --- internal: a heap; ids that were popped are at the end of the same array ---

  /** Whether a is before b in rank order. */
  private before(a: number, b: number): boolean {
    const difference = this.logits[a] - this.logits[b]
    return difference > 0 || (difference === 0 && a < b)
  }

  private heapify(): void {
    const { order, size, logits } = this
    let count = 0
    for (let i = 0; i < size; i++) if (logits[i] > Number.NEGATIVE_INFINITY) order[count++] = i
    this.heapSize = count
    for (let i = (count >> 1) - 1; i >= 0; i--) this.sink(i)
  }

  private sink(start: number): void {
    const { order, heapSize } = this
    const id = order[start]
    let at = start
    for (;;) {
      let child = 2 * at + 1
      if (child >= heapSize) break
      if (child + 1 < heapSize && this.before(order[child + 1], order[child])) child++
      if (!this.before(order[child], id)) break
      order[at] = order[child]
      at = child
    }
    order[at] = id
  }

  private popRank(): void {
    const { order } = this
    const id = order[0]
    this.heapSize--
    order[0] = order[this.heapSize]
    this.sink(0)
    this.ranked++
    order[this.size - this.ranked] = id
  }
}

export interface Tempered {
  probability(id: number): number
  /** Entropy, bits. */
  readonly entropy: number
  /** Z = sum_j exp((l_j - m) / T). */
  readonly partition: number
  /** ln Z, nats. */
  readonly logPartition: number
  /** The weights if 0 < T < inf, valid until another distribution is computed. @internal */
  readonly weights?: Partition
}
