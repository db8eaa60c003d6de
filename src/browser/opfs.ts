/** Checkpoints in the browser's private file system (OPFS), from a worker. */
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
} from './slots.js'

/** Only workers have it; the DOM's types, which both share here, don't know it. */
interface SyncHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncFile>
}

export const hasSyncAccess = (): boolean =>
  typeof FileSystemFileHandle === 'function' &&
  'createSyncAccessHandle' in FileSystemFileHandle.prototype &&
  typeof navigator.storage?.getDirectory === 'function'

const nameOf = (error: unknown): string => (error instanceof DOMException ? error.name : '')

/** A worker that was ended a moment ago may still hold the file: longest wait for that, ms. */
const PATIENCE = 3000
const PAUSE = 20

async function openSync(handle: SyncHandle): Promise<SyncFile> {
  const started = performance.now()
  for (;;) {
    try {
      return await handle.createSyncAccessHandle()
    } catch (error) {
      const held = ['NoModificationAllowedError', 'InvalidStateError'].includes(nameOf(error))
      if (!held || performance.now() - started > PATIENCE) throw error
      await new Promise(resolve => setTimeout(resolve, PAUSE))
    }
  }
}

/** A folder of OPFS, made when it is not there. */
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
          if (performance.now() - started > PATIENCE) throw error
          await new Promise(resolve => setTimeout(resolve, PAUSE))
        }
      }
    },
  }
}

/**
 * Checkpoints in such a folder. What is written lies in two slots; what is appended to, in a file
 * under its own name.
 */
export function folderStore(folder: SyncFolder): CheckpointStore {
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const plain = () => withFile(folder, name, false, readAll)
    try {
      return (await readSlots(folder, name)) ?? (await plain())
    } catch (error) {
      // A first write into a slot that was cut off leaves the file that it was to replace.
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
