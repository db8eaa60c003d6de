/**
 * Ids of a large corpus in an unlinked file, read in blocks. The system deletes the file when the
 * process ends, also after kill -9.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Ids, makeIds } from '../text/index.js'
import type { IdSource } from '../train/index.js'
import { fileError } from './files.js'

/** Bytes of one block of the cache. With T = 100, a stream reads the same block some 300 times. */
const BLOCK = 32_768
/** Maximum number of blocks in memory: one for each of 256 streams, twice. 16 MiB in all. */
const BLOCKS = 512

let files = 0

/**
 * Opens a new file for reading and writing, and removes its name at once, so that even kill -9 leaves
 * nothing in the folder.
 * @throws FileError: no permission, read-only, no such folder
 */
export function openUnlinked(folder: string): number {
  const path = join(folder, `.ondo-${process.pid}-${files++}.tmp`)
  try {
    const fd = openSync(path, 'wx+')
    unlinkSync(path)
    return fd
  } catch (error) {
    throw fileError(error, path, 'written')
  }
}

/** Appends all bytes to an open file. @throws FileError: disk full */
export function writeAll(fd: number, bytes: Uint8Array, path: string): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
  } catch (error) {
    throw fileError(error, path, 'written')
  }
}

export interface CacheSize {
  /** Ids in a block. */
  readonly block?: number
  readonly blocks?: number
}

/** Ids of a corpus in a file: appended once, then read at any position. */
export class FileIds implements IdSource {
  length = 0
  private readonly fd: number
  private readonly path: string
  /** V. It decides whether an id takes 1, 2 or 4 bytes. */
  private readonly vocabulary: number
  private readonly block: number
  private readonly blocks: number
  /** Blocks by number, the least recently used first. */
  private readonly cache = new Map<number, Ids>()
  private closed = false

  /**
   * @param folder the folder that holds the file while it is open
   * @throws FileError when the file can't be made
   */
  constructor(folder: string, vocabulary: number, size: CacheSize = {}) {
    this.path = join(folder, 'ids of the corpus')
    this.vocabulary = vocabulary
    this.block = size.block ?? BLOCK / makeIds(vocabulary, 0).BYTES_PER_ELEMENT
    this.blocks = size.blocks ?? BLOCKS
    this.fd = openUnlinked(folder)
  }

  /** Appends ids of the same vocabulary. @throws FileError: disk full */
  push(ids: Ids): void {
    writeAll(this.fd, new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength), this.path)
    this.length += ids.length
  }

  /** @throws FileError when the disk fails */
  subarray(from: number, to: number): ArrayLike<number> {
    const { block } = this
    const first = Math.floor(from / block)
    const start = first * block
    if (to <= start + block) return this.blockOf(first).subarray(from - start, to - start)
    const ids = makeIds(this.vocabulary, to - from)
    for (let at = from; at < to; ) {
      const k = Math.floor(at / block)
      const end = Math.min(to, (k + 1) * block)
      ids.set(this.blockOf(k).subarray(at - k * block, end - k * block), at - from)
      at = end
    }
    return ids
  }

  /** Closes the file; the system then deletes it. May be called twice. */
  close(): void {
    if (this.closed) return
    this.closed = true
    closeSync(this.fd)
  }

  private blockOf(k: number): Ids {
    const { cache } = this
    let ids = cache.get(k)
    if (ids === undefined) {
      ids = this.read(k * this.block, Math.min(this.block, this.length - k * this.block))
      if (cache.size >= this.blocks) {
        for (const oldest of cache.keys()) {
          cache.delete(oldest)
          break
        }
      }
    } else {
      cache.delete(k)
    }
    cache.set(k, ids)
    return ids
  }

  private read(from: number, count: number): Ids {
    const ids = makeIds(this.vocabulary, count)
    const bytes = new Uint8Array(ids.buffer)
    const width = ids.BYTES_PER_ELEMENT
    try {
      for (let at = 0; at < bytes.length; ) {
        const got = readSync(this.fd, bytes, at, bytes.length - at, from * width + at)
        if (got === 0) throw new Error('it is shorter than it was written')
        at += got
      }
    } catch (error) {
      throw fileError(error, this.path, 'read')
    }
    return ids
  }
}
