/** The events of the trainer. Losses are in nats a symbol; `epoch` includes the fraction of an epoch. */
import type { StartRecord, TrainingRecord } from '../file/index.js'
import type { Bilingual } from '../knob.js'
import type { ModelConfig, Weights } from '../model/config.js'
import type { TrainSettings } from './settings.js'

export interface StartEvent {
  readonly type: 'start'
  readonly settings: TrainSettings
  readonly config: ModelConfig
  readonly parameters: number
  /** Symbols of the corpus. */
  readonly symbols: number
  /** Predictions of one epoch in each part. */
  readonly trainingSymbols: number
  readonly validationSymbols: number
  /** Symbols at the end of the training part that do not fill a batch. */
  readonly unusedSymbols: number
  /** B and T; reduced for a small corpus. */
  readonly batch: number
  readonly seq: number
  /** Batches in an epoch. */
  readonly batches: number
  /** Updates in the whole run. */
  readonly steps: number
  /** Updates done; above 0 in a resumed run. */
  readonly step: number
  /** Number of nodes of the training graph. */
  readonly nodes: number
  /** The model that the run went on from. */
  readonly startedFrom?: StartRecord
}

/** A candidate size for a time budget. */
export interface SizeEstimate {
  readonly hidden: number
  readonly parameters: number
  /** Symbols that a model of this size can read in the time. */
  readonly symbols: number
}

/** The choice for a time budget; comes before `start`. */
export interface BudgetEvent extends SizeEstimate {
  readonly type: 'budget'
  readonly seconds: number
  /** Planned number of updates. */
  readonly steps: number
  readonly passes: number
  /** The size was given and not chosen. */
  readonly fixed: boolean
  /** The next larger size, which would read too few symbols; absent when there is none. */
  readonly larger?: SizeEstimate
  /** Symbols for each parameter that a size must be able to read. */
  readonly symbolsPerParameter: number
}

/** The clock changed the number of updates. */
export interface PaceEvent {
  readonly type: 'pace'
  readonly step: number
  /** Updates in the whole run, from now on. */
  readonly steps: number
}

export interface StepEvent {
  readonly type: 'step'
  readonly step: number
  readonly steps: number
  readonly epoch: number
  readonly loss: number
  readonly smoothedLoss: number
  readonly rate: number
  /** Norm of all gradients before clipping. */
  readonly norm: number
  readonly symbolsPerSecond: number
  readonly secondsLeft: number
  readonly seconds: number
  /** A copy of the weights as they are now, to sample from. */
  weights(): Weights
}

export interface EvaluationEvent {
  readonly type: 'evaluation'
  /** Updates done; 0 for the loss of the model that the run goes on from. */
  readonly step: number
  readonly epoch: number
  /** Validation loss, nats a symbol. */
  readonly loss: number
  readonly best: boolean
  readonly bestLoss: number
  readonly smoothedLoss: number
  weights(): Weights
}

export interface CheckpointEvent {
  readonly type: 'checkpoint'
  readonly step: number
}

export interface WarningEvent {
  readonly type: 'warning'
  readonly code: string
  readonly message: Bilingual
}

export interface EndEvent {
  readonly type: 'end'
  /** early: validation has not improved for `patience` validations. */
  readonly reason: 'finished' | 'early' | 'aborted'
  readonly step: number
  readonly epoch: number
  readonly seconds: number
  readonly smoothedLoss?: number
  readonly validation?: { readonly loss: number; readonly step: number }
  readonly best?: { readonly loss: number; readonly step: number }
  readonly config: ModelConfig
  /** The training record of the model file. */
  readonly record: TrainingRecord
  weights(): Weights
}

export type TrainEvent =
  | BudgetEvent
  | PaceEvent
  | StartEvent
  | StepEvent
  | EvaluationEvent
  | CheckpointEvent
  | WarningEvent
  | EndEvent
