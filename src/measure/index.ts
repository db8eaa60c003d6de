/** From a text to numbers. */

export {
  AIMS,
  type AimEvent,
  type AimMeasure,
  type AimOptions,
  type AimResult,
  type AimStep,
  aim,
  type MeanEstimate,
} from './aim.js'
export { type Balance, balance, type LooseMark } from './balance.js'
export { calibrateModel } from './calibrate-model.js'
export {
  type Calibration,
  calibrate,
  type Pass,
  type Reliability,
  type ReliabilityBin,
  storedLogits,
  type Visit,
} from './calibration.js'
export { codePoints } from './characters.js'
export {
  type CurvePoint,
  curve,
  type Spread,
  SWEEP_MEASURES,
  type SweepCell,
  type SweepMeasure,
  type SweepText,
} from './curve.js'
export {
  FIGURE_THEMES,
  type FigureLanguage,
  type FigureOptions,
  type FigureTheme,
} from './figure.js'
export {
  buildSpellingFilter,
  type FilterOptions,
  SpellingFilter,
  type SpellingFilterJson,
  type SpellingSet,
  type SpellingUnit,
} from './filter.js'
export { type KeptMeasures, type KeptSweep, keptMeasures, writeMeasures } from './kept.js'
export { type LoopProof, LoopProver } from './loop-proof.js'
export { loopShare, type MeasureOptions, type Measures, measureText } from './measures.js'
export { type NgramBaseline, type NgramRequest, ngramBaseline } from './ngram.js'
export { COPIED_LENGTH, type CopiedRun, CorpusIndex, type Novelty } from './novelty.js'
export {
  type CorpusProfile,
  corpusProfile,
  figuresAt,
  PROFILE_WINDOWS,
  type Usual,
  usualAt,
  type WindowFigures,
} from './profile.js'
export { type Reading, readText } from './read-text.js'
export { reliabilityFigure } from './reliability-figure.js'
export { distinct, REPETITION_LENGTH, repetition } from './repetition.js'
export { type Score, type ScoreOptions, type Stretch, score, scoreOfParts } from './score.js'
export type { Settled } from './settled.js'
export { type Spelling, spelling, type UnknownShare, unknownWords } from './spelling.js'
export {
  bootstrapInterval,
  type Interval as ConfidenceInterval,
  isotonicRegression,
  mean,
  median,
  medianInterval,
  quantile,
} from './statistics.js'
export {
  planSweep,
  type SweepEvent,
  type SweepOptions,
  type SweepResult,
  type SweepTextOptions,
  sweep,
  sweepResult,
  sweepText,
} from './sweep.js'
export { type SweepDrawing, type SweepFigureOptions, sweepFigure } from './sweep-figure.js'
export { sweepPage } from './sweep-page.js'
export { curveCsv, sweepCsv } from './sweep-table.js'
export { DEFAULT_TEMPERATURES, parseTemperatures, writeTemperature } from './temperatures.js'
export { letterRuns, type Word, wordsOf } from './words.js'
export {
  type Border,
  breakingRate,
  type CorpusFigures,
  corpusFigures,
  crossing,
  findZones,
  type SweepPoint,
  type Zone,
  type ZoneName,
  type Zones,
  zoneAt,
} from './zones.js'
