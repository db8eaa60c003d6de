/**
 * Files on disk: writes that a crash cannot leave half done, and the search for a model by name,
 * path or training folder.
 */
import type { Stats } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { didYouMean, didYouMeanInJapanese, FileError, shorten, shortPath } from '../errors.js'
import { writeInPlace, writeTarget } from './write-target.js'

/** Codes of the system: the code of the error, and why in both languages. */
const REASONS: Record<string, readonly [code: string, why: string, ja: string]> = {
  ENOENT: ['missing', 'it does not exist: check the path', '存在しません。パスを確認してください'],
  ENOTDIR: [
    'missing',
    'a part of its path is a file, not a folder: check the path',
    'パスの途中がフォルダーではなくファイルです。パスを確認してください',
  ],
  EEXIST: [
    'is-file',
    'a file stands where a folder is needed: choose another place',
    'フォルダーが必要な場所にファイルがあります。別の場所を指定してください',
  ],
  EISDIR: [
    'is-folder',
    'it is a folder: name a file',
    'フォルダーです。ファイルを指定してください',
  ],
  EACCES: [
    'denied',
    'permission is denied: change its rights or choose another place',
    'アクセス権がありません。権限を変えるか、別の場所を指定してください',
  ],
  EPERM: [
    'denied',
    'the system does not permit it: change its rights or choose another place',
    'システムが許可していません。権限を変えるか、別の場所を指定してください',
  ],
  EROFS: [
    'read-only',
    'the file system is read-only: choose another place',
    'ファイルシステムが読み取り専用です。別の場所を指定してください',
  ],
  ENOSPC: [
    'disk-full',
    'the disk is full: make room or choose another place',
    'ディスクがいっぱいです。空きを作るか、別の場所を指定してください',
  ],
  EDQUOT: [
    'disk-full',
    'your disk quota is used up: make room or choose another place',
    'ディスクの割り当てを使い切りました。空きを作るか、別の場所を指定してください',
  ],
  EFBIG: [
    'too-large',
    'it is larger than the file system allows: choose another place',
    'ファイルシステムの上限より大きくなりました。別の場所を指定してください',
  ],
  ERR_FS_FILE_TOO_LARGE: [
    'too-large',
    'it is larger than 2 GiB, more than any model: check the path',
    '2 GiBを超えていて、モデルではありません。パスを確認してください',
  ],
  EMFILE: [
    'too-many-open',
    'too many files are open: close some programs',
    '開いているファイルが多すぎます。プログラムをいくつか閉じてください',
  ],
  EBADF: [
    'closed',
    'nothing is open for writing there: check the path',
    '書き込み先が開いていません。パスを確認してください',
  ],
  ELOOP: [
    'missing',
    'its links lead in a circle: name the file itself',
    'リンクが循環しています。ファイルそのものを指定してください',
  ],
  ENXIO: [
    'no-reader',
    'nothing is at its other end: start the program there first',
    '受け取る側がいません。先にそのプログラムを起動してください',
  ],
  ECONNREFUSED: [
    'no-reader',
    'nobody listens there: start its reader first',
    '待ち受けているプログラムがありません。先に起動してください',
  ],
  EPIPE: ['no-reader', 'its reader went away before the end', '受け取る側が途中で終了しました'],
  ECONNRESET: [
    'no-reader',
    'its reader went away before the end',
    '受け取る側が途中で終了しました',
  ],
  EIO: [
    'io',
    'the device reports an error: check the disk or choose another place',
    '装置がエラーを返しました。ディスクを確認するか、別の場所を指定してください',
  ],
  ENAMETOOLONG: [
    'name',
    'its name is too long: choose a shorter one',
    '名前が長すぎます。短い名前を指定してください',
  ],
}

/** What can't be done, by action. */
const IN_JAPANESE: Readonly<Record<string, string>> = {
  written: 'に書き込めません',
  moved: 'を移動できません',
}

const NO_FOLDER = [
  'missing',
  'its folder does not exist: make it first or check the path',
  'フォルダーがありません。先に作るか、パスを確認してください',
] as const

/** Turns an error of the file system into one sentence. @param action `read` or `written` */
export function fileError(error: unknown, path: string, action: string): FileError {
  if (error instanceof FileError) return error
  const removed = workingFolderError(error)
  if (removed) return removed
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error ? error.message : `${error}`
  const [name, why, ja] =
    code === 'ENOENT' && action === 'written'
      ? NO_FOLDER
      : (REASONS[code] ?? (['io', message, message] as const))
  return new FileError(name, `"${shortPath(path)}" can't be ${action}: ${why}.`, {
    cause: error,
    ja: `「${shortPath(path)}」${IN_JAPANESE[action] ?? 'を読み込めません'}：${ja}。`,
  })
}

