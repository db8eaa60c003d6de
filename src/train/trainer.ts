/**
 * The trainer: takes steps, validates, saves checkpoints, and yields events. It prints nothing.
 * Validation, checkpoints, reading the weights and stopping do not change what is learned; a resumed
 * run gives the same weights as an uninterrupted one.
 */
import { InputError, TrainingError } from '../errors.js'
import { encodeModel } from '../file/index.js'
import { parameterCount } from '../model/config.js'
import { chooseSize, type SizeChoice } from './budget/choose-size.js'
import { Governor } from './budget/governor.js'
import { validationSteps } from './budget/validation-cost.js'
import type { CheckpointStore } from './checkpoint-store.js'
import { CheckpointWriter } from './checkpoint-writer.js'
import type { Clock } from './clock.js'
import type { Engine } from './engine.js'
import { createEvaluator, type Evaluator } from './evaluate.js'
import type { EndEvent, StartEvent, StepEvent, TrainEvent } from './events.js'
import { checkModelSettings } from './fine-tuning/start.js'
import type { StartingModel } from './fine-tuning/vocabulary.js'
import { createLearner, type Learner, type StepResult } from './learner.js'
import type { Tensors } from './optimizer/optimizer.js'
import { type Plan, planRun } from './plan.js'
import { Progress } from './progress.js'
import type { TrainingCorpus } from './training-corpus.js'

export interface TrainOptions {
  readonly corpus: TrainingCorpus
  readonly engine: Engine
  /** Any of the settings; the rest come from the preset, or without one follow from the text. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** The name of a preset: `char-rnn`. */
  readonly preset?: string
  /** Where checkpoints are saved; without it, nothing is saved. */
  readonly store?: CheckpointStore
  /** Go on from the store's checkpoint. */
  readonly resume?: boolean
  /** Start a new run even where the store holds one, and delete its files. */
  readonly overwrite?: boolean
  /**
   * The model to go on from: its cell and sizes are taken, and the weights of the symbols that it shares
   * with the corpus. `extendTokenizer` makes the tokenizer of such a corpus.
   */
  readonly from?: StartingModel
  /**
   * Layers of `from` whose weights stay as they are, except those of new symbols: `embedding`, numbers
   * of recurrent layers from 0, `head`.
   */
  readonly freeze?: readonly (string | number)[]
  /** Stops after the current step, with a checkpoint. */
  readonly signal?: AbortSignal
  /**
   * Seconds to train in: settings that are not given are chosen for this time, and the number of
   * updates is adjusted to the clock. On resume: seconds from now on; without it, the run has what is
   * left of its own budget.
   */
  readonly budget?: number
  /** Another clock, for tests. */
  readonly clock?: Clock
  /** Written into the model file. */
  readonly name?: string
  readonly prompt?: string
  readonly stop?: readonly string[]
}

/** Training has diverged when the loss exceeds this many times the first loss; char-rnn's rule. */
const DIVERGENCE_FACTOR = 3

/**
 * Trains a model. Faults of settings and corpus are reported before the first step.
 * @throws InputError for wrong settings, a resume that does not fit, or another run in the store;
 *   TrainingError for a corpus that is too small, or when training diverges (the last checkpoint is
 *   kept)
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
  const release = await options.store?.lock?.()
  try {
    yield* trainLocked(options)
  } finally {
    await release?.()
  }
}

/** Plans the run, then trains; the store is locked. */
async function* trainLocked(options: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
  const { corpus, engine, clock = () => performance.now() } = options
  const began = clock()
  const given = options.settings ?? {}
  const { threads } = engine
  checkStart(options, given)
  let plan = await planRun({ ...options, threads, settings: given })
  let choice: SizeChoice | undefined
  if (options.budget !== undefined && plan.checkpoint === undefined) {
    const { budget: seconds } = options
    choice = await chooseSize({ ...options, given, seconds, began, clock })
    yield choice.event
    plan = await planRun({ ...options, threads, settings: { ...choice.settings } })
  }
  const learner = await createLearner(engine, plan, corpus.ids)
  const session = new TrainingSession(options, plan, learner, { clock, began, choice })
  try {
    yield* session.run()
  } finally {
    await session.dispose()
  }
}

/** @throws InputError for frozen layers or settings that do not fit the model to go on from */
function checkStart(
  { from, freeze, resume }: TrainOptions,
  given: Readonly<Record<string, unknown>>,
): void {
  if (freeze && !from && !resume) {
    throw new InputError(
      'freeze',
      'Layers are to be frozen, but there is no model to go on from; random weights would stay random: give the model, or freeze nothing.',
    )
  }
  if (from && !resume) checkModelSettings(from.config, given)
}

