/** From what the user chose to the files of one model: archives are unpacked, several models told apart. */
import { counted, FileError, InputError, quote } from '../errors.js'
import { FORMATS } from './formats.js'
import type { SourceFile } from './source.js'
import { isZip, readZip } from './zip.js'

/** Files that systems add to folders and archives. */
const HIDDEN = /(^|\/)(\.|__MACOSX\/)/
const LISTED = 6

const folderOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')))

const isRecognised = (files: readonly SourceFile[]): boolean =>
  FORMATS.some(format => format.recognises(files))

const listOf = (names: readonly string[]): string =>
  names.slice(0, LISTED).map(quote).join(', ') +
  (names.length > LISTED ? ` and ${names.length - LISTED} more` : '')

/** Refuses a file that Ondo wrote, which needs no import. */
export function refuseOwn(files: readonly SourceFile[]): void {
  const own = files.find(({ bytes }) => {
    if (bytes.length < 9 || bytes[8] !== 0x7b) return false
    const head = new TextDecoder().decode(bytes.subarray(8, 4096))
    return /"__metadata__"\s*:\s*\{\s*"format"\s*:\s*"ondo"/.test(head)
  })
  if (!own) return
  throw new FileError(
    'import-own',
    `The file ${quote(own.name)} is a model of Ondo already; use it as it is.`,
    { ja: `${quote(own.name)} はOndoのモデルです。取り込まずにそのまま使えます。` },
  )
}

/** The files of a zipped folder; an archive that is a model itself stays as it is. */
export function unpackFolder(files: readonly SourceFile[]): readonly SourceFile[] {
  const [only] = files
  if (files.length !== 1 || !only || !isZip(only.bytes) || isRecognised(files)) return files
  const entries = [...readZip(only)].filter(([name]) => !HIDDEN.test(name))
  if (entries.length === 0) {
    throw new FileError('import', `The archive ${quote(only.name)} is empty; expected a model.`)
  }
  return entries.map(([name, bytes]) => ({ name, bytes }))
}

/**
 * The files of one folder, where folders inside hold models of their own.
 * @throws InputError that lists the folders when several hold one
 */
export function oneFolder(files: readonly SourceFile[]): readonly SourceFile[] {
  const folders = new Map<string, SourceFile[]>()
  for (const file of files) {
    const folder = folderOf(file.name)
    folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  if (folders.size < 2) return files
  const models = [...folders].filter(([, inside]) => isRecognised(inside))
  if (models.length < 2) return files
  const names = models.map(([name]) => name || '.')
  throw new InputError(
    'import',
    `The files hold models in ${counted(models.length, 'folder')}: ${listOf(names)}; choose one of them.`,
    {
      ja: `${models.length}個のフォルダーにモデルがあります（${listOf(names)}）。1つを選んでください。`,
    },
  )
}

/** Says that several files are models, and one has to be chosen. */
export function severalModels(names: readonly string[]): InputError {
  return new InputError(
    'import',
    `The files hold ${counted(names.length, 'model')}: ${listOf(names)}; choose one of them, with the files that belong to it.`,
    {
      ja: `モデルが${names.length}個あります（${listOf(names)}）。1つと、それに属するファイルを選んでください。`,
    },
  )
}
