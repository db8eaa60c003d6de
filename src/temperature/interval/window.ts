/**
 * C_r(T) with exactly the bits of `Distribution.cumulative`, at many temperatures a few doubles
 * apart, for little more than the cost of one: docs/intervals.md, "The exact end". The sums are in
 * ../kernels/window.as.ts; the plain twin is `Distribution.cumulative`.
 */
import type { Distribution } from '../distribution.js'
import { Arrays, overwritten, type WeightMemory } from '../softmax-weights.js'

/** The largest relative distance of two temperatures at which three terms of exp are enough. */
const WIDEST = 2 ** -22
/** The least spread: a double or two. */
const NARROWEST = 2 ** -51

/*
 * Bounds on the relative error of a term exp(d / T) / Z in `plan`; docs/intervals.md derives them.
 * T moves by a relative t, |t| <= spread <= 2^-22, and x = d / T; |x| and the depth are below 750.
 *   ln exp(d / T) moves by -x t, and by less than |x| t^2 besides.
 *   ln Z moves by depth t: a straight line, which is checked at every temperature asked for.
 * So the quotient moves by |x + depth| spread. BENT adds the bend of exp. BEND adds t^2, and that x
 * and the depth are those of a temperature 2^-22 away.
 */
const BENT = 1.01
const BEND = 2 ** -9
/**
 * Rounding, in halves of a last bit: two of `exp` at either end, one of the quotient, four of the
 * term in `plan` (its factor, 1 / Z, two products), and one to spare.
 */
const ROUNDING = 10 * 2 ** -53
/** Rounding of x: half a last bit at either end moves the weight by as much; twice that. */
const ROUNDING_OF_X = 2 ** -51
/** Rounding of the partition's additions. Where it is larger the distribution is asked instead. */
const ROUNDING_OF_SUM = 2 ** -48

/**
 * The temperatures near one, for one distribution and rank. Its arrays are in the shared memory, so
 * only the last one made can be used.
 */
export class Window {
  /** C_r(T) at the temperature of the constructor, where all V weights are evaluated. */
  readonly value: number
  private readonly distribution: Distribution
  private readonly rank: number
  private readonly temperature: number
  private readonly memory: WeightMemory
  /** The mean of |x|, x = (l - m) / T, by weight. */
  private readonly depth: number
  private middle = 0
  private spread = -1
  /** The middle at the last `open`, and the partition there. */
  private from = 0
  private partition = 0
  /** The largest relative distance of the partition from its line at which the sums hold. */
  private reach = 0
  /** How many terms the sums have. */
  private partitionTerms = 0
  private rankTerms = 0

  constructor(distribution: Distribution, rank: number, temperature: number) {
    const { size, largest } = distribution
    const memory = distribution.memory()
    memory.windowOwner = this
    const { windowD, windowWeights } = Arrays
    const partition = memory.weighInto(size, largest, temperature, windowD, windowWeights)
    this.depth = -memory.results[0] / partition
    for (let r = 0; r < rank; r++) memory.ids[r] = distribution.idOfRank(r + 1)
    this.value = memory.kernels.gather(
      memory.address(windowD),
      memory.address(windowWeights),
      memory.address(Arrays.ids),
      rank,
      memory.address(Arrays.rankedD),
      memory.address(Arrays.rankedWeights),
      partition,
    )
    this.memory = memory
    this.distribution = distribution
    this.rank = rank
    this.temperature = temperature
  }

  /**
   * Prepares for the temperatures middle (1 - spread) .. (1 + spread). Does nothing when they are too
   * far from the temperature of the constructor, or too wide apart.
   * @returns C_r(middle) within a last bit or two
   */
  open(middle: number, spread: number): number {
    const range = Math.max(spread, NARROWEST)
    const near = Math.abs(middle - this.temperature) <= WIDEST * middle && range <= WIDEST
    return near ? this.prepare(middle, range, false) : this.value
  }

