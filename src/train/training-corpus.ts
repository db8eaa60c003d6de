/** The corpus of a training run: ids, their tokenizer, and a hash that identifies the text. */
import { sha256 } from '../file/index.js'
import { encodeContent, type Tokenizer } from '../text/index.js'
import type { IdSource } from './batches.js'

export interface TrainingCorpus {
  /** The ids, in memory or read from a file on demand. */
  readonly ids: IdSource
  readonly tokenizer: Tokenizer
  /** A name to show, such as `tiny-shakespeare.txt`. */
  readonly name?: string
  /** The result of `corpusHash`. */
  readonly hash: string
}

/** SHA-256 of a text as UTF-8, or of bytes, in hex. A model file stores it to recognise its corpus. */
export const corpusHash = (content: string | Uint8Array): Promise<string> =>
  sha256(typeof content === 'string' ? new TextEncoder().encode(content) : content)

/**
 * Encodes a text, or bytes for the byte tokenizer, as a corpus. Symbols outside the tokenizer's
 * vocabulary are left out.
 */
export async function trainingCorpus(
  corpus: { readonly content: string | Uint8Array; readonly name?: string },
  tokenizer: Tokenizer,
): Promise<TrainingCorpus> {
  const { content, name } = corpus
  const { ids } = encodeContent(tokenizer, content, 'skip')
  const hash = await corpusHash(content)
  return { ids, tokenizer, hash, ...(name !== undefined && { name }) }
}
