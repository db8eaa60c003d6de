/**
 * What the page and its worker say to each other.
 *
 * The writing lives in a worker so that the page never waits for a matrix product. The worker keeps
 * the pace and writes no further ahead than the page has shown: it stops when `AHEAD` batches are
 * unseen, and what the page shows is what was drawn, so a temperature that arrives counts for the
 * very next character. The records of many characters travel as columns (typed arrays, moved and not
 * copied): 100,000 objects would make the page stutter. The logits of the next step travel whole,
 * because the page draws its bars from them anew at every move of the slider, sixty times a second,
 * without asking. Every text has a number, `run`; what arrives for an older run is let fall.
 */
import type { CellKind, TrainingRecord, UnknownPolicy, UnknownSymbol } from 'ondo'

/** Batches that may be under way to the page before the worker waits. */
export const AHEAD = 2

/** A text of this many symbols fills the page: the writing pauses, the page says so. */
export const FULL = 200_000

/** One line of models/index.json. */
export interface BundledModel {
  readonly id: string
  readonly name: string
  /** Beside the list. */
  readonly file: string
  readonly bytes: number
}

/** How a text begins. */
export interface Beginning {
  readonly run: number
  /** Left out: the model's own. */
  readonly prompt?: string
  readonly unknown: Exclude<UnknownPolicy, 'error'>
  /** Decimal digits, 0 to 2^64 - 1. */
  readonly seed: string
}

export type ToWorker =
  /** Opens a model and begins a text with it; `job` tells late answers from wanted ones. */
  | { type: 'open'; job: number; source: string | Blob; name: string; begin: Beginning }
  | { type: 'begin'; begin: Beginning }
  /** Which symbols of a prompt the model does not know, without beginning it. */
  | { type: 'check'; job: number; prompt: string; unknown: Beginning['unknown'] }
  /** Counts for the very next symbol. */
  | { type: 'temperature'; value: number }
  /** Symbols a second; Infinity: as fast as the page can show them. */
  | { type: 'rate'; value: number }
  /** Shortest time between two batches, ms: a frame, or longer for readers who want less motion. */
  | { type: 'calm'; value: number }
  | { type: 'play' }
  | { type: 'pause' }
  /** Writes one symbol, pausing if need be. */
  | { type: 'step' }
  /** The page has shown a batch. */
  | { type: 'seen'; run: number }

export interface ModelFacts {
  readonly name: string
  readonly hash: string
  readonly bytes: number
  readonly cell: CellKind
  readonly layers: number
  readonly hidden: number
  readonly parameters: number
  readonly training: TrainingRecord
  /** The symbol of each id. */
  readonly symbols: readonly string[]
  readonly prompt: string
}

/** The step that has not been drawn yet. */
export interface NextStep {
  /** Its place in the text, from 0. */
  readonly index: number
  /** In (0, 1]; what it falls on depends on the temperature alone. */
  readonly coin: number
  /** [V] */
  readonly logits: Float32Array<ArrayBuffer>
}

/** Columns: one entry a symbol. */
export interface RecordColumns {
  /** UTF-16 units that became text with it; 0 while a character is incomplete. */
  readonly lengths: Uint16Array<ArrayBuffer>
  readonly temperatures: Float64Array<ArrayBuffer>
  /** NaN at T = 0, which reads none. */
  readonly coins: Float64Array<ArrayBuffer>
  readonly ranks: Uint32Array<ArrayBuffer>
  /** Probability at T = 1. */
  readonly probabilities: Float32Array<ArrayBuffer>
  /** bits */
  readonly surprisals: Float32Array<ArrayBuffer>
}

export type FromWorker =
  | { type: 'opened'; job: number; model: ModelFacts }
  | { type: 'began'; run: number; unknown: readonly UnknownSymbol[]; next: NextStep }
  | { type: 'checked'; job: number; unknown: readonly UnknownSymbol[] }
  | {
      type: 'written'
      run: number
      text: string
      columns: RecordColumns
      next?: NextStep
      /** Why the writing rests after this batch, if it does. */
      rest?: 'paused' | 'full'
    }
  /** `network`: the file did not arrive. Else the error's own code and sentence. */
  | { type: 'failed'; during: 'open'; job: number; code: string; message: string }
  | { type: 'failed'; during: 'begin' | 'write'; code: string; message: string }
