/**
 * Training within a time: what to train is chosen before the first step, by the length of the text
 * and by what this machine really does in a step; while it runs, the clock decides how many updates
 * fit, and the learning rate comes down to its floor at the last of them (pace.ts).
 */
import { InputError, quote } from '../../errors.js'
import { parameterCount } from '../../model/config.js'
import type { Split } from '../batches.js'
import type { TrainingCorpus } from '../corpus.js'
import { cellParameters, settingsFor } from '../defaults.js'
import type { Engine } from '../engine.js'
import type { BudgetEvent } from '../events.js'
import { createLearner } from '../learner.js'
import { planRun } from '../plan.js'
import { configOf, type TrainSettings, trainSettings } from '../settings.js'
import type { Pace, Turn } from './pace.js'

/** Milliseconds, from any moment on: `performance.now`. */
export type Clock = () => number

/** Seconds. */
const SHORTEST_BUDGET = 5
/** Characters of a written budget at most: the expression below is quadratic. */
const LONGEST_BUDGET = 40
const UNITS = { s: 1, m: 60, h: 3600 } as const

/** `90s`, `10m`, `2h`, `1h30m`; a number alone is seconds. @throws InputError for anything else */
export function readBudget(text: string): number {
  const trimmed = text.trim().toLowerCase()
  const parts =
    trimmed.length > LONGEST_BUDGET ? [] : [...trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([smh])/g)]
  const bare = /^\d+(\.\d+)?$/.test(trimmed)
  const seconds = bare
    ? Number(trimmed)
    : parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit as keyof typeof UNITS], 0)
  const understood =
    trimmed.length <= LONGEST_BUDGET &&
    (bare || /^(\d+(\.\d+)?\s*(s|sec|m|min|h)\s*)+$/.test(trimmed))
  if (!understood || !(seconds >= SHORTEST_BUDGET)) {
    throw new InputError(
      'budget',
      `The budget is ${quote(text)}; expected a time of at least ${SHORTEST_BUDGET} seconds, such as 90s, 10m or 1h30m.`,
    )
  }
  return seconds
}

/** Sizes that are weighed, units a layer. */
const SIZES = [32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024] as const
/** The size that is timed first. */
const FIRST_SIZE = 128
/** A model is worth its size when it can read so many symbols a parameter in the time. */
const SYMBOLS_A_PARAMETER = 10
/** And no larger than so many numbers in its cells for each symbol of the text. */
const PARAMETERS_A_SYMBOL = 5
/** Steps that are timed, after one that warms up; fewer when they are slow. */
const TIMED_STEPS = 3
/** Parts of the budget: for timing sizes, for one size, for validating. */
const TIMING = 0.1
const TIMING_ONE = 0.03
const VALIDATING = 0.1
const MOST_VALIDATIONS = 20
/** A validation step is forward only. */
const FORWARD = 1 / 3

/** The training steps that a validation is worth. */
export const validationSteps = ({ training, validation }: Split): number =>
  (FORWARD * (validation?.predictions ?? 0)) / (training.batch * training.steps)

export interface BudgetRequest {
  readonly corpus: TrainingCorpus
  readonly engine: Engine
  readonly given: Readonly<Record<string, unknown>>
  readonly preset?: string
  /** Seconds from `began` on. */
  readonly seconds: number
  readonly began: number
  readonly clock: Clock
}

export interface Choice {
  /** Everything decided; train with exactly these. */
  readonly settings: TrainSettings
  readonly secondsPerStep: number
  readonly event: BudgetEvent
}

interface Timed {
  readonly secondsPerStep: number
  /** Building and compiling the graph. */
  readonly compiling: number
  /** As training reads this text: B x T, fewer in a short one, and what a pass and a validation read. */
  readonly split: Split
}

