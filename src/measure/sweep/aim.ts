/**
 * Aim: finds the temperature at which a measure of a model's texts has a given mean, such as 2% of
 * words misspelt or 1.5 bits a character. Bisection on generated texts, with a confidence interval.
 */
import { counted, InputError, quote } from '../../errors.js'
import type { Model } from '../../file/model.js'
import type { SeedKnob } from '../../knob.js'
import { exp, LN2, log } from '../../numeric.js'
import { Random, readSeed, type Seed } from '../../random.js'
import { isotonicRegression, mean, quantile } from '../statistics.js'
import type { SweepCell, SweepText } from './curve.js'
import { SWEEP_LENGTH, type SweepTextOptions, sweepText } from './sweep.js'
import { crossing, interpolateTemperature } from './zones.js'

/** The measures that can be aimed at, and whether each rises or falls with T. */
export const AIMS = {
  spelling: 'rises',
  surprisal: 'rises',
  entropy: 'rises',
  repetition: 'falls',
} as const

export type AimMeasure = keyof typeof AIMS

/** The seed of the first text. */
export const AIM_SEED: SeedKnob = {
  name: 'seed',
  kind: 'seed',
  default: 1001, // far from the seeds of a sweep, so that its texts are other ones
  about: {
    en: 'seed of the first text; each further text has the next seed, so that none is used twice',
    ja: '最初の文章のシード。次の文章からは1ずつ増やし、同じシードは二度使わない',
  },
}

export interface AimOptions extends SweepTextOptions {
  readonly measure: AimMeasure
  /** A share (0.02 for 2%) or bits a character. */
  readonly target: number
  /**
   * Seed of the first text. Each further text uses the next seed (0 after 2^64 - 1), so that no seed
   * is used twice. Default 1001.
   */
  readonly seed?: Seed
  /** Generates and measures one text elsewhere, such as in a worker. Default: `sweepText` here. */
  readonly run?: (cell: SweepCell) => Promise<SweepText>
  /** How many texts `run` generates at the same time. Default 1. */
  readonly concurrency?: number
}

/** The mean over some texts, with its 95% confidence interval (Student's t). */
export interface MeanEstimate {
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly texts: number
}

export interface AimStep extends MeanEstimate {
  readonly temperature: number
}

export interface AimResult {
  readonly measure: AimMeasure
  readonly target: number
  readonly temperature: number
  /** 95% confidence interval of the temperature at which the mean is the target. */
  readonly interval: readonly [low: number, high: number]
  /** The measure of new texts at that temperature. */
  readonly check: MeanEstimate
  /** Number of texts generated in all. */
  readonly texts: number
}

export type AimEvent =
  /** A coarse curve from T = 0 to infinity, for the first bracket. */
  | { readonly type: 'range'; readonly curve: readonly AimStep[] }
  /** One step of the bisection. The target T is above or below it, or too near to decide. */
  | { readonly type: 'step'; readonly step: AimStep; readonly side: 'above' | 'below' | 'near' }
  | { readonly type: 'end'; readonly result: AimResult }

const COARSE = [0, 0.1, 0.2, 0.4, 0.63, 1, 1.6, 3, Number.POSITIVE_INFINITY]
const COARSE_TEXTS = 4
/** Texts of a step: batches of `BATCH` until the interval of the mean excludes the target. */
const BATCH = 6
const MOST_TEXTS = 18
const MOST_STEPS = 12
/** The bisection ends when the ends of the bracket differ by less than this factor. */
const NARROW = 1.15
/** The result is interpolated between two temperatures, this factor below and above the bracket. */
const REACH = 1.15
const SIDE_TEXTS = 24
/** How often these two temperatures are moved when the result lies well outside of them. */
const MOST_MOVES = 3
const CHECK_TEXTS = 24
const RESAMPLES = 1000
/** Seed of the bootstrap. A fixed seed makes the result repeatable. */
const BOOTSTRAP_SEED = 20_100

/** The 97.5% quantile of Student's t, by the expansion of Abramowitz and Stegun 26.7.5. */
function studentT(freedom: number): number {
  return 1.95996 + 2.37227 / freedom + 2.8225 / freedom ** 2 + 2.5558 / freedom ** 3
}

