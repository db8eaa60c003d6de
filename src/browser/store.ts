/** The checkpoint store of a page, in the browser's storage on this machine. */
import { FileError, InputError, OndoError, quote } from '../errors.js'
import type { CheckpointStore } from '../train/index.js'
import { indexedStore } from './indexed.js'
import { folderStore, hasSyncAccess, opfsFolder } from './opfs.js'

export type Storage = 'opfs' | 'indexeddb'

function storageError(error: unknown, what: string): unknown {
  if (error instanceof OndoError) return error
  const name = error instanceof DOMException ? error.name : ''
  const cause = { cause: error }
  if (name === 'QuotaExceededError') {
    return new FileError(
      'disk-full',
      `${what} could not be kept: the browser gives this page no more room. Free some, or download the model and delete the run.`,
      cause,
    )
  }
  const message = error instanceof Error ? error.message : String(error)
  return new FileError(
    'storage',
    `${what} could not be kept or read: the browser's storage said ${quote(message)}. Private windows may refuse it; try an ordinary one.`,
    cause,
  )
}

/**
 * Takes a lock of the browser. It ends with the page or worker that holds it.
 * @returns a function that releases it
 */
async function takeLock(name: string): Promise<() => Promise<void>> {
  // A page outside a secure context has neither locks nor OPFS.
  const locks = (navigator as { readonly locks?: LockManager }).locks
  if (!locks) return async () => {}
  return new Promise((resolve, reject) => {
    const held = locks.request(name, { ifAvailable: true }, lock => {
      if (!lock) {
        throw new InputError(
          'folder-in-use',
          `A run is going on in the store ${quote(name)}, here or in another tab of this browser: wait until it ends, close it, or choose another name.`,
        )
      }
      return new Promise<void>(release => {
        resolve(async () => {
          release()
          await held
        })
      })
    })
    held.catch(reject)
  })
}

/**
 * Opens a checkpoint store in a worker. Uses OPFS when workers can write its files in place, else
 * IndexedDB.
 * @param name of the store; a page can have several
 * @throws FileError when the browser refuses storage, and later when the storage is full
 */
export async function browserStore(
  name: string,
  storage: Storage = hasSyncAccess() ? 'opfs' : 'indexeddb',
): Promise<CheckpointStore & { readonly storage: Storage }> {
  const guarded = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work()
    } catch (error) {
      throw storageError(error, what)
    }
  }
  const store = await guarded('The run', async () =>
    storage === 'opfs' ? folderStore(await opfsFolder(['ondo', name])) : await indexedStore(name),
  )
  return {
    storage,
    read: file => guarded(file, () => store.read(file)),
    write: (file, bytes) => guarded(file, () => store.write(file, bytes)),
    append: (file, text) => guarded(file, () => store.append(file, text)),
    remove: file => guarded(file, () => store.remove(file)),
    truncate: (file, length) => guarded(file, () => store.truncate(file, length)),
    lock: () => takeLock(`ondo-store ${name}`),
  }
}
