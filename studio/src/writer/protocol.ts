/**
 * What the page and its worker say to each other.
 *
 * The writing lives in a worker so that the page never waits for a matrix product. The worker keeps
 * the pace and writes no further ahead than the page has shown: it stops when `AHEAD` batches are
 * unseen, and what the page shows is what was drawn, so a temperature that arrives counts for the
 * very next character. The records of many characters travel as columns (typed arrays, moved and not
 * copied): 100,000 objects would make the page stutter. The logits of the next step travel whole,
 * because the page draws its bars from them anew at every move of the slider, sixty times a second,
 * without asking. Every text that is written has a number, `run`; what arrives for an older run is
 * let fall. The tree of texts is the page's: the worker only ever carries on one of them, so a
 * branch, an undo and a reload are all the same message, `begin` with the ids that stand.
 */
import type { TrainingRecord } from 'ondo'
import type { CellKind } from 'ondo/model'
import type { UnknownPolicy, UnknownSymbol } from 'ondo/text'
import type { ErrorMessage } from './error-message.js'

/** Batches that may be under way to the page before the worker waits. */
export const AHEAD = 2

/** A text of this many symbols fills the page: the writing pauses, the page says so. */
export const FULL = 200_000

/** The distance between two kept states of the network, symbols: a full text of an LSTM 2 x 256 has 3 MB. */
export const STATE_EVERY = 256

/** One line of models/index.json. */
export interface BundledModel {
  readonly id: string
  readonly name: string
  /** Beside the list. */
  readonly file: string
  readonly bytes: number
  /** The model's identity: links name the model by it. */
  readonly hash: string
  /** SHA-256 of the file, by which older links name it. */
  readonly fileHash?: string
  /** It is small, and writes while the model of this id is on its way; nobody chooses it. */
  readonly standsFor?: string
}

/** Is this the model that a link or session names? Older ones name it by the hash of its file. */
export const isModelOf = (
  { hash, fileHash }: Pick<BundledModel, 'fileHash'> & { readonly hash?: string },
  named: string,
): boolean => named === hash || named === fileHash

/** From what a text follows, with the temperatures. */
export interface Origin {
  readonly prompt: string
  readonly unknown: Exclude<UnknownPolicy, 'error'>
  /** Decimal digits, 0 to 2^64 - 1. */
  readonly seed: string
  /** Independent luck under the same seed; left out: 0. */
  readonly stream?: number
  /** Hidden units that are held at a value, in their written form (held-units.ts); left out: none. */
  readonly held?: string
}

/** A text of a session with what it was written by; what stands before `from` is another's. */
export interface ToVerify extends Origin {
  readonly from: number
  /** The place in the list of the text that it leaves; left out: none. */
  readonly parent?: number
  readonly ids: Uint32Array<ArrayBuffer>
  readonly temperatures: Float64Array<ArrayBuffer>
  readonly coins: Float64Array<ArrayBuffer>
  readonly chains: Uint16Array<ArrayBuffer>
  /** Of its own symbols. */
  readonly text: string
}

/** How a text begins, or goes on. */
export interface Beginning extends Omit<Origin, 'prompt'> {
  readonly run: number
  /** Left out: the model's own. */
  readonly prompt?: string
  /** What stands already, and is carried on. Left out: nothing. */
  readonly ids?: Uint32Array<ArrayBuffer>
  /** Of the last of them, bits. */
  readonly lastSurprisal?: number
  /** So many symbols are written at once, before the pace begins: another text in place of one. */
  readonly burst?: number
  /** The burst ends before the first of these. */
  readonly stops?: readonly string[]
}

/** A text to be written aside, to be compared or counted. */
export interface Aside extends Origin {
  readonly temperature: number
  readonly length: number
  /** In its written form; left out: temperature alone. */
  readonly chain?: string
}

export type ToWorker =
  /** Opens a model; `job` tells late answers from wanted ones. */
  | { type: 'open'; job: number; source: string | Blob; name: string }
  | { type: 'begin'; begin: Beginning }
  /** Which symbols of a prompt the model does not know, without beginning it. */
  | { type: 'check'; job: number; prompt: string; unknown: Beginning['unknown'] }
  /** Counts for the very next symbol; ends a schedule. */
  | { type: 'temperature'; value: number }
  /** In its written form; counts from the very next symbol, at that symbol's own place. */
  | { type: 'schedule'; written: string }
  /** Samplers between the logits and the draw, in their written form; from the very next symbol on. */
  | { type: 'chain'; written: string | undefined }
  /** Symbols a second; Infinity: as fast as the page can show them. */
  | { type: 'rate'; value: number }
  /** Shortest time between two batches, ms: a frame, or longer for readers who want less motion. */
  | { type: 'calm'; value: number }
  | { type: 'play' }
  | { type: 'pause' }
  /** Writes one symbol, pausing if need be: drawn, or this one. */
  | { type: 'step'; id?: number }
  /** The page has shown a batch. */
  | { type: 'seen'; run: number }
  /** The step before symbol `at` of the running text, as it was when that symbol was drawn. */
  | { type: 'look'; job: number; at: number }
  /** Writes the texts of a session again, and compares. */
  | { type: 'verify'; job: number; texts: readonly ToVerify[]; chains: readonly string[] }
  /** Writes texts aside, all with the same coins; a newer job of the same channel ends it. */
  | { type: 'aside'; channel: string; job: number; texts: readonly Aside[] }
  /**
   * The nearest temperature at which symbols [from, to) of the running text, written at one
   * temperature, are another text.
   */
  | {
      type: 'neighbour'
      job: number
      from: number
      to: number
      temperature: number
      direction: 'up' | 'down'
    }