function estimate(values: readonly number[]): MeanEstimate {
  const n = values.length
  const middle = mean(values)
  if (n < 2) return { mean: middle, low: middle, high: middle, texts: n }
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (n - 1)
  const reach = studentT(n - 1) * Math.sqrt(variance / n)
  return { mean: middle, low: middle - reach, high: middle + reach, texts: n }
}

/** Generates texts, each with a seed that was not used before. */
class TextSource {
  written = 0
  private readonly options: AimOptions
  private readonly run: (cell: SweepCell) => Promise<SweepText>
  private readonly first: bigint

  constructor(model: Model, options: AimOptions) {
    this.options = options
    this.first = BigInt(readSeed(options.seed ?? AIM_SEED.default))
    this.run = options.run ?? (cell => sweepText(model, cell, { proofSteps: 0, ...options }))
  }

  private next(): number | string {
    return readSeed(BigInt.asUintN(64, this.first + BigInt(this.written++)))
  }

  /** The measure of `count` new texts at a temperature, ascending. */
  async measure(temperature: number, count: number): Promise<number[]> {
    const { measure, concurrency = 1, signal } = this.options
    const values: number[] = []
    let started = 0
    const work = async (): Promise<void> => {
      while (started < count) {
        signal?.throwIfAborted()
        started++
        const text = await this.run({ temperature, seed: this.next() })
        const value = text.values[measure]
        if (value !== undefined) values.push(value)
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work))
    if (values.length === 0) {
      throw new InputError(
        'aim',
        measure === 'spelling'
          ? "The spelling of the texts can't be measured, since the model file has no spelling filter"
          : `The ${measure} of the texts can't be measured, since they are too short`,
        { way: measure === 'spelling' ? 'aim-filter' : 'aim-length' },
      )
    }
    // Workers finish in any order. Sorting makes the sums, and so the result, repeatable.
    return values.sort((a, b) => a - b)
  }
}

/** Values of texts at the two temperatures between which the result is interpolated. */
interface Samples {
  readonly middle: number
  readonly below: readonly number[]
  readonly above: readonly number[]
}

/**
 * log T at which the measure reaches the target, on the straight line through two means in log-log:
 * locally these curves are powers of T. NaN when the line has the wrong direction, or a mean is 0.
 */
function logTemperatureAt(
  { middle, below, above }: Samples,
  target: number,
  direction: 'rises' | 'falls',
): number {
  const [a, b] = [log(mean(below)), log(mean(above))]
  const slope = (b - a) / (2 * log(REACH))
  if (!Number.isFinite(slope) || slope === 0 || slope > 0 !== (direction === 'rises')) {
    return Number.NaN
  }
  return log(middle) + (log(target) - (a + b) / 2) / slope
}

/**
 * Finds the temperature at which the mean of a measure is the target:
 * 1. measures a coarse curve from T = 0 to infinity;
 * 2. bisects between the two points around the target, with new texts at each step until their mean
 *    is significantly above or below the target;
 * 3. draws a line through the means of new texts a little below and above; the result is where it
 *    reaches the target, with a bootstrap interval over these texts;
 * 4. checks the result on new texts.
 * No text that chose the bracket is used for the result, which would bias it.
 * @throws InputError for a target outside of the curve, with the curve's range; the signal's reason
 */
