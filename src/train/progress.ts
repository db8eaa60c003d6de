/** The progress of a run, as its checkpoint, metrics and model file record it. */
import type { StartRecord, TrainingRecord } from '../file/index.js'
import { VERSION } from '../version.js'
import type { Run } from './checkpoint.js'
import type { Clock } from './clock.js'
import type { Plan } from './plan.js'
import type { TrainingCorpus } from './training-corpus.js'

/** Decay of the smoothed loss: a mean over about 50 steps. */
const SMOOTHING = 0.98

export class Progress {
  step: number
  firstLoss: number | undefined
  smoothedLoss: number | undefined
  best: Run['best']
  /** `weightsHash` of the best model file. */
  bestHash: string | undefined
  validation: Run['validation']
  /** Number of validations since the best one. */
  stale: number
  /** The model that the run went on from, with its loss once it is measured. */
  startedFrom: StartRecord | undefined
  private readonly plan: Plan
  private readonly corpus: TrainingCorpus
  private readonly threads: number
  private readonly firstStep: number
  private readonly firstStepAt: number
  private readonly secondsBefore: number
  private readonly clock: Clock
  private readonly began: number

  /** @param options began: when the time of this session began to count, on the clock */
  constructor(
    plan: Plan,
    corpus: TrainingCorpus,
    { threads, clock, began }: { threads: number; clock: Clock; began: number },
  ) {
    this.clock = clock
    this.began = began
    this.firstStepAt = clock()
    this.plan = plan
    this.corpus = corpus
    this.threads = threads
    const run = plan.checkpoint?.run
    this.step = run?.step ?? 0
    this.firstStep = this.step
    this.firstLoss = run?.firstLoss
    this.smoothedLoss = run?.smoothedLoss
    this.best = run?.best
    this.bestHash = run?.bestHash
    this.validation = run?.validation
    this.stale = run?.stale ?? 0
    this.startedFrom = plan.startedFrom
    this.secondsBefore = run?.seconds ?? 0
  }

  /** Epochs done, with the fraction of the current one. */
  get epoch(): number {
    return this.step / this.plan.split.training.batches
  }

  /** Seconds over all sessions. */
  get seconds(): number {
    return this.secondsBefore + this.secondsHere
  }

  private get secondsHere(): number {
    return (this.clock() - this.began) / 1000
  }

  /** Mean seconds of a step in this session, including validations and checkpoints. */
  get secondsPerStep(): number {
    const seconds = (this.clock() - this.firstStepAt) / 1000
    return seconds / Math.max(1, this.step - this.firstStep)
  }

  stepDone(step: number, loss: number): void {
    this.step = step
    this.smoothedLoss =
      this.smoothedLoss === undefined
        ? loss
        : SMOOTHING * this.smoothedLoss + (1 - SMOOTHING) * loss
  }

  /** @returns whether this is the lowest validation loss so far */
  validationDone(loss: number): boolean {
    this.validation = { loss, step: this.step }
    if (this.best !== undefined && loss >= this.best.loss) {
      this.stale++
      return false
    }
    this.best = this.validation
    this.stale = 0
    return true
  }

  /** Validation has not improved for as long as `patience` allows. */
  get outOfPatience(): boolean {
    const { patience } = this.plan.settings
    return patience > 0 && this.stale >= patience
  }

  /** Makes the next validation the best one; used when the file of the best model is lost. */
  forgetBest(): void {
    this.best = undefined
    this.bestHash = undefined
  }

  /** The run for a checkpoint. @param metrics length of metrics.jsonl in bytes, and their CRC-32 */
  run(metrics: { readonly length: number; readonly sum: number }): Run {
    const { firstLoss, smoothedLoss, best, bestHash, validation } = this
    return {
      settings: this.plan.settings,
      corpus: {
        hash: this.corpus.hash,
        size: this.corpus.ids.length,
        ...(this.corpus.name !== undefined && { name: this.corpus.name }),
      },
      tokenizer: JSON.stringify(this.corpus.tokenizer),
      threads: this.threads,
      step: this.step,
      ...(firstLoss !== undefined && { firstLoss }),
      ...(smoothedLoss !== undefined && { smoothedLoss }),
      ...(best !== undefined && { best }),
      ...(bestHash !== undefined && { bestHash }),
      ...(validation !== undefined && { validation }),
      ...(this.plan.pace.changes.length > 0 && { pace: this.plan.pace.changes }),
      ...(this.plan.budget !== undefined && { budget: this.plan.budget }),
      ...(this.stale > 0 && { stale: this.stale }),
      ...(this.startedFrom && { startedFrom: this.startedFrom, config: this.plan.config }),
      seconds: this.seconds,
      metricsBytes: metrics.length,
      metricsSum: metrics.sum,
    }
  }

  record(): TrainingRecord {
    const { settings } = this.plan
    return {
      ...(this.corpus.name !== undefined && { corpus: this.corpus.name }),
      corpusHash: this.corpus.hash,
      corpusSize: this.corpus.ids.length,
      split: settings.split,
      seed: settings.seed,
      settings: { ...settings },
      epochs: this.epoch,
      steps: this.step,
      ...(this.smoothedLoss !== undefined && { trainLoss: this.smoothedLoss }),
      ...(this.validation !== undefined && { validationLoss: this.validation.loss }),
      seconds: this.seconds,
      version: VERSION,
      ...(this.startedFrom && { startedFrom: this.startedFrom }),
    }
  }
}
