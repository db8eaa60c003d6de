/** A training corpus of any size. A small one is kept in memory; a large one is read when needed. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import {
  type BuildOptions,
  type BuiltTokenizer,
  type ByteSource,
  buildTokenizer,
  type CorpusSource,
  joinFilesWithAdvice,
  LargeCorpus,
  type NamedBytes,
  nonAsciiSample,
  type Tokenizer,
  type TokenizerKind,
  withEncodingAdvice,
  withEncodingDoubts,
} from '../text/index.js'
import { type TrainingCorpus, trainingCorpus } from '../train/index.js'
import { type CacheSize, FileIds } from './corpus-ids.js'
import { fileSource, type SpooledSource, spoolStream } from './corpus-source.js'
import { readFileBytes } from './files.js'
import { findFiles, type ReadOptions, STDIN, STDIN_NAME } from './read.js'

/** Bytes from which a corpus is not kept in memory. Below, text and ids take at most some 300 MB. */
const LARGE = 64e6

export interface OpenOptions extends ReadOptions {
  /** Returns the folder for the ids of a large corpus. Called only for a large corpus. */
  readonly tempFolder: () => Promise<string>
  /** Bytes from which the corpus counts as large. Default 64 MB. */
  readonly largeFrom?: number
  /** Sizes of chunks and cache blocks, for tests. */
  readonly sizes?: CacheSize & { readonly chunk?: number }
  /** Called many times a second while a large corpus is read, with the bytes done in each pass. */
  readonly onProgress?: (pass: 'count' | 'encode', done: number, total: number) => void
}

/** An open corpus. Call `close` when training has ended. */
export interface OpenCorpus extends Omit<CorpusSource, 'content'> {
  readonly large: boolean
  /** The tokenizer of the whole text. @throws InputError as `buildTokenizer` */
  build(kind: TokenizerKind, options?: BuildOptions): Promise<BuiltTokenizer>
  /** The corpus to train on. @throws FileError when the disk is full */
  encode(tokenizer: Tokenizer): Promise<TrainingCorpus>
  close(): void
}

function smallCorpus(source: CorpusSource): OpenCorpus {
  const { content, ...description } = source
  return {
    ...description,
    large: false,
    build: async (kind, options) => buildTokenizer(kind, content, options),
    encode: tokenizer => trainingCorpus(source, tokenizer),
    close() {},
  }
}

async function largeCorpus(
  files: readonly ByteSource[],
  options: OpenOptions,
): Promise<OpenCorpus> {
  const { tempFolder, sizes, onProgress, encoding, raw, tokenizerKind } = options
  let pass: 'count' | 'encode' = 'count'
  const corpus = await withEncodingAdvice(() =>
    LargeCorpus.of(files, {
      encoding,
      raw,
      tokenizerKind,
      onProgress: (done, total) => onProgress?.(pass, done, total),
    }),
  )
  const open = new Set<FileIds>()
  const { name, skipped, joined } = corpus
  const byName = new Map(files.map(file => [file.name, file]))
  const read = await withEncodingDoubts(corpus.files, at => {
    const file = byName.get(at)
    return file && nonAsciiSample(file)
  })
  return {
    name,
    files: read,
    skipped,
    joined,
    large: true,
    build: (kind, how) => corpus.build(kind, how),
    async encode(tokenizer) {
      pass = 'encode'
      const ids = new FileIds(await tempFolder(), tokenizer.size, sizes)
      open.add(ids)
      const hash = createHash('sha256')
      for await (const piece of corpus.encode(tokenizer)) {
        hash.update(piece.bytes)
        ids.push(piece.ids)
      }
      return { ids, tokenizer, name, hash: hash.digest('hex') }
    },
    close() {
      for (const ids of open) ids.close()
    },
  }
}

/**
 * Opens files, folders and standard input (`-`) as one corpus, like `readCorpus`, but without a limit
 * of its size: from 64 MB on, the ids are kept in a file and read when training needs them. Ids,
 * vocabulary and hash are the same for both.
 *
 * @throws FileError, InputError like `readCorpus`
 */
export async function openCorpus(
  paths: readonly string[],
  options: OpenOptions,
): Promise<OpenCorpus> {
  const { tempFolder, largeFrom = LARGE, stdin = process.stdin, sizes, encoding, raw } = options
  const { found, skipped } = await findFiles(paths)
  const sources: (ByteSource & Partial<SpooledSource>)[] = []
  const close = (): void => {
    for (const source of sources) source.close?.()
  }
  try {
    for (const { path, inFolder } of found) {
      const standard = path === STDIN
      // A named pipe, such as <(command), has no known size before it has been read.
      const pipe = standard
        ? stdin
        : (await stat(path)).isFile()
          ? undefined
          : createReadStream(path)
      const source = pipe
        ? await spoolStream(pipe, largeFrom, tempFolder, standard ? STDIN_NAME : path)
        : fileSource(path, inFolder, sizes?.chunk)
      sources.push(source)
    }
    if (sources.reduce((sum, { size }) => sum + size, 0) >= largeFrom) {
      const corpus = await largeCorpus(sources, options)
      return {
        ...corpus,
        skipped: [...skipped, ...corpus.skipped],
        close() {
          corpus.close()
          close()
        },
      }
    }
  } catch (error) {
    close()
    throw error
  }
  const files: NamedBytes[] = []
  for (const { name, found, bytes } of sources) {
    files.push({ name, bytes: bytes ?? (await readFileBytes(name)), found })
  }
  const source = await joinFilesWithAdvice(files, {
    encoding,
    raw,
    tokenizerKind: options.tokenizerKind,
  })
  return smallCorpus({ ...source, skipped: [...skipped, ...source.skipped] })
}
