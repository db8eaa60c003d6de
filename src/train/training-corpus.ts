/** What the trainer reads: ids, the tokenizer that made them, and a hash that tells this text from others. */
import { sha256 } from '../file/index.js'
import { encodeContent, type Tokenizer } from '../text/index.js'
import type { IdSource } from './batches.js'

export interface TrainingCorpus {
  /** In memory, or read from a file as they are needed. */
  readonly ids: IdSource
  readonly tokenizer: Tokenizer
  /** A name for people: `tiny-shakespeare.txt`. */
  readonly name?: string
  /** As `corpusHash` makes it. */
  readonly hash: string
}

/** SHA-256 of a text as UTF-8, or of the bytes; hex. What tells a model's own corpus from another. */
export const corpusHash = (content: string | Uint8Array): Promise<string> =>
  sha256(typeof content === 'string' ? new TextEncoder().encode(content) : content)

/**
 * A text, or bytes for the byte tokenizer, as something to train on. Symbols that the tokenizer's
 * vocabulary dropped are left out.
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
