/** The corpus from disk: files, folders, standard input. */
import { existsSync } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { FileError, InputError, nearestName, shortPath } from '../errors.js'
import {
  type CorpusSource,
  joinFilesAdvised,
  type NamedBytes,
  SKIP_REASONS,
  type SkippedFile,
  type SourceOptions,
} from '../text/index.js'
import { fileError, isMissing, readFileBytes } from './files.js'

/** Stands for standard input among the paths. */
export const STDIN = '-'
/** What the sentences call it. */
export const STDIN_NAME = 'standard input'

export interface ReadOptions extends SourceOptions {
  /** Read for the path `-`; standard input unless given. */
  readonly stdin?: AsyncIterable<Uint8Array | string>
}

export interface Found {
  readonly path: string
  /** In a folder, so that it may be left out when it is no text. */
  readonly inFolder: boolean
}

async function readStdin(stdin: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) {
    chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  }
  return Buffer.concat(chunks)
}

/** The entry of a folder that was meant: one letter off, or given without its extension. */
function nearestEntry(name: string, entries: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  const stem = entries.find(entry => entry.slice(0, -extname(entry).length).toLowerCase() === lower)
  return stem ?? nearestName(name, entries)
}

/** The path that was meant, each missing part of it mended by what stands in its folder. */
async function nearestPath(path: string): Promise<string | undefined> {
  const folder = dirname(path)
  const parent = existsSync(folder) || folder === path ? folder : await nearestPath(folder)
  if (parent === undefined) return undefined
  const entries: string[] = await readdir(parent).catch(() => [])
  const name = basename(path)
  const near = entries.includes(name) ? name : nearestEntry(name, entries)
  return near === undefined ? undefined : join(parent, near)
}

async function missing(path: string): Promise<FileError> {
  const near = await nearestPath(path)
  const advice = near === undefined ? 'check the path.' : `did you mean ${near}?`
  return new FileError('missing', `No file ${shortPath(path)}; ${advice}`)
}

/** The name of an entry; undefined for bytes that are not UTF-8, which no path can name. */
function nameOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A name whose bytes are not UTF-8, as something that can be shown: `caf\xE9.txt`. */
function escapedName(bytes: Uint8Array): string {
  return Array.from(bytes, byte =>
    byte < 0x80
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}

/** Gathers files, every one once, and what it leaves out of the folders. */
class Finder {
  readonly found: Found[] = []
  readonly skipped: SkippedFile[] = []
  private readonly seen = new Set<string>()

  async add(file: Found): Promise<void> {
    if (await this.isNew(file.path)) this.found.push(file)
  }

  /**
   * Files of a folder and of those in it, without hidden ones. Links are followed; one that leads
   * back to where it stands is not, since every file is read once.
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
        // A link to nowhere, or one in a circle.
        if (isMissing(error) || error.code === 'ELOOP') return undefined
        throw fileError(error, path, 'read')
      })
      if (kind === undefined) this.skip(path, 'dangling')
      else if (kind.isFile()) await this.add({ path, inFolder: true })
      else if (!kind.isDirectory()) this.skip(path, 'special')
      else if (await this.isNew(path)) await this.walk(path)
    }
  }

  /** Whether the path leads to what was not met before; what was, is left out and named. */
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

async function find(paths: readonly string[]): Promise<Finder> {
  const finder = new Finder()
  const { found } = finder
  // Files asked for come first, so that they stay asked for when a folder holds them too.
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
      throw gone ? await missing(path) : fileError(error, path, 'read')
    })
    if (kind.isDirectory()) folders.push(path)
    else await finder.add({ path, inFolder: false })
  }
  for (const folder of folders) {
    if (await finder.isNew(folder)) await finder.walk(folder)
  }
  return finder
}

/** How many of the files left out an error names. */
const NAMED = 3

function emptyFolders(
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
 * The files behind paths, every one once: those named, and all in the folders, at any depth.
 * @throws FileError, InputError as `readCorpus`
 */
export async function findFiles(
  paths: readonly string[],
): Promise<{ readonly found: readonly Found[]; readonly skipped: readonly SkippedFile[] }> {
  if (paths.length === 0) {
    throw new InputError(
      'corpus',
      'No file came to read; expected files, folders, or - for standard input.',
    )
  }
  const { found, skipped } = await find(paths)
  if (found.length === 0) throw emptyFolders(paths, 'files', skipped)
  return { found, skipped }
}

/** One file, or standard input (`-`), with what the sentences call it. @throws FileError */
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
 * input (`-`) as one corpus, in sorted order, every file once. In a folder, what is no text is left
 * out and named in `skipped`; a file that was asked for is refused instead.
 *
 * @throws FileError: missing, unreadable, not text, empty, a folder without text, too large
 * @throws InputError: no path at all, an encoding that is not known
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
  const corpus = await joinFilesAdvised(files, how)
  return { ...corpus, skipped: [...skipped, ...corpus.skipped] }
}
