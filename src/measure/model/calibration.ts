/**
 * Calibration: the one temperature at which a model's confidence on held-out text is right on
 * average, and how right it is at all.
 */
import { InputError } from '../../errors.js'
import { exp, log } from '../../numeric.js'

/** Takes one prediction: the logits [V] (a view, valid during the call) and what really came. */
export type PredictionVisitor = (logits: ArrayLike<number>, target: number) => void

/**
 * One pass over the held-out text; calls `visit` at each prediction, always the same ones in the
 * same order. May stream from a network (each pass costs one reading of the text) or from memory.
 */
export type PredictionPass = (visit: PredictionVisitor) => void | Promise<void>

/** One bar of the reliability diagram. */
export interface ReliabilityBin {
  /** Confidences in (from, to]. */
  readonly from: number
  readonly to: number
  readonly count: number
  /** Mean probability of the favourite, and how often it was right; 0 in an empty bin. */
  readonly confidence: number
  readonly accuracy: number
}

/** A model's confidence on the held-out text at one temperature. */
export interface Reliability {
  readonly temperature: number
  /** Mean -ln p of what came, nats a symbol. Infinity when something came that had p = 0. */
  readonly nats: number
  /** Expected calibration error, 0 to 1: mean distance of confidence and accuracy over the bins. */
  readonly error: number
  readonly bins: readonly ReliabilityBin[]
}

export interface Calibration {
  /**
   * T*, at which the held-out loss is least. 0 when the favourite is always right; Infinity when
   * knowing nothing would be no worse at any finite T.
   */
  readonly temperature: number
  /**
   * The loss falls at one end and rises at the other, so T* lies between: within 1e-9 of it.
   */
  readonly bracket: readonly [number, number]
  /**
   * 95% confidence interval of T* for other text of this kind, by the delta method, taking symbols as
   * independent (they aren't quite: read it as a lower bound of the uncertainty). Absent at 0 and
   * Infinity.
   */
  readonly interval?: readonly [number, number]
  /** Predictions made. */
  readonly count: number
  readonly before: Reliability
  readonly after: Reliability
  /** Passes over the text that it took. */
  readonly passes: number
}

/** The held-out text from memory. @param logits [N, V] row by row @param targets [N] */
export function storedLogits(logits: Float32Array, targets: ArrayLike<number>): PredictionPass {
  const V = logits.length / targets.length
  if (!Number.isInteger(V) || V < 1) {
    throw new InputError(
      'logits',
      `There are ${logits.length} logits for ${targets.length} targets; expected V for each.`,
    )
  }
  return visit => {
    for (let i = 0; i < targets.length; i++) visit(logits.subarray(i * V, (i + 1) * V), targets[i])
  }
}

/**
 * Mean and variance of the logits under p at inverse temperature beta, and log of the sum of
 * exp(beta (l - max)); banned logits (-Infinity) have no part in it.
 */
function moments(
  logits: ArrayLike<number>,
  beta: number,
  max: number,
): { logSum: number; mean: number; variance: number } {
  let sum = 0
  let first = 0
  let second = 0
  for (let i = 0; i < logits.length; i++) {
    const below = logits[i] - max
    if (below === Number.NEGATIVE_INFINITY) continue
    const weight = exp(beta * below)
    sum += weight
    first += weight * below
    second += weight * below * below
  }
  const mean = first / sum
  return { logSum: log(sum), mean, variance: Math.max(0, second / sum - mean * mean) }
}

function maximum(logits: ArrayLike<number>): number {
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < logits.length; i++) if (logits[i] > max) max = logits[i]
  return max
}

/** What T = 0 chooses: the smallest id with the greatest logit. */
function favouriteOf(logits: ArrayLike<number>, max: number): number {
  let favourite = 0
  while (logits[favourite] !== max) favourite++
  return favourite
}

/** The slope and curvature in beta = 1/T of the mean loss, summed over a pass. */
class SlopeCount {
  private readonly beta: number
  private count = 0
  private slopes = 0
  private squares = 0
  private curvatures = 0

  constructor(beta: number) {
    this.beta = beta
  }

  add(logits: ArrayLike<number>, target: number, max: number): void {
    const { mean, variance } = moments(logits, this.beta, max)
    const slope = mean - (logits[target] - max)
    this.count++
    this.slopes += slope
    this.squares += slope * slope
    this.curvatures += variance
  }

  get slope(): number {
    return this.slopes / this.count
  }

  get curvature(): number {
    return this.curvatures / this.count
  }

  /** Standard error of the beta at which the slope is 0: that of the slope over the curvature. */
  get spread(): number {
    if (this.curvatures === 0) return Number.POSITIVE_INFINITY
    return Math.sqrt(this.squares) / this.curvatures
  }
}

/** How closely beta is found, relative. */
const TOLERANCE = 1e-9
/** Passes after which Newton's steps towards an open end are replaced by doubling. */
const PATIENCE = 12
const MOST_PASSES = 200

/**
 * Finds T* and tells what it mends.
 *
 * With beta = 1/T the loss of one prediction is log sum exp(beta l) - beta l_target: convex, slope
 * E[l] - l_target, curvature Var[l], expectations under p at beta. So Newton's method, kept inside a
 * bracket that shrinks at each pass, finds the only minimum; the slope's sign on both sides of the
 * result is checked at the end.
 *
 * Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (ICML 2017):
 * temperature scaling, and the expected calibration error of the favourite over 15 equal bins.
 * @throws InputError when a pass makes no prediction, or something came that the logits ban
 */
