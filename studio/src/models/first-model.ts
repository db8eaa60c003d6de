/**
 * Where the network is slow, a small model writes first, and the wanted one takes its place when it
 * has arrived. What decides is how long the small one took: on a quick network it never shows.
 */
import type { BundledModel } from '../writer/protocol.js'

/** So long, ms, a reader may look at an empty page until the wanted model is there. */
const BEARABLE = 700

export const addressOf = ({ file }: BundledModel): string =>
  new URL(`./models/${file}`, location.href).href

/** The bytes of a model; undefined when they do not arrive. */
export async function bytesOf(model: BundledModel): Promise<Blob | undefined> {
  const response = await fetch(addressOf(model)).catch(() => undefined)
  // Not `blob()`: Chromium refuses it for what was preloaded (156).
  const bytes = response?.ok ? await response.arrayBuffer().catch(() => undefined) : undefined
  return bytes && new Blob([bytes])
}

/** @returns the small model, when the wanted one would let the reader wait too long */
export async function smallFirst(
  starter: BundledModel,
  wanted: BundledModel,
): Promise<Blob | undefined> {
  const begun = performance.now()
  const bytes = await bytesOf(starter)
  if (!bytes) return undefined
  const waited = performance.now() - begun
  // The page asks for it before there is a program (index.html): the browser knows how long it took,
  // a moment after the bytes are here.
  await new Promise(resolve => setTimeout(resolve))
  const [entry] = performance.getEntriesByName(addressOf(starter), 'resource')
  const took = entry?.duration ?? waited
  return took * (wanted.bytes / starter.bytes) > BEARABLE ? bytes : undefined
}
