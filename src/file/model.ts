/** The model as a value: what a file holds, and what sampling, scoring and training pass around. */
import type { Bilingual } from '../knob.js'
import type { ModelConfig, Weights } from '../model/config.js'
import type { Tokenizer } from '../text/tokenizer.js'

/** The model that training went on from. */
export interface StartRecord {
  /** Its name, where it had one. */
  readonly name?: string
  /** Its identity. */
  readonly hash: string
  /** The name of the corpus that it was trained on. */
  readonly corpus?: string
  /** Symbols whose weights were taken from it. */
  readonly shared: number
  /** Symbols that it did not know, in the order of their ids. */
  readonly added: readonly string[]
  /** Its symbols that the new model lacks. */
  readonly dropped: readonly string[]
  /** Layers whose weights stayed as they were: `embedding`, `0`, .., `head`. */
  readonly frozen: readonly string[]
  /** Loss on the held-out part of the new text before the first update, nats a symbol. */
  readonly loss?: number
}

/** Where an imported model comes from, and what became of it. */
export interface ImportRecord {
  /** The kind of its format, as `ondo import --from` calls it: `ml5`. */
  readonly from: string
  /** The files that were read, at most 200. Never a path outside the chosen folder. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[]
  /** What was converted and what to know of it, a sentence each. */
  readonly conversions: readonly Bilingual[]
}

/** How the model was made; every field optional because other people's models lack some. */
export interface TrainingRecord {
  /** A name for people: `tiny-shakespeare.txt`. Never a path. */
  readonly corpus?: string
  /** SHA-256 of the corpus as text (UTF-8, after reading), hex. */
  readonly corpusHash?: string
  /** Symbols in the corpus. */
  readonly corpusSize?: number
  readonly split?: string
  /** A number; digits as text above 2^53 - 1. */
  readonly seed?: number | string
  /** The trainer's settings, as written on the command line or in the call. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly epochs?: number
  readonly steps?: number
  /** nats a symbol. */
  readonly trainLoss?: number
  readonly validationLoss?: number
  readonly seconds?: number
  /** Of the Ondo that trained or imported the model. */
  readonly version?: string
  /** The model that training went on from; absent when it began with random weights. */
  readonly startedFrom?: StartRecord
  /** Of a model that another system trained. */
  readonly imported?: ImportRecord
}

export interface Model {
  readonly config: ModelConfig
  readonly tokenizer: Tokenizer
  readonly weights: Weights
  /**
   * The model's identity: SHA-256, hex, of what its texts follow from (config, tokenizer, weights).
   * A new title or measure leaves it as it is; docs/file-format.md defines it.
   */
  readonly hash: string
  readonly training: TrainingRecord
  /** A name to show: `Shakespeare`. */
  readonly name?: string
  /** A prompt that shows the model well, for the studio and for `ondo sample` without one. */
  readonly prompt?: string
  /** Strings at which a text of this model ends by itself (names: a newline). */
  readonly stop?: readonly string[]
  /** Measurements of the model, such as its temperature sweep; written by `measure/`. */
  readonly measures?: Readonly<Record<string, unknown>>
}
