/**
 * An approximate solution T of C_r(T) = u from binned logits: docs/intervals.md, "An approximate end".
 * The kernels are in ../kernels/bins.as.ts.
 */
import { exp, log } from '../../numeric.js'
import type { Distribution } from '../distribution.js'
import { overwritten, type WeightMemory } from '../softmax-weights.js'

export interface Root {
  readonly temperature: number
  /** How fast C falls there: -d ln C / d ln T. */
  readonly steepness: number
}

const NEWTON_STEPS = 40
/** Relative size of the last step. Newton's method squares errors: the next step is below a double's last bit. */
const CLOSE = 1e-8
/** Above this 1 / T the bin at d = 0 is too wide for its moments. */
const MOST_INVERSE = 2 ** 14
/** The end of the last bin. */
const WIDEST = 2 ** 10

/**
 * The symbols before a rank and those after it, in bins of nearly equal d = m - l.
 * The bins are in the shared memory, so only the last one made can be used.
 */
export class BinnedLogits {
  private readonly memory: WeightMemory
  private readonly slots: number
  /** d of the symbol of the rank, and the least d after it. */
  private readonly own: number
  private readonly next: number
  private readonly tooWide: boolean

  constructor(distribution: Distribution, rank: number) {
    const { size, largest } = distribution
    const id = distribution.idOfRank(rank)
    const memory = distribution.memory()
    memory.binsOwner = this
    const { kernels, results, binsAddress, resultsAddress, logitsAddress } = memory
    this.slots = kernels.fill(logitsAddress, largest, size, id, binsAddress, resultsAddress)
    this.memory = memory
    this.own = largest - distribution.logit(id)
    this.next = results[0]
    this.tooWide = results[1] >= WIDEST
  }

  /**
   * Solves C = u for b = 1 / T by Newton's method on the log odds ln A - ln B, where A and B are the
   * sums of exp(-b d) over the ranks up to the end and those after it. The log odds rise with b and
   * are nearly straight, so three to six steps are enough. Their slope is the mean of d in B less
   * the mean in A.
   * @param withOwn whether the symbol of the rank belongs to A
   * @param near the temperature to begin at
   * @returns undefined where this method finds none
   * @throws Error when other bins were made since
   */
  root(coin: number, withOwn: boolean, near: number): Root | undefined {
    const { own, memory, slots } = this
    if (memory.binsOwner !== this) throw overwritten('bins')
    if (this.tooWide || !(coin < 1)) return undefined
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
      memory.kernels.sums(memory.binsAddress, slots, b, scale, memory.resultsAddress)
      a0 += memory.results[0]
      b0 += memory.results[1]
      a1 += memory.results[2]
      b1 += memory.results[3]
      const excess = log(a0) - (log(b0) - b * scale) - goal
      if (excess > 0) highest = b
      else lowest = b
      const slope = b1 / b0 - a1 / a0
      let better = b - excess / slope
      if (!(better > lowest && better < highest)) {
        better = highest === Number.POSITIVE_INFINITY ? 2 * b : (lowest + highest) / 2
      }
      if (Math.abs(better - b) <= CLOSE * b) {
        return { temperature: 1 / better, steepness: (1 - coin) * better * slope }
      }
      b = better
    }
    return undefined
  }
}
