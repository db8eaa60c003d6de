/** Joins files to one corpus: one text, or one sequence of bytes. */
import { FileError, OndoError } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { encodeContent } from './encode-content.js'
import {
  type DecodeOptions,
  decodeText,
  isBinary,
  isText,
  joinBytes,
  type LineEnds,
  UnrecognisedError,
} from './encoding.js'
import { bytesWithoutFinalLineEnd, encodeInput, withoutFinalLineEnd } from './input-text.js'
import type { Encoded, Tokenizer, TokenizerKind } from './tokenizer.js'

export interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array
  /** Found in a folder, not named by the user: skipped instead of refused when it is not text. */
  readonly found?: boolean
}

/** What was read of one file. */
export interface SourceFile {
  readonly name: string
  /** Size of the file in bytes. */
  readonly bytes: number
  /** `utf-8`, `shift_jis` …, or `bytes` where nothing was decoded. */
  readonly encoding: string
  readonly bom: boolean
  readonly lineEnds: LineEnds
  /** Broken sequences that became U+FFFD. */
  readonly replaced: number
  /** A question to the user when the text is probably decoded wrongly. */
  readonly doubt?: Bilingual
}

/** Why a file is left out, as the end of "left out because …". */
export const SKIP_REASONS = {
  empty: { en: 'it is empty', ja: '空のファイル' },
  'not text': { en: 'it is not text', ja: 'テキストではない' },
  encoding: {
    en: 'its encoding is not recognised; give it alone to see which it may be',
    ja: '文字コードを判別できない。単独で渡すと候補を示す',
  },
  name: { en: 'its name is not UTF-8; rename it', ja: '名前がUTF-8ではない。名前を変えれば読める' },
  special: { en: 'it is neither a file nor a folder', ja: 'ファイルでもフォルダーでもない' },
  dangling: { en: 'it is a link that leads nowhere', ja: 'リンク先がない' },
  repeated: { en: 'it is read already', ja: '読み込み済み' },
} as const satisfies Record<string, Bilingual>

export interface SkippedFile {
  readonly name: string
  readonly reason: keyof typeof SKIP_REASONS
}

/** A corpus before it is encoded to ids. */
export interface CorpusSource {
  /** A name to show: the file's name without its folders, or `kokoro.txt and 2 more`. */
  readonly name: string
  /** A text; bytes as they are in the files where the tokenizer is `byte`. */
  readonly content: string | Uint8Array
  readonly files: readonly SourceFile[]
  readonly skipped: readonly SkippedFile[]
  /** How several files became one, as a sentence; '' for one file. */
  readonly joined: string
}

export interface SourceOptions extends Omit<DecodeOptions, 'name'> {
  /** `byte` leaves the bytes as they are. */
  readonly tokenizerKind?: TokenizerKind
}

interface Part extends SourceFile {
  readonly content: string | Uint8Array
}

/** What is told of a file whose bytes are the corpus. */
export function bytesFile(name: string, bytes: number): SourceFile {
  return { name, bytes, encoding: 'bytes', bom: false, lineEnds: 'none', replaced: 0 }
}

/** The Encoding Standard's white space and the ideographic one. */
function isBlank(content: string | Uint8Array): boolean {
  if (typeof content === 'string') return !/\S/.test(content)
  return content.every(isBlankByte)
}

