/**
 * The messages between the page and the worker that writes text.
 *
 * A worker writes the text so that the page never waits for a matrix product. The worker controls the
 * writing speed and stops when `MAX_UNSEEN_BATCHES` batches have not been shown yet. Since it does not
 * write further ahead, a new temperature applies to the very next character. The records of many
 * characters are sent as columns (typed arrays, transferred and not copied), because 100,000 objects
 * would block the page. All logits of the next step are sent, because the page redraws its bars from
 * them whenever the slider moves, up to sixty times a second. Every text has a number, `run`; the page
 * ignores messages of an older run. The page owns the tree of texts and the worker continues only one
 * text. Therefore a branch, an undo and a reload all use the message `begin` with the existing ids.
 */
import type { TrainingRecord } from 'ondo'
import type { CellKind } from 'ondo/model'
import type { UnknownPolicy, UnknownSymbol } from 'ondo/text'
import type { ErrorMessage } from './error-message.js'

/** The worker waits when this many batches have been sent and not been shown yet. */
export const MAX_UNSEEN_BATCHES = 2

/** Maximum length of a text, symbols. The worker pauses there and the page shows a note. */
export const MAX_SYMBOLS = 200_000

/** A state of the network is kept every so many symbols: 3 MB for a full text of an LSTM 2 x 256. */
export const STATE_EVERY = 256

/** A model that the page offers. */
export interface ListedModel {
  readonly id: string
  readonly name: string
  /** The model's identity: links name the model by it. */
  readonly hash: string
  /** SHA-256 of the file; older links name the model by it. */
  readonly fileHash?: string
}

/** One line of models/index.json. */
export interface BundledModel extends ListedModel {
  /** File name in the folder of the list. */
  readonly file: string
  readonly bytes: number
  /** Id of a larger model: this one writes while that one is being loaded, and is not listed. */
  readonly standsFor?: string
}

/** Whether a link or session names this model. Older links name it by the hash of its file. */
export const isModelOf = (
  { hash, fileHash }: Pick<BundledModel, 'fileHash'> & { readonly hash?: string },
  named: string,
): boolean => named === hash || named === fileHash

/** A sentence in the languages of the page. */
export interface Sentence {
  readonly en: string
  readonly ja: string
}

/** Where a model came from, if another system trained it. */
export interface Foreign {
  /** The kind of its format, as the importer names it. */
  readonly kind: string
  /** Name of the system. */
  readonly from: Sentence
  /** What was converted. */
  readonly notes: readonly Sentence[]
  /** Length of the windows on which it was trained, symbols. */
  readonly trainedWindow?: number
}

/** What determines a text together with its temperatures. */
export interface Origin {
  readonly prompt: string
  readonly unknown: Exclude<UnknownPolicy, 'error'>
  /** Decimal digits, 0 to 2^64 - 1. */
  readonly seed: string
  /** Random stream of the seed; 0 when left out. */
  readonly stream?: number
  /** Hidden units that are held at a value, in the syntax of held-units.ts; none when left out. */
  readonly held?: string
}

/** A text of a session with all that determines it. Its symbols before `from` belong to its parent. */
export interface TextToVerify extends Origin {
  readonly from: number
  /** Index in the list of the text from which this one branches; none when left out. */
  readonly parent?: number
  readonly ids: Uint32Array<ArrayBuffer>
  readonly temperatures: Float64Array<ArrayBuffer>
  readonly coins: Float64Array<ArrayBuffer>
  readonly chains: Uint16Array<ArrayBuffer>
  /** The text of its own symbols. */
  readonly text: string
}

/** How a text begins or continues. */
export interface Beginning extends Omit<Origin, 'prompt'> {
  readonly run: number
  /** The model's own prompt when left out. */
  readonly prompt?: string
  /** The existing symbols that are continued; none when left out. */
  readonly ids?: Uint32Array<ArrayBuffer>
  /** Surprisal of the last existing symbol, bits. */
  readonly lastSurprisal?: number
  /** Number of symbols written at full speed first, when a text replaces another one. */
  readonly burst?: number
  /** The burst ends before the first of these. */
  readonly stops?: readonly string[]
}

/** A side text: written beside the running text, to be compared or measured. */
export interface SideText extends Origin {
  readonly temperature: number
  readonly length: number
  /** The chain as text; temperature alone when left out. */
  readonly chain?: string
}

