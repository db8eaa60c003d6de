/**
 * C_r(T) to the last bit at many temperatures a few doubles apart, for the price of one and a little.
 *
 * To the last bit means as `Distribution.cumulative` rounds it: V additions, each rounded to a whole
 * multiple of the sum's last bit g. While the sum stays below the next power of two, adding w moves
 * it by the whole number nearest to w / g, whatever the sum is. Over a few doubles of T a small w
 * hardly moves: if no half lies in the range of its w / g, it adds the same at all these
 * temperatures. So runs of such symbols are one addition, kept; only the others are evaluated anew.
 * What cannot be told in this way (the sum passes a power of two elsewhere than at the middle
 * temperature) is asked of the distribution.
 */
import { exp, LN2, log } from '../numeric.js'
import type { Distribution } from './distribution.js'

/** The farthest, relative: there three terms of exp leave next to nothing out. */
const WIDEST = 2 ** -22
/** Least spread: a few doubles. */
const NARROWEST = 2 ** -49
/** Relative range of a weight beside what its T does: a division and `exp`, each within one bit,
 * and what stands for it in `plan`. */
const ROUNDING = 2 ** -49
/** Below this a multiple of the last bit may be no normal number. */
const TINY = 2 ** -900
/** exp of it and of all near it is 0. */
const NOTHING = -750

// Used by one call at a time: nothing here waits.
let weights = new Float64Array(0)
/** Ids in the order of rank. */
let ranked = new Int32Array(0)

/** Terms of one sum in order: before each that is evaluated a run is added, and one at the end. */
class Steps {
  count = 0
  ids = new Int32Array(64)
  runs = new Float64Array(64)
  /**
   * A run holds while the sum is in [floor, 2 floor) before and after it, one that comes to 0 too. 0
   * where there is none.
   */
  floors = new Float64Array(64)

  add(run: number, floor: number, id: number): void {
    if (this.count === this.ids.length) {
      const ids = new Int32Array(2 * this.count)
      const runs = new Float64Array(2 * this.count)
      const floors = new Float64Array(2 * this.count)
      ids.set(this.ids)
      runs.set(this.runs)
      floors.set(this.floors)
      this.ids = ids
      this.runs = runs
      this.floors = floors
    }
    this.ids[this.count] = id
    this.runs[this.count] = run
    this.floors[this.count] = floor
    this.count++
  }

  /** The sum at a temperature; NaN where a run does not hold. */
  sum(distribution: Distribution, temperature: number, divisor: number): number {
    const { ids, runs, floors, count } = this
    const max = distribution.logit(distribution.idOfRank(1))
    let sum = 0
    for (let i = 0; i < count; i++) {
      if (floors[i] > 0) {
        if (sum < floors[i]) return Number.NaN
        sum += runs[i]
        if (sum >= 2 * floors[i]) return Number.NaN
      }
      const id = ids[i]
      if (id >= 0) sum += exp((distribution.logit(id) - max) / temperature) / divisor
    }
    return sum
  }
}

const partitionSteps = new Steps()
const rankSteps = new Steps()

/** One in use at a time: they share their memory. */
export class Window {
  /** C_r(T) at the temperature where all were evaluated. */
  readonly value: number
  private readonly distribution: Distribution
  private readonly rank: number
  private readonly temperature: number
  /** The mean of |x|, x = (l - m) / T, by weight. */
  private readonly depth: number
  private middle = 0
  private spread = -1
  private partition = 0
  /** How far the partition may be from the middle's for this window to count on it. */
  private reach = 0

  constructor(distribution: Distribution, rank: number, temperature: number) {
    const { size } = distribution
    if (weights.length < size) {
      weights = new Float64Array(size)
      ranked = new Int32Array(size)
    }
    const max = distribution.logit(distribution.idOfRank(1))
    let partition = 0
    let moment = 0
    for (let id = 0; id < size; id++) {
      const x = (distribution.logit(id) - max) / temperature
      const weight = exp(x)
      weights[id] = weight
      partition += weight
      if (weight > 0) moment -= weight * x
    }
    let value = 0
    for (let r = 0; r < rank; r++) {
      const id = distribution.idOfRank(r + 1)
      ranked[r] = id
      value += weights[id] / partition
    }
    this.distribution = distribution
    this.rank = rank
    this.temperature = temperature
    this.depth = moment / partition
    this.value = value
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
    const { partition, reach } = this
    if (!within || range >= this.spread) return
    const there = this.about(middle, range, true)
    const counted = Math.abs(this.partition - partition) + this.reach < reach
    if (!(there > 0 && counted)) this.open(middle, range)
  }

