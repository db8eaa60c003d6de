/**
 * What `ondo train FILE` does when nothing else is said: sizes, dropout and passes that suit the
 * length of the text, so that two processor cores make a good model in some fifteen minutes at
 * most. What is asked for is stronger, and what is left follows from it: a larger model gets more
 * dropout and a lower rate. The measurements are in docs/results.md, "The defaults on five corpora".
 */
import {
  type CellKind,
  elements,
  type ModelConfig,
  parameterCount,
  tensorShapes,
} from '../model/config.js'
import { configOf, TRAIN_KNOBS, type TrainSettings, trainSettings } from './settings.js'

/** The settings that the rule sets. */
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

/** A text with fewer symbols: a pass of it in 50 streams is too few updates. */
const SHORT = 600_000

/** Symbols to read in all: at 2x256, some 12 minutes on two cores (Zen 3, 19,000 a second). */
const SYMBOLS_READ = 14_000_000
/** More passes than this teach nothing new; fewer than one is a part of the text. */
const MOST_EPOCHS = 15

/** No more is held out than this: a tenth of a large text would only be slow to read. */
const MOST_HELD_OUT = 1_000_000
/** Validations of a run with few passes, at least. */
const VALIDATIONS = 8
/** Passes without a better validation after which a run has nothing more to give. */
const PATIENCE = 6

/** Units a layer. */
function hiddenFor(symbols: number): number {
  return symbols < SHORT ? 192 : 256
}

function batchFor(symbols: number): number {
  return symbols < SHORT ? 32 : 50
}

/** The part held out: a tenth, less of a large text; two figures, so that it can be said. */
function holdoutFor(symbols: number): number {
  return Math.min(0.1, Number((MOST_HELD_OUT / symbols).toPrecision(2)))
}

/** Numbers in the cells: embedding and head grow with the vocabulary, and overfit less. */
export function cellParameters(config: ModelConfig): number {
  let outside = 0
  for (const [name, shape] of tensorShapes(config)) {
    if (!name.startsWith('rnn.')) outside += elements(shape)
  }
  return parameterCount(config) - outside
}

/**
 * Dropout by how many numbers learn from how many symbols: 0.3 where they are as many, 0.3 more for
 * ten times the numbers, in steps of 0.05 from 0 to 0.5. Few passes have little to learn by heart:
 * none at one pass, all of it from ten on.
 */
function dropoutFor(symbols: number, config: ModelConfig, passes: number): number {
  const full = 0.3 + 0.3 * Math.log10(cellParameters(config) / symbols)
  const part = Math.min(1, Math.max(0, (passes - 1) / 9))
  return Math.round(20 * part * Math.min(0.5, Math.max(0, full))) / 20
}

/**
 * AdamW's rate: 0.01 at 256 units, and against the square root of the width: wide layers want small
 * steps.
 */
function rateFor(hidden: number): number {
  return Number(Math.min(12e-3, 10e-3 * Math.sqrt(256 / hidden)).toPrecision(2))
}

/**
 * Activation regularisation. An LSTM of 2x128 has 1.549 after six passes over tiny-shakespeare and
 * 1.658 without it; GRU and plain RNN learn more slowly with it. Its temporal sibling changes nothing.
 */
function activationPenaltyFor(cell: CellKind): number {
  return cell === 'lstm' ? 1 : 0
}

/** Updates over which the rate rises: 100, a tenth of a short run. */
function warmupFor(updates: number): number {
  return Math.min(TRAIN_KNOBS.warmup.default, Math.round(updates / 10))
}

/** The settings of a run on this text: what was given, and the rule for the rest. */
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
  // A text of which a single pass takes too long is read in part.
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
    evaluateEvery: asked || passes >= VALIDATIONS / 2 ? 0 : Math.ceil(updates / VALIDATIONS),
    // Validations that somebody asked for more often than that are no reason to stop.
    patience: known.evaluateEvery === undefined ? PATIENCE : 0,
    ...known,
  })
}