  /** Prepares for fewer temperatures, all of them among those that it is prepared for. */
  narrow(middle: number, spread: number): void {
    const range = Math.max(spread, NARROWEST)
    const within = Math.abs(middle - this.middle) + range * middle < this.spread * this.middle
    if (!within || range >= this.spread) return
    if (!(this.prepare(middle, range, true) > 0)) this.open(middle, range)
  }

  /** @param again look only at the terms that are evaluated so far */
  private prepare(middle: number, spread: number, again: boolean): number {
    const { rank, depth, distribution, memory } = this
    this.middle = middle
    this.spread = spread
    const length = again ? this.partitionTerms : distribution.size
    const { partitionTerms, rankTerms, windowD, rankedD } = Arrays
    const partition = this.plan(partitionTerms, windowD, length, 1, 0, ROUNDING, again)
    this.partitionTerms = memory.results[0]
    if (!again) {
      // The runs assume that the partition stays on this line.
      this.from = middle
      this.partition = partition
      this.reach = ROUNDING_OF_SUM + (spread * (1 + depth)) ** 2
    } else if (!(partition > 0)) return Number.NaN
    const loose = ROUNDING + BENT * this.reach
    const ranks = again ? this.rankTerms : rank
    const sum = this.plan(rankTerms, rankedD, ranks, this.line(middle), depth, loose, again)
    this.rankTerms = memory.results[0]
    return sum
  }

  /** The partition at a temperature, to first order: ln Z moves by `depth` times what ln T moves. */
  private line(at: number): number {
    return this.partition * (1 + (this.depth * (at - this.from)) / this.from)
  }

  /** How many symbols are evaluated at each temperature. */
  get cost(): number {
    return this.partitionTerms + this.rankTerms
  }

  /**
   * C_r(T), the same bits as `Distribution.cumulative`.
   * @throws Error when another window was made since
   */
  cumulative(at: number): number {
    const { distribution, rank, spread, memory } = this
    if (Math.abs(at - this.middle) > spread * this.middle) this.open(at, spread)
    if (Math.abs(at - this.middle) <= spread * this.middle) {
      if (memory.windowOwner !== this) throw overwritten('sums')
      const { stride, kernels } = memory
      const sums = memory.address(Arrays.partitionTerms)
      const partition = kernels.addUp(sums, stride, this.partitionTerms, at, 1)
      if (Math.abs(partition - this.line(at)) < this.reach * partition) {
        const ranks = memory.address(Arrays.rankTerms)
        const found = kernels.addUp(ranks, stride, this.rankTerms, at, partition)
        if (found >= 0) return found
      }
    }
    return distribution.cumulative(rank, at)
  }

  /**
   * Decides which terms to evaluate at each temperature, and adds up the others into runs.
   * @param terms the array to write to
   * @param source the array of d, followed by that of the weights: `length` terms in order
   * @param depth how fast the divisor moves: d ln Z / d ln T, or 0
   * @param loose relative error of a term beside the part that depends on T
   * @param again look only at what `terms` evaluate so far
   * @returns the sum at the middle, but for the last bits of what is evaluated; NaN where a run of
   *   `terms` does not hold
   */
  private plan(
    terms: number,
    source: number,
    length: number,
    divisor: number,
    depth: number,
    loose: number,
    again: boolean,
  ): number {
    const { memory, temperature, middle, spread } = this
    if (memory.windowOwner !== this) throw overwritten('sums')
    const { kernels } = memory
    const by = [
      ...[memory.stride, temperature, middle, divisor, depth],
      ...[BENT * spread, ROUNDING_OF_X + BEND * spread, loose + BEND * spread * depth],
      memory.resultsAddress,
    ]
    const to = memory.address(terms)
    return again
      ? kernels.replan(to, length, ...by)
      : kernels.plan(memory.address(source), memory.address(source + 1), length, to, ...by)
  }
}
