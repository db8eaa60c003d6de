/** From a text to numbers. */

export { reliabilityFigure } from './figures/reliability-figure.js'
export {
  FIGURE_THEMES,
  type FigureLanguage,
  type FigureOptions,
  type FigureTheme,
} from './figures/svg.js'
export { curveCsv, sweepCsv } from './figures/sweep-csv.js'
export { type SweepDrawing, type SweepFigureOptions, sweepFigure } from './figures/sweep-figure.js'
export { sweepPage } from './figures/sweep-page.js'
export { calibrateModel } from './model/calibrate.js'
export {
  type Calibration,
  calibrate,
  type Pass,
  type Reliability,
  type ReliabilityBin,
  storedLogits,
  type Visit,
} from './model/calibration.js'
export { type NgramBaseline, type NgramRequest, ngramBaseline } from './model/ngram.js'
export { type Score, type ScoreOptions, score, scoreOfParts } from './model/score.js'
export { type Reading, readText } from './model/score-text.js'
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
  figuresAt,
  PROFILE_WINDOWS,
  type Usual,
  usualAt,
  type WindowFigures,
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
export type { Settled } from './sweep/loop-stability.js'
export {
  type KeptMeasures,
  type KeptSweep,
  keptMeasures,
  writeMeasures,
} from './sweep/stored-measures.js'
export { readZones } from './sweep/stored-zones.js'
export {
  planSweep,
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
  type CorpusFigures,
  corpusFigures,
  crossing,
  findZones,
  type SweepPoint,
  type Zone,
  type ZoneName,
  type Zones,
  zoneAt,
} from './sweep/zones.js'
export { type Balance, balance, type LooseMark } from './text/balance.js'
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
