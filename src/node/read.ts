/** Reads a corpus from files, folders and standard input. */
import { existsSync } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { counted, FileError, InputError, nearestName, shortPath } from '../errors.js'
import {
  type CorpusSource,
  joinFilesWithAdvice,
  type NamedBytes,
  SKIP_REASONS,
  type SkippedFile,
  type SourceOptions,
} from '../text/index.js'
import { fileError, isMissing, readFileBytes } from './files.js'

/** The path that means standard input. */
export const STDIN = '-'
/** The name of standard input in messages. */
export const STDIN_NAME = 'standard input'

export interface ReadOptions extends SourceOptions {
  /** The stream that is read for the path `-`. Default: standard input. */
  readonly stdin?: AsyncIterable<Uint8Array | string>
}

export interface FoundFile {
  readonly path: string
  /** Whether it was found in a folder; then it is left out when it is not text. */
  readonly inFolder: boolean
}

async function readStdin(stdin: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) {
    chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  }
  return Buffer.concat(chunks)
}

/** The entry that the user probably meant: misspelled, or without its extension. */
function nearestEntry(name: string, entries: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  const stem = entries.find(entry => entry.slice(0, -extname(entry).length).toLowerCase() === lower)
  return stem ?? nearestName(name, entries)
}

/** The path that the user probably meant: each missing part is replaced by the nearest entry. */
async function nearestPath(path: string): Promise<string | undefined> {
  const folder = dirname(path)
  const parent = existsSync(folder) || folder === path ? folder : await nearestPath(folder)
  if (parent === undefined) return undefined
  const entries: string[] = await readdir(parent).catch(() => [])
  const name = basename(path)
  const near = entries.includes(name) ? name : nearestEntry(name, entries)
  return near === undefined ? undefined : join(parent, near)
}

async function missingError(path: string): Promise<FileError> {
  const near = await nearestPath(path)
  const advice = near === undefined ? 'check the path.' : `did you mean ${near}?`
  return new FileError('missing', `There is no file "${shortPath(path)}"; ${advice}`, {
    ja: `「${shortPath(path)}」というファイルはありません。${near === undefined ? 'パスを確かめてください。' : `${near} ではありませんか。`}`,
  })
}