export async function calibrate(
  pass: PredictionPass,
  options: { bins?: number; signal?: AbortSignal } = {},
): Promise<Calibration> {
  const { bins = 15, signal } = options
  let passes = 0
  const run = async (visit: PredictionVisitor): Promise<void> => {
    signal?.throwIfAborted()
    passes++
    await pass(visit)
  }

  // The two limits first. At beta = 0 the slope is the mean logit less the target's: when that is not
  // negative, the loss never falls. At T = 0 the loss is 0 or infinite, so it is best only when the
  // favourite is always right.
  let count = 0
  let slopeAtZero = 0
  let alwaysRight = true
  let at = new SlopeCount(1)
  const reliabilityAtOne = new ReliabilityCount(1, bins)
  await run((logits, target) => {
    const max = maximum(logits)
    const own = logits[target]
    if (!(own > Number.NEGATIVE_INFINITY)) {
      throw new InputError(
        'target',
        `Prediction ${count} has the logit ${own} for what came, ${target}; expected a finite one: a banned symbol can't be calibrated.`,
      )
    }
    count++
    slopeAtZero += moments(logits, 0, max).mean - (own - max)
    alwaysRight &&= favouriteOf(logits, max) === target
    at.add(logits, target, max)
    reliabilityAtOne.add(logits, target)
  })
  if (count === 0) {
    throw new InputError('text-short', 'The held-out text gave no predictions; expected some.')
  }
  const before = reliabilityAtOne.result()
  const finish = async (
    temperature: number,
    bracket: readonly [number, number],
    interval?: readonly [number, number],
  ): Promise<Calibration> => {
    let after = before
    if (temperature !== 1) {
      const counter = new ReliabilityCount(temperature, bins)
      await run((logits, target) => counter.add(logits, target))
      after = counter.result()
    }
    return { temperature, bracket, ...(interval && { interval }), count, before, after, passes }
  }
  const infinity = Number.POSITIVE_INFINITY
  if (slopeAtZero >= 0) return finish(infinity, [infinity, infinity])
  if (alwaysRight) return finish(0, [0, 0])

  // low has a falling loss, high a rising one (or is not yet known).
  let low = 0
  let high = infinity
  let beta = 1
  while (passes < MOST_PASSES) {
    if (at.slope < 0) low = beta
    else high = beta
    if (at.slope === 0) low = beta
    if (high < infinity && high - low <= TOLERANCE * high) break
    const step = beta - at.slope / at.curvature
    const settled = Math.abs(step - beta) <= (TOLERANCE / 8) * beta
    // Settled on one side: look just across, to close the bracket instead of creeping up to it.
    let next = settled ? beta * (at.slope < 0 ? 1 + TOLERANCE / 2 : 1 - TOLERANCE / 2) : step
    const middle = high === infinity ? 2 * beta : low === 0 ? high / 2 : (low + high) / 2
    if (!(next > low && next < high) || next > 4 * beta || next < beta / 4) next = middle
    // Ties can leave a loss that falls forever; it is flat to the last bit once all else underflows.
    if (high === infinity && passes > PATIENCE) next = middle
    beta = next
    const slope = new SlopeCount(beta)
    await run((logits, target) => slope.add(logits, target, maximum(logits)))
    at = slope
  }
  const best = high === infinity ? beta : (low + high) / 2
  const reach = 1.96 * at.spread
  const interval = [1 / (best + reach), best > reach ? 1 / (best - reach) : infinity] as const
  return finish(1 / best, [1 / high, low === 0 ? infinity : 1 / low], interval)
}

/** Counts for a reliability diagram at one temperature. */
class ReliabilityCount {
  private readonly temperature: number
  private readonly counts: Float64Array
  private readonly confidences: Float64Array
  private readonly right: Float64Array
  private nats = 0
  private total = 0

  constructor(temperature: number, bins: number) {
    if (!Number.isSafeInteger(bins) || bins < 1 || bins > 1000) {
      throw new InputError(
        'bins',
        `There are ${bins} bins; expected a whole number from 1 to 1000.`,
      )
    }
    this.temperature = temperature
    this.counts = new Float64Array(bins)
    this.confidences = new Float64Array(bins)
    this.right = new Float64Array(bins)
  }

  add(logits: ArrayLike<number>, target: number): void {
    const max = maximum(logits)
    const favourite = favouriteOf(logits, max)
    let confidence = 1
    if (this.temperature === 0) {
      if (target !== favourite) this.nats = Number.POSITIVE_INFINITY
    } else {
      const beta = 1 / this.temperature
      const { logSum } = moments(logits, beta, max)
      confidence = exp(-logSum)
      this.nats += logSum - beta * (logits[target] - max)
    }
    const size = this.counts.length
    const bin = Math.min(size - 1, Math.max(0, Math.ceil(confidence * size) - 1))
    this.counts[bin]++
    this.confidences[bin] += confidence
    if (target === favourite) this.right[bin]++
    this.total++
  }

  result(): Reliability {
    const size = this.counts.length
    let error = 0
    const bins: ReliabilityBin[] = []
    for (let i = 0; i < size; i++) {
      const count = this.counts[i]
      const confidence = count === 0 ? 0 : this.confidences[i] / count
      const accuracy = count === 0 ? 0 : this.right[i] / count
      error += (count / this.total) * Math.abs(confidence - accuracy)
      bins.push({ from: i / size, to: (i + 1) / size, count, confidence, accuracy })
    }
    return { temperature: this.temperature, nats: this.nats / this.total, error, bins }
  }
}
