/** What the trainer reads: ids, the tokenizer that made them, and a hash that says whether it is the same text. */
import { sha256 } from '../file/index.js'
import type { Ids, Tokenizer, UnknownPolicy, UnknownSymbol } from '../text/tokenizer.js'

export interface Corpus {
  readonly ids: Ids
  readonly tokenizer: Tokenizer
  /** A name for people: `tiny-shakespeare.txt`. */
  readonly name?: string
  /** SHA-256 of the text as UTF-8 (or of the bytes, for a byte tokenizer fed with a file), hex. */
  readonly hash: string
}

/**
 * A text as a corpus.
 * @param options.unknown `skip` leaves out symbols that the tokenizer's vocabulary dropped
 * @throws InputError as `Tokenizer.encode`
 */
export async function corpusOf(
  text: string,
  tokenizer: Tokenizer,
  options: { readonly name?: string; readonly unknown?: UnknownPolicy } = {},
): Promise<Corpus & { readonly unknown: readonly UnknownSymbol[] }> {
  const { ids, unknown } = tokenizer.encode(text, options.unknown)
  const hash = await sha256(new TextEncoder().encode(text))
  return {
    ids,
    tokenizer,
    hash,
    unknown,
    ...(options.name !== undefined && { name: options.name }),
  }
}
