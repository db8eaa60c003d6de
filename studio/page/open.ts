/** The model inside the page: from text to bytes, inflated, its numbers put together again. */
import { decodeModel, type Model } from 'ondo'
import { byteUnshuffle, decodePrintable } from '../../src/file/printable-bytes.js'
import type { PageSettings } from './settings.js'

const contentOf = (id: string): string => document.getElementById(id)?.textContent ?? ''

export const readSettings = (): PageSettings => JSON.parse(contentOf('settings')) as PageSettings

/** @throws FileError when the page was cut or changed */
export async function openModel({ width, packed }: PageSettings): Promise<Model> {
  const deflated = new Blob([decodePrintable(contentOf('model'), packed)])
  const planes = deflated.stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(planes).arrayBuffer())
  return decodeModel(byteUnshuffle(bytes, width))
}
