/**
 * Zip archives (PyTorch's .pt, Keras 3's .keras), unpacked in memory with limits, so that a small
 * hostile archive costs little: nothing is written anywhere, and no name can leave the archive.
 */
import { unzipSync } from 'fflate'
import { FileError, quote } from '../errors.js'
import type { SourceFile } from './source.js'

/** More entries than any model has: PyTorch writes one a tensor. */
const MOST_ENTRIES = 20_000
/** Weights hardly shrink; text does, but little of it is needed. Expanded bytes by packed bytes. */
const MOST_EXPANSION = 4
/** Bytes that a small archive may expand to whatever its own size. */
const ALWAYS_ALLOWED = 16 * 2 ** 20

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4

/** A name that stays inside: no drive, no leading slash, no step up. */
function isInside(name: string): boolean {
  return !/^[/\\]|^[a-z]:|\\|\0/i.test(name) && !name.split('/').includes('..')
}

/**
 * All files of an archive, by name in the order of its directory.
 * @throws FileError for an archive that is damaged, encrypted, leaves its folder or expands too far
 */
export function readZip({ name, bytes }: SourceFile): Map<string, Uint8Array> {
  const limit = Math.max(ALWAYS_ALLOWED, MOST_EXPANSION * bytes.length)
  let entries = 0
  let expanded = 0
  const refuse = (code: string, what: string): FileError =>
    new FileError(code, `The archive ${quote(name)} ${what}.`)
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(bytes, {
      filter(entry) {
        if (++entries > MOST_ENTRIES) {
          throw refuse('zip-limits', `has more than ${MOST_ENTRIES} entries; expected a model file`)
        }
        if (!isInside(entry.name)) {
          throw refuse('zip-path', `has the entry ${quote(entry.name)}, which leaves the archive`)
        }
        if (entry.compression !== 0 && entry.compression !== 8) {
          throw refuse(
            'zip-method',
            `packs ${quote(entry.name)} by method ${entry.compression}; expected stored or deflated`,
          )
        }
        expanded += Math.max(entry.originalSize, entry.compression === 0 ? entry.size : 0)
        if (!(expanded <= limit)) {
          throw refuse(
            'zip-limits',
            `expands to more than ${Math.round(limit / 2 ** 20)} MB; expected weights, which hardly shrink`,
          )
        }
        return !entry.name.endsWith('/')
      },
    })
  } catch (error) {
    if (error instanceof FileError) throw error
    throw refuse('zip-damaged', 'is damaged or cut short; save or download it again')
  }
  return new Map(Object.entries(files))
}
