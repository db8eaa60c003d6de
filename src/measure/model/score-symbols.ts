/** What a model thinks of a text that somebody else wrote, symbol by symbol. */

import { counted, InputError } from '../../errors.js'
import { TimeSlices } from '../../event-loop.js'
import type { Model } from '../../file/model.js'
import { networkOf } from '../../generate/index.js'
import { LN2 } from '../../numeric.js'
import { Distribution } from '../../temperature/index.js'

export interface SymbolScores {
  /** -log2 p(1) of ids[1..n-1], bits, [n - 1]: nothing precedes the first. */
  readonly surprisals: Float32Array
  /** H(T) before each of them, bits, [n - 1]. */
  readonly entropies: Float32Array
}

/**
 * Reads a text from a zero state, carried over the whole of it.
 * @param options.temperature of the entropies. Default 1
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
  try {
    const slices = new TimeSlices({ signal })
    for (let i = 0; i < count; i++) {
      distribution.load(session.step(ids[i]))
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
