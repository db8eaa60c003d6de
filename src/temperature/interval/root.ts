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
import { exp, log } from '../../numeric.js'
import type { Distribution } from '../distribution.js'
import type { Weighing } from '../weights.js'

export interface Root {
  readonly temperature: number
  /** How fast C falls there: -d ln C / d ln T. */
  readonly steepness: number
}

const NEWTON_STEPS = 40
/** Relative step after which the next would be below a double's last bit: Newton squares errors. */
const CLOSE = 1e-8
/** Colder than this the bin at d = 0 is too wide. */
const MOST_INVERSE = 2 ** 14

/** Where the last bin ends. */
const WIDEST = 2 ** 10

/** The symbols before a rank, the one of this rank, and those after it, in bins: kernels/bins.as.ts. */
export class Halves {
  private readonly memory: Weighing
  private readonly slots: number
  /** d of the symbol of the rank, and the least d after it. */
  private readonly own: number
  private readonly next: number
  private readonly tooWide: boolean

  /** Valid until the next one is made: they share their memory. */
  constructor(distribution: Distribution, rank: number) {
    const { size, largest } = distribution
    const id = distribution.idOfRank(rank)
    const memory = distribution.laid()
    const { kernels, left, binsAt, leftAt } = memory
    this.slots = kernels.fill(memory.logitsAt, largest, size, id, binsAt, leftAt)
    this.memory = memory
    this.own = largest - distribution.logit(id)
    this.next = left[0]
    this.tooWide = left[1] >= WIDEST
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
    const { own, memory, slots } = this
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
      memory.kernels.sums(memory.binsAt, slots, b, scale, memory.leftAt)
      a0 += memory.left[0]
      b0 += memory.left[1]
      a1 += memory.left[2]
      b1 += memory.left[3]
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
