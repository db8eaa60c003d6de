/**
 * The default settings for a text: sizes, dropout and epochs by its length, so that two processor cores
 * train a good model in at most fifteen minutes. Given settings are kept, and the others follow from
 * them: a larger model gets more dropout and a lower rate. The measurements are in docs/results.md,
 * "The defaults on five corpora".
 */
import {
  type CellKind,
  elements,
  type ModelConfig,
  parameterCount,
  tensorShapes,
} from '../model/config.js'
import { configOf, TRAIN_KNOBS, type TrainSettings, trainSettings } from './settings.js'

/** The settings whose defaults depend on the text. */
export const TEXT_DEPENDENT_SETTINGS = [
  'hidden',
  'dropout',
  'ar',
  'batch',
  'epochs',
  'steps',
  'holdout',
  'rate',
  'warmup',
  'evaluateEvery',
  'patience',
] as const satisfies readonly (keyof TrainSettings)[]

/** Below this number of symbols a text is short: an epoch in 50 streams has too few updates. */
const SHORT_TEXT = 600_000

/** Symbols read in a whole run: at 2x256, about 12 minutes on two cores (Zen 3, 19,000 a second). */
const SYMBOLS_READ = 14_000_000
/** More epochs than this do not improve a model. */
const MOST_EPOCHS = 15

/** Held-out symbols at most: validating on a tenth of a large text would only be slow. */
const MOST_HELD_OUT = 1_000_000
/** Validations of a run with few epochs, at least. */
const MIN_VALIDATIONS = 8
/** Validations without improvement after which a run ends. */
const PATIENCE = 6

/** Units in each layer. */
function hiddenFor(symbols: number): number {
  return symbols < SHORT_TEXT ? 192 : 256
}

function batchFor(symbols: number): number {
  return symbols < SHORT_TEXT ? 32 : 50
}

/** The fraction held out: a tenth, less of a large text; rounded to two digits for display. */
function holdoutFor(symbols: number): number {
  return Math.min(0.1, Number((MOST_HELD_OUT / symbols).toPrecision(2)))
}

/** Parameters of the cells, without embedding and head, which grow with the vocabulary and overfit less. */
export function cellParameters(config: ModelConfig): number {
  let outside = 0
  for (const [name, shape] of tensorShapes(config)) {
    if (!name.startsWith('rnn.')) outside += elements(shape)
  }
  return parameterCount(config) - outside
}

/**
 * Dropout by the ratio of cell parameters to symbols: 0.3 at a ratio of 1, 0.3 more for a ratio of 10, in
 * steps of 0.05 from 0 to 0.5. Few epochs overfit less: no dropout at one epoch, all of it from ten on.
 */
function dropoutFor(symbols: number, config: ModelConfig, passes: number): number {
  const full = 0.3 + 0.3 * Math.log10(cellParameters(config) / symbols)
  const part = Math.min(1, Math.max(0, (passes - 1) / 9))
  return Math.round(20 * part * Math.min(0.5, Math.max(0, full))) / 20
}

/**
 * AdamW's learning rate: 0.01 at 256 units, in inverse proportion to the square root of the width.
 */
function rateFor(hidden: number): number {
  return Number(Math.min(12e-3, 10e-3 * Math.sqrt(256 / hidden)).toPrecision(2))
}

/**
 * Activation regularisation. After six epochs on tiny-shakespeare, an LSTM of 2x128 has a loss of 1.549,
 * and 1.658 without it; GRU and plain RNN learn more slowly with it. Its temporal form (`tar`) has no
 * effect.
 */
function activationPenaltyFor(cell: CellKind): number {
  return cell === 'lstm' ? 1 : 0
}

/** Number of warm-up updates: 100, or a tenth of a short run. */
function warmupFor(updates: number): number {
  return Math.min(TRAIN_KNOBS.warmup.default, Math.round(updates / 10))
}

/** The settings of a run on this text: the given ones, and defaults by the text for the rest. */
export function settingsFor(
  text: { readonly symbols: number; readonly vocabulary: number },
  given: Readonly<Record<string, unknown>>,
): TrainSettings {
  const { symbols, vocabulary } = text
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const sizes = trainSettings({
    hidden: hiddenFor(symbols),
    batch: batchFor(symbols),
    holdout: holdoutFor(symbols),
    ...known,
  })
  const { batch, seq, hidden, holdout } = sizes
  const learned = Math.max(1, symbols * (1 - holdout))
  const batches = Math.max(1, learned / (batch * seq))
  const asked = known.steps !== undefined || known.epochs !== undefined
  const long = SYMBOLS_READ / learned
  // When a single epoch would take too long, only a part of the text is read.
  const length = asked
    ? { epochs: sizes.epochs, steps: sizes.steps }
    : long < 0.75
      ? { epochs: 1, steps: Math.round(SYMBOLS_READ / (batch * seq)) }
      : { epochs: Math.min(MOST_EPOCHS, Math.max(1, Math.round(long))), steps: 0 }
  const updates = length.steps || length.epochs * batches
  const passes = updates / batches
  return trainSettings({
    ...sizes,
    ...length,
    dropout: dropoutFor(learned, configOf(sizes, vocabulary), passes),
    ar: activationPenaltyFor(sizes.cell),
    ...(sizes.optimizer === 'adamw' && { rate: rateFor(hidden) }),
    warmup: warmupFor(updates),
    evaluateEvery:
      asked || passes >= MIN_VALIDATIONS / 2 ? 0 : Math.ceil(updates / MIN_VALIDATIONS),
    // With a given interval, the run does not end early: patience counts validations, not epochs.
    patience: known.evaluateEvery === undefined ? PATIENCE : 0,
    ...known,
  })
}
