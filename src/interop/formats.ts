/**
 * All formats, in the order in which they are tried: those that show clear marks come first. To add one, write
 * its file and add a line here.
 */
import { didYouMean, FileError, InputError, quote } from '../errors.js'
import { charRnn } from './char-rnn.js'
import { charRnnJs } from './char-rnn-js.js'
import { keras } from './keras.js'
import { ml5 } from './ml5.js'
import { numpy } from './numpy.js'
import { pytorch, safetensors } from './pytorch.js'
import { recurrentjs } from './recurrentjs.js'
import type { Format, SourceFile } from './source.js'
import { tensorflow } from './tensorflow.js'
import { textgenrnn } from './textgenrnn.js'
import { tfjs } from './tfjs.js'
import { torchRnn } from './torch-rnn.js'

export const FORMATS: readonly Format[] = [
  torchRnn,
  charRnn,
  tfjs,
  tensorflow,
  numpy,
  pytorch,
  safetensors,
  textgenrnn,
  keras,
  ml5,
  recurrentjs,
  charRnnJs,
]

/** What `--from` accepts. */
export const FORMAT_KINDS: readonly string[] = FORMATS.map(({ kind }) => kind)

/**
 * The format of some files.
 * @param from its kind, where the user says it
 * @throws InputError for a kind that is not known
 * @throws FileError when the files are of no known format
 */
export function formatOf(files: readonly SourceFile[], from?: string): Format {
  if (from !== undefined) {
    const format = FORMATS.find(({ kind }) => kind === from)
    if (format?.recognises(files)) return format
    if (format) throw unknownFormat(files, `not ${format.about.en}`)
    throw new InputError(
      'from',
      `The format is ${quote(from)}; expected ${FORMAT_KINDS.join(', ')}.${didYouMean(from, FORMAT_KINDS)}`,
    )
  }
  const format = FORMATS.find(one => one.recognises(files))
  if (format) return format
  throw unknownFormat(
    files,
    `of no known format; expected ${FORMATS.map(({ about }) => about.en).join(', ')}`,
  )
}

function unknownFormat(files: readonly SourceFile[], what: string): FileError {
  const shown = files.slice(0, 3).map(({ name }) => quote(name))
  const more = files.length > 3 ? ` and ${files.length - 3} more` : ''
  const [noun, verb] = files.length === 1 ? ['file', 'is'] : ['files', 'are']
  return new FileError('import', `The ${noun} ${shown.join(', ')}${more} ${verb} ${what}.`)
}
