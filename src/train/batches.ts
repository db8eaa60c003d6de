/**
 * The corpus as parallel streams for truncated BPTT (Williams & Peng 1990): the text is cut into B
 * pieces that are read side by side, T symbols a step, and each stream's state is carried from step
 * to step. A batch is time-major: row t B + b is stream b at its t-th symbol.
 */

/** The ids of a corpus, wherever they lie: `Ids` are one, a file of ids is another (`src/node/corpus-ids.ts`). */
export interface IdSource {
  readonly length: number
  /** Ids [from, to) with 0 <= from <= to <= length, to be used before the next call. */
  subarray(from: number, to: number): ArrayLike<number>
}

export const SPLITS = ['tail', 'striped'] as const
export type SplitKind = (typeof SPLITS)[number]

/** Where the streams of one part (training or validation) lie in the corpus. */
export interface Streams {
  /** B. */
  readonly batch: number
  /** T. */
  readonly steps: number
  /** Batches in one pass. */
  readonly batches: number
  /** First symbol of each stream. */
  readonly starts: readonly number[]
  /** Predictions each stream is asked for; the rest of its last batch is padding. */
  readonly lengths: readonly number[]
  /** Predictions in one pass. */
  readonly predictions: number
}

export interface Split {
  readonly training: Streams
  /** Undefined when nothing is held out. */
  readonly validation: Streams | undefined
  /** Symbols at the end that fill no batch and are not trained on. */
  readonly unused: number
}

export interface SplitRequest {
  readonly kind: SplitKind
  /** Part of the corpus kept for validation, 0 up to, not including, 1. */
  readonly holdout: number
  readonly batch: number
  readonly steps: number
}

/** A held-out stream shorter than this many steps would mostly measure a cold start. */
const VALIDATION_BATCHES = 10

function streams(
  batch: number,
  steps: number,
  starts: readonly number[],
  lengths: readonly number[],
): Streams {
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0)
  return {
    batch,
    steps,
    batches: Math.ceil(longest / steps),
    starts,
    lengths,
    predictions: lengths.reduce((a, b) => a + b, 0),
  }
}

/**
 * `tail`: the last part of the corpus is held out, as one piece that training never saw any
 * neighbour of. Training streams fill whole batches; validation scores every held-out symbol but
 * the first, exactly once, in fewer streams when the piece is short.
 */
function tail(size: number, { holdout, batch: B, steps: T }: SplitRequest): Split {
  const held = Math.floor(size * holdout)
  const first = size - held
  // The target of the last training symbol is the first held-out one only when nothing is held out
  // beyond it; keeping one symbol back costs nothing and leaks nothing.
  const batches = Math.floor((first - 1) / (B * T))
  const length = batches * T
  const training = streams(
    B,
    T,
    Array.from({ length: B }, (_, b) => b * length),
    Array<number>(B).fill(length),
  )
  const unused = first - 1 - B * length
  if (held < 2) return { training, validation: undefined, unused }
  const predictions = held - 1
  const wanted = Math.floor(predictions / (T * VALIDATION_BATCHES))
  const width = Math.max(1, Math.min(B, wanted))
  const each = Math.ceil(predictions / width)
  const starts: number[] = []
  const lengths: number[] = []
  for (let b = 0; b < width; b++) {
    starts.push(first + b * each)
    lengths.push(Math.max(0, Math.min(each, predictions - b * each)))
  }
  return { training, validation: streams(width, T, starts, lengths), unused }
}

/**
 * `striped`: char-rnn's. The corpus, cut to whole batches, is viewed as B stripes; the last batches
 * of every stripe are held out (5% of them: of 446 batches of tiny-shakespeare 23). Held-out text
 * lies between pieces of training text, so this loss reads easier than that of `tail`: the two are
 * not comparable. The target of the very last symbol is the first one, as there.
 */
function striped(size: number, { holdout, batch: B, steps: T }: SplitRequest): Split {
  const batches = Math.floor(size / (B * T))
  const kept = Math.floor(batches * (1 - holdout))
  const stripe = batches * T
  const at = (from: number): number[] => Array.from({ length: B }, (_, b) => b * stripe + from)
  const of = (length: number): number[] => Array<number>(B).fill(length)
  const held = batches - kept
  return {
    training: streams(B, T, at(0), of(kept * T)),
    validation: held > 0 ? streams(B, T, at(kept * T), of(held * T)) : undefined,
    unused: size - B * stripe,
  }
}

export function splitCorpus(size: number, request: SplitRequest): Split {
  return request.kind === 'tail' ? tail(size, request) : striped(size, request)
}

/**
 * Batches an epoch should have at least; with fewer, B and then T shrink. Below 50 char-rnn warns: a
 * short text read in wide batches gets too few updates to learn from it.
 */
export const FEWEST_BATCHES = 50

/** Fewer symbols than this teach nothing that a copy of the text would not. */
export const FEWEST_SYMBOLS = 64

/** The shortest T that small corpora shrink to. */
const SHORTEST = 8

/**
 * B and T for a corpus: as asked for when an epoch has at least `FEWEST_BATCHES` batches, else
 * fewer streams, and when one stream is still too many, fewer steps.
 */
export function fitBatch(size: number, request: SplitRequest): { batch: number; steps: number } {
  const trained = Math.floor(size * (1 - request.holdout)) - 1
  const { batch, steps } = request
  if (trained >= batch * steps * FEWEST_BATCHES) return { batch, steps }
  const fewer = Math.min(batch, Math.floor(trained / (steps * FEWEST_BATCHES)))
  if (fewer >= 1) return { batch: fewer, steps }
  const shorter = Math.max(SHORTEST, Math.floor(trained / FEWEST_BATCHES))
  return { batch: 1, steps: Math.min(steps, shorter) }
}

/**
 * Fills one batch.
 * @param x int32 [T B], ids; padding is id 0
 * @param y int32 [T B], the ids that follow
 */
export function fillBatch(
  ids: IdSource,
  part: Streams,
  index: number,
  x: Int32Array,
  y: Int32Array,
): void {
  const { batch: B, steps: T, starts, lengths } = part
  const size = ids.length
  for (let b = 0; b < B; b++) {
    const from = starts[b] + index * T
    const count = Math.max(0, Math.min(T, lengths[b] - index * T))
    if (count > 0) {
      const read = ids.subarray(from, Math.min(from + count + 1, size))
      for (let t = 0; t < count; t++) {
        x[t * B + b] = read[t]
        if (t > 0) y[(t - 1) * B + b] = read[t]
      }
      // The last symbol of a striped corpus is followed by its first.
      const next = read.length > count ? read[count] : ids.subarray(0, 1)[0]
      y[(count - 1) * B + b] = next
    }
    for (let t = count; t < T; t++) x[t * B + b] = y[t * B + b] = 0
  }
}

/** Whether row t of stream b of batch `index` is a prediction, not padding. */
export function isPrediction(part: Streams, index: number, b: number, t: number): boolean {
  return index * part.steps + t < part.lengths[b]
}
