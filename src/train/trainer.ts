/**
 * The trainer: steps, validates, saves, and tells what happens as events. It prints nothing.
 * Evaluating, saving, being looked at and being stopped change nothing of what is learned; a
 * resumed run is the same run.
 */
import { TrainingError } from '../errors.js'
import { encodeModel } from '../file/index.js'
import { parameterCount } from '../model/config.js'
import {
  type Choice,
  type Clock,
  chooseFor,
  Governor,
  validationSteps,
} from './budget/choose-size.js'
import type { CheckpointStore } from './checkpoint-store.js'
import { Journal } from './checkpoint-writer.js'
import type { TrainingCorpus } from './corpus.js'
import type { Engine } from './engine.js'
import { type Evaluator, evaluator } from './evaluate.js'
import type { StartEvent, TrainEvent } from './events.js'
import { createLearner, type Learner, type Measured } from './learner.js'
import type { Tensors } from './optimizer/optimizer.js'
import { type Plan, planRun } from './plan.js'
import { Progress } from './progress.js'

export interface TrainOptions {
  readonly corpus: TrainingCorpus
  readonly engine: Engine
  /** Any of the settings; the rest come from the preset, or without one follow from the text. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** `char-rnn`, or none. */
  readonly preset?: string
  /** Where checkpoints go; nowhere when left out. */
  readonly store?: CheckpointStore
  /** Go on from the store's checkpoint. */
  readonly resume?: boolean
  /** Begin anew even where the store holds a run; its files go. */
  readonly overwrite?: boolean
  /** Stops after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal
  /**
   * Seconds to train in: what is not given is chosen for them, and the number of updates follows the
   * clock. On resume: from now on; without it, what the run has left of its own.
   */
  readonly budget?: number
  /** For tests: milliseconds from any moment on. */
  readonly clock?: Clock
  /** For the model file. */
  readonly name?: string
  readonly prompt?: string
  readonly stop?: readonly string[]
}

/** char-rnn's rule: a loss above three times the first has run away. */
const EXPLOSION = 3

/**
 * Trains a model. Everything wrong with settings or corpus is said before the first step.
 * @throws InputError for settings, or a resume that doesn't fit; TrainingError for a corpus too
 *   small, or a loss that runs away (the last checkpoint is kept)
 * @throws InputError when another run is going on in the store
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
  const release = await options.store?.hold?.()
  try {
    yield* trainHeld(options)
  } finally {
    await release?.()
  }
}

async function* trainHeld(options: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
  const { corpus, engine, store, signal, preset, clock = () => performance.now() } = options
  const began = clock()
  const given = options.settings ?? {}
  const { threads } = engine
  let plan = await planRun({ ...options, threads, settings: given })
  let chosen: Choice | undefined
  if (options.budget !== undefined && plan.checkpoint === undefined) {
    const { budget: seconds } = options
    chosen = await chooseFor({ corpus, engine, given, preset, seconds, began, clock })
    yield chosen.event
    plan = await planRun({ ...options, threads, settings: { ...chosen.settings } })
  }
  const { settings, config, split, pace, budget } = plan
  const { batch: B, steps: T, batches } = split.training
  const learner = await createLearner(engine, plan, corpus.ids)
  const progress = new Progress(plan, corpus, { threads, clock, began })
  const journal = new Journal(store, {
    progress,
    modelBytes: () => modelBytes(options, plan, learner, progress),
    holds: learner.holds,
  })
  let evaluate: Evaluator | undefined

  const check = (measured: Measured): void => {
    const step = progress.step + 1
    progress.firstLoss ??= measured.loss
    const { loss, norm } = measured
    if (Number.isFinite(norm) && loss <= EXPLOSION * progress.firstLoss) return
    throw ranAway(lossOrNorm(step, measured, progress), plan, journal)
  }
  /** What is not finite must not be validated against, saved or shown as a model. */
  const checkWeights = (): void => {
    const { weights, average } = learner.holds()
    if (allFinite(weights) && allFinite(average ?? weights)) return
    throw ranAway(`The weights after step ${progress.step} are not finite`, plan, journal)
  }

  try {
    if (split.validation) {
      evaluate = await evaluator(engine, config, corpus.ids, split.validation)
    }
    yield startEvent(corpus, plan, learner, progress)
    yield* plan.warnings
    if (plan.checkpoint) yield* await journal.goOn(plan.checkpoint.run)
    else await journal.begin()

    const every = settings.evaluateEvery || batches
    const { run } = plan.checkpoint ?? {}
    const governor =
      budget === undefined
        ? undefined
        : new Governor({
            ...{ clock, pace, every, step: progress.step },
            deadline: began + 1000 * (budget - (run?.seconds ?? 0)),
            secondsPerStep: chosen?.secondsPerStep ?? (run?.step ? run.seconds / run.step : 0),
            validation: validationSteps(split),
          })
    while (progress.step < pace.steps && !progress.exhausted && !signal?.aborted) {
      const step = progress.step + 1
      const { loss, norm, rate } = await learner.step(step, check)
      progress.took(step, loss)
      const { epoch, seconds, secondsPerStep } = progress
      const smoothedLoss = progress.smoothedLoss ?? loss
      const turn = governor?.look(step)
      if (turn) yield { type: 'pace', ...turn }
      const { steps } = pace
      await journal.note({ step, epoch, loss, rate, norm, seconds })
      yield {
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
        weights: learner.copyWeights,
      }

      const due = step === steps || pace.passes(step, every)
      const saving = journal.keeps && (due || step % settings.checkpointEvery === 0)
      if (saving || due) checkWeights()
      const validatedFrom = clock()
      if (evaluate && due) {
        const validation = await evaluate.run(learner.shown)
        if (!Number.isFinite(validation)) {
          throw ranAway(`The validation loss of step ${step} is not finite`, plan, journal)
        }
        const best = progress.validated(validation)
        await journal.note({ step, epoch, validation })
        if (best) await journal.saveBest()
        yield {
          type: 'evaluation',
          step,
          epoch,
          loss: validation,
          best,
          bestLoss: progress.best?.loss ?? validation,
          smoothedLoss,
          weights: learner.copyWeights,
        }
      }
      if (saving) {
        await journal.save()
        yield { type: 'checkpoint', step }
      }
      if (due) governor?.validated(step, validatedFrom)
    }

    const { step, epoch, seconds, smoothedLoss, validation, best } = progress
    if (journal.keeps && journal.saved !== step) {
      checkWeights()
      await journal.save()
      yield { type: 'checkpoint', step }
    }
    yield {
      type: 'end',
      reason: step >= pace.steps ? 'finished' : progress.exhausted ? 'early' : 'aborted',
      step,
      epoch,
      seconds,
      ...(smoothedLoss !== undefined && { smoothedLoss }),
      ...(validation !== undefined && { validation }),
      ...(best !== undefined && { best }),
      config,
      record: progress.record(),
      weights: learner.copyWeights,
    }
  } finally {
    await learner.dispose()
    await evaluate?.dispose()
  }
}