/** Takes a few real steps of a model that is thrown away. */
async function time(
  { corpus, engine, clock, seconds }: BudgetRequest,
  settings: TrainSettings,
): Promise<Timed> {
  const start = clock()
  const plan = await planRun({ corpus, threads: engine.threads, settings: { ...settings } })
  const learner = await createLearner(engine, plan, corpus.ids)
  const compiled = clock()
  try {
    await learner.step(1, () => {})
    const took: number[] = []
    for (let step = 2; step < 2 + TIMED_STEPS; step++) {
      const before = clock()
      await learner.step(step, () => {})
      took.push(clock() - before)
      if (clock() - start > TIMING_ONE * 1000 * seconds) break
    }
    took.sort((a, b) => a - b)
    return {
      secondsPerStep: took[took.length >> 1] / 1000,
      compiling: (compiled - start) / 1000,
      split: plan.split,
    }
  } finally {
    await learner.dispose()
  }
}

/**
 * Chooses what to train in the time: the largest model that can read ten symbols for each of its
 * parameters, no larger than the text can bear; sizes are timed from 128 units on, as long as the
 * choice moves. What is given stands.
 * @throws InputError when the number of passes or updates was given too
 */
export async function chooseFor(request: BudgetRequest): Promise<Choice> {
  const { corpus, given, preset, seconds, began, clock } = request
  for (const name of ['steps', 'epochs'] as const) {
    if (given[name] === undefined) continue
    throw new InputError(
      'budget',
      `Both a budget of time and ${name} ${given[name]} came; expected one of them, because the time says how many updates there are.`,
    )
  }
  const text = { symbols: corpus.ids.length, vocabulary: corpus.tokenizer.size }
  const settle = (more: Readonly<Record<string, unknown>>): TrainSettings =>
    preset === undefined
      ? settingsFor(text, { ...given, ...more })
      : trainSettings({ ...given, ...more }, preset)
  const config = (hidden: number) => configOf(settle({ hidden }), text.vocabulary)
  const fixed = given.hidden !== undefined || preset !== undefined
  const sizes = fixed
    ? [settle({}).hidden]
    : SIZES.filter(
        (hidden, i) =>
          i === 0 || cellParameters(config(hidden)) <= PARAMETERS_A_SYMBOL * text.symbols,
      )

  const timed = new Map<number, Timed>()
  const left = (): number => seconds - (clock() - began) / 1000
  /** Of a size that was not timed: by its parameters, from the nearest one below that was. */
  const stepSeconds = (hidden: number): number => {
    const known = [...timed.keys()].sort((a, b) => a - b)
    const near = known.findLast(size => size <= hidden) ?? known[0]
    const ratio = parameterCount(config(hidden)) / parameterCount(config(near))
    return timed.get(near)!.secondsPerStep * ratio
  }
  let inStep = 1
  const reads = (hidden: number): number =>
    Math.max(0, left() * (1 - VALIDATING)) * (inStep / stepSeconds(hidden))
  const wants = (hidden: number): number => SYMBOLS_A_PARAMETER * parameterCount(config(hidden))
  const pick = (from: readonly number[]): number =>
    from.findLast(hidden => reads(hidden) >= wants(hidden)) ?? from[0]

  let hidden: number = sizes.findLast(size => size <= FIRST_SIZE) ?? sizes[0]
  const until = clock() + TIMING * 1000 * seconds
  for (;;) {
    // A step of this size must be real; its number of updates doesn't matter yet.
    const one = await time(request, settle({ hidden, steps: 1000 }))
    timed.set(hidden, one)
    inStep = one.split.training.batch * one.split.training.steps
    const next = pick(sizes)
    if (timed.has(next) || clock() > until) break
    hidden = next
  }
  // No larger than what was timed; a smaller one may be taken unseen where time was too short.
  hidden = pick(sizes.filter(size => size <= Math.max(...timed.keys())))

  const secondsPerStep = stepSeconds(hidden)
  const compiling = Math.max(...Array.from(timed.values(), one => one.compiling))
  const [{ split }] = timed.values()
  const validation = validationSteps(split) * secondsPerStep
  // Two graphs are still to come, for training and for validating.
  const forSteps = Math.max(0, left() - 2 * compiling)
  const validations = Math.min(
    MOST_VALIDATIONS,
    Math.max(1, Math.floor((VALIDATING * forSteps) / Math.max(1e-9, validation))),
  )
  const steps = Math.max(1, Math.floor((forSteps - validations * validation) / secondsPerStep))
  const settings = settle({
    hidden,
    steps,
    evaluateEvery: given.evaluateEvery ?? Math.ceil(steps / validations),
  })
  const larger = sizes[sizes.indexOf(hidden) + 1]
  const symbols = (size: number, count: number) => ({
    hidden: size,
    parameters: parameterCount(config(size)),
    symbols: Math.round(count),
  })
  return {
    settings,
    secondsPerStep,
    event: {
      type: 'budget',
      seconds,
      ...symbols(hidden, steps * inStep),
      steps,
      passes: steps / split.training.batches,
      fixed,
      ...(larger !== undefined && { larger: symbols(larger, reads(larger)) }),
      wanted: SYMBOLS_A_PARAMETER,
    },
  }
}

