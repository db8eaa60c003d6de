/** Options that name an output: a file, `-` for standard output, or a folder. */
import { InputError } from '../../errors.js'
import { writeFileAtomic } from '../../node/files.js'
import type { Io } from './io.js'

/** Writes a whole file; `-` is standard output. @throws FileError */
export async function writeOutput(
  io: Io,
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  if (path === '-') await io.write(content)
  else await writeFileAtomic(path, content, { signal: io.interrupt })
}

/**
 * Writes a whole file that must not exist yet, unless `force` replaces it.
 * @throws FileError, code `exists`
 */
export async function writeNewOutput(
  io: Io,
  path: string,
  content: string | Uint8Array,
  force = false,
): Promise<void> {
  if (path === '-') await io.write(content)
  else await writeFileAtomic(path, content, { signal: io.interrupt, isNew: !force })
}

/**
 * Checks the name of a folder. Standard output can't hold one.
 * @param option as typed: `--out`
 * @throws InputError for `-`
 */
export function folderName(option: string, path: string): string {
  if (path !== '-') return path
  throw new InputError(
    'option',
    `The option ${option} is -, which stands for standard output; expected a folder, since several files are written. A folder of that name is ./-`,
    {
      ja: `${option}に標準出力を表す「-」が指定されています。複数のファイルを書くので、フォルダーを指定してください。「-」という名前のフォルダーは ./- です。`,
    },
  )
}
