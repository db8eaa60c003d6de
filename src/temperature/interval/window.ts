/**
 * C_r(T) to the last bit at many temperatures a few doubles apart, for the price of one and a little.
 *
 * To the last bit means as `Distribution.cumulative` rounds it: V additions, each rounded to a whole
 * multiple of the sum's last bit g. While the sum stays below the next power of two, adding w moves
 * it by the whole number nearest to w / g, whatever the sum is. Over a few doubles of T a small w
 * hardly moves: if no half lies in the range of its w / g, it adds the same at all these
 * temperatures. So runs of such symbols are one addition, kept; only the others are evaluated anew.
 * What cannot be told in this way (the sum passes a power of two elsewhere than at the middle
 * temperature) is asked of the distribution, which is also the plain twin of all this.
 */
import type { Distribution } from '../distribution.js'
import { type Kernels, Place, type Weighing, weighing } from '../weights.js'

/** The farthest, relative: there three terms of exp leave next to nothing out. */
const WIDEST = 2 ** -22
/** Least spread: a double or two. */
const NARROWEST = 2 ** -51

/*
 * How far a term exp(d / T) / Z may be, relatively, from what `plan` takes for it. Say T moves by a
 * relative t, |t| <= spread <= 2^-22, and x = d / T; |x| and the depth are below 750, so that all of
 * this is below 2^-11 and its square below a 2^-11th of it.
 *   ln exp(d / T)  moves by -x t, and by less than |x| t^2 besides;
 *   ln Z           by depth t: by a straight line that is checked at every temperature asked for.
 * So the quotient moves by |x + depth| spread, 1.01 times that for the bend of exp; BEND covers t^2
 * and that x and the depth are those of a temperature 2^-22 away.
 */
const BENT = 1.01
const BEND = 2 ** -9
/**
 * Besides, in halves of a last bit: `exp` is within two of them at either end, the quotient within
 * one, and what stands for it in `plan` (its factor, 1 / Z, two products) within four. One is to spare.
 */
const ROUNDING = 10 * 2 ** -53
/** The quotient x is rounded at either end, half a last bit of x, and is as much of the weight; twice that. */
const ROUNDING_OF_X = 2 ** -51
/** The partition's own additions round, alike nearby; more than that is asked of the distribution. */
const ROUNDING_OF_SUM = 2 ** -48

/** One in use at a time: they share their memory. The sums are in kernels/window.as.ts. */
export class Window {
  /** C_r(T) at the temperature where all were evaluated. */
  readonly value: number
  private readonly distribution: Distribution
  private readonly rank: number
  private readonly temperature: number
  private readonly memory: Weighing
  private readonly kernels: Kernels
  /** The mean of |x|, x = (l - m) / T, by weight. */
  private readonly depth: number
  private middle = 0
  private spread = -1
  /** Where the whole window was opened, and the partition there. */
  private from = 0
  private partition = 0
  /** How far, relatively, the partition may be from its line for this window to count on it. */
  private reach = 0
  /** How many terms the sums have. */
  private partitionTerms = 0
  private rankTerms = 0

  constructor(distribution: Distribution, rank: number, temperature: number) {
    const memory = weighing(distribution.size)
    const { kernels } = memory
    const kept = [Place.keptD, Place.keptWeights] as const
    const partition = distribution.weigh(temperature, ...kept)
    this.depth = -memory.moment / partition
    for (let r = 0; r < rank; r++) memory.ids[r] = distribution.idOfRank(r + 1)
    this.value = kernels.gather(
      memory.at(Place.keptD),
      memory.at(Place.keptWeights),
      memory.at(Place.ids),
      rank,
      memory.at(Place.rankedD),
      memory.at(Place.rankedWeights),
      partition,
    )
    this.memory = memory
    this.kernels = kernels
    this.distribution = distribution
    this.rank = rank
    this.temperature = temperature
  }

