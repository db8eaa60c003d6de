/** Sources of a corpus: files, which can be read several times, and pipes, which are read only once. */
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { FileError, shortPath } from '../errors.js'
import { yieldToEventLoop } from '../event-loop.js'
import type { ByteSource } from '../text/index.js'
import { openUnlinked, writeAll } from './corpus-ids.js'
import { fileError } from './files.js'

/** Bytes of a chunk. A chunk and its decoded text fit the level 2 cache of most processors. */
const CHUNK = 1 << 20

/**
 * The chunks of a file, with a turn of the event loop after each. Reads are synchronous: the system
 * reads ahead, and many small files take a fifth of the time of asynchronous reads.
 */
async function* chunksOf(
  fd: number,
  chunk: number,
  name: string,
): AsyncGenerator<Uint8Array, number, undefined> {
  const buffer = new Uint8Array(chunk)
  let at = 0
  while (true) {
    let got: number
    try {
      got = readSync(fd, buffer, 0, buffer.length, at)
    } catch (error) {
      throw fileError(error, name, 'read')
    }
    if (got === 0) return at
    at += got
    yield buffer.subarray(0, got)
    if (got === buffer.length) await yieldToEventLoop()
  }
}

/**
 * A file as a source of bytes.
 * @param found whether it was found in a folder, and not named by the user
 * @throws FileError when it can't be read, and later when it has changed
 */
export function fileSource(path: string, found: boolean, chunk = CHUNK): ByteSource {
  const before = orFileError(path, () => statSync(path))
  const changed = (): FileError =>
    new FileError(
      'changed',
      `${shortPath(path)} was changed while it was read; start again when it is at rest.`,
    )
  const same = (now: Stats): boolean => now.size === before.size && now.mtimeMs === before.mtimeMs
  return {
    name: path,
    size: before.size,
    found,
    async *chunks() {
      const fd = orFileError(path, () => openSync(path, 'r'))
      try {
        if (!same(fstatSync(fd))) throw changed()
        // A small file gets a small buffer: there may be a hundred thousand of them.
        const size = Math.min(chunk, before.size + 1)
        const read = yield* chunksOf(fd, size, path)
        if (read !== before.size || !same(fstatSync(fd))) throw changed()
      } finally {
        closeSync(fd)
      }
    },
  }
}

function orFileError<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

/** The content of a stream: in memory while it is small, else in an unlinked file. */
export interface SpooledSource extends ByteSource {
  /** Undefined when the content is in a file. */
  readonly bytes: Uint8Array | undefined
  close(): void
}

/**
 * Reads standard input, or another pipe, to its end.
 * @param limit maximum number of bytes in memory
 * @param folderOf returns the folder for the file that holds larger content
 */
export async function spoolStream(
  stdin: AsyncIterable<Uint8Array | string>,
  limit: number,
  folderOf: () => Promise<string>,
  name: string,
): Promise<SpooledSource> {
  const held: Uint8Array[] = []
  let size = 0
  let fd: number | undefined
  let folder = ''
  const close = (): void => {
    if (fd !== undefined) closeSync(fd)
    fd = undefined
  }
  try {
    for await (const piece of stdin) {
      const bytes = typeof piece === 'string' ? new TextEncoder().encode(piece) : piece
      size += bytes.length
      if (fd === undefined) held.push(bytes)
      else writeAll(fd, bytes, folder)
      if (fd === undefined && size >= limit) {
        folder = await folderOf()
        fd = openUnlinked(folder)
        for (const early of held.splice(0)) writeAll(fd, early, folder)
      }
    }
  } catch (error) {
    close()
    throw fileError(error, name, 'read')
  }
  const bytes = fd === undefined ? Buffer.concat(held) : undefined
  return {
    name,
    size,
    bytes,
    async *chunks() {
      if (bytes !== undefined) yield bytes
      else if (fd !== undefined) yield* chunksOf(fd, CHUNK, name)
    },
    close,
  }
}
