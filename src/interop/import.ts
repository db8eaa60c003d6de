/** Makes a model from the files of another system. */
import { counted, InputError } from '../errors.js'
import { decodeModel, encodeModel, type Model } from '../file/index.js'
import type { Bilingual } from '../knob.js'
import { formatOf } from './formats.js'
import type { ImportOptions, SourceFile } from './source.js'
import { checkStability } from './stability.js'

export interface ImportModelOptions extends ImportOptions {
  /** Forces the format; else the content decides. */
  readonly from?: string
  /** A title for people. */
  readonly title?: string
  /** A prompt that shows the model well. */
  readonly prompt?: string
}

export interface ImportResult {
  readonly model: Model
  /** The kind of the format, as `from` calls it. */
  readonly from: string
  /** What was converted, a sentence each. */
  readonly notes: readonly Bilingual[]
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
  const { config, weights, tokenizer, notes, ...found } = await format.read(files, options)
  if (!tokenizer) {
    throw new InputError(
      'vocabulary',
      `The ${format.about.en} model predicts ${counted(config.vocabulary, 'symbol')}, but the files do not say which`,
      { way: 'vocabulary' },
    )
  }
  await checkStability(config, weights)
  const name = options.title ?? found.name
  const prompt = options.prompt ?? found.prompt
  const bytes = await encodeModel({
    config,
    weights,
    tokenizer,
    training: { settings: { importedFrom: format.kind, conversions: notes.map(({ en }) => en) } },
    ...(name !== undefined && { name }),
    ...(prompt !== undefined && { prompt }),
    ...(found.stop && { stop: found.stop }),
  })
  return { model: await decodeModel(bytes), from: format.kind, notes }
}
