/** Loads a model in Node from a bundled name, path, training folder, address, bytes or Blob. */
import { fileURLToPath } from 'node:url'
import { loadWith, type ModelSource } from '../file/load.js'
import type { Model } from '../file/model.js'
import { findModel, readFileBytes } from './files.js'

/**
 * Loads a model.
 * @param source a bundled name (`shakespeare`), a path to a file or a training folder, a `file:`
 *   or `http(s):` address, bytes, or a Blob
 * @throws FileError when the file is not found, or is not a valid model; the message names the file
 */
export function loadModel(
  source: ModelSource,
  options: { signal?: AbortSignal } = {},
): Promise<Model> {
  return loadWith(
    async place => {
      const text = String(place)
      if (/^https?:\/\//i.test(text)) return new URL(text)
      const path = await findModel(/^file:/i.test(text) ? fileURLToPath(text) : text)
      return { bytes: await readFileBytes(path), label: path }
    },
    source,
    options.signal,
  )
}
