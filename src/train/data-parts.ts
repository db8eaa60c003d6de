/** The stretches of a text that a split trains on, and those that it holds out. */
import type { TrainingRecord } from '../file/index.js'
import type { TextRange } from '../text/index.js'
import { fitBatch, type SplitRequest, type Streams, splitCorpus } from './batches.js'

export interface DataParts {
  /** All symbols that training reads or predicts. */
  readonly training: readonly TextRange[]
  /** All symbols that validation predicts. */
  readonly heldOut: readonly TextRange[]
}

/** Joins stretches that touch. */
function joined(stretches: readonly TextRange[]): TextRange[] {
  const whole: TextRange[] = []
  for (const { from, to } of stretches) {
    const last = whole.at(-1)
    if (last && last.to >= from) whole[whole.length - 1] = { from: last.from, to }
    else whole.push({ from, to })
  }
  return whole
}

/** @param first includes the first symbol of each stream, which is read but not predicted */
function stretches(part: Streams | undefined, first: boolean, size: number): TextRange[] {
  return joined(
    (part?.starts ?? []).map((start, b) => ({
      from: first ? start : start + 1,
      to: Math.min(size, start + (part?.lengths[b] ?? 0) + 1),
    })),
  )
}

/** @param request as given; B and T are reduced for a small text as in training */
export function dataParts(size: number, request: SplitRequest): DataParts {
  const { training, validation } = splitCorpus(size, { ...request, ...fitBatch(size, request) })
  return {
    training: stretches(training, true, size),
    heldOut: stretches(validation, false, size),
  }
}

/** The parts of the corpus that a model was trained on; undefined when its file does not record them. */
export function recordedDataParts(training: TrainingRecord, size: number): DataParts | undefined {
  const { split, settings = {} } = training
  const { batch, seq, holdout } = settings
  if (split !== 'tail' && split !== 'striped') return undefined
  if (typeof batch !== 'number' || typeof seq !== 'number' || typeof holdout !== 'number') {
    return undefined
  }
  return dataParts(size, { kind: split, holdout, batch, steps: seq })
}

/**
 * Divides each held-out stretch into two: the first part for choosing hyperparameters, the last part, a
 * fraction `share` of it, for the test.
 */
export function splitHeldOut(
  heldOut: readonly TextRange[],
  share: number,
): { readonly choose: TextRange[]; readonly test: TextRange[] } {
  const cuts = heldOut.map(({ from, to }) => ({
    from,
    cut: to - Math.round((to - from) * share),
    to,
  }))
  return {
    choose: cuts.map(({ from, cut }) => ({ from, to: cut })),
    test: cuts.map(({ cut, to }) => ({ from: cut, to })),
  }
}

/** What lies outside some stretches of a text of `size` symbols. */
export function complement(parts: readonly TextRange[], size: number): TextRange[] {
  const rest: TextRange[] = []
  let at = 0
  for (const { from, to } of [...parts].sort((a, b) => a.from - b.from)) {
    if (from > at) rest.push({ from: at, to: from })
    at = Math.max(at, to)
  }
  if (at < size) rest.push({ from: at, to: size })
  return rest
}
