/**
 * A corpus that need not fit into memory: files are surveyed, counted and encoded as streams. The
 * plain twins are `joinFiles`, `buildTokenizer` and `encodeContent`, which give the same results from
 * memory; large-corpus.test.ts compares them.
 */
import { FileError, InputError, shorten } from '../errors.js'
import { byteName } from './byte-tokenizer.js'
import { isBinary, UnrecognisedError } from './encoding.js'
import { GraphemeCounter } from './grapheme-tokenizer.js'
import {
  bytesFile,
  type CorpusSource,
  corpusName,
  emptyCorpus,
  isBlankByte,
  joinedSentence,
  type SkippedFile,
  type SourceOptions,
  skipReason,
  sortByName,
} from './join-files.js'
import { eachGrapheme } from './segment.js'
import { type ByteSource, type Survey, surveyText, textPieces } from './survey.js'
import type { Ids, Tokenizer, TokenizerKind } from './tokenizer.js'
import { type BuildOptions, type BuiltTokenizer, tokenizerOfCounts } from './tokenizers.js'
import { codePointTable, encodeUtf8, Utf8Counter } from './utf8.js'
import { makeIds, type SymbolCounts } from './vocabulary.js'

export interface LargeCorpusOptions extends SourceOptions {
  /** Called with the number of bytes read so far in this pass over the files. */
  readonly onProgress?: (done: number, total: number) => void
}

/** The next piece of a corpus and its ids. Both are valid until the next piece is requested. */
export interface EncodedPiece {
  readonly ids: Ids
  /** UTF-8, or the bytes themselves: the input of the corpus's hash. */
  readonly bytes: Uint8Array
}

interface Part {
  readonly source: ByteSource
  /** Undefined where the corpus is bytes. */
  readonly survey: Survey | undefined
}

const LINE_END = Uint8Array.of(0x0a)

const totalSize = (parts: readonly Part[]): number =>
  parts.reduce((sum, { source }) => sum + source.size, 0)

/** A source that reports the bytes read from it. */
function watched(source: ByteSource, tell: (bytes: number) => void): ByteSource {
  return {
    name: source.name,
    size: source.size,
    found: source.found,
    async *chunks() {
      for await (const chunk of source.chunks()) {
        tell(chunk.length)
        yield chunk
      }
    },
  }
}

function countBytes(chunk: Uint8Array, counter: Utf8Counter): void {
  const counts = new Float64Array(256)
  for (let i = 0; i < chunk.length; i++) counts[chunk[i]]++
  counts.forEach((count, byte) => {
    counter.add(byte, count)
  })
}

/** Length of the text up to a certain grapheme boundary: after the last line end, or before the last grapheme. */
function sureGraphemes(text: string): number {
  const line = text.lastIndexOf('\n') + 1
  if (line > 0) return line
  let last = 0
  eachGrapheme(text, start => {
    last = start
  })
  return last
}

/** Texts that end at grapheme boundaries. */
async function* wholeGraphemes(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let open = ''
  for await (const piece of pieces) {
    const text = open + decoder.decode(piece)
    const end = sureGraphemes(text)
    open = text.slice(end)
    if (end > 0) yield text.slice(0, end)
  }
  if (open !== '') yield open
}

/** An encoder of pieces for a character vocabulary. It returns a view of a buffer that it reuses. */
function characterEncoder(tokenizer: Tokenizer): (piece: Uint8Array) => Ids {
  const table = codePointTable(
    Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id)),
  )
  let room = makeIds(tokenizer.size, 0)
  return piece => {
    if (room.length < piece.length) room = makeIds(tokenizer.size, piece.length)
    return room.subarray(0, encodeUtf8(piece, table, room))
  }
}

/** A surveyed corpus of files. Each method reads all of it once. */
export class LargeCorpus implements Omit<CorpusSource, 'content'> {
  readonly name: string
  readonly files: CorpusSource['files']
  readonly skipped: readonly SkippedFile[]
  readonly joined: string
  private readonly parts: readonly Part[]
  private readonly options: LargeCorpusOptions
  private readonly characters: SymbolCounts

  private constructor(
    parts: readonly Part[],
    skipped: readonly SkippedFile[],
    characters: SymbolCounts,
    options: LargeCorpusOptions,
  ) {
    this.parts = parts
    this.skipped = skipped
    this.characters = characters
    this.options = options
    this.name = corpusName(parts.map(({ source }) => source))
    this.files = parts.map(({ source, survey }) => {
      if (survey === undefined) return bytesFile(source.name, source.size)
      const { strict: _, endsLine: __, ...file } = survey
      return file
    })
    const texts = parts.flatMap(({ survey }) => survey ?? [])
    this.joined = joinedSentence(
      parts.length,
      texts.length > 0 ? texts.slice(0, -1).filter(part => !part.endsLine).length : undefined,
    )
  }