/** Whether an error says that the file does not exist. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

/**
 * Refuses a relative path when the working directory was removed: `mkdir` would not return.
 * @throws FileError
 */
function checkWorkingFolder(path: string): void {
  if (isAbsolute(path)) return
  try {
    process.cwd()
  } catch (error) {
    throw workingFolderError(error) ?? error
  }
}

/** The error for a removed working directory, when `process.cwd()` threw for that reason. */
export function workingFolderError(error: unknown): FileError | undefined {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
  if (code !== 'ENOENT' || syscall !== 'uv_cwd') return undefined
  return new FileError(
    'no-working-folder',
    'The working directory was removed: change into a folder that exists and try again.',
    {
      cause: error,
      ja: '作業フォルダーが削除されています。存在するフォルダーに移って、もう一度実行してください。',
    },
  )
}

/**
 * Makes a folder and its parents.
 * @returns whether it is new
 * @throws FileError when it can't be made
 */
export async function makeFolder(path: string): Promise<boolean> {
  checkWorkingFolder(path)
  try {
    return (await mkdir(path, { recursive: true })) !== undefined
  } catch (error) {
    // With `recursive`, Node reports ENOENT on a read-only file system; without, the true reason.
    const real = isMissing(error) ? await mkdir(path).then(undefined, caught => caught) : error
    if (real === undefined) return true
    throw fileError(real, path, 'written')
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Removes the temporary files that killed processes left when they wrote the same file. */
async function removeStaleFiles(folder: string, stem: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`.${stem}.`)) continue
    const pid = /^(\d+)-\d+\.tmp$/.exec(name.slice(stem.length + 2))?.[1]
    if (pid && !isAlive(Number(pid))) await rm(join(folder, name), { force: true })
  }
}

/** Makes a rename survive a power cut. Windows can't open folders, and does not need this. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some network file systems can't sync a folder; the file itself was synced.
    if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error
  } finally {
    await handle.close()
  }
}

let writes = 0

/** Systems and file systems without hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']

/** Gives a file its name, unless another file has it. @throws the system's EEXIST */
async function renameToFree(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
    await rm(temporary, { force: true })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!NO_LINKS.includes(code)) throw error
    const taken = await stat(path).then(
      () => true,
      () => false,
    )
    if (taken) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    await rename(temporary, path)
  }
}

/**
 * Writes a temporary file beside `path`, syncs it and renames it.
 * @param path a regular file, or none yet
 * @param isNew the file must not exist
 */
