/** Reads files of a known format and makes a model of them. */
import { decodeModel, encodeModel, type ImportRecord, type Model, sha256 } from '../file/index.js'
import type { Bilingual } from '../knob.js'
import { encodeInput, type TokenizerKind } from '../text/index.js'
import { VERSION } from '../version.js'
import { type WithSymbols, withSymbols } from './model-symbols.js'
import { readVocabulary } from './read-vocabulary.js'
import type {
  CorpusOrder,
  Format,
  Imported,
  ImportOptions,
  SourceFile,
  VocabularySource,
} from './source.js'
import { checkFinite, checkStability } from './stability.js'

export interface ConvertOptions extends Omit<ImportOptions, 'vocabulary'> {
  /** The symbols, where the files do not hold them or hold them damaged. */
  readonly vocabulary?: VocabularySource
  /** What the symbols are: characters (default), graphemes, or bytes. */
  readonly tokenizer?: TokenizerKind
  /** A title for people. */
  readonly title?: string
  /** A prompt that shows the model well. */
  readonly prompt?: string
}

export interface Converted {
  readonly model: Model
  /** What was converted and what to know of it, a sentence each. */
  readonly notes: readonly Bilingual[]
  /** Length of the windows on which the model was trained, where the files say it, symbols. */
  readonly trainedWindow?: number
}

/** A model that was read, before it is written. */
export interface Readable {
  readonly read: Imported
  readonly found: WithSymbols
  readonly files: readonly SourceFile[]
}

/** Files that the record of the model lists. */
const MOST_LISTED = 200

/**
 * Reads files of one format, and finds the symbols.
 * @throws FileError for files that are damaged or incomplete
 * @throws InputError when something that the files do not hold has to be given
 */
export async function readModel(
  format: Format,
  files: readonly SourceFile[],
  options: ConvertOptions,
): Promise<Readable> {
  const { vocabulary, tokenizer, window } = options
  const given = (V: number, order?: CorpusOrder) =>
    vocabulary === undefined ? undefined : readVocabulary(vocabulary, V, tokenizer, order)
  let taken: ReturnType<typeof given>
  const read = await format.read(files, {
    ...(vocabulary !== undefined && {
      vocabulary(V) {
        taken = given(V)
        return taken ?? { symbols: [] }
      },
    }),
    ...(window !== undefined && { window }),
  })
  const named = taken ?? given(read.config.vocabulary, read.corpusOrder)
  const found = withSymbols(
    read,
    files,
    {
      ...(named && { given: named, isTaken: taken !== undefined }),
      ...(tokenizer !== undefined && { tokenizer }),
    },
    format.about,
  )
  checkFinite(found.weights)
  return { read, found, files }
}

async function recordOf(
  format: Format,
  files: readonly SourceFile[],
  notes: readonly Bilingual[],
): Promise<ImportRecord> {
  const listed = await Promise.all(
    files.slice(0, MOST_LISTED).map(async ({ name, bytes }) => ({
      name,
      sha256: await sha256(bytes),
    })),
  )
  return {
    from: format.kind,
    files: listed,
    conversions: notes.map(({ en, ja }) => ({ en, ja })),
  }
}

/** The model file of what was read. */
async function encoded(
  format: Format,
  { read, found, files }: Readable,
  options: ConvertOptions,
  more: readonly Bilingual[],
): Promise<Omit<Converted, 'model'> & { readonly bytes: Uint8Array }> {
  const { config, weights, tokenizer } = found
  const { prompt = read.prompt } = options
  if (options.prompt !== undefined) encodeInput(options.prompt, tokenizer)
  // A prompt of the format may need a symbol that was left out.
  const isKnown =
    prompt !== undefined && encodeInput(prompt, tokenizer, 'skip').unknown.length === 0
  const name = options.title ?? read.name
  const notes = [...read.notes, ...found.notes, ...more]
  const bytes = encodeModel({
    config,
    weights,
    tokenizer,
    training: { imported: await recordOf(format, files, notes), version: VERSION },
    ...(name !== undefined && { name }),
    ...(isKnown && { prompt }),
    ...(read.stop && { stop: read.stop }),
  })
  const { trainedWindow } = read
  return { bytes, notes, ...(trainedWindow !== undefined && { trainedWindow }) }
}

/**
 * The model of what was read.
 * @param more notes besides those of the format
 * @throws InputError for a prompt that the model can't read
 */
export async function modelOf(
  format: Format,
  readable: Readable,
  options: ConvertOptions,
  more: readonly Bilingual[] = [],
): Promise<Converted> {
  const { bytes, ...rest } = await encoded(format, readable, options, more)
  return { model: await decodeModel(bytes), ...rest }
}

/**
 * Reads files of one format and makes a model.
 * @throws FileError for files that are damaged or incomplete
 * @throws InputError when something that the files do not hold has to be given
 */
export async function convert(
  format: Format,
  given: readonly SourceFile[],
  options: ConvertOptions,
): Promise<Converted> {
  // What the reader made is free before the model is decoded and checked: each takes the weights again.
  const { bytes, ...rest } = await encoded(
    format,
    await readModel(format, given, options),
    options,
    [],
  )
  const model = await decodeModel(bytes)
  await checkStability(model.config, model.weights)
  return { model, ...rest }
}
