/** The mean loss and the perplexity of a model on a text, as `ondo eval` prints them. */

import { InputError } from '../../errors.js'
import { TimeSlices } from '../../event-loop.js'
import type { Model } from '../../file/model.js'
import { networkOf } from '../../generate/index.js'
import { exp, LN2, negativeLogLikelihood } from '../../numeric.js'
import type { TextRange } from '../../text/index.js'

export interface Score {
  /** Mean of -ln p(next symbol | all before it), nats a symbol. */
  readonly nats: number
  /** The same in bits a symbol: nats / ln 2. */
  readonly bits: number
  /** e^nats: the number of equally likely symbols that would be as hard to guess. */
  readonly perplexity: number
  /** Number of predictions: one fewer than ids, because the first id has no prediction. */
  readonly count: number
  /** -ln p of ids[1..n-1], nats, [count]; only on request. Entry i is the loss of ids[i + 1]. */
  readonly surprisals?: Float32Array
}

export interface ScoreOptions {
  /** Return the loss of each symbol, too. Default false. */
  readonly surprisals?: boolean
  /** Called about twenty times a second with the number of predictions made. */
  readonly onProgress?: (done: number, total: number) => void
  /** Aborts the scoring; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Scores a text at T = 1. The network reads ids[0..n-2] and predicts ids[1..n-1]. The state starts at
 * zero and is carried over the whole text.
 * @throws InputError for fewer than two ids, or an id outside the vocabulary
 */
export async function score(
  model: Model,
  ids: ArrayLike<number>,
  options: ScoreOptions = {},
): Promise<Score> {
  const { onProgress, signal } = options
  const count = ids.length - 1
  if (count < 1) {
    throw new InputError(
      'text-short',
      `The text has ${ids.length} ${ids.length === 1 ? 'symbol' : 'symbols'}; expected at least two, one to read and one to predict.`,
    )
  }
  const V = model.config.vocabulary
  const surprisals = options.surprisals ? new Float32Array(count) : undefined
  const session = (await networkOf(model)).session()
  try {
    let sum = 0
    const slices = new TimeSlices({ signal })
    for (let i = 0; i < count; i++) {
      const target = ids[i + 1]
      if (!(target < V)) {
        throw new InputError(
          'id',
          `The id at ${i + 1} is ${target}; expected one from 0 to ${V - 1}, the model's vocabulary.`,
        )
      }
      const loss = negativeLogLikelihood(session.step(ids[i]), target)
      sum += loss
      if (surprisals) surprisals[i] = loss
      if ((i & 63) === 0 && slices.over) {
        onProgress?.(i + 1, count)
        await slices.yield()
      }
    }
    signal?.throwIfAborted()
    onProgress?.(count, count)
    const nats = sum / count
    return { nats, bits: nats / LN2, perplexity: exp(nats), count, surprisals }
  } finally {
    session.dispose()
  }
}

/**
 * The score of some parts of a text. Each loss is conditioned on all of the text before the symbol,
 * also on text outside the parts. The first symbol of the text has no loss and is left out.
 * @param surprisals of the whole text, as `score` returns them on request, [n - 1]
 * @throws InputError when the parts hold no prediction
 */
export function scoreOfParts(surprisals: Float32Array, parts: readonly TextRange[]): Score {
  let sum = 0
  let count = 0
  for (const { from, to } of parts) {
    for (let i = Math.max(from, 1); i < Math.min(to, surprisals.length + 1); i++) {
      sum += surprisals[i - 1]
      count++
    }
  }
  if (count === 0) {
    throw new InputError('text-short', 'The parts hold no predictions; expected at least one.')
  }
  const nats = sum / count
  return { nats, bits: nats / LN2, perplexity: exp(nats), count }
}
