/** Reads the files of another system's model: files, a folder, or standard input. */
import { stat } from 'node:fs/promises'
import { basename, relative, sep } from 'node:path'
import { FileError, shortPath } from '../errors.js'
import type { SourceFile } from '../interop/index.js'
import { findFiles, readNamed, STDIN } from './read.js'

/** More files, or more bytes, are no model's, but a folder that was meant to be another. */
const MOST_FILES = 2000
const MOST_BYTES = 4e9

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false,
  )

/**
 * The files of a model with their names within the chosen folder. Hidden files are left out.
 * @param paths files, folders, or `-`
 * @throws FileError: missing, unreadable, an empty folder, too many or too large files
 */
export async function readModelSource(paths: readonly string[]): Promise<SourceFile[]> {
  const folders: string[] = []
  for (const path of paths) if (path !== STDIN && (await isFolder(path))) folders.push(path)
  const { found } = await findFiles(paths, { most: MOST_FILES }).catch(error => {
    if (!(error instanceof FileError) || error.code !== 'corpus-empty') throw error
    throw new FileError(
      'import-empty',
      `The folder "${shortPath(paths.join(', '))}" has no files; expected those of a model.`,
      { ja: `フォルダー「${shortPath(paths.join('、'))}」にファイルがありません。` },
    )
  })
  let bytes = 0
  const files: SourceFile[] = []
  for (const { path, inFolder } of found) {
    const folder = folders.find(each => inFolder && !relative(each, path).startsWith('..'))
    const name = folder === undefined ? basename(path) : relative(folder, path)
    bytes += path === STDIN ? 0 : (await stat(path)).size
    if (bytes > MOST_BYTES) {
      throw new FileError(
        'import-large',
        `The files of "${shortPath(paths.join(', '))}" have more than 4 GB; expected those of one small model.`,
        { ja: `「${shortPath(paths.join('、'))}」のファイルが合計4 GBを超えています。` },
      )
    }
    files.push({ name: name.split(sep).join('/'), bytes: (await readNamed(path)).bytes })
  }
  return files
}