  private about(middle: number, spread: number, again: boolean): number {
    const { distribution, rank, depth } = this
    this.middle = middle
    this.spread = spread
    this.partition = this.plan(partitionSteps, distribution.size, undefined, 1, ROUNDING, again)
    const reach = 1.25 * spread * depth + ROUNDING
    this.reach = reach * this.partition
    const loose = ROUNDING + 1.25 * reach
    return this.plan(rankSteps, rank, ranked, this.partition, loose, again)
  }

  /** How many symbols a temperature costs. */
  get cost(): number {
    return partitionSteps.count + rankSteps.count
  }

  /** C_r(T) as the distribution gives it. */
  cumulative(at: number): number {
    const { distribution, rank, spread } = this
    if (Math.abs(at - this.middle) > spread * this.middle) this.open(at, spread)
    if (Math.abs(at - this.middle) <= spread * this.middle) {
      const partition = partitionSteps.sum(distribution, at, 1)
      if (Math.abs(partition - this.partition) < this.reach) {
        const found = rankSteps.sum(distribution, at, partition)
        if (found >= 0) return found
      }
    }
    return distribution.cumulative(rank, at)
  }

  /**
   * Which terms to evaluate, and what the others add between them. A term moves by |x| times what T
   * moves, relatively; the quarter more that is allowed covers the rounding of x at both ends (2^-52,
   * an eighth of the least spread) and the bend of exp over the window.
   * @param ids the terms in order; undefined for all ids from 0
   * @param loose relative range of a term beside that which comes of its own T
   * @param again look only at what `steps` evaluate
   * @returns the sum at the middle, but for the last bits of what is evaluated; NaN where a run of
   *   `steps` does not hold
   */
  private plan(
    steps: Steps,
    length: number,
    ids: Int32Array | undefined,
    divisor: number,
    loose: number,
    again: boolean,
  ): number {
    const { distribution, temperature, middle, spread } = this
    const max = distribution.logit(distribution.idOfRank(1))
    const inverse = 1 / temperature
    const share = 1 / divisor
    // The weights are those of another T, close by: w exp(-x moved), with exp's first three terms.
    const moved = (middle - temperature) / middle
    const perX = 1.25 * spread
    let sum = 0
    /** The power of two that is not above the sum, and the next. */
    let floor = 0
    let top = 0
    /** 1 / g. */
    let perBit = 0
    /** exp of it adds nothing, were the sum half as large. */
    let nothing = NOTHING
    let begun = 0
    /** Is something in the run? */
    let runs = false
    const count = again ? steps.count : length
    steps.count = 0
    for (let i = 0; i < count; i++) {
      let id = ids === undefined ? i : ids[i]
      if (again) {
        id = steps.ids[i]
        if (steps.floors[i] > 0) {
          const after = sum + steps.runs[i]
          if (steps.floors[i] !== floor || after >= top) return Number.NaN
          sum = after
          runs = true
        }
        if (id < 0) break
      }
      const x = (distribution.logit(id) - max) * inverse
      if (x < nothing) continue
      const h = -x * moved
      const term = weights[id] * (1 + h * (1 + h * 0.5)) * share
      const after = sum + term
      if (after < top) {
        const bits = term * perBit
        const half = bits - Math.floor(bits) - 0.5
        if (Math.abs(half) > bits * (loose - perX * x + Math.abs(h * h * h))) {
          sum = after
          runs = true
          continue
        }
      }
      steps.add(sum - begun, runs ? floor : 0, id)
      runs = false
      sum = after
      begun = after
      if (sum >= top && sum > TINY) {
        floor = powerBelow(sum)
        top = 2 * floor
        perBit = 2 ** 52 / floor
        nothing = Math.max(NOTHING, log(floor * divisor) - 55 * LN2)
      }
    }
    steps.add(sum - begun, runs ? floor : 0, -1)
    return sum
  }
}

const bits = new DataView(new ArrayBuffer(8))

/** The largest power of two that is not above x. @param x a normal number above 0 */
function powerBelow(x: number): number {
  bits.setFloat64(0, x)
  bits.setInt32(0, bits.getInt32(0) & 0x7ff00000)
  bits.setInt32(4, 0)
  return bits.getFloat64(0)
}
