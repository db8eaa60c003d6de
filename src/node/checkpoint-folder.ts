/** A folder of checkpoints. A crash at any moment leaves each file with its old or its new content. */
import { appendFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckpointStore } from '../train/checkpoint-store.js'
import { fileError, isMissing, makeFolder, readFileBytes, writeFileAtomic } from './files.js'
import { FolderLock } from './folder-lock.js'

/**
 * Opens a folder for checkpoints, and makes it when it does not exist.
 * @param lock the caller's lock of this folder; without one, `lock` takes it
 * @throws FileError when the folder can't be made, and later when a file can't be written
 */
export async function checkpointFolder(
  folder: string,
  lock?: FolderLock,
): Promise<CheckpointStore> {
  let held = lock
  /** Runs an action on a file of the folder. System errors become a FileError. */
  const guarded = async (
    action: string,
    path: string,
    work: (path: string) => Promise<unknown>,
  ): Promise<void> => {
    try {
      await work(path)
    } catch (error) {
      throw fileError(error, path, action)
    }
  }
  await makeFolder(folder)
  const place = (name: string): string => join(folder, name)
  return {
    async read(name) {
      const there = await stat(place(name)).catch(error => {
        if (isMissing(error)) return undefined
        throw fileError(error, place(name), 'read')
      })
      return there && readFileBytes(place(name))
    },
    async write(name, bytes) {
      await held?.check()
      await writeFileAtomic(place(name), bytes)
    },
    append: (name, text) => guarded('written', place(name), path => appendFile(path, text)),
    remove: name => guarded('removed', place(name), path => rm(path, { force: true })),
    truncate: (name, length) =>
      guarded('written', place(name), async path => {
        const size = await stat(path).then(
          found => found.size,
          error => (isMissing(error) ? 0 : Promise.reject(error)),
        )
        if (size > length) await truncate(path, length)
      }),
    async lock() {
      if (held) return async () => {}
      const taken = await FolderLock.take(folder)
      held = taken
      return async () => {
        held = undefined
        taken.release()
      }
    },
  }
}
