/** Calibration of a model on a text: runs the network to give `calibrate` its logits. */

import { counted, InputError } from '../../errors.js'
import { TimeSlices } from '../../event-loop.js'
import type { Model } from '../../file/model.js'
import { networkOf } from '../../generate/index.js'
import type { Session } from '../../runtime/session.js'
import type { TextRange } from '../../text/index.js'
import {
  type Calibration,
  calibrate,
  type PredictionPass,
  type PredictionVisitor,
  passOverLogits,
} from './calibration.js'

/** Symbols read before each part and not scored, so that the zero start state has no effect left. */
const WARM_UP = 500
/** Bytes of logits kept in memory. For more logits, every pass runs the network again. */
const MEMORY = 512 * 1024 * 1024

/**
 * Finds the T* of a model on a text, or on parts of it.
 * @param ids the text, [n]
 * @param options.parts ranges to predict; default all but the first symbol
 * @param options.bins bins of the reliability diagram; default 15
 * @param options.memory bytes of logits to keep between passes; default 512 MiB
 * @throws InputError when there is nothing to predict; the signal's reason
 */
export async function calibrateModel(
  model: Model,
  ids: ArrayLike<number>,
  options: {
    parts?: readonly TextRange[]
    bins?: number
    memory?: number
    signal?: AbortSignal
    onProgress?: (done: number, total: number) => void
  } = {},
): Promise<Calibration> {
  const {
    parts = [{ from: 1, to: ids.length }],
    bins,
    memory = MEMORY,
    signal,
    onProgress,
  } = options
  const targets: number[] = []
  const ranges = parts.map(({ from, to }) => ({
    from: Math.max(1, from),
    to: Math.min(to, ids.length),
  }))
  for (const { from, to } of ranges) for (let i = from; i < to; i++) targets.push(ids[i])
  const V = model.config.vocabulary
  if (targets.length === 0) {
    throw new InputError(
      'text-short',
      `The text has ${counted(ids.length, 'symbol')} that the model knows; expected at least two, one to read and one to predict.`,
    )
  }
  const session = (await networkOf(model)).session()
  const pass: PredictionPass = visit =>
    predict(session, ids, ranges, visit, { signal, onProgress, total: targets.length })
  try {
    if (4 * V * targets.length > memory) return await calibrate(pass, { bins, signal })
    const logits = new Float32Array(V * targets.length)
    let offset = 0
    await pass(row => {
      logits.set(row, offset)
      offset += V
    })
    return await calibrate(passOverLogits(logits, targets), { bins, signal })
  } finally {
    session.dispose()
  }
}

async function predict(
  session: Session,
  ids: ArrayLike<number>,
  ranges: readonly TextRange[],
  visit: PredictionVisitor,
  {
    signal,
    onProgress,
    total,
  }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void; total: number },
): Promise<void> {
  let done = 0
  const slices = new TimeSlices({ signal })
  for (const { from, to } of ranges) {
    session.reset()
    for (let i = Math.max(1, from - WARM_UP); i < to; i++) {
      const logits = session.step(ids[i - 1])
      if (i < from) continue
      visit(logits, ids[i])
      done++
      if ((i & 63) === 0 && slices.over) {
        onProgress?.(done, total)
        await slices.yield()
      }
    }
  }
}
