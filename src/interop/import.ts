/** Makes a model from the files of another system. */
import { type Converted, type ConvertOptions, convert } from './convert.js'
import { formatOf } from './formats.js'
import type { SourceFile } from './source.js'

export interface ImportModelOptions extends ConvertOptions {
  /** Forces the format; else the content decides. */
  readonly from?: string
}

export interface ImportResult extends Converted {
  /** The kind of the format, as `from` calls it. */
  readonly from: string
}

/**
 * Reads another system's model.
 * @param given one file or a whole folder
 * @throws FileError for files that are damaged, incomplete or of no known format
 * @throws InputError when something that the files do not hold has to be given
 */
export async function importModel(
  given: readonly SourceFile[],
  options: ImportModelOptions = {},
): Promise<ImportResult> {
  // Node's Buffer is a Uint8Array whose `slice` shares its memory; the readers need copies.
  const files = given.map(({ name, bytes }) => ({
    name,
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  }))
  const format = formatOf(files, options.from)
  return { ...(await convert(format, files, options)), from: format.kind }
}
