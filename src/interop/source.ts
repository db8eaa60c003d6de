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

/** What a format needs to know besides the files. */
export interface ImportOptions {
  /**
   * The symbols that the user gives, read for a model of V. A format calls it only where it changes
   * symbols itself; else the caller takes them in place of those that the format finds, which may be
   * damaged then.
   * @throws InputError for another number of symbols
   */
  readonly vocabulary?: (V: number) => Vocabulary
  /** The last N symbols, read from a zero state for each prediction, where training did so. */
  readonly window?: number
}

/** The symbols of a foreign model in the order of their ids; undefined where an id has none. */
export interface Vocabulary {
  readonly symbols: readonly (string | undefined)[]
  /** Ids that stand for no symbol, as padding; they are left out of the model. */
  readonly unused?: ReadonlySet<number>
}

/**
 * A vocabulary as the user gives it: the symbols, or the content of a file that names them (a JSON list
 * or map, the symbols in order, or a corpus), with its name or without.
 */
export type VocabularySource = Vocabulary | SourceFile | string | Uint8Array

/**
 * Orders in which programs give ids to the different characters of their text: `sorted(set(text))`, each
 * as it first appears, or the most frequent first (of equals the one that appears first).
 */
export type CorpusOrder = 'code point' | 'appearance' | 'frequency'

/** A foreign model in the form of ours: PyTorch's names, shapes and gate order. */
export interface Imported {
  readonly config: ModelConfig
  readonly weights: Weights
  /**
   * The symbols, as the files say them. Undefined when they do not: then one of the other files, or
   * the user, has to.
   */
  readonly vocabulary?: Vocabulary | undefined
  /** How its training program orders the characters of a corpus; absent: by code point. */
  readonly corpusOrder?: CorpusOrder
  /** Instead of a vocabulary: what the format makes by itself, as for bytes. */
  readonly tokenizer?: Tokenizer
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
  /** Whether it finds the one meant among several models itself; else each is tried. */
  readonly choosesItself?: boolean
  /** Whether the files are of this format, judged by content, never by name alone. */
  recognises(files: readonly SourceFile[]): boolean
  /**
   * Reads the files.
   * @throws FileError naming the file, what is wrong with it and what to do
   * @throws InputError for options that do not fit
   */
  read(files: readonly SourceFile[], options: ImportOptions): Imported | Promise<Imported>
}
