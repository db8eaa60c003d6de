/**
 * The interface of all tokenizers. A new one is one file, its name below and a line in registry.ts;
 * the conformance suite runs for every name.
 */
import type { ChoiceKnob } from '../knob.js'

export const TOKENIZERS = ['character', 'byte', 'grapheme'] as const
/** Those of model files: `word` only comes with imported models (word-tokenizer.ts). */
export const MODEL_TOKENIZERS = [...TOKENIZERS, 'word'] as const
export type TokenizerKind = (typeof MODEL_TOKENIZERS)[number]

/** The policies for a symbol that the vocabulary lacks: refuse it, leave it out, or replace it. */
export const UNKNOWN_POLICIES = ['error', 'skip', 'nearest'] as const
export type UnknownPolicy = (typeof UNKNOWN_POLICIES)[number]

export const UNKNOWN: ChoiceKnob<UnknownPolicy> = {
  name: 'unknown',
  kind: 'choice',
  choices: UNKNOWN_POLICIES,
  default: 'error', // leaving symbols out without a word would change the prompt
  about: {
    en: 'what to do with symbols of the prompt that the model does not know',
    ja: 'モデルの知らない文字がプロンプトにあるときの扱い',
  },
}

export interface UnknownSymbol {
  readonly symbol: string
  /** Position in the text, in symbols of this tokenizer from 0. */
  readonly position: number
  /** Its replacement (`nearest`), or undefined when it was left out. */
  readonly replacement?: string
}

export interface Encoded {
  /** Uint8Array up to 256 symbols, Uint16Array up to 65,536, Uint32Array above. */
  readonly ids: Ids
  /**
   * Symbols that the vocabulary lacks, in the order of the text, and lone surrogates, replaced by
   * U+FFFD. Under `error` only the latter, where U+FFFD is known: for all others it throws.
   */
  readonly unknown: readonly UnknownSymbol[]
}

export type Ids = Uint8Array | Uint16Array | Uint32Array

/** Turns ids into text one at a time; never returns half a character. */
export interface StreamDecoder {
  /** The text completed by this id; '' while a character is still incomplete. */
  push(id: number): string
  /** What is left at the end: U+FFFD for an incomplete character, else ''. */
  flush(): string
}

export interface Tokenizer {
  readonly kind: TokenizerKind
  /** V, number of symbols. */
  readonly size: number
  /**
   * Text to ids. Lone surrogates count as U+FFFD.
   * @throws InputError under `error` (the default), listing unknown symbols with positions
   */
  encode(text: string, unknown?: UnknownPolicy): Encoded
  /** Ids to text. @throws InputError for an id outside 0..V-1 */
  decode(ids: ArrayLike<number>): string
  /** @param before ids of the text that goes on, of which a tokenizer of words needs the last */
  decoder(before?: ArrayLike<number>): StreamDecoder
  /** The text of one id: a character, grapheme or word; for a byte, its character when below 0x80, else `\xE3`. */
  symbol(id: number): string
  /** The vocabulary's symbol for a text given by a user (input-text.ts), or undefined. */
  known(text: string): string | undefined
  /** The form in the model file; `tokenizerFrom(json)` makes the same tokenizer again. */
  toJSON(): TokenizerJson
}

export interface TokenizerJson {
  readonly kind: TokenizerKind
  /** Symbols in the order of their ids; absent for `byte`, which always has all 256. */
  readonly symbols?: readonly string[]
}