function startEvent(
  { ids }: TrainingCorpus,
  { settings, config, split, pace: { steps } }: Plan,
  { nodes }: Learner,
  { step }: Progress,
): StartEvent {
  const { training, validation, unused } = split
  return {
    type: 'start',
    settings,
    config,
    parameters: parameterCount(config),
    symbols: ids.length,
    trainingSymbols: training.predictions,
    validationSymbols: validation?.predictions ?? 0,
    unusedSymbols: unused,
    batch: training.batch,
    seq: training.steps,
    batches: training.batches,
    steps,
    step,
    nodes,
  }
}

function modelBytes(
  { corpus, name, prompt, stop }: TrainOptions,
  { config }: Plan,
  { shown }: Learner,
  progress: Progress,
): Uint8Array {
  return encodeModel({
    config,
    tokenizer: corpus.tokenizer,
    weights: shown,
    training: progress.record(),
    ...(name !== undefined && { name }),
    ...(prompt !== undefined && { prompt }),
    ...(stop !== undefined && { stop }),
  })
}

const allFinite = (tensors: Tensors): boolean =>
  [...tensors.values()].every(data => data.every(Number.isFinite))

/** What of a step's measures says that training ran away. */
function lossOrNorm(step: number, { loss, norm }: Measured, { firstLoss }: Progress): string {
  const at = `step ${step}`
  if (!Number.isFinite(loss)) return `The loss of ${at} is not a number`
  if (!Number.isFinite(norm)) return `The gradients of ${at} are not finite`
  return `The loss of ${at} is ${loss.toFixed(2)}, more than ${EXPLOSION} times the first (${firstLoss?.toFixed(2)})`
}

/** @param what a sentence without its end: the first thing that was seen of it */
function ranAway(what: string, { settings }: Plan, { keeps, saved }: Journal): TrainingError {
  const kept = keeps ? ` (the checkpoint of step ${saved} is kept)` : ''
  const clipped = settings.clip === 0 ? 'without clipping' : `gradients clipped at ${settings.clip}`
  return new TrainingError(
    'diverged',
    `${what}: training ran away at the rate ${settings.rate}, ${clipped}${kept}`,
    { way: settings.clip === 0 ? 'clipped-training' : 'gentler-training' },
  )
}