  /**
   * Recognises and counts every file.
   * @throws FileError, InputError as `joinFiles`
   */
  static async of(
    files: readonly ByteSource[],
    options: LargeCorpusOptions = {},
  ): Promise<LargeCorpus> {
    const total = files.reduce((sum, { size }) => sum + size, 0)
    const sorted = sortByName(files)
    const parts: Part[] = []
    let unread: UnrecognisedError | undefined
    const skipped: SkippedFile[] = []
    const all = new Utf8Counter()
    const counter = new Utf8Counter()
    let before = 0
    for (const source of sorted) {
      let here = 0
      const seen = watched(source, bytes => {
        here += bytes
        // A file is gone through more than once when it is not the first thing it is taken for.
        options.onProgress?.(before + Math.min(here, source.size), total)
      })
      if (source.size === 0 && files.length > 1) {
        skipped.push({ name: source.name, reason: 'empty' })
      } else if (options.tokenizerKind === 'byte') {
        for await (const chunk of seen.chunks()) countBytes(chunk, all)
        parts.push({ source, survey: undefined })
      } else {
        try {
          parts.push({ source, survey: await surveyText(seen, counter, options) })
          for (const [code, count] of counter.entries()) all.add(code, count)
        } catch (error) {
          if (!(source.found && error instanceof FileError)) throw error
          skipped.push({ name: source.name, reason: skipReason(error) })
          if (error instanceof UnrecognisedError && !isBinary(error.sample)) unread ??= error
        }
      }
      before += source.size
    }
    const blank =
      options.tokenizerKind === 'byte'
        ? isBlankByte
        : (code: number) => !/\S/.test(String.fromCodePoint(code))
    // Endings that are put between files are blank too.
    if ([...all.entries()].every(([code]) => blank(code))) {
      throw unread ?? emptyCorpus(sorted, skipped)
    }
    const added = parts.slice(0, -1).filter(({ survey }) => survey && !survey.endsLine).length
    all.add(0x0a, added)
    const symbol =
      options.tokenizerKind === 'byte' ? byteName : (code: number) => String.fromCodePoint(code)
    const counts = new Map(Array.from(all.entries(), ([code, n]) => [symbol(code), n]))
    return new LargeCorpus(parts, skipped, { counts, lone: 0 }, options)
  }

  /**
   * The tokenizer of the corpus. For characters and bytes the survey has counted all that it takes.
   * @throws InputError as `buildTokenizer`
   */
  async build(kind: TokenizerKind, options: BuildOptions = {}): Promise<BuiltTokenizer> {
    this.check(kind)
    const counted = kind === 'grapheme' ? await this.countGraphemes() : this.characters
    return tokenizerOfCounts(kind, counted, options)
  }

  /** The ids of the corpus, piece by piece; symbols that the vocabulary lacks are left out. */
  async *encode(tokenizer: Tokenizer): AsyncGenerator<EncodedPiece, void, undefined> {
    this.check(tokenizer.kind)
    switch (tokenizer.kind) {
      case 'byte':
        for await (const bytes of this.pieces()) yield { ids: bytes, bytes }
        return
      case 'character': {
        const idsOf = characterEncoder(tokenizer)
        for await (const bytes of this.pieces()) yield { ids: idsOf(bytes), bytes }
        return
      }
      case 'grapheme': {
        const encoder = new TextEncoder()
        for await (const text of wholeGraphemes(this.pieces())) {
          yield { ids: tokenizer.encode(text, 'skip').ids, bytes: encoder.encode(text) }
        }
      }
    }
  }

  /** The whole corpus: UTF-8 in pieces of whole characters, or bytes as they are. */
  private async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const { parts, options } = this
    const total = totalSize(parts)
    let done = 0
    const last = parts.at(-1)
    for (const part of parts) {
      const source = watched(part.source, bytes => {
        done += bytes
        options.onProgress?.(done, total)
      })
      if (part.survey === undefined) {
        yield* source.chunks()
        continue
      }
      yield* textPieces(source, part.survey, options.raw)
      if (part !== last && !part.survey.endsLine) yield LINE_END
    }
  }

  private async countGraphemes(): Promise<SymbolCounts> {
    const counter = new GraphemeCounter()
    for await (const text of wholeGraphemes(this.pieces())) counter.push(text)
    return { counts: counter.counts(), lone: 0 }
  }

  private check(kind: TokenizerKind): void {
    if ((kind === 'byte') === (this.options.tokenizerKind === 'byte')) return
    throw new InputError(
      'corpus',
      `The corpus was read for the tokenizer "${this.options.tokenizerKind ?? 'character'}" and "${shorten(kind)}" is asked for; read it again for that one.`,
    )
  }
}