interface SessionTime {
  readonly clock: Clock
  /** The clock's time at which this session began. */
  readonly began: number
  readonly choice: SizeChoice | undefined
}

/** The part of a run from its start, or its resumption, to its end. */
class TrainingSession {
  private readonly options: TrainOptions
  private readonly plan: Plan
  private readonly learner: Learner
  private readonly time: SessionTime
  private readonly progress: Progress
  private readonly writer: CheckpointWriter
  /** Schedule positions from one validation to the next. */
  private readonly evaluateEvery: number
  private evaluator: Evaluator | undefined
  private governor: Governor | undefined

  constructor(options: TrainOptions, plan: Plan, learner: Learner, time: SessionTime) {
    this.options = options
    this.plan = plan
    this.learner = learner
    this.time = time
    const { threads } = options.engine
    this.progress = new Progress(plan, options.corpus, { threads, ...time })
    this.writer = new CheckpointWriter(options.store, {
      progress: this.progress,
      modelBytes: () => this.modelBytes(),
      tensors: learner.checkpointTensors,
    })
    this.evaluateEvery = plan.settings.evaluateEvery || plan.split.training.batches
  }

  private createGovernor(): Governor | undefined {
    const { clock, began, choice } = this.time
    const { budget, pace, split, checkpoint } = this.plan
    if (budget === undefined) return undefined
    const run = checkpoint?.run
    return new Governor({
      ...{ clock, pace, every: this.evaluateEvery, step: this.progress.step },
      deadline: began + 1000 * (budget - (run?.seconds ?? 0)),
      secondsPerStep: choice?.secondsPerStep ?? (run?.step ? run.seconds / run.step : 0),
      validation: validationSteps(split),
    })
  }

  async *run(): AsyncGenerator<TrainEvent, void, undefined> {
    const { options, plan, progress, writer } = this
    const { config, split, pace, checkpoint } = plan
    if (split.validation) {
      const { engine, corpus } = options
      this.evaluator = await createEvaluator(engine, config, corpus.ids, split.validation)
    }
    yield this.startEvent()
    yield* plan.warnings
    if (checkpoint) yield* await writer.resumeRun(checkpoint.run)
    else await writer.startRun()
    yield* this.validateStart()
    // Created here, because it measures the speed from now on, without the compilation before.
    this.governor = this.createGovernor()
    while (progress.step < pace.steps && !progress.outOfPatience && !options.signal?.aborted) {
      yield* this.step(progress.step + 1)
    }
    if (writer.enabled && writer.savedStep !== progress.step) {
      this.checkWeights()
      await writer.saveCheckpoint()
      yield { type: 'checkpoint', step: progress.step }
    }
    yield this.endEvent()
  }

  /** One update, and the validation and checkpoint that are due after it. */
  private async *step(step: number): AsyncGenerator<TrainEvent, void, undefined> {
    const { plan, learner, progress, writer, governor } = this
    const { settings, pace } = plan
    const result = await learner.step(step, measured => this.checkStep(step, measured))
    progress.stepDone(step, result.loss)
    const { epoch, seconds } = progress
    const change = governor?.update(step)
    if (change) yield { type: 'pace', ...change }
    const { steps } = pace
    const { loss, rate, norm } = result
    await writer.writeMetrics({ step, epoch, loss, rate, norm, seconds })
    yield this.stepEvent(result)

    const due = step === steps || pace.crosses(step, this.evaluateEvery)
    const saving = writer.enabled && (due || step % settings.checkpointEvery === 0)
    if (saving || due) this.checkWeights()
    const validatedFrom = this.time.clock()
    if (due && this.evaluator) yield* this.validate(this.evaluator)
    if (saving) {
      await writer.saveCheckpoint()
      yield { type: 'checkpoint', step }
    }
    if (due) governor?.validated(step, validatedFrom)
  }

  /** Measures the model that the run goes on from, on the held-out part of the new text. */
  private async *validateStart(): AsyncGenerator<TrainEvent, void, undefined> {
    const { progress, evaluator } = this
    const { startedFrom, step } = progress
    if (!startedFrom || step > 0 || !evaluator) return
    yield* this.validate(evaluator, loss => {
      progress.startedFrom = { ...startedFrom, loss }
    })
  }

  /** @param note called with the loss before anything is saved */
  private async *validate(
    evaluator: Evaluator,
    note?: (loss: number) => void,
  ): AsyncGenerator<TrainEvent, void, undefined> {
    const { learner, progress, writer } = this
    const { step, epoch } = progress
    const validation = await evaluator.run(learner.evaluatedWeights)
    if (!Number.isFinite(validation)) {
      throw this.diverged(`The validation loss of step ${step} is not finite`)
    }
    note?.(validation)
    const best = progress.validationDone(validation)
    await writer.writeMetrics({ step, epoch, validation })
    if (best) await writer.saveBestModel()
    yield {
      type: 'evaluation',
      step,
      epoch,
      loss: validation,
      best,
      bestLoss: progress.best?.loss ?? validation,
      smoothedLoss: progress.smoothedLoss ?? validation,
      weights: learner.copyWeights,
    }
  }

