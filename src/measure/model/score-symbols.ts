/** Surprisal and entropy of each symbol of a given text under a model. */

import { counted, InputError } from '../../errors.js'
import { TimeSlices } from '../../event-loop.js'
import type { Model } from '../../file/model.js'
import { networkOf } from '../../generate/index.js'
import { drawingLogits } from '../../model/drawing-logits.js'
import { LN2 } from '../../numeric.js'
import { Distribution } from '../../temperature/index.js'

export interface SymbolScores {
  /** -log2 p of ids[1..n-1] at T = 1, bits, [n - 1]. The first id has no prediction. */
  readonly surprisals: Float32Array
  /** H(T) of the distribution before each of them, bits, [n - 1]. */
  readonly entropies: Float32Array
}

/**
 * Scores each symbol of a text. The state starts at zero and is carried over the whole text.
 * @param ids the text, [n]
 * @param options.temperature T of the entropies; surprisals are always at T = 1. Default 1
 * @throws InputError for fewer than two ids; the signal's reason
 */
export async function scoreSymbols(
  model: Model,
  ids: ArrayLike<number>,
  options: {
    temperature?: number
    signal?: AbortSignal
    onProgress?: (done: number, total: number) => void
  } = {},
): Promise<SymbolScores> {
  const { temperature = 1, signal, onProgress } = options
  const count = ids.length - 1
  if (count < 1) {
    throw new InputError(
      'text-short',
      `The text has ${counted(ids.length, 'symbol')} that the model knows; expected at least two, one to read and one to predict.`,
    )
  }
  const surprisals = new Float32Array(count)
  const entropies = new Float32Array(count)
  const session = (await networkOf(model)).session()
  const distribution = new Distribution(session.size)
  // A given text may hold the padding, which is never drawn.
  const { smoothing } = model.config
  try {
    const slices = new TimeSlices({ signal })
    for (let i = 0; i < count; i++) {
      distribution.load(drawingLogits({ smoothing }, session.step(ids[i])))
      const own = distribution.at(1)
      const tempered = temperature === 1 ? own : distribution.at(temperature)
      const below = distribution.logit(distribution.idOfRank(1)) - distribution.logit(ids[i + 1])
      surprisals[i] = (own.logPartition + below) / LN2
      entropies[i] = tempered.entropy
      if ((i & 63) === 0 && slices.over) {
        onProgress?.(i + 1, count)
        await slices.yield()
      }
    }
    signal?.throwIfAborted()
    return { surprisals, entropies }
  } finally {
    session.dispose()
  }
}
