/** Checkpoints in the browser's private file system (OPFS), for use in a worker. */
import type { CheckpointStore } from '../train/index.js'
import {
  readAll,
  readSlots,
  removeSlots,
  type SyncFile,
  type SyncFolder,
  withFile,
  writeSlots,
  writeWhole,
} from './atomic-files.js'

/** Only workers have this method; the DOM types do not contain it. */
interface SyncHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncFile>
}

export const hasSyncAccess = (): boolean =>
  typeof FileSystemFileHandle === 'function' &&
  'createSyncAccessHandle' in FileSystemFileHandle.prototype &&
  typeof navigator.storage?.getDirectory === 'function'

const nameOf = (error: unknown): string => (error instanceof DOMException ? error.name : '')

/** Longest wait for a file that a terminated worker may still hold, ms. */
const LOCK_TIMEOUT = 3000
const RETRY_EVERY = 20

async function openSync(handle: SyncHandle): Promise<SyncFile> {
  const started = performance.now()
  for (;;) {
    try {
      return await handle.createSyncAccessHandle()
    } catch (error) {
      const held = ['NoModificationAllowedError', 'InvalidStateError'].includes(nameOf(error))
      if (!held || performance.now() - started > LOCK_TIMEOUT) throw error
      await new Promise(resolve => setTimeout(resolve, RETRY_EVERY))
    }
  }
}

/** Opens a folder of OPFS, and makes it when it does not exist. */
export async function opfsFolder(path: readonly string[]): Promise<SyncFolder> {
  let folder = await navigator.storage.getDirectory()
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true })
  return {
    async open(name, make) {
      try {
        const handle = await folder.getFileHandle(name, { create: make })
        return await openSync(handle as SyncHandle)
      } catch (error) {
        if (!make && nameOf(error) === 'NotFoundError') return undefined
        throw error
      }
    },
    async remove(name) {
      const started = performance.now()
      for (;;) {
        try {
          await folder.removeEntry(name)
          return
        } catch (error) {
          if (nameOf(error) === 'NotFoundError') return
          if (performance.now() - started > LOCK_TIMEOUT) throw error
          await new Promise(resolve => setTimeout(resolve, RETRY_EVERY))
        }
      }
    },
  }
}

/**
 * A checkpoint store in a folder. Written files are kept in two slots (atomic-files.ts). Files that are only
 * appended to are plain files under their own name.
 */
export function folderStore(folder: SyncFolder): CheckpointStore {
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const plain = () => withFile(folder, name, false, readAll)
    try {
      return (await readSlots(folder, name)) ?? (await plain())
    } catch (error) {
      // When the first write into a slot was cut off, the plain file that it replaces is still there.
      const before = await plain()
      if (before) return before
      throw error
    }
  }
  const write = async (name: string, bytes: Uint8Array): Promise<void> => {
    await writeSlots(folder, name, bytes)
    await folder.remove(name)
  }
  return {
    read,
    write,
    async append(name, text) {
      const added = new TextEncoder().encode(text)
      const old = await readSlots(folder, name)
      if (old) {
        const whole = new Uint8Array(old.length + added.length)
        whole.set(old)
        whole.set(added, old.length)
        return write(name, whole)
      }
      await withFile(folder, name, true, file => {
        writeWhole(file, added, file.getSize())
        file.flush()
      })
    },
    async remove(name) {
      await removeSlots(folder, name)
      await folder.remove(name)
    },
    async truncate(name, length) {
      const old = await readSlots(folder, name)
      if (old) {
        if (old.length > length) await write(name, old.slice(0, length))
        return
      }
      await withFile(folder, name, false, file => {
        if (file.getSize() > length) file.truncate(length)
        file.flush()
      })
    },
  }
}
