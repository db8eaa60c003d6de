/**
 * Chooses what to train within a time budget, before the first step: by the length of the text and by
 * how long real steps take on this machine. While the run goes on, governor.ts keeps it within the
 * time.
 */
import { InputError } from '../../errors.js'
import { parameterCount } from '../../model/config.js'
import type { Split } from '../batches.js'
import type { Clock } from '../clock.js'
import { cellParameters } from '../defaults.js'
import type { Engine } from '../engine.js'
import type { BudgetEvent, SizeEstimate } from '../events.js'
import type { StartingModel } from '../fine-tuning/vocabulary.js'
import { createLearner } from '../learner.js'
import { newSettings, planRun } from '../plan.js'
import { configOf, type TrainSettings } from '../settings.js'
import type { TrainingCorpus } from '../training-corpus.js'
import { validationSteps } from './validation-cost.js'

/** Candidate sizes, units a layer. */
const SIZES = [32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024] as const
/** The size that is timed first. */
const FIRST_SIZE = 128
/** A size is chosen only when the model can read this many symbols for each parameter in the time. */
const SYMBOLS_PER_PARAMETER = 10
/** A model's cells have at most this many parameters for each symbol of the text. */
const PARAMETERS_PER_SYMBOL = 5
/** Steps that are timed after one warm-up step; fewer when they are slow. */
const TIMED_STEPS = 3
/** Shares of the budget: for timing all sizes, for timing one size, for validations. */
const TIMING_SHARE = 0.1
const TIMING_SHARE_PER_SIZE = 0.03
const VALIDATION_SHARE = 0.1
const MAX_VALIDATIONS = 20

export interface BudgetRequest {
  readonly corpus: TrainingCorpus
  readonly engine: Engine
  readonly given: Readonly<Record<string, unknown>>
  readonly preset?: string
  readonly from?: StartingModel
  readonly freeze?: readonly (string | number)[]
  /** Length of the budget, which begins at `began`. */
  readonly seconds: number
  /** Start of the budget on the clock, ms. */
  readonly began: number
  readonly clock: Clock
}

export interface SizeChoice {
  /** All settings; train with exactly these. */
  readonly settings: TrainSettings
  readonly secondsPerStep: number
  readonly event: BudgetEvent
}

interface TimedSize {
  readonly secondsPerStep: number
  /** Seconds to build and compile the graph. */
  readonly compiling: number
  /** The split that training would use: B x T (smaller for a short text), batches, predictions. */
  readonly split: Split
}

