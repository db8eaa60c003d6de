/** What the trainer reads: ids, the tokenizer that made them, and a hash that tells this text from others. */
import { sha256 } from '../file/index.js'
import { encodeContent, type Tokenizer } from '../text/index.js'
import type { IdSource } from './streams.js'

export interface TrainingCorpus {
  /** In memory, or read from a file as they are needed. */
  readonly ids: IdSource
  readonly tokenizer: Tokenizer
  /** A name for people: `tiny-shakespeare.txt`. */
  readonly name?: string
  /** SHA-256 of the text as UTF-8, or of the bytes where the corpus is bytes; hex. */
  readonly hash: string
}

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
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const hash = await sha256(bytes)
  return { ids, tokenizer, hash, ...(name !== undefined && { name }) }
}
