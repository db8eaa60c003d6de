/** From a text to numbers. */

export { reliabilityFigure } from './figures/reliability-figure.js'
export {
  FIGURE_THEMES,
  type FigureLanguage,
  type FigureOptions,
  type FigureTheme,
} from './figures/svg.js'
export { curveCsv, sweepCsv } from './figures/sweep-csv.js'
export {
  type SweepFigureData,
  type SweepFigureOptions,
  sweepFigure,
} from './figures/sweep-figure.js'
export { sweepPage } from './figures/sweep-page.js'
export { calibrateModel } from './model/calibrate-model.js'
export {
  type Calibration,
  calibrate,
  type PredictionPass,
  type PredictionVisitor,
  type Reliability,
  type ReliabilityBin,
  storedLogits,
} from './model/calibration.js'
export { type NgramBaseline, type NgramRequest, ngramBaseline } from './model/ngram.js'
export { type Score, type ScoreOptions, score, scoreOfParts } from './model/score.js'
export { type SymbolScores, scoreSymbols } from './model/score-symbols.js'
export {
  bootstrapInterval,
  type ConfidenceInterval,
  isotonicRegression,
  mean,
  median,
  medianInterval,
  quantile,
} from './statistics.js'
export {
  AIM_SEED,
  AIMS,
  type AimEvent,
  type AimMeasure,
  type AimOptions,
  type AimResult,
  type AimStep,
  aim,
  type MeanEstimate,
} from './sweep/aim.js'
export {
  type CorpusProfile,
  corpusProfile,
  corpusStatisticsAt,
  PROFILE_WINDOWS,
  type TypicalRange,
  type WindowStatistics,
  windowStatisticsAt,
} from './sweep/corpus-profile.js'
export {
  type CurvePoint,
  curve,
  type Spread,
  SWEEP_MEASURES,
  type SweepCell,
  type SweepMeasure,
  type SweepText,
} from './sweep/curve.js'
export { type LoopProof, LoopProver } from './sweep/loop-proof.js'
export type { LoopStability } from './sweep/loop-stability.js'
export {
  encodeMeasures,
  type StoredMeasures,
  type StoredSweep,
  storedMeasures,
} from './sweep/stored-measures.js'
export { readZones } from './sweep/stored-zones.js'
export {
  planSweep,
  SWEEP_LENGTH,
  SWEEP_SEEDS,
  type SweepEvent,
  type SweepOptions,
  type SweepResult,
  type SweepTextOptions,
  sweep,
  sweepResult,
  sweepText,
} from './sweep/sweep.js'
export {
  DEFAULT_TEMPERATURES,
  formatTemperature,
  parseTemperatures,
} from './sweep/temperature-list.js'
export {
  type Border,
  breakingRate,
  type CorpusStatistics,
  corpusStatistics,
  crossing,
  findZones,
  type SweepPoint,
  type Zone,
  type ZoneName,
  type Zones,
  zoneAt,
} from './sweep/zones.js'
export { type Balance, balance, type UnmatchedMark } from './text/balance.js'
export { codePoints } from './text/characters.js'
export { loopShare, type MeasureOptions, type Measures, measureText } from './text/measures.js'
export { COPIED_LENGTH, type CopiedRun, CorpusIndex, type Novelty } from './text/novelty.js'
export { distinct, REPETITION_LENGTH, repetition } from './text/repetition.js'
export { letterRuns, type Word, wordsOf } from './text/segment-words.js'
export { type Spelling, spelling, type UnknownShare, unknownWords } from './text/spelling.js'
export {
  buildSpellingFilter,
  type FilterOptions,
  SpellingFilter,
  type SpellingFilterJson,
  type SpellingSet,
  type SpellingUnit,
} from './text/spelling-filter.js'
