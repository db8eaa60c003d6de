/**
 * Finds out what an output path names. Only a regular file may be replaced by a rename. A FIFO, a
 * device, a socket or an open descriptor (`/dev/stdout`, `/dev/fd/63` of a shell's `>(...)`) is
 * written to directly, because a rename would replace it by a file.
 */
import { constants, open as openCallback, type Stats, write } from 'node:fs'
import { open, readlink, realpath, stat } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

export type WriteTarget =
  /** A regular file, or none yet. The last part of `path` is not a link. */
  | { readonly kind: 'file'; readonly path: string; readonly old?: Stats }
  | { readonly kind: 'folder' }
  | { readonly kind: 'fifo' | 'device' | 'socket'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly fd: number }

/** Maximum number of links to follow, like the system's limit for ELOOP. */
const MOST_LINKS = 40
/** Time between two attempts to open a FIFO without a reader, ms. */
const READER_POLL = 20

const systemError = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code })

/** The descriptor that a path such as `/dev/stdout`, `/dev/fd/3` or `/proc/self/fd/3` names. */
function descriptorOf(path: string): number | undefined {
  if (process.platform === 'win32') return undefined
  if (path === '/dev/stdout') return 1
  if (path === '/dev/stderr') return 2
  const number = /^\/(?:dev\/fd|proc\/self\/fd|proc\/(\d+)\/fd)\/(\d+)$/.exec(path)
  if (!number || (number[1] !== undefined && Number(number[1]) !== process.pid)) return undefined
  return Number(number[2])
}

/** Follows the links of the last part of a path, also dangling ones. */
async function followLinks(path: string): Promise<string> {
  let at = resolve(path)
  for (let links = 0; links <= MOST_LINKS; links++) {
    if (descriptorOf(at) !== undefined) return at
    // `..` in a link is relative to the real path of its folder.
    const folder = await realpath(dirname(at)).catch(() => dirname(at))
    at = join(folder, basename(at))
    if (descriptorOf(at) !== undefined) return at
    const link = await readlink(at).catch(() => undefined)
    if (link === undefined) return at
    at = isAbsolute(link) ? link : join(folder, link)
  }
  throw systemError('ELOOP', 'too many links')
}

const specialKind = (stats: Stats): 'fifo' | 'device' | 'socket' | undefined =>
  stats.isFIFO()
    ? 'fifo'
    : stats.isCharacterDevice() || stats.isBlockDevice()
      ? 'device'
      : stats.isSocket()
        ? 'socket'
        : undefined

/** Finds out what `path` names. @throws the system's error for a circle of links */
export async function writeTarget(path: string): Promise<WriteTarget> {
  const target = await followLinks(path)
  const fd = descriptorOf(target)
  const stats = await stat(target).catch(() => undefined)
  if (fd !== undefined) {
    // Opening the pipe again leaves the descriptors of its other users blocking.
    return stats?.isFIFO() ? { kind: 'fifo', path: target } : { kind: 'descriptor', fd }
  }
  if (stats === undefined) return { kind: 'file', path: target }
  if (stats.isDirectory()) return { kind: 'folder' }
  const special = specialKind(stats)
  return special ? { kind: special, path: target } : { kind: 'file', path: target, old: stats }
}

const openDescriptor = promisify(openCallback) as (path: string, flags: number) => Promise<number>
const writeSome = promisify(write)

/** Opens a FIFO as soon as it has a reader. When aborted, it tries once more and then gives up. */
async function openFifo(path: string, signal: AbortSignal | undefined): Promise<number> {
  for (;;) {
    try {
      return await openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      const nobody = error instanceof Error && 'code' in error && error.code === 'ENXIO'
      if (!nobody || signal?.aborted) throw error
      await wait(READER_POLL, undefined, { signal }).catch(() => {})
    }
  }
}

function writeToSocket(socket: Socket, content: Uint8Array | string): Promise<void> {
  return new Promise((done, fail) => {
    socket.once('error', fail)
    socket.once('close', failed => failed || done())
    socket.end(content)
  })
}

/** Writes all bytes to an open descriptor at its current position. */
async function writeToDescriptor(fd: number, content: Uint8Array): Promise<void> {
  const stream = fd === 1 ? process.stdout : fd === 2 ? process.stderr : undefined
  if (stream) {
    return new Promise((done, fail) => {
      stream.write(content, error => (error ? fail(error) : done()))
    })
  }
  for (let at = 0; at < content.length; ) {
    try {
      at += (await writeSome(fd, content, at, content.length - at, null)).bytesWritten
    } catch (error) {
      // The descriptor is non-blocking, and its reader is slow.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      await wait(READER_POLL)
    }
  }
}

/**
 * Writes to a target that is not a regular file.
 * @param signal when aborted, the write does not wait for a reader of a FIFO
 * @throws the system's error
 */
export async function writeInPlace(
  target: Exclude<WriteTarget, { kind: 'file' | 'folder' }>,
  content: Uint8Array | string,
  signal?: AbortSignal,
): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  switch (target.kind) {
    case 'descriptor':
      return writeToDescriptor(target.fd, bytes)
    case 'socket':
      return writeToSocket(connect({ path: target.path }), bytes)
    case 'fifo': {
      // The socket closes the descriptor. Its writes wait for the reader without blocking a thread.
      const fd = await openFifo(target.path, signal)
      return writeToSocket(new Socket({ fd, readable: false, writable: true }), bytes)
    }
    case 'device': {
      const handle = await open(target.path, constants.O_WRONLY)
      try {
        await handle.writeFile(bytes)
      } finally {
        await handle.close()
      }
    }
  }
}
