/** The corpus from disk: files, folders, standard input. */
import { existsSync } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { FileError, InputError, nearestName } from '../errors.js'
import { type CorpusSource, joinFiles, type NamedBytes, type SourceOptions } from '../text/index.js'
import { fileError, readFileBytes } from './files.js'

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
  return new FileError('missing', `No file ${path}; ${advice}`)
}

/**
 * Files of a folder and of those in it, without hidden ones. Links are followed; one that leads back
 * to where it stands is not, since every file is read once.
 */
async function walk(folder: string, seen: Set<string>, found: Found[]): Promise<void> {
  const names = await readdir(folder)
  for (const name of names.filter(name => !name.startsWith('.')).sort()) {
    const path = join(folder, name)
    const kind = await stat(path).catch(() => undefined) // undefined: a link to nowhere
    if (kind?.isFile()) await add({ path, inFolder: true }, seen, found)
    else if (kind?.isDirectory() && (await isNew(path, seen))) await walk(path, seen, found)
  }
}

async function isNew(path: string, seen: Set<string>): Promise<boolean> {
  const real = await realpath(path)
  const fresh = !seen.has(real)
  seen.add(real)
  return fresh
}

async function add(file: Found, seen: Set<string>, found: Found[]): Promise<void> {
  if (await isNew(file.path, seen)) found.push(file)
}

async function find(paths: readonly string[]): Promise<Found[]> {
  const found: Found[] = []
  const seen = new Set<string>()
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
    else await add({ path, inFolder: false }, seen, found)
  }
  for (const folder of folders) {
    try {
      if (await isNew(folder, seen)) await walk(folder, seen, found)
    } catch (error) {
      throw fileError(error, folder, 'read')
    }
  }
  return found
}

function emptyFolders(paths: readonly string[], what: string): FileError {
  const [first] = paths
  const where =
    paths.length === 1 ? `The folder ${first} has` : `The folders ${paths.join(', ')} have`
  return new FileError(
    'corpus-empty',
    `${where} no ${what}; expected at least one that is not hidden (--tokenizer byte takes any file).`,
  )
}

/**
 * The files behind paths, every one once: those named, and all in the folders, at any depth.
 * @throws FileError, InputError as `readCorpus`
 */
export async function findFiles(paths: readonly string[]): Promise<Found[]> {
  if (paths.length === 0) {
    throw new InputError(
      'corpus',
      'No file came to read; expected files, folders, or - for standard input.',
    )
  }
  const found = await find(paths)
  if (found.length === 0) throw emptyFolders(paths, 'files')
  return found
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
  for (const { path, inFolder } of await findFiles(paths)) {
    if (path === STDIN) files.push({ name: STDIN_NAME, bytes: await readStdin(stdin) })
    else files.push({ name: path, bytes: await readFileBytes(path), found: inFolder })
  }
  return joinFiles(files, how)
}
