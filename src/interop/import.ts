/** Makes a model from the files of another system. */
import { OndoError } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { oneFolder, refuseOwn, severalModels, unpackFolder } from './choose-model.js'
import {
  type Converted,
  type ConvertOptions,
  convert,
  modelOf,
  type Readable,
  readModel,
} from './convert.js'
import { formatOf } from './formats.js'
import { inBothLanguages } from './japanese.js'
import type { Format, SourceFile } from './source.js'
import { checkStability } from './stability.js'

export interface ImportModelOptions extends ConvertOptions {
  /** Forces the format; else the content decides. */
  readonly from?: string
}

export interface ImportResult extends Converted {
  /** The kind of the format, as `from` calls it. */
  readonly from: string
  /** The system in words. */
  readonly about: Bilingual
  /** The names of the files that were read. */
  readonly files: readonly string[]
}

/** Models in one folder that are tried; more have to be chosen from. */
const MOST_TRIED = 8

/** The only model of several that can be read, with why the others can't. */
async function convertReadable(
  format: Format,
  files: readonly SourceFile[],
  models: readonly SourceFile[],
  options: ImportModelOptions,
): Promise<{ readonly converted: Converted; readonly files: readonly SourceFile[] }> {
  const names = models.map(({ name }) => name)
  if (models.length > MOST_TRIED) throw severalModels(names)
  const good: Readable[] = []
  const bad: { readonly name: string; readonly error: OndoError }[] = []
  for (const model of models) {
    const own = files.filter(file => file === model || !models.includes(file))
    try {
      const one = await readModel(format, own, options)
      await checkStability(one.found.config, one.found.weights)
      good.push(one)
    } catch (error) {
      if (!(error instanceof OndoError)) throw error
      bad.push({ name: model.name, error })
    }
  }
  // A model that lacks only its symbols is one that can be read.
  const asked = bad.filter(({ error }) => error.way === 'vocabulary').length
  if (good.length + asked > 1) throw severalModels(names)
  const [only] = good
  if (!only) throw bad[0]?.error
  const leftOut = bad.map(({ name, error }) => ({
    en: `${name} was left out: ${error.fact.replace(/\.$/, '')}`,
    ja: `${name} は除きました：${(inBothLanguages(error).ja ?? error.fact).replace(/[.。]$/, '')}`,
  }))
  return { converted: await modelOf(format, only, options, leftOut), files: only.files }
}

/**
 * Reads another system's model.
 * @param given one file, the files of a model, a whole folder, or a zip of one
 * @throws FileError for files that are damaged, incomplete or of no known format
 * @throws InputError when something that the files do not hold has to be given, or when they are
 *   several models
 */
export async function importModel(
  given: readonly SourceFile[],
  options: ImportModelOptions = {},
): Promise<ImportResult> {
  // Node's Buffer is a Uint8Array whose `slice` shares its memory; the readers need copies.
  const plain = given.map(({ name, bytes }) => ({
    name,
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  }))
  const files = oneFolder(unpackFolder(plain))
  refuseOwn(files)
  const format = formatOf(files, options.from)
  const models = format.choosesItself ? [] : files.filter(file => format.recognises([file]))
  const { converted, files: read } =
    models.length < 2
      ? { converted: await convert(format, files, options), files }
      : await convertReadable(format, files, models, options)
  return {
    ...converted,
    from: format.kind,
    about: format.about,
    files: read.map(file => file.name),
  }
}
