/** Reads a vocabulary that the user gives, in whatever form people keep one. */
import { counted, FileError, InputError, quote } from '../errors.js'
import { parseJson } from '../file/json.js'
import type { TokenizerKind } from '../text/index.js'
import { readPickle } from './pickle.js'
import type { CorpusOrder, SourceFile, Vocabulary, VocabularySource } from './source.js'
import { symbolsInText } from './vocabulary-text.js'
import { type NamedSymbols, symbolsInValue } from './vocabulary-values.js'

/** The largest text that is read, in bytes: an engine's strings end at 512 MB. */
const MOST_BYTES = 2 ** 28

interface Content {
  /** Quoted, as sentences show it. */
  readonly name: string
  readonly content: string | Uint8Array
}

const isVocabulary = (source: VocabularySource): source is Vocabulary =>
  typeof source === 'object' && 'symbols' in source

function contentOf(source: Exclude<VocabularySource, Vocabulary>): Content {
  if (typeof source === 'string' || source instanceof Uint8Array) {
    return { name: 'given', content: source }
  }
  return { name: quote(source.name), content: source.bytes }
}

/** The value of a pickle (protocol 2 and up) or of JSON; undefined for anything else. */
function valueIn({ name, content }: Content, isJson: boolean): unknown {
  if (typeof content !== 'string' && content[0] === 0x80) {
    return readPickle(content, { name }).value
  }
  const text =
    typeof content === 'string'
      ? content
      : content.length > 2 ** 26
        ? ''
        : new TextDecoder().decode(content)
  if (!/^\s*[[{"]/.test(text)) return undefined
  try {
    return parseJson(text, `The vocabulary ${name}`).value
  } catch (error) {
    // A text may begin with a bracket; a file that is called JSON may not be something else.
    if (isJson) throw error
    return undefined
  }
}

/**
 * The symbols of a vocabulary: a JSON list or map, a pickle of one, the symbols in order, or a corpus.
 * @param V symbols that the network predicts, by which the forms are told apart
 * @param kind what a symbol is; `byte` reads a corpus as bytes
 * @param order of the different characters of a corpus; by code point unless the format has its own
 * @throws InputError for another number of symbols, with both numbers
 * @throws FileError for a file that is damaged or no vocabulary
 */
export function readVocabulary(
  source: VocabularySource,
  V: number,
  kind: TokenizerKind = 'character',
  order?: CorpusOrder,
): NamedSymbols {
  if (isVocabulary(source)) {
    return { ...source, form: { en: 'a list in the order of the ids', ja: 'ID順のリスト' } }
  }
  const content = contentOf(source)
  const { name } = content
  if (content.content.length > MOST_BYTES) {
    throw new InputError(
      'vocabulary',
      `The vocabulary ${name} is larger than 256 MB; give the symbols themselves, or a part of the text that has them all.`,
      {
        ja: `語彙 ${name} が256 MBを超えています。記号そのもの、またはすべての記号を含むテキストの一部を指定してください。`,
      },
    )
  }
  const value = valueIn(content, isNamed(source, /\.json$/i))
  const found = value === undefined ? undefined : symbolsInValue(value, V)
  if (found?.symbols.length === V) return found
  if (value !== undefined && typeof content.content !== 'string' && content.content[0] === 0x80) {
    throw found ? sizeError(name, found, V) : formError(name)
  }
  try {
    return symbolsInText(content.content, name, V, kind, order)
  } catch (error) {
    if (found) throw sizeError(name, found, V)
    if (value !== undefined) throw formError(name)
    throw error instanceof FileError ? notText(name) : error
  }
}

const isNamed = (source: VocabularySource, pattern: RegExp): boolean =>
  typeof source === 'object' && 'name' in source && pattern.test((source as SourceFile).name)

function sizeError(name: string, { symbols, form }: NamedSymbols, V: number): InputError {
  return new InputError(
    'vocabulary',
    `The vocabulary ${name} (${form.en}) has ${counted(symbols.length, 'symbol')}, but the model predicts ${V}`,
    {
      way: 'vocabulary',
      ja: `語彙 ${name}（${form.ja}）の記号は${symbols.length}個ですが、モデルの記号は${V}個です`,
    },
  )
}

function formError(name: string): FileError {
  return new FileError('vocabulary', `The vocabulary ${name} holds no list or map of symbols`, {
    way: 'vocabulary',
    ja: `語彙 ${name} には記号のリストも対応表もありません`,
  })
}

function notText(name: string): FileError {
  return new FileError('vocabulary', `The vocabulary ${name} is no text that can be read`, {
    way: 'vocabulary',
    ja: `語彙 ${name} は読み取れるテキストではありません`,
  })
}
