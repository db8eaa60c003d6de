/** Encodes the content of a corpus. It stands apart from the decoding of files, which a page loads later. */
import { InputError, shorten } from '../errors.js'
import { ByteTokenizer } from './byte-tokenizer.js'
import type { Encoded, Tokenizer, UnknownPolicy } from './tokenizer.js'

/**
 * A text, or the bytes of files, to ids.
 * @throws InputError as `Tokenizer.encode`, and for bytes where the tokenizer reads text
 */
export function encodeContent(
  tokenizer: Tokenizer,
  content: string | Uint8Array,
  unknown?: UnknownPolicy,
): Encoded {
  if (typeof content === 'string') return tokenizer.encode(content, unknown)
  if (tokenizer instanceof ByteTokenizer) {
    return { ids: tokenizer.encodeBytes(content), unknown: [] }
  }
  throw new InputError(
    'corpus',
    `The corpus is bytes and the tokenizer is "${shorten(tokenizer.kind)}"; read it as text, or use "byte".`,
  )
}
