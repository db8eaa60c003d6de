/** What the trainer tells. Losses are nats a symbol; `epoch` counts passes, with its fraction. */
import type { TrainingRecord } from '../file/index.js'
import type { Bilingual } from '../knob.js'
import type { ModelConfig, Weights } from '../model/config.js'
import type { TrainSettings } from './settings.js'

export interface StartEvent {
  readonly type: 'start'
  readonly settings: TrainSettings
  readonly config: ModelConfig
  readonly parameters: number
  /** Symbols of the corpus, and how many predictions a pass makes in each part. */
  readonly symbols: number
  readonly trainingSymbols: number
  readonly validationSymbols: number
  /** At the end of the training part, filling no batch. */
  readonly unusedSymbols: number
  /** B and T as used; smaller than asked for when the corpus is small. */
  readonly batch: number
  readonly seq: number
  /** Batches in an epoch. */
  readonly batches: number
  /** Updates in the whole run. */
  readonly steps: number
  /** Updates already done; above 0 when resumed. */
  readonly step: number
  /** Nodes of the training graph. */
  readonly nodes: number
}

/** A size that was weighed for a budget of time. */
export interface SizeEstimate {
  readonly hidden: number
  readonly parameters: number
  /** That it reads in the time. */
  readonly symbols: number
}

/** What was chosen for a budget of time, before `start`. */
export interface BudgetEvent extends SizeEstimate {
  readonly type: 'budget'
  readonly seconds: number
  /** Updates, as planned now. */
  readonly steps: number
  readonly passes: number
  /** The size was given, not chosen. */
  readonly fixed: boolean
  /** The next size, which read too few symbols; absent where there is none. */
  readonly larger?: SizeEstimate
  /** Symbols a parameter that a size must read. */
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
  readonly step: number
  readonly epoch: number
  /** Validation loss. */
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
  /** early: validation got no better for as long as `patience` waits. */
  readonly reason: 'finished' | 'early' | 'aborted'
  readonly step: number
  readonly epoch: number
  readonly seconds: number
  readonly smoothedLoss?: number
  readonly validation?: { readonly loss: number; readonly step: number }
  readonly best?: { readonly loss: number; readonly step: number }
  readonly config: ModelConfig
  /** What the model file says of its training. */
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
