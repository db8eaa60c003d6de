/** A folder of checkpoints that survives a crash at any moment. */
import { appendFile, mkdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckpointStore } from '../train/checkpoint-store.js'
import { fileError, isMissing, readFileBytes, writeFileAtomic } from './files.js'

/**
 * Makes a folder and those above it.
 * @returns whether it was not there before
 * @throws FileError
 */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    return (await mkdir(path, { recursive: true })) !== undefined
  } catch (error) {
    // On a read-only file system Node says ENOENT; without `recursive` it says what is the matter.
    const real = isMissing(error) ? await mkdir(path).then(undefined, caught => caught) : error
    if (real === undefined) return true
    throw fileError(real, path, 'written')
  }
}

/**
 * Opens a folder for checkpoints; it is made when it is not there.
 * @throws FileError when the folder can't be made, or later when a file can't be written
 */
export async function checkpointFolder(folder: string): Promise<CheckpointStore> {
  /** Does something with a file of the folder; what goes wrong becomes one sentence. */
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
    write: (name, bytes) => writeFileAtomic(place(name), bytes),
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
  }
}