/** The name of an entry; undefined for bytes that are not UTF-8, which a path cannot express. */
function nameOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A readable form of a name that is not UTF-8: `caf\xE9.txt`. */
function escapedName(bytes: Uint8Array): string {
  return Array.from(bytes, byte =>
    byte < 0x80
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}

/** Collects files, each once, and the entries of folders that are left out. */
class FileFinder {
  private readonly most: number
  readonly found: FoundFile[] = []
  readonly skipped: SkippedFile[] = []
  private readonly seen = new Set<string>()

  /** @param most files that are found before the rest is refused */
  constructor(most: number) {
    this.most = most
  }

  async add(file: FoundFile): Promise<void> {
    if (!(await this.isNew(file.path))) return
    if (this.found.length >= this.most) {
      throw new FileError(
        'too-many-files',
        `There are more than ${counted(this.most, 'file')} in "${shortPath(dirname(file.path))}" and the folders above it; name fewer.`,
        { ja: `ファイルが${this.most}個を超えています。もっと少なく指定してください。` },
      )
    }
    this.found.push(file)
  }

  /**
   * Adds the files of a folder and its subfolders, without hidden ones. Follows links, but enters each
   * folder only once.
   */
  async walk(folder: string): Promise<void> {
    const entries = await readdir(folder, { encoding: 'buffer' }).catch(error => {
      throw fileError(error, folder, 'read')
    })
    const names: string[] = []
    for (const bytes of entries.sort(Buffer.compare)) {
      const name = nameOf(bytes)
      if (name === undefined) this.skip(join(folder, escapedName(bytes)), 'name')
      else if (!name.startsWith('.')) names.push(name)
    }
    for (const name of names.sort()) {
      const path = join(folder, name)
      const kind = await stat(path).catch(error => {
        // A dangling link, or a circle of links.
        if (isMissing(error) || error.code === 'ELOOP') return undefined
        throw fileError(error, path, 'read')
      })
      if (kind === undefined) this.skip(path, 'dangling')
      else if (kind.isFile()) await this.add({ path, inFolder: true })
      else if (!kind.isDirectory()) this.skip(path, 'special')
      else if (await this.isNew(path)) await this.walk(path)
    }
  }

  /** Whether the target of a path is new. A repeated one is added to `skipped`. */
  async isNew(path: string): Promise<boolean> {
    const real = await realpath(path).catch(error => {
      throw fileError(error, path, 'read')
    })
    const fresh = !this.seen.has(real)
    this.seen.add(real)
    if (!fresh) this.skip(path, 'repeated')
    return fresh
  }

  private skip(name: string, reason: SkippedFile['reason']): void {
    this.skipped.push({ name, reason })
  }
}

async function findAll(paths: readonly string[], most: number): Promise<FileFinder> {
  const finder = new FileFinder(most)
  const { found } = finder
  // Named files come before folders: a file that is also in a folder still counts as named.
  const folders: string[] = []
  for (const path of paths) {
    if (path === STDIN) {
      if (!found.some(file => file.path === STDIN)) {
        found.push({ path, inFolder: false })
      }
      continue
    }
    const kind = await stat(path).catch(async error => {
      const gone = error.code === 'ENOENT' || error.code === 'ENOTDIR'
      throw gone ? await missingError(path) : fileError(error, path, 'read')
    })
    if (kind.isDirectory()) folders.push(path)
    else await finder.add({ path, inFolder: false })
  }
  for (const folder of folders) {
    if (await finder.isNew(folder)) await finder.walk(folder)
  }
  return finder
}

/** Maximum number of skipped files in an error. */
const NAMED = 3

function emptyFoldersError(
  paths: readonly string[],
  what: string,
  skipped: readonly SkippedFile[],
): FileError {
  const [first] = paths
  const where =
    paths.length === 1 ? `The folder ${first} has` : `The folders ${paths.join(', ')} have`
  const named = skipped
    .slice(0, NAMED)
    .map(({ name, reason }) => `${name}: ${SKIP_REASONS[reason].en}`)
  const leftOut =
    named.length === 0
      ? ''
      : ` but ${skipped.length} that can't be read (${named.join('; ')}${skipped.length > NAMED ? '; …' : ''})`
  return new FileError(
    'corpus-empty',
    `${where} no ${what}${leftOut}; expected at least one that is not hidden`,
    { way: 'any-file' },
  )
}

/**
 * Finds the files of paths, each once: named files, and all files of folders at any depth.
 * @param options.most files; more are refused
 * @throws FileError, InputError like `readCorpus`
 */
export async function findFiles(
  paths: readonly string[],
  options: { readonly most?: number } = {},
): Promise<{ readonly found: readonly FoundFile[]; readonly skipped: readonly SkippedFile[] }> {
  if (paths.length === 0) {
    throw new InputError(
      'corpus',
      'No file came to read; expected files, folders, or - for standard input.',
    )
  }
  const { found, skipped } = await findAll(paths, options.most ?? Number.POSITIVE_INFINITY)
  if (found.length === 0) throw emptyFoldersError(paths, 'files', skipped)
  return { found, skipped }
}

/** Reads one file or standard input (`-`), with its name for messages. @throws FileError */
export async function readNamed(
  path: string,
  stdin: AsyncIterable<Uint8Array | string> = process.stdin,
): Promise<NamedBytes> {
  return path === STDIN
    ? { name: STDIN_NAME, bytes: await readStdin(stdin) }
    : { name: path, bytes: await readFileBytes(path) }
}

/**
 * Reads files, folders (all text files in them, at any depth, without hidden ones) and standard
 * input (`-`) as one corpus, in sorted order, each file once. A file in a folder that is not text is
 * left out and listed in `skipped`; a named file that is not text is refused.
 *
 * @throws FileError: missing, unreadable, not text, empty, a folder without text, too large
 * @throws InputError: no path, or an unknown encoding
 */
export async function readCorpus(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<CorpusSource> {
  const { stdin = process.stdin, ...how } = options
  const files: NamedBytes[] = []
  const { found, skipped } = await findFiles(paths)
  for (const { path, inFolder } of found) {
    files.push({ ...(await readNamed(path, stdin)), found: inFolder })
  }
  const corpus = await joinFilesWithAdvice(files, how)
  return { ...corpus, skipped: [...skipped, ...corpus.skipped] }
}
