/**
 * Where C_r(T) = u, near enough to look for the last double there, without asking all V symbols at
 * every temperature tried.
 *
 * Weights depend on d = m - l alone, so symbols of nearly the same d go together: in bins a 32nd of
 * an octave wide, each kept as its first six moments about the middle c,
 *
 *   sum exp(-b d) = exp(-b c) sum_k (-b)^k / k! sum (d - c)^k,   b = 1/T,
 *
 * which leaves out less than 10^-8 of the weight where a bin has weight to speak of: there b d is
 * below some ten, so b |d - c| below 0.2. Bins grow with d, so that holds at every T. 2,000 symbols
 * fill some 90 bins. One C, evaluated whole, then says what is left to correct.
 */
import { exp, log } from '../numeric.js'
import type { Distribution } from './distribution.js'

export interface Root {
  readonly temperature: number
  /** How fast C falls there: -d ln C / d ln T. */
  readonly steepness: number
}

const TERMS = 6
const NEWTON_STEPS = 40
/** Relative step after which the next would be below a double's last bit: Newton squares errors. */
const CLOSE = 1e-8
/** exp(-45) of what is there is not seen in a sum, not even 65,536 times. */
const UNSEEN = -45
/** Colder than this the bin at d = 0 is too wide. */
const MOST_INVERSE = 2 ** 14

const single = new Float32Array(1)
const word = new Int32Array(single.buffer)
/** Bits of a float32 below those that name its bin: 8 of the exponent and 5 more are left. */
const BELOW = 23 - 5

function nameOf(d: number): number {
  single[0] = d
  return word[0] >> BELOW
}

/** All d below are one bin, about 0. */
const SMALLEST = 2 ** -20
const FIRST = nameOf(SMALLEST) - 1
const BINS = nameOf(2 ** 10) - FIRST
const INVERSE_FACTORIALS = [1]
for (let k = 1; k < TERMS; k++) INVERSE_FACTORIALS.push(INVERSE_FACTORIALS[k - 1] / k)

// Used by one call at a time: nothing here waits.
const slotOf = new Int32Array(2 * BINS).fill(-1)
const names = new Int32Array(2 * BINS)
const middles = new Float64Array(2 * BINS)
const moments = new Float64Array(2 * BINS * TERMS)

/** The symbols before a rank, the one of this rank, and those after it, in bins. */
export class Halves {
  private readonly slots: number
  /** d of the symbol of the rank, and the least d after it. */
  private readonly own: number
  private readonly next: number
  private readonly tooWide: boolean

  /** Valid until the next one is made: they share their memory. */
  constructor(distribution: Distribution, rank: number) {
    const { size } = distribution
    const ownId = distribution.idOfRank(rank)
    const ownLogit = distribution.logit(ownId)
    const max = distribution.logit(distribution.idOfRank(1))
    let slots = 0
    let next = Number.POSITIVE_INFINITY
    let widest = 0
    for (let id = 0; id < size; id++) {
      const logit = distribution.logit(id)
      if (id === ownId || logit === Number.NEGATIVE_INFINITY) continue
      const d = max - logit
      const after = !(logit > ownLogit || (logit === ownLogit && id < ownId))
      if (after && d < next) next = d
      if (d > widest) widest = d
      const bin = d < SMALLEST ? 0 : Math.min(BINS - 1, nameOf(d) - FIRST)
      const name = after ? BINS + bin : bin
      let slot = slotOf[name]
      if (slot < 0) {
        slot = slots++
        slotOf[name] = slot
        names[slot] = name
        word[0] = ((bin + FIRST) << BELOW) | (1 << (BELOW - 1))
        middles[slot] = bin === 0 ? 0 : single[0]
        moments.fill(0, slot * TERMS, (slot + 1) * TERMS)
      }
      const t = d - middles[slot]
      const at = slot * TERMS
      const t2 = t * t
      const t4 = t2 * t2
      moments[at]++
      moments[at + 1] += t
      moments[at + 2] += t2
      moments[at + 3] += t2 * t
      moments[at + 4] += t4
      moments[at + 5] += t4 * t
    }
    for (let slot = 0; slot < slots; slot++) {
      slotOf[names[slot]] = -1
      for (let k = 0; k < TERMS; k++) {
        moments[slot * TERMS + k] *= k % 2 === 0 ? INVERSE_FACTORIALS[k] : -INVERSE_FACTORIALS[k]
      }
    }
    this.slots = slots
    this.own = max - ownLogit
    this.next = next
    this.tooWide = widest >= 2 ** 10
  }

  /**
   * Solves C = u for b = 1/T. With A and B the sums of exp(-b d) before and after the place where
   * the coin falls, the log odds ln A - ln B rise with b and are nearly straight, so that Newton's
   * method needs three to six steps. The slope is the mean of d in B less its mean in A.
   * @param withOwn is the symbol of the rank one of A, or of B?
   * @param near a temperature to begin at
   * @returns undefined where there is none to be found in this way
   */
  root(coin: number, withOwn: boolean, near: number): Root | undefined {
    if (this.tooWide || !(coin < 1)) return undefined
    const { own } = this
    // B is scaled by its own largest term, which would underflow at low T.
    const scale = withOwn ? this.next : own
    const goal = log(coin) - log(1 - coin)
    let b = near > 0 && near < Number.POSITIVE_INFINITY ? 1 / near : 1
    let lowest = 0
    let highest = Number.POSITIVE_INFINITY
    for (let step = 0; step < NEWTON_STEPS && b < MOST_INVERSE; step++) {
      let a0 = 0
      let a1 = 0
      let b0 = 0
      let b1 = 0
      if (withOwn) {
        a0 = exp(-b * own)
        a1 = a0 * own
      } else {
        b0 = 1
        b1 = own
      }
      for (let slot = 0; slot < this.slots; slot++) {
        const middle = middles[slot]
        const after = names[slot] >= BINS
        const x = -b * (after ? middle - scale : middle)
        if (x < UNSEEN) continue
        const at = slot * TERMS
        let sum = 0
        let slope = 0
        for (let k = TERMS - 1; k >= 0; k--) {
          slope = slope * b + sum
          sum = sum * b + moments[at + k]
        }
        const weight = exp(x)
        const whole = weight * sum
        const moment = whole * middle - weight * slope
        if (after) {
          b0 += whole
          b1 += moment
        } else {
          a0 += whole
          a1 += moment
        }
      }
      const excess = log(a0) - (log(b0) - b * scale) - goal
      if (excess > 0) highest = b
      else lowest = b
      const steepness = b1 / b0 - a1 / a0
      let better = b - excess / steepness
      if (!(better > lowest && better < highest)) {
        better = highest === Number.POSITIVE_INFINITY ? 2 * b : (lowest + highest) / 2
      }
      if (Math.abs(better - b) <= CLOSE * b) {
        return { temperature: 1 / better, steepness: (1 - coin) * better * steepness }
      }
      b = better
    }
    return undefined
  }
}
