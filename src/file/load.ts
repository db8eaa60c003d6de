/**
 * Loading a model from wherever it is. All but the look-up of names is the same everywhere; this is
 * the page's look-up, by address. `node/load.ts` has the other, by path.
 */
import { FileError, shorten, shortPath } from '../errors.js'
import type { Model } from './model.js'
import { decodeModel } from './model-file.js'

/** Bytes, a Blob or File, an address, or a string whose meaning is the platform's. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Blob

/** Says which file an error is about. */
async function about<T>(label: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof FileError) || label === '') throw error
    throw new FileError(error.code, `${shortPath(label)}: ${error.message}`, { cause: error })
  }
}

/** What is fetched, in the words of an error. */
export interface Wanted {
  /** Default: `a model file`. */
  readonly what?: string
  /** What to do when the server does not have it. Default: `check the address`. */
  readonly advice?: string
  readonly signal?: AbortSignal
}

/** @throws FileError with the address and what came instead; the signal's reason */
export async function fetchBytes(url: URL, wanted: Wanted = {}): Promise<Uint8Array> {
  const { what = 'a model file', advice = 'check the address', signal } = wanted
  let response: Response
  try {
    response = await fetch(url, { signal })
  } catch (cause) {
    if (signal?.aborted) throw cause
    if (url.protocol === 'file:') {
      throw new FileError(
        'fetch',
        `${shortPath(url.href)} is a file on the disk, which a page can't fetch: open the page through a web server, at an address that begins with http.`,
        { cause },
      )
    }
    throw new FileError(
      'fetch',
      `${shortPath(url.href)} can't be reached: check the address, the network, and whether that server allows this page (CORS).`,
      { cause },
    )
  }
  if (!response.ok) {
    throw new FileError(
      'fetch',
      `${shortPath(url.href)} answered ${response.status} instead of ${what}: ${advice}.`,
    )
  }
  return new Uint8Array(await response.arrayBuffer())
}

/**
 * What a platform adds: how it understands a string. Gives the address to fetch, or the bytes with
 * a label for errors.
 */
export type ModelResolver = (
  source: string | URL,
) => Promise<URL | { readonly bytes: Uint8Array; readonly label: string }>

/** The shared part of every `loadModel`. */
export async function loadWith(
  lookUp: ModelResolver,
  source: ModelSource,
  signal?: AbortSignal,
): Promise<Model> {
  if (source instanceof Uint8Array) return decodeModel(source)
  if (source instanceof ArrayBuffer) return decodeModel(new Uint8Array(source))
  if (typeof Blob !== 'undefined' && source instanceof Blob) {
    const name = 'name' in source && typeof source.name === 'string' ? source.name : ''
    return about(name, async () => decodeModel(new Uint8Array(await source.arrayBuffer())))
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new FileError(
      'source',
      `A model can't be loaded from ${source === null ? 'null' : typeof source}; expected a name, an address, bytes or a Blob.`,
    )
  }
  const found = await lookUp(source)
  if (found instanceof URL) {
    return about(found.href, async () => decodeModel(await fetchBytes(found, { signal })))
  }
  return about(found.label, () => decodeModel(found.bytes))
}

/** `models/` of the package, seen from src/file/, from dist/, or from a shared piece in dist/chunks/. */
function modelsBeside(module: string): URL {
  const deep = /\/(src\/file|dist\/chunks)\/[^/]*$/.test(module)
  return new URL(deep ? '../../models/' : '../models/', module)
}

export interface LoadOptions {
  /** The folder of bundled models. Default: `models/` of the package, relative to this module. */
  readonly models?: string | URL
  /** Gives up the download. */
  readonly signal?: AbortSignal
}

/**
 * Loads a model in a page or worker: a bundled name (`shakespeare`), an address (absolute, or
 * relative to the page when it has a slash or ends in `.safetensors`), bytes, a Blob or a File.
 * @throws FileError: not found, not reachable, or wrong inside
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  const page = globalThis.location?.href
  const lookUp: ModelResolver = async address => {
    if (address instanceof URL) return address
    const models = new URL(options.models ?? modelsBeside(import.meta.url), page)
    if (/^[\w.-]+$/.test(address) && !address.endsWith('.safetensors')) {
      return new URL(`${address}.safetensors`, models)
    }
    try {
      return new URL(address, page)
    } catch (cause) {
      throw new FileError(
        'address',
        `"${shorten(address)}" is neither the name of a bundled model nor an address.`,
        { cause },
      )
    }
  }
  return loadWith(lookUp, source, options.signal)
}
