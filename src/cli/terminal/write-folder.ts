/** Output of several files into one folder. */
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { counted, InputError, shortPath } from '../../errors.js'
import { fileError, isMissing, makeFolder, writeFileAtomic } from '../../node/files.js'
import type { Io } from './io.js'

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw fileError(error, path, 'read')
  }
}

/** @throws InputError when files of the names are there already */
async function checkFree(paths: readonly string[]): Promise<void> {
  const taken: string[] = []
  for (const path of paths) if (await exists(path)) taken.push(path)
  const [first] = taken
  if (first === undefined) return
  const more = taken.length - 1
  const path = shortPath(first)
  throw new InputError(
    'output-exists',
    `"${path}"${more > 0 ? ` and ${counted(more, 'more file')}` : ''} would be replaced; choose another --out, or replace with --force.`,
    {
      ja: `「${path}」${more > 0 ? `ほか${more}個のファイル` : ''}がすでにあります。別の--outを指定するか、--forceで置き換えてください。`,
    },
  )
}

/**
 * Writes files into a folder, each whole or not at all, in the given order.
 * @param files by the name within the folder, with `/` between parts
 * @param force whether files that are there may be replaced
 * @throws InputError, FileError
 */
export async function writeFolder(
  io: Io,
  folder: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  force: boolean,
): Promise<void> {
  const placed = files.map(({ name, bytes }) => ({ path: join(folder, ...name.split('/')), bytes }))
  await makeFolder(folder)
  if (!force) await checkFree(placed.map(({ path }) => path))
  for (const { path, bytes } of placed) {
    await makeFolder(dirname(path))
    await writeFileAtomic(path, bytes, { signal: io.interrupt })
  }
}
