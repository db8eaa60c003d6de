/** A prompt from a file or standard input. */
import { readNamed } from '../../node/read.js'
import { decodeText, withEncodingAdvice, withoutFinalLineEnd } from '../../text/index.js'

/**
 * Reads it as a corpus is read: recognised, without a byte order mark. Its one final line end is the
 * file's; line ends stay as they are until the model's tokenizer is known.
 * @param path of the file; `-` is standard input
 * @throws FileError, InputError as `decodeText`
 */
export async function readPromptFile(path: string, encoding?: string): Promise<string> {
  const { name, bytes } = await readNamed(path)
  if (bytes.length === 0) return ''
  const read = await withEncodingAdvice(() => decodeText(bytes, { name, encoding, raw: true }))
  return withoutFinalLineEnd(read.text)
}
