/** A folder of checkpoints that survives a crash at any moment. */
import { appendFile, mkdir, open, readFile, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '../errors.js'
import type { CheckpointStore } from '../train/store.js'

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined

/** The folder's own entry, so that a rename outlives a power cut; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function refused(doing: string, path: string, cause: unknown): FileError {
  const code = codeOf(cause)
  const why =
    code === 'ENOSPC'
      ? 'the disk is full: free some space'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'writing there is not allowed: choose another folder'
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'a file stands where a folder is needed: choose another folder'
          : `the system says ${code ?? String(cause)}`
  return new FileError('checkpoint', `Could not ${doing} ${path}: ${why}.`, { cause })
}

/**
 * Opens a folder for checkpoints; it is made when it is not there.
 * A file is written beside its name, flushed to the disk, and renamed over it.
 * @throws FileError when the folder can't be made or written
 */
export async function checkpointFolder(folder: string): Promise<CheckpointStore> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw refused('make the folder', folder, cause)
  }
  const guarded = async (doing: string, name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (cause) {
      throw refused(doing, join(folder, name), cause)
    }
  }
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(join(folder, name)))
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return undefined
        throw refused('read', join(folder, name), cause)
      }
    },
    write: (name, bytes) =>
      guarded('write', name, async () => {
        const path = join(folder, name)
        const temporary = `${path}.part`
        try {
          const handle = await open(temporary, 'w')
          try {
            await handle.writeFile(bytes)
            await handle.sync()
          } finally {
            await handle.close()
          }
          await rename(temporary, path)
        } catch (cause) {
          await rm(temporary, { force: true })
          throw cause
        }
        await syncFolder(folder)
      }),
    append: (name, text) => guarded('add to', name, () => appendFile(join(folder, name), text)),
    remove: name => guarded('remove', name, () => rm(join(folder, name), { force: true })),
    truncate: (name, length) =>
      guarded('cut', name, async () => {
        const path = join(folder, name)
        try {
          const handle = await open(path, 'r')
          const { size } = await handle.stat()
          await handle.close()
          if (size > length) await truncate(path, length)
        } catch (cause) {
          if (codeOf(cause) !== 'ENOENT') throw cause
        }
      }),
  }
}
