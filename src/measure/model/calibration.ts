/** Calibration: the temperature T* with the smallest loss on held-out text, and the reliability there. */
import { InputError } from '../../errors.js'
import { exp, log } from '../../numeric.js'

/** Takes one prediction: the logits [V] (a view, valid during the call) and the id that followed. */
export type PredictionVisitor = (logits: ArrayLike<number>, target: number) => void

/**
 * One pass over the held-out text. It calls `visit` for the same predictions in the same order each
 * time. The logits may come from a network (each pass evaluates the whole text) or from memory.
 */
export type PredictionPass = (visit: PredictionVisitor) => void | Promise<void>

/** One bar of the reliability diagram. */
export interface ReliabilityBin {
  /** Confidences in (from, to]. */
  readonly from: number
  readonly to: number
  readonly count: number
  /** Mean probability of the most likely symbol, and how often it was right; 0 in an empty bin. */
  readonly confidence: number
  readonly accuracy: number
}

/** A model's confidence on the held-out text at one temperature. */
export interface Reliability {
  readonly temperature: number
  /** Mean -ln p of the targets, nats a symbol. Infinity when a target had p = 0. */
  readonly nats: number
  /** Expected calibration error, 0 to 1: mean distance of confidence and accuracy over the bins. */
  readonly error: number
  readonly bins: readonly ReliabilityBin[]
}

export interface Calibration {
  /**
   * T*, the temperature with the smallest held-out loss. 0 when the most likely symbol is always
   * right; Infinity when the uniform distribution is at least as good as any finite T.
   */
  readonly temperature: number
  /** T* lies between these: the loss falls at one end and rises at the other. Relative width 1e-9. */
  readonly bracket: readonly [number, number]
  /**
   * 95% confidence interval of T* for other text of this kind, by the delta method. It assumes
   * independent symbols, so the true uncertainty is larger. Absent at 0 and Infinity.
   */
  readonly interval?: readonly [number, number]
  /** Predictions made. */
  readonly count: number
  readonly before: Reliability
  readonly after: Reliability
  /** Number of passes over the text. */
  readonly passes: number
}

