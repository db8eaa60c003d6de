/**
 * Reads files of a known format and makes a model of them. It stands apart from the list of all formats,
 * so that a page that opens one format does not load the readers of the others.
 */
import { counted, InputError } from '../errors.js'
import { decodeModel, encodeModel, type Model } from '../file/index.js'
import type { Bilingual } from '../knob.js'
import type { Format, ImportOptions, SourceFile } from './source.js'
import { checkStability } from './stability.js'

export interface ConvertOptions extends ImportOptions {
  /** A title for people. */
  readonly title?: string
  /** A prompt that shows the model well. */
  readonly prompt?: string
}

export interface Converted {
  readonly model: Model
  /** What was converted, a sentence each. */
  readonly notes: readonly Bilingual[]
  /** Length of the windows on which the model was trained, where the files say it, symbols. */
  readonly trainedWindow?: number
}

/**
 * Reads files of one format.
 * @throws FileError for files that are damaged or incomplete
 * @throws InputError when something that the files do not hold has to be given
 */
export async function convert(
  format: Format,
  given: readonly SourceFile[],
  options: ConvertOptions,
): Promise<Converted> {
  const { config, weights, tokenizer, notes, ...found } = await format.read(given, options)
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
  const bytes = encodeModel({
    config,
    weights,
    tokenizer,
    training: { settings: { importedFrom: format.kind, conversions: notes.map(({ en }) => en) } },
    ...(name !== undefined && { name }),
    ...(prompt !== undefined && { prompt }),
    ...(found.stop && { stop: found.stop }),
  })
  const { trainedWindow } = found
  const model = await decodeModel(bytes)
  return { model, notes, ...(trainedWindow !== undefined && { trainedWindow }) }
}