  /**
   * Makes ready for middle (1 - spread) .. (1 + spread). Too far from where all were evaluated, or
   * too wide, it does nothing.
   * @returns C_r(middle), give or take a last bit or two
   */
  open(middle: number, spread: number): number {
    const range = Math.max(spread, NARROWEST)
    const near = Math.abs(middle - this.temperature) <= WIDEST * middle && range <= WIDEST
    return near ? this.about(middle, range, false) : this.value
  }

  /** Makes ready for fewer temperatures, all of them among those that it is ready for. */
  close(middle: number, spread: number): void {
    const range = Math.max(spread, NARROWEST)
    const within = Math.abs(middle - this.middle) + range * middle < this.spread * this.middle
    if (!within || range >= this.spread) return
    if (!(this.about(middle, range, true) > 0)) this.open(middle, range)
  }

  private about(middle: number, spread: number, again: boolean): number {
    const { rank, depth, distribution, memory } = this
    this.middle = middle
    this.spread = spread
    const length = again ? this.partitionTerms : distribution.size
    const partition = this.plan(Place.partitionTerms, Place.keptD, length, 1, 0, ROUNDING, again)
    this.partitionTerms = memory.left[0]
    if (!again) {
      // Runs that are kept count on the line on which the partition was when they were told.
      this.from = middle
      this.partition = partition
      this.reach = ROUNDING_OF_SUM + (spread * (1 + depth)) ** 2
    } else if (!(partition > 0)) return Number.NaN
    const loose = ROUNDING + BENT * this.reach
    const ranks = again ? this.rankTerms : rank
    const there = this.line(middle)
    const sum = this.plan(Place.rankTerms, Place.rankedD, ranks, there, depth, loose, again)
    this.rankTerms = memory.left[0]
    return sum
  }

  /** The partition at a temperature, to first order: ln Z moves by `depth` times what ln T moves. */
  private line(at: number): number {
    return this.partition * (1 + (this.depth * (at - this.from)) / this.from)
  }

  /** How many symbols a temperature costs. */
  get cost(): number {
    return this.partitionTerms + this.rankTerms
  }

  /** C_r(T) as the distribution gives it. */
  cumulative(at: number): number {
    const { distribution, rank, spread, memory, kernels } = this
    if (Math.abs(at - this.middle) > spread * this.middle) this.open(at, spread)
    if (Math.abs(at - this.middle) <= spread * this.middle) {
      const { stride } = memory
      const sums = memory.at(Place.partitionTerms)
      const partition = kernels.addUp(sums, stride, this.partitionTerms, at, 1)
      if (Math.abs(partition - this.line(at)) < this.reach * partition) {
        const ranks = memory.at(Place.rankTerms)
        const found = kernels.addUp(ranks, stride, this.rankTerms, at, partition)
        if (found >= 0) return found
      }
    }
    return distribution.cumulative(rank, at)
  }

  /**
   * Which terms to evaluate, and what the others add between them.
   * @param place where d is, and after it the weights, of `length` terms in order
   * @param depth how fast the divisor moves: d ln Z / d ln T, or 0
   * @param loose relative range of a term beside that which comes of T
   * @param again look only at what `terms` evaluate
   * @returns the sum at the middle, but for the last bits of what is evaluated; NaN where a run of
   *   `terms` does not hold
   */
  private plan(
    terms: number,
    place: number,
    length: number,
    divisor: number,
    depth: number,
    loose: number,
    again: boolean,
  ): number {
    const { memory, kernels, temperature, middle, spread } = this
    const by = [
      ...[memory.stride, temperature, middle, divisor, depth],
      ...[BENT * spread, ROUNDING_OF_X + BEND * spread, loose + BEND * spread * depth],
      memory.leftAt,
    ]
    const to = memory.at(terms)
    return again
      ? kernels.replan(to, length, ...by)
      : kernels.plan(memory.at(place), memory.at(place + 1), length, to, ...by)
  }
}
