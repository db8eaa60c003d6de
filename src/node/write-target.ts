/**
 * What stands where a file is to be written. Only a regular file may be replaced by a rename; a
 * FIFO, a device, a socket or an open descriptor (`/dev/stdout`, `/dev/fd/63` of a shell's `>(...)`)
 * is written to as it stands, since a rename would put a file in its place.
 */
import { constants, open as openCallback, type Stats, write } from 'node:fs'
import { open, readlink, realpath, stat } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

export type WriteTarget =
  /** A regular file, or a place where none is yet: `path` has no link in its last part. */
  | { readonly kind: 'file'; readonly path: string; readonly old?: Stats }
  | { readonly kind: 'folder' }
  | { readonly kind: 'fifo' | 'device' | 'socket'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly fd: number }

/** Links that are followed before the system would say ELOOP. */
const MOST_LINKS = 40
/** How often a FIFO is asked whether somebody reads it, ms. */
const READER_POLL = 20

const systemError = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code })

/** The number in `/dev/stdout`, `/dev/fd/3`, `/proc/self/fd/3`. */
function descriptorOf(path: string): number | undefined {
  if (process.platform === 'win32') return undefined
  if (path === '/dev/stdout') return 1
  if (path === '/dev/stderr') return 2
  const number = /^\/(?:dev\/fd|proc\/self\/fd|proc\/(\d+)\/fd)\/(\d+)$/.exec(path)
  if (!number || (number[1] !== undefined && Number(number[1]) !== process.pid)) return undefined
  return Number(number[2])
}

/** Follows the links of the last part, also to where nothing is yet (a dangling link). */
async function followed(path: string): Promise<string> {
  let at = resolve(path)
  for (let links = 0; links <= MOST_LINKS; links++) {
    if (descriptorOf(at) !== undefined) return at
    // `..` in a link is counted from where its folder really is.
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

/** Looks at what `path` names. @throws the system's error for links in a circle */
export async function writeTarget(path: string): Promise<WriteTarget> {
  const target = await followed(path)
  const fd = descriptorOf(target)
  const stats = await stat(target).catch(() => undefined)
  if (fd !== undefined) {
    // Opened anew, a pipe can be written without making its other users' descriptor non-blocking.
    return stats?.isFIFO() ? { kind: 'fifo', path: target } : { kind: 'descriptor', fd }
  }
  if (stats === undefined) return { kind: 'file', path: target }
  if (stats.isDirectory()) return { kind: 'folder' }
  const special = specialKind(stats)
  return special ? { kind: special, path: target } : { kind: 'file', path: target, old: stats }
}

const openDescriptor = promisify(openCallback) as (path: string, flags: number) => Promise<number>
const writeSome = promisify(write)

/** Opens a FIFO as soon as somebody reads it; an aborted signal asks once more and then gives up. */
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

function throughSocket(socket: Socket, content: Uint8Array | string): Promise<void> {
  return new Promise((done, fail) => {
    socket.once('error', fail)
    socket.once('close', failed => failed || done())
    socket.end(content)
  })
}

/** Writes all to an open descriptor, where it stands. */
async function toDescriptor(fd: number, content: Uint8Array): Promise<void> {
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
      // Somebody made it non-blocking, and its reader is slow.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      await wait(READER_POLL)
    }
  }
}

/**
 * Writes to what is no regular file.
 * @param signal aborted: a FIFO that nobody reads is not waited for
 * @throws the system's error
 */
export async function writeStraight(
  target: Exclude<WriteTarget, { kind: 'file' | 'folder' }>,
  content: Uint8Array | string,
  signal?: AbortSignal,
): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  switch (target.kind) {
    case 'descriptor':
      return toDescriptor(target.fd, bytes)
    case 'socket':
      return throughSocket(connect({ path: target.path }), bytes)
    case 'fifo': {
      // The socket closes the descriptor; its writes wait for the reader without holding a thread.
      const fd = await openFifo(target.path, signal)
      return throughSocket(new Socket({ fd, readable: false, writable: true }), bytes)
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
