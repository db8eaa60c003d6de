/** What the browser hands over in the event of a drop, and whether it can choose folders. Page only. */

/** A file or folder that was dropped. */
export type Dropped = FileSystemEntry | File

/**
 * Takes what was dropped. It has to be called in the event itself, because the browser empties the list
 * afterwards.
 */
export function droppedIn({ items, files }: DataTransfer): Dropped[] {
  const entries = [...items]
    .filter(({ kind }) => kind === 'file')
    .flatMap<Dropped>(item => {
      const entry = item.webkitGetAsEntry?.() ?? item.getAsFile()
      return entry ? [entry] : []
    })
  return entries.length > 0 ? entries : [...files]
}

export const holdsFiles = (data: DataTransfer | null): data is DataTransfer =>
  data?.types.includes('Files') ?? false

/** Phones have no dialogue for folders; some say so only by their pointer. */
export const choosesFolders = (): boolean =>
  'webkitdirectory' in HTMLInputElement.prototype && matchMedia('(any-pointer: fine)').matches