export type ToWorker =
  /** Opens a model. `job` distinguishes the answer from late answers to earlier messages. */
  | { type: 'open'; job: number; source: string | Blob; name: string }
  | { type: 'begin'; begin: Beginning }
  /** Asks which symbols of a prompt the model does not know; no text begins. */
  | { type: 'check'; job: number; prompt: string; unknown: Beginning['unknown'] }
  /** Sets the temperature from the very next symbol on and ends a schedule. */
  | { type: 'temperature'; value: number }
  /** Sets a schedule, given as text, from the very next symbol on; it reads the position in the text. */
  | { type: 'schedule'; written: string }
  /** Sets the chain of samplers, given as text, from the very next symbol on. */
  | { type: 'chain'; written: string | undefined }
  /** Sets the speed, symbols per second. Infinity means as fast as the page can show them. */
  | { type: 'rate'; value: number }
  /** Sets the shortest time between two batches, ms: a frame, or more for readers who prefer less motion. */
  | { type: 'calm'; value: number }
  | { type: 'play' }
  | { type: 'pause' }
  /** Pauses and writes one symbol: the given one, or a drawn one when left out. */
  | { type: 'step'; id?: number }
  /** Reports that the page has shown a batch. */
  | { type: 'seen'; run: number }
  /** Asks for the step from which symbol `at` of the running text was drawn. */
  | { type: 'look'; job: number; at: number }
  /** Writes the texts of a session again and compares them. */
  | { type: 'verify'; job: number; texts: readonly TextToVerify[]; chains: readonly string[] }
  /** Writes side texts, all with the same coins. A newer job of the same channel ends the job. */
  | { type: 'side-texts'; channel: string; job: number; texts: readonly SideText[] }
  /**
   * Asks for the nearest temperature at which symbols [from, to) of the running text, written at one
   * temperature, would be a different text.
   */
  | {
      type: 'next-text'
      job: number
      from: number
      to: number
      temperature: number
      direction: 'up' | 'down'
    }

export interface ModelFacts {
  readonly name: string
  /** The model's identity, and the SHA-256 of its file, which older links, sessions and texts use. */
  readonly hash: string
  readonly fileHash?: string
  readonly tokenizer: string
  readonly bytes: number
  readonly cell: CellKind
  readonly layers: number
  readonly hidden: number
  readonly parameters: number
  /** Symbols of the window that each prediction reads from a zero state; left out: the whole text. */
  readonly window?: number
  readonly training: TrainingRecord
  /** Measures that are stored in the model file. */
  readonly measures: Readonly<Record<string, unknown>>
  /** The symbol of each id. */
  readonly symbols: readonly string[]
  readonly prompt: string
}

/** A step before its symbol is drawn. */
export interface NextStep {
  /** Index of the symbol in the text, from 0. */
  readonly index: number
  /** The coin in (0, 1]. The symbol that it selects depends on the temperature and the chain. */
  readonly coin: number
  /** The second coin of this symbol in (0, 1], which some samplers read. */
  readonly secondCoin: number
  /** Logits [V]. */
  readonly logits: Float32Array<ArrayBuffer>
  /** Temperature of this step, when a schedule sets it. */
  readonly temperature?: number
}

/** Marks in the column of coins a symbol that a person chose and no coin drew. */
export const CHOSEN = -1

/** Columns of records, one entry a symbol. */
export const COLUMNS = {
  /** Number of UTF-16 units that the symbol adds to the text; 0 while a character is incomplete. */
  lengths: Uint16Array,
  ids: Uint32Array,
  temperatures: Float64Array,
  /** The coin; NaN at T = 0, where none is read; CHOSEN for a chosen symbol. */
  coins: Float64Array,
  /** Rank by the model's own logits. */
  ranks: Uint32Array,
  /** Probability at T = 1. */
  probabilities: Float32Array,
  /** Probability at the temperature of the draw, after the chain. */
  tempered: Float32Array,
  /** Surprisal, bits. */
  surprisals: Float32Array,
  /** The same coin selects the same symbol above this temperature and up to `highs`. */
  lows: Float64Array,
  /** Upper end of that interval. Both are NaN for a chosen symbol and for one drawn through a chain. */
  highs: Float64Array,
  /** Index, in the list of the text tree, of the chain that was used. 0 means temperature alone. */
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

/** The part of a prompt that samplers read. */
export interface PromptRead {
  readonly ids: Uint32Array<ArrayBuffer>
  /** End of the prompt, as the model reads it. */
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
      /** The chain that drew these symbols, as text. */
      chain?: string
      next?: NextStep
      /** Why the writing pauses after this batch; left out when it goes on. */
      rest?: 'paused' | 'full'
    }
  /** `text` and `at` are the indices of the first text that differs and of its first different symbol. */
  | { type: 'verified'; job: number; symbols: number; text?: number; at?: number }
  | { type: 'looked'; job: number; step: NextStep }
  /** Sends one complete side text. */
  | { type: 'side-text'; job: number; place: number; text: string; columns: RecordColumns }
  /** `temperature` is left out when there is no different text in that direction. */
  | { type: 'found'; job: number; temperature?: number }
  /** The code is `network` when the file did not arrive, else the code of the error. */
  | ({ type: 'failed'; during: 'open' | 'side-texts' | 'verify'; job: number } & ErrorMessage)
  | ({ type: 'failed'; during: 'begin' | 'write' } & ErrorMessage)
