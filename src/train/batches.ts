/**
 * Divides the corpus into parallel streams for truncated BPTT (Williams & Peng 1990): the text is cut
 * into B streams, a step reads T symbols of each, and each stream's state is carried from step to step.
 * A batch is time-major: row t B + b is the t-th symbol of stream b.
 */

/** The ids of a corpus, in memory (`Ids`) or in a file (`src/node/corpus-ids.ts`). */
export interface IdSource {
  readonly length: number
  /** Ids [from, to) with 0 <= from <= to <= length; valid until the next call. */
  subarray(from: number, to: number): ArrayLike<number>
}

export const SPLITS = ['tail', 'striped'] as const
export type SplitKind = (typeof SPLITS)[number]

/** Positions of the streams of one part (training or validation) in the corpus. */
export interface Streams {
  /** B. */
  readonly batch: number
  /** T. */
  readonly steps: number
  /** Number of batches in one epoch. */
  readonly batches: number
  /** Position of the first symbol of each stream. */
  readonly starts: readonly number[]
  /** Number of predictions of each stream; the rest of its last batch is padding. */
  readonly lengths: readonly number[]
  /** Number of predictions in one epoch. */
  readonly predictions: number
}

export interface Split {
  readonly training: Streams
  /** Undefined when nothing is held out. */
  readonly validation: Streams | undefined
  /** Symbols at the end that do not fill a batch and are not used. */
  readonly unused: number
}

export interface SplitRequest {
  readonly kind: SplitKind
  /** Fraction of the corpus held out for validation, in [0, 1). */
  readonly holdout: number
  readonly batch: number
  readonly steps: number
}

/** Batches of a held-out stream at least; a shorter one would mostly measure predictions from state 0. */
const MIN_VALIDATION_BATCHES = 10

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
 * `tail`: the end of the corpus is held out as one stretch. Training streams fill whole batches.
 * Validation predicts every held-out symbol but the first exactly once, in fewer streams when the
 * stretch is short.
 */
function tail(size: number, { holdout, batch: B, steps: T }: SplitRequest): Split {
  const held = Math.floor(size * holdout)
  const first = size - held
  // One symbol is left out, so that no held-out symbol becomes a training target.
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
  const wanted = Math.floor(predictions / (T * MIN_VALIDATION_BATCHES))
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
 * `striped`: the split of char-rnn. The corpus, cut to whole batches, is divided into B stripes, and the
 * last batches of each stripe are held out (5%: 23 of 446 batches of tiny-shakespeare). Held-out text
 * lies between stretches of training text, so its loss is lower than that of `tail`, and the two are
 * not comparable. As in char-rnn, the target of the last symbol is the first one.
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

/** Divides a corpus of `size` symbols into training and validation streams. */
export function splitCorpus(size: number, request: SplitRequest): Split {
  return request.kind === 'tail' ? tail(size, request) : striped(size, request)
}

/**
 * Batches of an epoch at least; for a shorter text, B and then T are reduced, because too few updates
 * would learn little. char-rnn warns below 50.
 */
export const MIN_BATCHES = 50

/** Symbols of a corpus at least. */
export const MIN_SYMBOLS = 64

/** The smallest T that a small corpus is reduced to. */
const MIN_STEPS = 8

/**
 * B and T for a corpus: as requested when an epoch has at least `MIN_BATCHES` batches, else fewer
 * streams, and with one stream, fewer steps.
 */
export function fitBatch(size: number, request: SplitRequest): { batch: number; steps: number } {
  const trained = Math.floor(size * (1 - request.holdout)) - 1
  const { batch, steps } = request
  if (trained >= batch * steps * MIN_BATCHES) return { batch, steps }
  const fewer = Math.min(batch, Math.floor(trained / (steps * MIN_BATCHES)))
  if (fewer >= 1) return { batch: fewer, steps }
  const shorter = Math.max(MIN_STEPS, Math.floor(trained / MIN_BATCHES))
  return { batch: 1, steps: Math.min(steps, shorter) }
}

/**
 * Fills one batch.
 * @param x int32 [T B], input ids; padding is id 0
 * @param y int32 [T B], target ids: for each input the id that follows it
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

/** Whether step t of stream b in batch `index` is a prediction, not padding. */
export function isPrediction(part: Streams, index: number, b: number, t: number): boolean {
  return index * part.steps + t < part.lengths[b]
}
