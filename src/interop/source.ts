/** What an importer is given and what it gives back, whatever the format. */
import type { Bilingual } from '../knob.js'
import type { ModelConfig, Weights } from '../model/config.js'
import type { Tokenizer } from '../text/index.js'

/** One file of another system's model. */
export interface SourceFile {
  /** The name within the chosen folder, with `/` between parts. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** What the user says besides the files. */
export interface ImportOptions {
  /** The symbols in the order of their ids, where the files do not hold them or hold them damaged. */
  readonly vocabulary?: Vocabulary
  /** The last N symbols, read from a zero state for each prediction, where training did so. */
  readonly window?: number
}

/** The symbols of a foreign model in the order of their ids; undefined where an id has none. */
export interface Vocabulary {
  readonly symbols: readonly (string | undefined)[]
}

/** A foreign model in the form of ours: PyTorch's names, shapes and gate order. */
export interface Imported {
  readonly config: ModelConfig
  readonly weights: Weights
  /** Undefined when the files do not hold one; the caller then asks for `--vocabulary`. */
  readonly tokenizer: Tokenizer | undefined
  /** What was converted and what to know of it, a sentence each. */
  readonly notes: readonly Bilingual[]
  readonly name?: string
  readonly prompt?: string
  /** Strings at which a text ends by itself. */
  readonly stop?: readonly string[]
  /** Length of the windows on which the model was trained, where the files say it, symbols. */
  readonly trainedWindow?: number
}

/** One format. A new one is a file that exports this and a line in formats.ts. */
export interface Format {
  /** What `--from` calls it. */
  readonly kind: string
  /** The system in words: `char-rnn (Torch7 .t7)`. */
  readonly about: Bilingual
  /** Whether the files are of this format, judged by content, never by name alone. */
  recognises(files: readonly SourceFile[]): boolean
  /**
   * Reads the files.
   * @throws FileError naming the file, what is wrong with it and what to do
   * @throws InputError for options that do not fit
   */
  read(files: readonly SourceFile[], options: ImportOptions): Imported | Promise<Imported>
}