export interface ModelFacts {
  readonly name: string
  /** The model's identity, and SHA-256 of its file: older links, sessions and texts name that. */
  readonly hash: string
  readonly fileHash?: string
  readonly tokenizer: string
  readonly bytes: number
  readonly cell: CellKind
  readonly layers: number
  readonly hidden: number
  readonly parameters: number
  readonly training: TrainingRecord
  /** What was measured and travels in the file. */
  readonly measures: Readonly<Record<string, unknown>>
  /** The symbol of each id. */
  readonly symbols: readonly string[]
  readonly prompt: string
}

/** A step as it was before it was drawn. */
export interface NextStep {
  /** Its place in the text, from 0. */
  readonly index: number
  /** In (0, 1]; what it falls on depends on the temperature and the chain. */
  readonly coin: number
  /** The second coin of its place, which samplers may read; in (0, 1]. */
  readonly secondCoin: number
  /** [V] */
  readonly logits: Float32Array<ArrayBuffer>
  /** Of this step, where a schedule says it. */
  readonly temperature?: number
}

/** In the column of coins: nobody drew, a hand put the symbol there. */
export const CHOSEN = -1

/** Columns of records, one entry a symbol. */
export const COLUMNS = {
  /** UTF-16 units that became text with it; 0 while a character is incomplete. */
  lengths: Uint16Array,
  ids: Uint32Array,
  temperatures: Float64Array,
  /** NaN at T = 0, which reads none; CHOSEN. */
  coins: Float64Array,
  /** By the model's own logits. */
  ranks: Uint32Array,
  /** Probability at T = 1. */
  probabilities: Float32Array,
  /** Probability at the temperature of the draw, after the chain. */
  tempered: Float32Array,
  /** bits */
  surprisals: Float32Array,
  /** The same coin makes the same choice above this temperature... */
  lows: Float64Array,
  /** ...and up to this one. Both NaN for a chosen symbol, and for one drawn through a chain. */
  highs: Float64Array,
  /** By its place in the list of the text tree: the chain that drew it. 0: temperature alone. */
  chains: Uint16Array,
} as const

export type ColumnName = keyof typeof COLUMNS

export interface RecordColumns {
  readonly lengths: Uint16Array<ArrayBuffer>
  readonly ids: Uint32Array<ArrayBuffer>
  readonly temperatures: Float64Array<ArrayBuffer>
  readonly coins: Float64Array<ArrayBuffer>
  readonly ranks: Uint32Array<ArrayBuffer>
  readonly probabilities: Float32Array<ArrayBuffer>
  readonly tempered: Float32Array<ArrayBuffer>
  readonly surprisals: Float32Array<ArrayBuffer>
  readonly lows: Float64Array<ArrayBuffer>
  readonly highs: Float64Array<ArrayBuffer>
  readonly chains: Uint16Array<ArrayBuffer>
}

/** What samplers may read of a prompt. */
export interface PromptRead {
  readonly ids: Uint32Array<ArrayBuffer>
  /** The end of it, as the model reads it. */
  readonly text: string
}

export type FromWorker =
  | { type: 'opened'; job: number; model: ModelFacts }
  | {
      type: 'began'
      run: number
      unknown: readonly UnknownSymbol[]
      prompt: PromptRead
      next: NextStep
    }
  | { type: 'checked'; job: number; unknown: readonly UnknownSymbol[] }
  | {
      type: 'written'
      run: number
      text: string
      columns: RecordColumns
      /** Through which these were drawn, in its written form. */
      chain?: string
      next?: NextStep
      /** Why the writing rests after this batch, if it does. */
      rest?: 'paused' | 'full'
    }
  /** `text` and `at`: the first of them that comes out otherwise, and its symbol. */
  | { type: 'verified'; job: number; symbols: number; text?: number; at?: number }
  | { type: 'looked'; job: number; step: NextStep }
  /** One of the texts, whole. */
  | { type: 'wrote-aside'; job: number; place: number; text: string; columns: RecordColumns }
  /** `temperature`: none in that direction when left out. */
  | { type: 'found'; job: number; temperature?: number }
  /** `network`: the file did not arrive. Else the error's own code and sentence. */
  | ({ type: 'failed'; during: 'open' | 'aside' | 'verify'; job: number } & ErrorMessage)
  | ({ type: 'failed'; during: 'begin' | 'write' } & ErrorMessage)
