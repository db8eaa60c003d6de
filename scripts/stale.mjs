// Is what was built older than what it was built from? Cheap enough for every start of the command
// in a clone: a stat for each source file, some milliseconds.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Newest change under a file or folder, ms; 0 when it does not exist. Folders count: a deleted file
 * changes only the time of its folder.
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return 0
  let time = stat.mtimeMs
  if (!stat.isDirectory()) return time
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) time = Math.max(time, newest(join(path, entry.name)))
    else if (!entry.name.includes('.test.')) {
      time = Math.max(
        time,
        statSync(join(path, entry.name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
      )
    }
  }
  return time
}

const COMMON = ['package.json', 'scripts/build.mjs']
/** The page of `ondo export page`: its own folder, and what it takes from the studio. */
const PAGE = [
  'studio/exported-page',
  'studio/shared',
  'studio/src/styles/paper.css',
  'studio/src/styles/controls.css',
]

/** What each part is built from, and the file that says when it was. */
const PARTS = {
  library: { stamp: 'dist/.library', sources: ['src', ...PAGE, ...COMMON] },
  studio: { stamp: 'dist/.studio', sources: ['src', 'studio', 'models', ...COMMON] },
}

/** @param {string} root @param {'library' | 'studio'} part */
export function isStale(root, part) {
  const { stamp, sources } = PARTS[part]
  const built = statSync(join(root, stamp), { throwIfNoEntry: false })?.mtimeMs
  return built === undefined || sources.some(source => newest(join(root, source)) > built)
}

/** @param {'library' | 'studio'} part */
export const stampOf = part => PARTS[part].stamp
