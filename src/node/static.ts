/** Serves the files of a folder over HTTP, and nothing outside it. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm', // required for compiling during the download
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
}

/** Extensions of files that compression makes smaller, unlike weights and pictures. */
const COMPRESSIBLE = new Set([
  '.html',
  '.js',
  '.mjs',
  '.css',
  '.json',
  '.webmanifest',
  '.svg',
  '.wasm',
  '.txt',
])
/** Smaller files are not compressed, bytes. */
const MINIMUM_SIZE = 1000
/** Compressed files by path, each with the ETag of its source. A page has only a few files. */
const compressed = new Map<string, { etag: string; bytes: Promise<Uint8Array<ArrayBuffer>> }>()

function compress(path: string, etag: string, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const known = compressed.get(path)
  if (known?.etag === etag) return known.bytes
  const made = promisify(gzip)(bytes).then(each => new Uint8Array(each))
  compressed.set(path, { etag, bytes: made })
  return made
}

/** Whether a request accepts gzip; `gzip;q=0` does not. */
const acceptsGzip = (request: Request): boolean =>
  /(^|,)\s*gzip\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)/i.test(
    request.headers.get('Accept-Encoding') ?? '',
  )

/**
 * Splits the path of a request into names. Undefined for a path that is not allowed: bad escapes, NUL,
 * backslashes (separators on Windows), hidden files, and `..` in any notation.
 */
export function safeSegments(pathname: string): string[] | undefined {
  let path: string
  try {
    path = decodeURIComponent(pathname)
  } catch {
    return undefined
  }
  if (/[\0\\:]/.test(path)) return undefined
  const segments = path.split('/').filter(segment => segment !== '')
  return segments.some(segment => segment.startsWith('.')) ? undefined : segments
}

/** Finds a file in a folder and follows links; undefined for no file, or one outside the folder. */
async function locate(
  folder: string,
  segments: readonly string[],
): Promise<{ path: string; size: number; changed: number } | undefined> {
  try {
    const root = await realpath(folder)
    const path = await realpath(join(root, ...segments))
    if (path !== root && !path.startsWith(root + sep)) return undefined
    const found = await stat(path)
    if (found.isDirectory()) return await locate(folder, [...segments, 'index.html'])
    return found.isFile() ? { path, size: found.size, changed: found.mtimeMs } : undefined
  } catch {
    return undefined
  }
}

/** Answers GET and HEAD with a file of a folder. @returns undefined when there is no such file */
export async function serveFile(folder: string, request: Request): Promise<Response | undefined> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  const segments = safeSegments(new URL(request.url).pathname)
  const file = segments && (await locate(folder, segments))
  if (!file) return undefined
  const etag = `W/"${file.size.toString(36)}-${Math.round(file.changed).toString(36)}"`
  const extension = extname(file.path).toLowerCase()
  const packs = COMPRESSIBLE.has(extension) && file.size >= MINIMUM_SIZE
  const headers = {
    // The browser asks each time and gets 304, so that a rebuilt page is used at once.
    'Cache-Control': 'no-cache',
    ETag: etag,
    'Content-Type': TYPES[extension] ?? 'application/octet-stream',
    ...(packs && { Vary: 'Accept-Encoding' }),
  }
  if (request.headers.get('If-None-Match') === etag) {
    return new Response(null, { status: 304, headers })
  }
  const full = (size: number) => ({ headers: { ...headers, 'Content-Length': String(size) } })
  if (request.method === 'HEAD') return new Response(null, full(file.size))
  // Read whole, not streamed: the files are small, and one that is replaced must not be cut.
  const bytes = await readFile(file.path)
  if (!packs || !acceptsGzip(request)) return new Response(bytes, full(bytes.length))
  const body = await compress(file.path, etag, bytes)
  const { headers: plain } = full(body.length)
  return new Response(body, { headers: { ...plain, 'Content-Encoding': 'gzip' } })
}