/** Times a few real steps of a model that is then discarded. */
async function timeSize(
  { corpus, engine, clock, seconds, from, freeze }: BudgetRequest,
  settings: TrainSettings,
): Promise<TimedSize> {
  const start = clock()
  const { threads } = engine
  const plan = await planRun({ corpus, threads, from, freeze, settings: { ...settings } })
  const learner = await createLearner(engine, plan, corpus.ids)
  const compiled = clock()
  try {
    await learner.step(1, () => {})
    const took: number[] = []
    for (let step = 2; step < 2 + TIMED_STEPS; step++) {
      const before = clock()
      await learner.step(step, () => {})
      took.push(clock() - before)
      if (clock() - start > TIMING_SHARE_PER_SIZE * 1000 * seconds) break
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

/** Times sizes and picks the largest that the budget and the text allow. */
class SizeSearch {
  /** The size was given, so there is nothing to choose. */
  readonly fixed: boolean
  readonly startsFromModel: boolean
  readonly sizes: readonly number[]
  readonly timed = new Map<number, TimedSize>()
  /** Symbols in one step, B T. */
  symbolsPerStep = 1
  private readonly request: BudgetRequest
  private readonly text: { readonly symbols: number; readonly vocabulary: number }

  constructor(request: BudgetRequest) {
    const { corpus, given, preset, from } = request
    this.request = request
    this.text = { symbols: corpus.ids.length, vocabulary: corpus.tokenizer.size }
    this.startsFromModel = from !== undefined
    this.fixed = given.hidden !== undefined || preset !== undefined || from !== undefined
    const most = PARAMETERS_PER_SYMBOL * this.text.symbols
    this.sizes = this.fixed
      ? [this.settings({}).hidden]
      : SIZES.filter((hidden, i) => i === 0 || cellParameters(this.config(hidden)) <= most)
  }

  /** The settings of a run with these, what was given, and the defaults for the rest. */
  settings(more: Readonly<Record<string, unknown>>): TrainSettings {
    const { given } = this.request
    return newSettings({ ...this.request, settings: { ...given, ...more } })
  }

  private config(hidden: number) {
    return configOf(this.settings({ hidden }), this.text.vocabulary)
  }

  parameters(hidden: number): number {
    return parameterCount(this.config(hidden))
  }

  /** Seconds of the budget that are left. */
  get left(): number {
    const { seconds, clock, began } = this.request
    return seconds - (clock() - began) / 1000
  }

  /** Seconds per step; for a size that was not timed, in proportion to the nearest size below it. */
  secondsPerStep(hidden: number): number {
    const known = [...this.timed.keys()].sort((a, b) => a - b)
    const near = known.findLast(size => size <= hidden) ?? known[0]
    const ratio = this.parameters(hidden) / this.parameters(near)
    return this.timed.get(near)!.secondsPerStep * ratio
  }

  /** Symbols that a model of this size can read in the time left. */
  readableSymbols(hidden: number): number {
    const seconds = Math.max(0, this.left * (1 - VALIDATION_SHARE))
    return seconds * (this.symbolsPerStep / this.secondsPerStep(hidden))
  }

  private pick(sizes: readonly number[]): number {
    const fits = (hidden: number): boolean =>
      this.readableSymbols(hidden) >= SYMBOLS_PER_PARAMETER * this.parameters(hidden)
    return sizes.findLast(fits) ?? sizes[0]
  }

  /** @returns the chosen size */
  async run(): Promise<number> {
    const { clock, seconds } = this.request
    let hidden: number = this.sizes.findLast(size => size <= FIRST_SIZE) ?? this.sizes[0]
    const until = clock() + TIMING_SHARE * 1000 * seconds
    for (;;) {
      // The number of updates has no effect on how long a step takes.
      const one = await timeSize(this.request, this.settings({ hidden, steps: 1000 }))
      this.timed.set(hidden, one)
      this.symbolsPerStep = one.split.training.batch * one.split.training.steps
      const next = this.pick(this.sizes)
      if (this.timed.has(next) || clock() > until) break
      hidden = next
    }
    // A size above the largest timed one is too uncertain; a smaller one may be chosen untimed.
    return this.pick(this.sizes.filter(size => size <= Math.max(...this.timed.keys())))
  }

  estimate(hidden: number, symbols: number): SizeEstimate {
    return { hidden, parameters: this.parameters(hidden), symbols: Math.round(symbols) }
  }
}

/** Distributes the time left over steps and validations of the chosen size. */
function planTime(search: SizeSearch, hidden: number): { steps: number; validations: number } {
  const { timed } = search
  const secondsPerStep = search.secondsPerStep(hidden)
  const compiling = Math.max(...Array.from(timed.values(), one => one.compiling))
  const [{ split }] = timed.values()
  const validation = validationSteps(split) * secondsPerStep
  // Two graphs are still to be compiled, for training and for validating.
  const left = Math.max(0, search.left - 2 * compiling)
  // A model to go on from is validated before the first step.
  const seconds = search.startsFromModel ? Math.max(0, left - validation) : left
  const validations = Math.min(
    MAX_VALIDATIONS,
    Math.max(1, Math.floor((VALIDATION_SHARE * seconds) / Math.max(1e-9, validation))),
  )
  const steps = Math.max(1, Math.floor((seconds - validations * validation) / secondsPerStep))
  return { steps, validations }
}

/**
 * Chooses what to train in the time: the largest model that can read ten symbols for each of its
 * parameters and has at most five parameters a symbol of the text. Sizes are timed from 128 units
 * on, until the choice no longer changes. Given settings are kept.
 * @throws InputError when the number of passes or updates was given too
 */
export async function chooseSize(request: BudgetRequest): Promise<SizeChoice> {
  const { given, seconds } = request
  for (const name of ['steps', 'epochs'] as const) {
    if (given[name] === undefined) continue
    throw new InputError(
      'budget',
      `Both a budget of time and ${name} ${given[name]} came; expected one of them, because the time says how many updates there are.`,
    )
  }
  const search = new SizeSearch(request)
  const hidden = await search.run()
  const { steps, validations } = planTime(search, hidden)
  const { sizes, symbolsPerStep, fixed } = search
  const [{ split }] = search.timed.values()
  const larger = sizes[sizes.indexOf(hidden) + 1]
  return {
    settings: search.settings({
      hidden,
      steps,
      evaluateEvery: given.evaluateEvery ?? Math.ceil(steps / validations),
    }),
    secondsPerStep: search.secondsPerStep(hidden),
    event: {
      type: 'budget',
      seconds,
      ...search.estimate(hidden, steps * symbolsPerStep),
      steps,
      passes: steps / split.training.batches,
      fixed,
      ...(larger !== undefined && {
        larger: search.estimate(larger, search.readableSymbols(larger)),
      }),
      symbolsPerParameter: SYMBOLS_PER_PARAMETER,
    },
  }
}
