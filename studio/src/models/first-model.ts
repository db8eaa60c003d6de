/**
 * On a slow network a small model writes first, until the chosen one has arrived. The time that the small
 * one took decides: on a fast network it is never used.
 */
import type { BundledModel } from '../writer/protocol.js'

/** The longest time, ms, for which a reader may see an empty page until the chosen model is there. */
const BEARABLE = 700

export const addressOf = ({ file }: BundledModel): string =>
  new URL(`./models/${file}`, location.href).href

/** The bytes of a model; undefined when they do not arrive. */
export async function bytesOf(model: BundledModel): Promise<Blob | undefined> {
  const response = await fetch(addressOf(model)).catch(() => undefined)
  // Chromium 156 refuses `blob()` for preloaded responses.
  const bytes = response?.ok ? await response.arrayBuffer().catch(() => undefined) : undefined
  return bytes && new Blob([bytes])
}

/** @returns the small model if the chosen one would take too long, else undefined */
export async function smallFirst(
  starter: BundledModel,
  wanted: BundledModel,
): Promise<Blob | undefined> {
  const begun = performance.now()
  const bytes = await bytesOf(starter)
  if (!bytes) return undefined
  const waited = performance.now() - begun
  // index.html preloads the file before this code runs, so only the browser knows how long it took. The
  // entry appears a moment after the bytes.
  await new Promise(resolve => setTimeout(resolve))
  const [entry] = performance.getEntriesByName(addressOf(starter), 'resource')
  const took = entry?.duration ?? waited
  return took * (wanted.bytes / starter.bytes) > BEARABLE ? bytes : undefined
}
