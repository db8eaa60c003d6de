/** Reads the files that the reader dropped or chose, whole folders too, in every browser. Page only. */
import type { Dropped } from './dropped.js'
import type { Given, GivenFile } from './protocol.js'

/** Files of a folder that are read at most; the worker refuses more. */
const MOST_FILES = 3000
const MOST_DEPTH = 12

const isEntry = (entry: Dropped): entry is FileSystemEntry => 'isDirectory' in entry
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject))

/** All entries of a folder; the browser gives them in parts, the last of which is empty. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const children: FileSystemEntry[] = []
  while (children.length < MOST_FILES) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (part.length === 0) break
    children.push(...part)
  }
  return children
}

async function walk(entry: FileSystemEntry, path: string, found: GivenFile[]): Promise<void> {
  const name = path === '' ? entry.name : `${path}/${entry.name}`
  if (!isFolder(entry)) {
    found.push({ name, file: await fileOf(entry as FileSystemFileEntry) })
    return
  }
  if (name.split('/').length > MOST_DEPTH) return
  for (const child of await childrenOf(entry)) {
    if (found.length >= MOST_FILES) return
    await walk(child, name, found)
  }
}

const stemOf = (name: string): string => name.replace(/^.*\//, '').replace(/\.[^.]*$/, '')

/** The title of files in one folder is its name; names are relative to it. */
export function givenFiles(files: readonly GivenFile[]): Given {
  const roots = new Set(files.map(({ name }) => (name.includes('/') ? name.split('/')[0] : '')))
  const [root = ''] = roots
  if (roots.size === 1 && root !== '') {
    return {
      title: root,
      files: files.map(({ name, file }) => ({ name: name.slice(root.length + 1), file })),
    }
  }
  // Beside its weights a model may have files that describe it.
  const weights =
    files.length === 1 ? files : files.filter(({ name }) => !/\.(json|txt)$/i.test(name))
  const [only, ...others] = weights
  return { title: only && others.length === 0 ? stemOf(only.name) : '', files }
}

/** Reads what was dropped, with all folders in it. */
export async function givenByDrop(entries: readonly Dropped[]): Promise<Given> {
  const found: GivenFile[] = []
  for (const entry of entries) {
    if (isEntry(entry)) await walk(entry, '', found)
    else found.push({ name: entry.name, file: entry })
  }
  return givenFiles(found)
}

/** What was chosen in the dialogue for files or for a folder. */
export function givenByDialogue(files: Iterable<File>): Given {
  return givenFiles(
    Array.from(files, file => ({ name: file.webkitRelativePath || file.name, file })),
  )
}