export async function* aim(
  model: Model,
  options: AimOptions,
): AsyncGenerator<AimEvent, void, void> {
  const { measure, target } = options
  if (!Object.hasOwn(AIMS, measure)) {
    const names = Object.keys(AIMS).join(', ')
    throw new InputError('aim', `What is aimed at is ${quote(measure)}; expected ${names}.`)
  }
  const direction = AIMS[measure]
  if (!Number.isFinite(target) || target < 0) {
    throw new InputError(
      'aim',
      `The ${measure} aimed at is ${quote(target)}; expected a number from 0.`,
    )
  }
  const source = new TextSource(model, options)
  const curve: AimStep[] = []
  for (const temperature of COARSE) {
    const values = await source.measure(temperature, temperature === 0 ? 1 : COARSE_TEXTS)
    curve.push({ temperature, ...estimate(values) })
  }
  yield { type: 'range', curve }
  let [low, high] = bracketOf(curve, target, direction, measure, options.length)

  for (let step = 0; step < MOST_STEPS && high > low * NARROW; step++) {
    const temperature = interpolateTemperature(low, high, 0.5)
    const values: number[] = []
    let found = estimate([target])
    do {
      values.push(...(await source.measure(temperature, BATCH)))
      found = estimate(values)
    } while (found.low <= target && target <= found.high && values.length < MOST_TEXTS)
    const near = found.low <= target && target <= found.high
    const above = found.mean < target === (direction === 'rises')
    yield {
      type: 'step',
      step: { temperature, ...found },
      side: near ? 'near' : above ? 'above' : 'below',
    }
    if (near) {
      low = temperature
      high = temperature
    } else if (above) low = temperature
    else high = temperature
  }

  const [temperature, interval] = await locate(
    source,
    interpolateTemperature(low, high, 0.5),
    options,
  )
  const check = estimate(await source.measure(temperature, CHECK_TEXTS))
  yield {
    type: 'end',
    result: { measure, target, temperature, interval, check, texts: source.written },
  }
}

function bracketOf(
  curve: readonly AimStep[],
  target: number,
  direction: 'rises' | 'falls',
  measure: AimMeasure,
  length: number = SWEEP_LENGTH.default,
): [number, number] {
  const sign = direction === 'rises' ? 1 : -1
  const fitted = isotonicRegression(
    curve.map(point => sign * point.mean),
    curve.map(point => point.texts),
  ).map(value => sign * value)
  const least = Math.min(fitted[0], fitted[fitted.length - 1])
  const most = Math.max(fitted[0], fitted[fitted.length - 1])
  if (target < least || target > most) {
    const write = (value: number): string =>
      measure === 'spelling' || measure === 'repetition'
        ? `${Number((100 * value).toPrecision(3))}%`
        : counted(Number(value.toPrecision(3)), 'bit')
    throw new InputError(
      'aim-range',
      `No temperature gives a ${measure} of ${write(target)}: over texts of ${counted(length, 'character')} this model's runs from ${write(fitted[0])} at T = 0 to ${write(fitted[fitted.length - 1])} at T = inf; aim between them.`,
    )
  }
  const temperatures = curve.map(point => point.temperature)
  const border = crossing(temperatures, fitted, target, direction)
  // The target is the end of the curve.
  if (!border) return direction === 'rises' ? [3, Number.POSITIVE_INFINITY] : [0, 0.1]
  return [border.from, border.to]
}

/** The temperature and its interval, from new texts on both samples of a first guess. */
async function locate(
  source: TextSource,
  guess: number,
  { measure, target }: AimOptions,
): Promise<[number, readonly [number, number]]> {
  const direction = AIMS[measure]
  let middle = guess
  let samples: Samples
  let at: number
  for (let move = 0; ; move++) {
    samples = {
      middle,
      below: await source.measure(middle / REACH, SIDE_TEXTS),
      above: await source.measure(middle * REACH, SIDE_TEXTS),
    }
    at = logTemperatureAt(samples, target, direction)
    const away = Math.abs(at - log(middle))
    if (Number.isNaN(at) || away < 1.5 * log(REACH) || move === MOST_MOVES) break
    middle = exp(log(middle) + Math.sign(at - log(middle)) * Math.min(away, LN2))
  }
  const random = new Random(BOOTSTRAP_SEED)
  let position = 0
  const resampled = (values: readonly number[]): number[] =>
    values.map(() => values[Math.ceil(random.coin(position++) * values.length) - 1])
  const found: number[] = []
  for (let r = 0; r < RESAMPLES; r++) {
    const { below, above } = samples
    const meets = logTemperatureAt(
      { middle, below: resampled(below), above: resampled(above) },
      target,
      direction,
    )
    // A line in the wrong direction never reaches the target: count it as a factor of 150 off.
    found.push(Number.isNaN(meets) ? log(middle) + (r % 2 === 0 ? -5 : 5) : meets)
  }
  const [low, high] = [quantile(found, 0.025), quantile(found, 0.975)].map(exp)
  return [Number((Number.isNaN(at) ? middle : exp(at)).toPrecision(3)), [low, high]]
}
