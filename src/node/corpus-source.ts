/** Files that are read again and again in chunks, and pipes, which can be read only once. */
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { FileError, shortPath } from '../errors.js'
import { yieldToEventLoop } from '../event-loop.js'
import type { ByteSource } from '../text/index.js'
import { openUnlinked, writeAll } from './corpus-ids.js'
import { fileError } from './files.js'

/** Fits the second-level cache of most processors beside what is made of it. */
const CHUNK = 1 << 20

/**
 * Reading does not wait for the disk in another thread: the system reads ahead by itself, and many
 * small files take a fifth of the time. The event loop runs after each chunk.
 */
async function* chunksOf(
  fd: number,
  chunk: number,
  name: string,
): AsyncGenerator<Uint8Array, number, undefined> {
  const room = new Uint8Array(chunk)
  let at = 0
  while (true) {
    let got: number
    try {
      got = readSync(fd, room, 0, room.length, at)
    } catch (error) {
      throw fileError(error, name, 'read')
    }
    if (got === 0) return at
    at += got
    yield room.subarray(0, got)
    if (got === room.length) await yieldToEventLoop()
  }
}

/** A file by its path. @throws FileError */
export function fileSource(path: string, found: boolean, chunk = CHUNK): ByteSource {
  const before = guarded(path, () => statSync(path))
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
      const fd = guarded(path, () => openSync(path, 'r'))
      try {
        if (!same(fstatSync(fd))) throw changed()
        // A small file gets no larger room than it needs: there may be a hundred thousand of them.
        const size = Math.min(chunk, before.size + 1)
        const read = yield* chunksOf(fd, size, path)
        if (read !== before.size || !same(fstatSync(fd))) throw changed()
      } finally {
        closeSync(fd)
      }
    },
  }
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

/** What was read of a stream: in memory while it is small, then in a file without a name. */
export interface Spooled extends ByteSource {
  /** Undefined when it lies in a file. */
  readonly bytes: Uint8Array | undefined
  close(): void
}

/**
 * Reads standard input, or another pipe, to its end.
 * @param limit bytes that are kept in memory at most
 * @param place gives the folder for the file that holds more
 */
export async function spool(
  stdin: AsyncIterable<Uint8Array | string>,
  limit: number,
  place: () => Promise<string>,
  name: string,
): Promise<Spooled> {
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
        folder = await place()
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