  /** Runs before the weights change. @throws TrainingError when loss or gradients show divergence */
  private checkStep(step: number, { loss, norm }: StepResult): void {
    const { progress } = this
    progress.firstLoss ??= loss
    if (!Number.isFinite(loss)) throw this.diverged(`The loss of step ${step} is not a number`)
    if (!Number.isFinite(norm)) throw this.diverged(`The gradients of step ${step} are not finite`)
    // A model that predicts well may lose more than three times its first loss, and learn all the same.
    const untrained = progress.startedFrom ? Math.log(this.plan.config.vocabulary) : 0
    const first = Math.max(progress.firstLoss, untrained)
    if (loss <= DIVERGENCE_FACTOR * first) return
    const what = first === untrained ? 'that of random weights' : 'the first'
    throw this.diverged(
      `The loss of step ${step} is ${loss.toFixed(2)}, more than ${DIVERGENCE_FACTOR} times ${what} (${first.toFixed(2)})`,
    )
  }

  /** Weights that are not finite must not be validated, saved or shown as a model. */
  private checkWeights(): void {
    const { weights, average } = this.learner.checkpointTensors()
    if (allFinite(weights) && allFinite(average ?? weights)) return
    throw this.diverged(`The weights after step ${this.progress.step} are not finite`)
  }

  /** @param what a sentence without its full stop: the first sign of the divergence */
  private diverged(what: string): TrainingError {
    const { rate, clip } = this.plan.settings
    const { enabled, savedStep } = this.writer
    const kept = enabled ? ` (the checkpoint of step ${savedStep} is kept)` : ''
    const clipped = clip === 0 ? 'without clipping' : `gradients clipped at ${clip}`
    return new TrainingError(
      'diverged',
      `${what}: training diverged at the rate ${rate}, ${clipped}${kept}`,
      { way: clip === 0 ? 'clipped-training' : 'gentler-training' },
    )
  }

  private modelBytes(): Uint8Array {
    const { corpus, name, prompt, stop } = this.options
    return encodeModel({
      config: this.plan.config,
      tokenizer: corpus.tokenizer,
      weights: this.learner.evaluatedWeights,
      training: this.progress.record(),
      ...(name !== undefined && { name }),
      ...(prompt !== undefined && { prompt }),
      ...(stop !== undefined && { stop }),
    })
  }

  private startEvent(): StartEvent {
    const { settings, config, split, pace } = this.plan
    const { training, validation, unused } = split
    return {
      type: 'start',
      settings,
      config,
      parameters: parameterCount(config),
      symbols: this.options.corpus.ids.length,
      trainingSymbols: training.predictions,
      validationSymbols: validation?.predictions ?? 0,
      unusedSymbols: unused,
      batch: training.batch,
      seq: training.steps,
      batches: training.batches,
      steps: pace.steps,
      step: this.progress.step,
      nodes: this.learner.nodes,
      ...(this.progress.startedFrom && { startedFrom: this.progress.startedFrom }),
    }
  }

  private stepEvent({ loss, norm, rate }: StepResult): StepEvent {
    const { step, epoch, seconds, secondsPerStep, smoothedLoss = loss } = this.progress
    const { batch: B, steps: T } = this.plan.split.training
    const { steps } = this.plan.pace
    return {
      type: 'step',
      step,
      steps,
      epoch,
      loss,
      smoothedLoss,
      rate,
      norm,
      symbolsPerSecond: (B * T) / secondsPerStep,
      secondsLeft: secondsPerStep * (steps - step),
      seconds,
      weights: this.learner.copyWeights,
    }
  }

  private endEvent(): EndEvent {
    const { plan, progress, learner } = this
    const { step, epoch, seconds, smoothedLoss, validation, best, outOfPatience } = progress
    return {
      type: 'end',
      reason: step >= plan.pace.steps ? 'finished' : outOfPatience ? 'early' : 'aborted',
      step,
      epoch,
      seconds,
      ...(smoothedLoss !== undefined && { smoothedLoss }),
      ...(validation !== undefined && { validation }),
      ...(best !== undefined && { best }),
      config: plan.config,
      record: progress.record(),
      weights: learner.copyWeights,
    }
  }

  async dispose(): Promise<void> {
    await this.learner.dispose()
    await this.evaluator?.dispose()
  }
}

const allFinite = (tensors: Tensors): boolean =>
  [...tensors.values()].every(data => data.every(Number.isFinite))
