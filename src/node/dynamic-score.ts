/** Dynamic evaluation: the score of a model that goes on learning from the text as it reads. */
import type { Model } from '../file/index.js'
import { generate } from '../generate/index.js'
import { type Score, scoreOfParts } from '../measure/model/score.js'
import type { Ids, TextRange } from '../text/index.js'
import { type DynamicSettings, dynamicReader } from '../train/index.js'
import { nodeEngine } from './engine.js'

/** Stretches that the model writes for calibration: 30, 100 and 600 are as good (docs/results.md). */
const OWN_STRETCHES = 100

/** What the model writes at T = 1: the text that it knows best, and that every model file has. */
async function ownWriting(model: Model, length: number): Promise<Uint32Array> {
  const ids = new Uint32Array(length)
  let n = 0
  for await (const step of generate(model, { temperature: 1, length, stop: [] })) {
    ids[n++] = step.id
  }
  return ids.subarray(0, n)
}

/**
 * Reads some parts of a text, in their order, with one copy of the weights that goes on learning.
 * @param onProgress predictions made and to be made, calibration included
 */
export async function scoreDynamically(
  model: Model,
  ids: Ids,
  parts: readonly TextRange[],
  request: {
    readonly settings: DynamicSettings
    readonly signal: AbortSignal
    readonly onProgress: (done: number, total: number) => void
  },
): Promise<Score> {
  const { settings, signal, onProgress } = request
  // A stream alone is too small for two threads, and one gives the same bits everywhere.
  const reader = await dynamicReader(await nodeEngine({ threads: 1 }), model, settings)
  try {
    const known = await ownWriting(model, OWN_STRETCHES * settings.seq + 1)
    const total = known.length + parts.reduce((sum, { from, to }) => sum + to - from, 0)
    let before = 0
    const told = { signal, onProgress: (done: number) => onProgress(before + done, total) }
    await reader.calibrate(known, told)
    before = known.length
    const surprisals = new Float32Array(ids.length - 1)
    for (const part of parts) {
      const from = Math.max(1, part.from)
      surprisals.set(await reader.score(ids, part, told), from - 1)
      before += part.to - part.from
    }
    return scoreOfParts(surprisals, parts)
  } finally {
    await reader.dispose()
  }
}