/** A pass over logits in memory. @param logits [N, V] row-major @param targets [N] */
export function passOverLogits(logits: Float32Array, targets: ArrayLike<number>): PredictionPass {
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
 * Mean and variance of the logits under p at inverse temperature beta, and the log of the sum of
 * exp(beta (l - max)). Banned logits (-Infinity) are left out.
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

/** The smallest id with the greatest logit: the choice at T = 0. */
function indexOfMaximum(logits: ArrayLike<number>, max: number): number {
  let id = 0
  while (logits[id] !== max) id++
  return id
}

/** The slope and curvature in beta = 1/T of the mean loss, summed over a pass. */
class LossSlope {
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

  /** Standard error of the beta with slope 0: the standard error of the slope / curvature. */
  get spread(): number {
    if (this.curvatures === 0) return Number.POSITIVE_INFINITY
    return Math.sqrt(this.squares) / this.curvatures
  }
}

/** Relative precision of beta. */
const TOLERANCE = 1e-9
/** Number of passes without an upper bound after which beta doubles instead of taking Newton steps. */
const PATIENCE = 12
const MOST_PASSES = 200

/** A pass that counts how often it ran. */
class CountedPass {
  count = 0
  private readonly pass: PredictionPass
  private readonly signal: AbortSignal | undefined

  constructor(pass: PredictionPass, signal: AbortSignal | undefined) {
    this.pass = pass
    this.signal = signal
  }

  /** @throws the signal's reason */
  async run(visit: PredictionVisitor): Promise<void> {
    this.signal?.throwIfAborted()
    this.count++
    await this.pass(visit)
  }
}

/** What the first pass, at T = 1, measures. */
interface FirstPass {
  readonly count: number
  /** Slope of the mean loss at beta = 0: the mean logit minus the target's logit, summed. */
  readonly slopeAtZero: number
  /** Whether the most likely symbol is the target at every prediction. */
  readonly alwaysRight: boolean
  readonly slope: LossSlope
  readonly reliability: Reliability
}

async function measureAtOne(pass: CountedPass, bins: number): Promise<FirstPass> {
  let count = 0
  let slopeAtZero = 0
  let alwaysRight = true
  const slope = new LossSlope(1)
  const reliability = new ReliabilityCounter(1, bins)
  await pass.run((logits, target) => {
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
    alwaysRight &&= indexOfMaximum(logits, max) === target
    slope.add(logits, target, max)
    reliability.add(logits, target)
  })
  if (count === 0) {
    throw new InputError('text-short', 'The held-out text gave no predictions; expected some.')
  }
  return { count, slopeAtZero, alwaysRight, slope, reliability: reliability.result() }
}

/** The beta with the smallest loss, between a beta where the loss falls and one where it rises. */
interface Minimum {
  readonly beta: number
  readonly low: number
  /** Infinity when no beta was found at which the loss rises. */
  readonly high: number
  /** Standard error of beta. */
  readonly spread: number
}

/** Newton's method inside a bracket, from beta = 1. @param first the slope at beta = 1 */
async function minimizeLoss(pass: CountedPass, first: LossSlope): Promise<Minimum> {
  let low = 0
  let high = Number.POSITIVE_INFINITY
  let beta = 1
  let at = first
  while (pass.count < MOST_PASSES) {
    if (at.slope < 0) low = beta
    else high = beta
    if (at.slope === 0) low = beta
    if (high < Number.POSITIVE_INFINITY && high - low <= TOLERANCE * high) break
    beta = nextBeta(beta, at, low, high, pass.count)
    const slope = new LossSlope(beta)
    await pass.run((logits, target) => slope.add(logits, target, maximum(logits)))
    at = slope
  }
  const best = high === Number.POSITIVE_INFINITY ? beta : (low + high) / 2
  return { beta: best, low, high, spread: at.spread }
}

/** The Newton step from beta, or a bisection where that step leaves the bracket or is too long. */
function nextBeta(beta: number, at: LossSlope, low: number, high: number, passes: number): number {
  const step = beta - at.slope / at.curvature
  const converged = Math.abs(step - beta) <= (TOLERANCE / 8) * beta
  // A converged beta is only one end of the bracket. A point just across the minimum closes it.
  const next = converged ? beta * (at.slope < 0 ? 1 + TOLERANCE / 2 : 1 - TOLERANCE / 2) : step
  const middle =
    high === Number.POSITIVE_INFINITY ? 2 * beta : low === 0 ? high / 2 : (low + high) / 2
  if (!(next > low && next < high) || next > 4 * beta || next < beta / 4) return middle
  // With ties the loss can fall forever. It is flat to the last bit once all other terms underflow.
  if (high === Number.POSITIVE_INFINITY && passes > PATIENCE) return middle
  return next
}

/**
 * Finds T*, the temperature with the smallest loss, and the reliability before and after.
 *
 * With beta = 1/T the loss of one prediction is log sum exp(beta l) - beta l_target: convex, slope
 * E[l] - l_target, curvature Var[l], expectations under p at beta. So Newton's method, kept inside a
 * bracket that shrinks at each pass, finds the only minimum; the slope's sign on both sides of the
 * result is checked at the end.
 *
 * Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (ICML 2017):
 * temperature scaling, and the expected calibration error of the most likely symbol over 15 equal
 * bins.
 * @throws InputError when a pass makes no prediction, or a target has the logit -Infinity; the
 *   signal's reason
 */
export async function calibrate(
  pass: PredictionPass,
  options: { bins?: number; signal?: AbortSignal } = {},
): Promise<Calibration> {
  const { bins = 15, signal } = options
  const counted = new CountedPass(pass, signal)
  const first = await measureAtOne(counted, bins)
  const { count, reliability: before } = first
  const finish = async (
    temperature: number,
    bracket: readonly [number, number],
    interval?: readonly [number, number],
  ): Promise<Calibration> => {
    let after = before
    if (temperature !== 1) {
      const counter = new ReliabilityCounter(temperature, bins)
      await counted.run((logits, target) => counter.add(logits, target))
      after = counter.result()
    }
    const passes = counted.count
    return { temperature, bracket, ...(interval && { interval }), count, before, after, passes }
  }
  // Both limits first. When the slope at beta = 0 is not negative, the loss never falls. At T = 0
  // the loss is 0 or infinite, so T = 0 is best only when the most likely symbol is always right.
  const infinity = Number.POSITIVE_INFINITY
  if (first.slopeAtZero >= 0) return finish(infinity, [infinity, infinity])
  if (first.alwaysRight) return finish(0, [0, 0])

  const { beta, low, high, spread } = await minimizeLoss(counted, first.slope)
  const margin = 1.96 * spread
  const interval = [1 / (beta + margin), beta > margin ? 1 / (beta - margin) : infinity] as const
  return finish(1 / beta, [1 / high, low === 0 ? infinity : 1 / low], interval)
}

/** Counts for a reliability diagram at one temperature. */
class ReliabilityCounter {
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
    const mostLikely = indexOfMaximum(logits, max)
    let confidence = 1
    if (this.temperature === 0) {
      if (target !== mostLikely) this.nats = Number.POSITIVE_INFINITY
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
    if (target === mostLikely) this.right[bin]++
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