/** Below this change of what is left, the plan stays as it is. */
const WORTH_A_TURN = 0.02

export interface Watch {
  readonly clock: Clock
  /** On the clock, ms. */
  readonly deadline: number
  readonly pace: Pace
  /** Updates done. */
  readonly step: number
  /** Places of the schedule from one validation to the next. */
  readonly every: number
  /** As measured so far; 0 when nothing was. */
  readonly secondsPerStep: number
  /** The training steps that a validation is thought to be worth. */
  readonly validation: number
}

/** Watches the clock, and says how many updates fit. */
export class Governor {
  private readonly watch: Watch
  /** Seconds, lately. */
  private perStep: number
  /** Of one validation with what follows it, in steps: a slower machine is slower at both. */
  private validation: number
  private windowFrom: number
  private windowStep: number
  private validating = 0
  private nextLook: number

  constructor(watch: Watch) {
    this.watch = watch
    this.perStep = watch.secondsPerStep
    this.validation = watch.validation
    this.windowFrom = watch.clock()
    this.windowStep = watch.step
    // Where no speed is known yet, the first update shows one.
    this.nextLook = watch.step + (watch.secondsPerStep > 0 ? this.stride(watch.step) : 1)
  }

  /** Eight looks at what is left, the later the closer. */
  private stride(step: number): number {
    return Math.max(1, Math.ceil((this.watch.pace.steps - step) / 8))
  }

  private measure(step: number): void {
    const passed = (this.watch.clock() - this.windowFrom) / 1000 - this.validating
    if (step > this.windowStep) this.perStep = Math.max(1e-9, passed / (step - this.windowStep))
  }

  /** Tells of a validation after update `step` that began then, on the clock, and is over now. */
  validated(step: number, began: number): void {
    const seconds = (this.watch.clock() - began) / 1000
    this.validating += seconds
    this.measure(step)
    this.validation = seconds / this.perStep
  }

  /** After update `step`: turns the pace where the clock says so. @returns the turn, if there was one */
  look(step: number): Turn | undefined {
    const { clock, deadline, pace, every } = this.watch
    const left = (deadline - clock()) / 1000
    const late = left < this.validation * this.perStep && step < pace.steps
    if (step < this.nextLook && !late) return undefined
    this.measure(step)
    this.windowFrom = clock()
    this.windowStep = step
    this.validating = 0
    const validations = Math.ceil((pace.first - pace.place(step)) / every)
    const steps = left / this.perStep
    // On a machine that became slow, validations may not leave less than half of the time.
    const least = (steps - this.validation) / 2
    const fits = Math.max(0, Math.floor(Math.max(least, steps - this.validation * validations)))
    const planned = pace.steps - step
    const change = Math.abs(fits - planned)
    const turns = late || (change > 1 && change > WORTH_A_TURN * planned)
    if (turns) pace.turn(step, step + (late ? 0 : fits))
    this.nextLook = step + this.stride(step)
    return turns ? pace.turns.at(-1) : undefined
  }
}
