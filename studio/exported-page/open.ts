/** Reads the settings and the model in the page: decodes and inflates it and restores the order of its bytes. */
import { decodeModel, type Model } from 'ondo'
import { byteUnshuffle, decodePrintable } from '../../src/file/printable-bytes.js'
import type { PageSettings } from './settings.js'

const contentOf = (id: string): string => document.getElementById(id)?.textContent ?? ''

export const readSettings = (): PageSettings => JSON.parse(contentOf('settings')) as PageSettings

/** @throws FileError when the page is incomplete or was changed */
export async function openModel({ width, packed }: PageSettings): Promise<Model> {
  const deflated = new Blob([decodePrintable(contentOf('model'), packed)])
  const shuffled = deflated.stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(shuffled).arrayBuffer())
  return decodeModel(byteUnshuffle(bytes, width))
}