async function replaceFile(
  path: string,
  content: Uint8Array | string,
  old: Stats | undefined,
  isNew: boolean,
): Promise<void> {
  let temporary: string | undefined
  try {
    const folder = dirname(path)
    const stem = basename(path).slice(0, 100)
    await removeStaleFiles(folder, stem)
    const name = join(folder, `.${stem}.${process.pid}-${writes++}.tmp`)
    const handle = await open(name, 'wx')
    temporary = name
    try {
      // The new file gets the owner and the permissions of the old one.
      if (old && old.uid !== process.getuid?.()) {
        await handle.chown(old.uid, old.gid).catch(() => {})
      }
      if (old) await handle.chmod(old.mode & 0o7777)
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (isNew) await renameToFree(temporary, path)
    else await rename(temporary, path)
    temporary = undefined
    await syncFolder(folder)
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/**
 * Writes a whole file or nothing: the content goes to a temporary file in the same folder, which is
 * synced and renamed. A reader of `path` finds the old content or the new one at any time, also after
 * kill -9 or a power cut. A link stays, and its target is replaced. A FIFO, device or socket, and
 * paths such as `/dev/stdout` and `/dev/fd/63`, are not replaced; the content is written to them.
 * @param options.signal when aborted, the write does not wait for a reader of a FIFO
 * @param options.isNew refuse a file that exists, also one that another process writes meanwhile
 * @throws FileError: disk full, no permission, read-only, no such folder, no reader; code `exists`
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  options: { readonly signal?: AbortSignal; readonly isNew?: boolean } = {},
): Promise<void> {
  try {
    const target = await writeTarget(path)
    if (target.kind === 'folder') throw Object.assign(new Error('is a folder'), { code: 'EISDIR' })
    if (target.kind === 'file') {
      const { isNew = false } = options
      if (isNew && target.old) throw existsError(path)
      await replaceFile(target.path, content, target.old, isNew)
    } else await writeInPlace(target, content, options.signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (options.isNew && code === 'EEXIST') throw existsError(path)
    throw fileError(error, path, 'written')
  }
}

/** The refusal of a file that exists. */
export const existsError = (path: string): FileError =>
  new FileError('exists', `The file "${shortPath(path)}" exists`, {
    way: 'file-exists',
    ja: `「${shortPath(path)}」というファイルがすでにあります`,
  })

/** Reads a whole file. @throws FileError when it can't be read */
export async function readFileBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const bytes = await readFile(path)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

let root: Promise<string> | undefined

/** The folder of this package: the nearest parent of this program file with Ondo's package.json. */
export function packageRoot(): Promise<string> {
  root ??= (async () => {
    let folder = dirname(fileURLToPath(import.meta.url))
    while (true) {
      const json = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}')
      if (JSON.parse(json).name === 'ondo') return folder
      const above = dirname(folder)
      if (above === folder) {
        throw new FileError(
          'install',
          "Ondo can't find its own package.json above its program files: install it again.",
        )
      }
      folder = above
    }
  })()
  return root
}

const EXTENSION = '.safetensors'

/** The sorted names of the models that come with the package. */
export async function bundledModels(): Promise<string[]> {
  const files = await readdir(join(await packageRoot(), 'models')).catch(() => [])
  return files
    .filter(name => name.endsWith(EXTENSION) && !name.startsWith('.'))
    .map(name => name.slice(0, -EXTENSION.length))
    .sort()
}

/** The models of a training folder: the one with the best validation loss, then the latest. */
const TRAINED_MODELS = ['best.safetensors', 'model.safetensors']

async function modelInFolder(folder: string): Promise<string> {
  const names = await readdir(folder).catch(error => {
    throw fileError(error, folder, 'read')
  })
  const found = TRAINED_MODELS.find(name => names.includes(name))
  if (found) return join(folder, found)
  const models = names.filter(name => name.endsWith(EXTENSION) && !name.startsWith('.')).sort()
  const hint = models.length > 0 ? `name one of its models: ${models.join(', ')}` : 'check the path'
  throw new FileError(
    'missing',
    `The folder "${shortPath(folder)}" holds neither ${TRAINED_MODELS.join(' nor ')}: ${hint}.`,
  )
}

async function missingModelError(source: string): Promise<FileError> {
  const bundled = await bundledModels()
  if (/[\\/]/.test(source) || source.endsWith(EXTENSION)) {
    const folder = dirname(source)
    const names = await readdir(folder).catch(() => undefined)
    const why = names === undefined ? ` The folder "${folder}" does not exist either.` : ''
    const near = didYouMean(basename(source), names ?? [])
    const whyInJapanese = names === undefined ? `フォルダー「${folder}」もありません。` : ''
    return new FileError('missing', `There is no model file "${shorten(source)}".${why}${near}`, {
      ja: `モデルのファイル「${shorten(source)}」がありません。${whyInJapanese}${didYouMeanInJapanese(basename(source), names ?? [])}`,
    })
  }
  const names = await readdir('.').catch(() => [])
  const near = didYouMean(source, [...bundled, ...names])
  const have = bundled.length > 0 ? bundled.join(', ') : 'none'
  return new FileError(
    'missing',
    `There is no model "${shorten(source)}": bundled are ${have}; a path to a file or a training folder works too.${near}`,
    {
      ja: `「${shorten(source)}」というモデルはありません。同梱のモデルは${have}です。ファイルや学習フォルダーのパスも指定できます。${didYouMeanInJapanese(source, [...bundled, ...names])}`,
    },
  )
}

/**
 * Finds the file of a model by bundled name (`shakespeare`), by path, or by training folder (its best
 * model, else its latest). A bundled name takes precedence over a file of the same name;
 * `./shakespeare` is the file.
 * @returns the path of the file
 * @throws FileError with the existing names, and the nearest one for a misspelled name
 */
export async function findModel(nameOrPath: string): Promise<string> {
  if (nameOrPath === '') {
    throw new FileError('missing', 'The model is "": give a bundled name or a path.')
  }
  if ((await bundledModels()).includes(nameOrPath)) {
    return join(await packageRoot(), 'models', nameOrPath + EXTENSION)
  }
  try {
    return (await stat(nameOrPath)).isDirectory() ? await modelInFolder(nameOrPath) : nameOrPath
  } catch (error) {
    throw isMissing(error)
      ? await missingModelError(nameOrPath)
      : fileError(error, nameOrPath, 'read')
  }
}
