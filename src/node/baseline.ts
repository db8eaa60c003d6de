/** The n-gram of a corpus, counted on the part that a network trains on and scored on its held-out part. */
import { InputError } from '../errors.js'
import { type NgramBaseline, ngramBaseline } from '../measure/model/ngram.js'
import type { Ids } from '../text/index.js'
import { dataParts, splitHeldOut } from '../train/data-parts.js'
import type { IdSource, SplitKind } from '../train/index.js'

/** The settings of training that say which part of the text is held out. */
export interface SplitSettings {
  readonly split: SplitKind
  readonly holdout: number
  readonly batch: number
  readonly seq: number
}

/** The best n-gram by validation loss; undefined where nothing is trained on or nothing is held out. */
export function validationBaseline(
  ids: IdSource,
  vocabulary: number,
  { split: kind, holdout, batch, seq: steps }: SplitSettings,
): NgramBaseline | undefined {
  const parts = dataParts(ids.length, { kind, holdout, batch, steps })
  if (parts.heldOut.length === 0 || parts.training.length === 0) return undefined
  return ngramBaseline(ids.subarray(0, ids.length), { ...parts, vocabulary })
}

/** Seconds that `validationBaseline` takes, roughly: measured 2 to 2.5 microseconds a symbol on Zen 3. */
const baselineSeconds = (symbols: number): number => symbols * 3e-6

/**
 * Counting may take this part of the time that training takes. A short count is always made:
 * otherwise the comparison would depend on the speed of the machine.
 */
const SHARE_OF_TRAINING = 0.1
/** Seconds. */
const SHORT_COUNT = 0.25
/** Symbols; a longer text is not counted. */
const LONGEST_COUNTED = 10_000_000

/** Whether counting so many symbols is quick compared with training for so many seconds. */
export const isQuickBaseline = (symbols: number, trainingSeconds: number): boolean =>
  symbols <= LONGEST_COUNTED &&
  baselineSeconds(symbols) <= Math.max(SHORT_COUNT, SHARE_OF_TRAINING * trainingSeconds)

export interface TimedBaseline {
  readonly baseline: NgramBaseline | undefined
  /** How many times longer counting took here than `baselineSeconds` says; at least 1. */
  readonly slowness: number
}

export function timedBaseline(
  ids: IdSource,
  vocabulary: number,
  settings: SplitSettings,
): TimedBaseline {
  const began = performance.now()
  const baseline = validationBaseline(ids, vocabulary, settings)
  const seconds = (performance.now() - began) / 1000
  return { baseline, slowness: Math.max(1, seconds / baselineSeconds(ids.length)) }
}

export interface TestedBaseline {
  readonly best: NgramBaseline
  /** Loss in nats of the best order on symbols that did not choose it, and their number. */
  readonly test: { readonly nats: number; readonly count: number } | undefined
  /** Symbols that were counted. */
  readonly counted: number
  readonly seconds: number
}

/**
 * Chooses the best order on the held-out part, and tests it on a further part behind that.
 * @param options.test that further part, as a share of the text; 0 for none
 * @param options.orders the highest order; undefined for as many as help
 * @throws InputError where holdout and test leave nothing to count
 */
export function testedBaseline(
  ids: Ids,
  vocabulary: number,
  { split: kind, holdout, batch, seq: steps }: SplitSettings,
  { test, orders }: { readonly test: number; readonly orders?: number },
): TestedBaseline {
  const held = holdout + test
  if (held >= 1) {
    throw new InputError(
      'holdout',
      `The holdout of ${holdout} and the test of ${test} leave nothing to count; expected less than 1 together.`,
      {
        ja: `holdout（${holdout}）とtest（${test}）の合計が1以上なので、数える部分が残りません。合計を1未満にしてください。`,
      },
    )
  }
  const { training, heldOut } = dataParts(ids.length, { kind, holdout: held, batch, steps })
  const parts = splitHeldOut(heldOut, held === 0 ? 0 : test / held)
  const began = performance.now()
  const best = ngramBaseline(ids, { training, heldOut: parts.choose, vocabulary, orders })
  const tested =
    test > 0
      ? ngramBaseline(ids, { training, heldOut: parts.test, vocabulary, orders: best.order })
      : undefined
  return {
    best,
    test: tested && { nats: tested.losses[best.order - 1]!, count: tested.count },
    counted: training.reduce((sum, { from, to }) => sum + to - from, 0),
    seconds: (performance.now() - began) / 1000,
  }
}