export function isBlankByte(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

/** Why a file that was found in a folder is left out. */
export function skipReason(error: FileError): 'not text' | 'encoding' {
  const named = error instanceof UnrecognisedError && !isBinary(error.sample)
  return named ? 'encoding' : 'not text'
}

function readPart(file: NamedBytes, options: SourceOptions): Part {
  const { name, bytes } = file
  const size = bytes.length
  if (options.tokenizerKind === 'byte') {
    return { ...bytesFile(name, size), content: bytes }
  }
  const { text, ...how } = decodeText(bytes, { ...options, name })
  return { name, bytes: size, ...how, content: text }
}

function joinTexts(texts: readonly string[]): { text: string; added: number } {
  let added = 0
  const whole = texts.map((text, i) => {
    const bare = i < texts.length - 1 && !/[\n\r]$/.test(text)
    if (bare) added++
    return bare ? `${text}\n` : text
  })
  return { text: whole.join(''), added }
}

function times(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/**
 * How files became one corpus, as a sentence.
 * @param added line ends put between them; undefined where they are bytes
 */
export function joinedSentence(files: number, added: number | undefined): string {
  if (files === 1) return ''
  const how =
    added === undefined
      ? 'byte after byte'
      : added === 0
        ? 'nothing added between them'
        : `a newline added after ${added} of them`
  return `${times(files, 'file')} joined in sorted order, ${how}.`
}

function joinParts(parts: readonly Part[]): { content: string | Uint8Array; joined: string } {
  const bytes = parts.map(part => part.content).filter(content => typeof content !== 'string')
  const texts = parts.map(part => part.content).filter(content => typeof content === 'string')
  if (bytes.length > 0) {
    return { content: joinBytes(bytes), joined: joinedSentence(parts.length, undefined) }
  }
  const { text, added } = joinTexts(texts)
  return { content: text, joined: joinedSentence(parts.length, added) }
}

function lastName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path
}

/** V8's longest string, in UTF-16 units. Fewer bytes than that always fit. */
const LONGEST_TEXT = 2 ** 29 - 24

/**
 * Files to one corpus, in the order of their names (UTF-16 units, the same on every machine).
 * Between two texts stands a newline when the first does not end in one; bytes follow each other
 * as they are.
 *
 * @throws FileError when a file is no text, when nothing but white space is there, when it is too
 * large for one string
 * @throws InputError for an encoding that is not known
 */
export function joinFiles(files: readonly NamedBytes[], options: SourceOptions = {}): CorpusSource {
  try {
    return join(sortByName(files), options)
  } catch (error) {
    // Engines differ in the error they throw for a string that is too long.
    const size = files.reduce((sum, file) => sum + file.bytes.length, 0)
    if (error instanceof OndoError || size < LONGEST_TEXT) throw error
    throw new FileError(
      'too-large',
      `The corpus has ${(size / 1e6).toFixed(0)} MB, more than fits into one text ` +
        `(${Math.floor(LONGEST_TEXT / 1e6)} MB); take a part of it.`,
      { cause: error },
    )
  }
}

/** Sorts files by name. It compares UTF-16 units, so that the order is the same on every machine. */
export function sortByName<T extends { readonly name: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** `kokoro.txt and 2 more`. */
export function corpusName(files: readonly { readonly name: string }[]): string {
  const first = lastName(files[0].name)
  return files.length === 1 ? first : `${first} and ${files.length - 1} more`
}

function join(files: readonly NamedBytes[], options: SourceOptions): CorpusSource {
  const parts: Part[] = []
  const skipped: SkippedFile[] = []
  let unread: UnrecognisedError | undefined
  for (const file of files) {
    if (file.bytes.length === 0 && files.length > 1) {
      skipped.push({ name: file.name, reason: 'empty' })
      continue
    }
    try {
      parts.push(readPart(file, options))
    } catch (error) {
      if (!(file.found && error instanceof FileError)) throw error
      skipped.push({ name: file.name, reason: skipReason(error) })
      if (error instanceof UnrecognisedError && !isBinary(error.sample)) unread ??= error
    }
  }
  const { content, joined } = joinParts(parts)
  if (isBlank(content)) {
    // A folder of texts in one encoding that has to be named.
    if (unread !== undefined) throw unread
    throw emptyCorpus(
      files.map(({ name, bytes }) => ({ name, size: bytes.length })),
      skipped,
    )
  }
  return {
    name: corpusName(parts),
    content,
    files: parts.map(({ content: _, ...file }) => file),
    skipped,
    joined,
  }
}

export function emptyCorpus(
  files: readonly { readonly name: string; readonly size: number }[],
  skipped: readonly SkippedFile[],
): FileError {
  const what = files.length === 1 ? files[0].name : `The corpus of ${times(files.length, 'file')}`
  const noText = skipped.some(({ reason }) => reason === 'not text' || reason === 'encoding')
  const is =
    files.every(file => file.size === 0) || noText ? 'is empty' : 'is empty but for white space'
  const left = noText ? ` (${skipped.length} left out because they are not text)` : ''
  return new FileError(
    'corpus-empty',
    `${what} ${is}${left}; expected a file with some text in it.`,
  )
}

/**
 * What is measured or scored of a text that was read: all but its one final line end, which is the
 * file's. Bytes that are no text keep theirs.
 */
export function contentToScore(content: string | Uint8Array): string | Uint8Array {
  if (typeof content === 'string') return withoutFinalLineEnd(content)
  return isText(content) ? bytesWithoutFinalLineEnd(content) : content
}

/** Encodes a text to be scored. It is normalised like all input; unknown symbols are left out. */
export function encodeToScore(tokenizer: Tokenizer, content: string | Uint8Array): Encoded {
  return typeof content === 'string'
    ? encodeInput(content, tokenizer, 'skip')
    : encodeContent(tokenizer, content, 'skip')
}
