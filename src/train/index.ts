/** Training: corpus, settings, engine, train, checkpoint. */

export { fitBatch, type IdSource, type Split, type SplitKind, splitCorpus } from './batches.js'
export { parseBudget } from './budget/parse-budget.js'
export { FORWARD_COST } from './budget/validation-cost.js'
export { FILES, type Run, readCheckpoint } from './checkpoint.js'
export { type CheckpointStore, memoryStore } from './checkpoint-store.js'
export type { Clock } from './clock.js'
export { settingsFor, TEXT_DEPENDENT_SETTINGS } from './defaults.js'
export {
  DYNAMIC_KNOBS,
  type DynamicModel,
  type DynamicReader,
  type DynamicSettings,
  dynamicReader,
  dynamicSettings,
} from './dynamic-evaluation.js'
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type OrtLike,
  type Program,
} from './engine.js'
export type {
  BudgetEvent,
  CheckpointEvent,
  EndEvent,
  EvaluationEvent,
  PaceEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  WarningEvent,
} from './events.js'
export { type LayerName, layerNames } from './fine-tuning/frozen.js'
export {
  type ExtendOptions,
  extendTokenizer,
  type StartingModel,
} from './fine-tuning/vocabulary.js'
export { planStart, type Start } from './fine-tuning/start.js'
export { type ScratchOptions, trainFromScratch } from './fine-tuning/scratch.js'
export {
  configOf,
  embeddingWidth,
  PRESETS,
  TRAIN_KNOBS,
  type TrainSettings,
  trainSettings,
} from './settings.js'
export { type TrainOptions, train } from './trainer.js'
export { type TrainingCorpus, trainingCorpus } from './training-corpus.js'
