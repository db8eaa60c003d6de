/** The checkpoint store of a page, in the browser's storage on this machine. */
import { FileError, InputError, OndoError, quote } from '../errors.js'
import type { CheckpointStore } from '../train/index.js'
import { indexedStore } from './indexed.js'
import { folderStore, hasSyncAccess, opfsFolder } from './opfs.js'

export type Storage = 'opfs' | 'indexeddb'

/** Names of errors of browsers whose storage, or whose disk, is full. */
const FULL = /^(QuotaExceededError|NS_ERROR_FILE_NO_DEVICE_SPACE|NoSpaceError)$/
const FULL_MESSAGE = /no space|disk (is )?full|not enough space|quota|capacity/i

/** What was to be stored or read, as the subject of a sentence. */
interface What {
  readonly en: string
  readonly ja: string
}

/** Turns an error of the browser's storage into one sentence. */
function storageError(error: unknown, { en, ja }: What): unknown {
  if (error instanceof OndoError) return error
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) }
  if (FULL.test(name) || FULL_MESSAGE.test(message)) {
    return new FileError(
      'disk-full',
      `${en} could not be stored: the browser's storage is full. Free some space, or download the model and delete the run.`,
      {
        cause: error,
        ja: `${ja}を保存できません。ブラウザーの保存領域がいっぱいです。容量を空けるか、モデルをダウンロードしてから学習を消してください。`,
      },
    )
  }
  return new FileError(
    'storage',
    `${en} could not be stored or read: the browser's storage said ${quote(message)}. Private windows may refuse it; try an ordinary one.`,
    {
      cause: error,
      ja: `${ja}を保存も読み込みもできません。ブラウザーの保存領域からの応答は ${quote(message)} です。プライベートウィンドウでは使えないことがあります。通常のウィンドウで試してください。`,
    },
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
  const guarded = async <Result>(what: What, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work()
    } catch (error) {
      throw storageError(error, what)
    }
  }
  const ofFile = (file: string): What => ({
    en: `The file ${quote(file)} of the run`,
    ja: `学習のファイル ${quote(file)} `,
  })
  const store = await guarded({ en: 'The run', ja: '学習' }, async () =>
    storage === 'opfs' ? folderStore(await opfsFolder(['ondo', name])) : await indexedStore(name),
  )
  return {
    storage,
    read: file => guarded(ofFile(file), () => store.read(file)),
    write: (file, bytes) => guarded(ofFile(file), () => store.write(file, bytes)),
    append: (file, text) => guarded(ofFile(file), () => store.append(file, text)),
    remove: file => guarded(ofFile(file), () => store.remove(file)),
    truncate: (file, length) => guarded(ofFile(file), () => store.truncate(file, length)),
    lock: () => takeLock(`ondo-store ${name}`),
  }
}
