/** Measures of models and texts: the entry `ondo/measure`. */

// Loss, surprisal and entropy of a text under a model.

export { type Score, type ScoreOptions, score, scoreOfParts } from './model/score.js'
export { type SymbolScores, scoreSymbols } from './model/score-symbols.js'

// The n-gram baseline: how well counting alone predicts a text.

export { type NgramBaseline, type NgramRequest, ngramBaseline } from './model/ngram.js'

// Calibration: the temperature T* with the smallest loss on held-out text, and the reliability.

export { calibrateModel } from './model/calibrate-model.js'
export {
  type Calibration,
  calibrate,
  type PredictionPass,
  type PredictionVisitor,
  type Reliability,
  type ReliabilityBin,
  passOverLogits,
} from './model/calibration.js'

// Measures of a text alone: repetition, distinct n-grams, loops, balance of brackets and quotes.

export { type Balance, balance, type UnmatchedMark } from './text/balance.js'
export { codePoints } from './text/characters.js'
export { loopShare, type MeasureOptions, type Measures, measureText } from './text/measures.js'
export { distinct, REPETITION_LENGTH, repetition } from './text/repetition.js'
export { letterRuns, type Word, wordsOf } from './text/segment-words.js'

// Measures of a text against its training text: novelty and spelling.

export { COPIED_LENGTH, type CopiedRun, CorpusIndex, type Novelty } from './text/novelty.js'
export { type Spelling, spelling, type UnknownShare, unknownWords } from './text/spelling.js'
export {
  buildSpellingFilter,
  type FilterOptions,
  SpellingFilter,
  type SpellingFilterJson,
  type SpellingSet,
  type SpellingUnit,
} from './text/spelling-filter.js'

// The sweep over temperatures and seeds: its grid, its texts, its curves.

export {
  type CurvePoint,
  curve,
  type Spread,
  SWEEP_MEASURES,
  type SweepCell,
  type SweepMeasure,
  type SweepText,
} from './sweep/curve.js'
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
  parseTemperatures,
} from './sweep/temperature-list.js'

// Loops at T = 0: the proof that one never ends, and its stability where there is no proof.

export { type LoopProof, LoopProver } from './sweep/loop-proof.js'
export type { LoopStability } from './sweep/loop-stability.js'

// The statistics of a corpus, and the zones in which a model loops, reads like the corpus, or breaks.

export {
  type CorpusProfile,
  corpusProfile,
  corpusStatisticsAt,
  PROFILE_WINDOWS,
  type TypicalRange,
  type WindowStatistics,
  windowStatisticsAt,
} from './sweep/corpus-profile.js'
export { readZones } from './sweep/stored-zones.js'
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

// Aim: the temperature at which a measure has a given mean.

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

// The measures that a model file contains.

export {
  encodeMeasures,
  type StoredMeasures,
  type StoredSweep,
  storedMeasures,
} from './sweep/stored-measures.js'

// Figures, tables and pages of sweeps and calibrations.

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

// The statistics behind the measures.

export {
  bootstrapInterval,
  type ConfidenceInterval,
  isotonicRegression,
  mean,
  median,
  medianInterval,
  quantile,
} from './statistics.js'
