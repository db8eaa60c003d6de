/** A folder of files over HTTP, and nothing outside it. */
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
  '.wasm': 'application/wasm', // or the page can't compile it while it downloads
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
}

/** What gets smaller: a model's weights and pictures do not. */
const PACKED = new Set([
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
/** Below this a header costs what packing saves, bytes. */
const WORTH_PACKING = 1000
/** Packed files by path, each with the tag of what it was made of: a page's files are few. */
const packed = new Map<string, { etag: string; bytes: Promise<Uint8Array<ArrayBuffer>> }>()

function pack(path: string, etag: string, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const known = packed.get(path)
  if (known?.etag === etag) return known.bytes
  const made = promisify(gzip)(bytes).then(each => new Uint8Array(each))
  packed.set(path, { etag, bytes: made })
  return made
}

/** Does a request take gzip? `gzip;q=0` does not. */
const takesGzip = (request: Request): boolean =>
  /(^|,)\s*gzip\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)/i.test(
    request.headers.get('Accept-Encoding') ?? '',
  )

/**
 * The path of a request as names of files, or undefined for one that must not be looked up: bad
 * escapes, NUL, backslashes (folders on Windows), hidden files, and `..` in any writing.
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

/** The file of a path inside a folder, its links followed; undefined when it is not inside or no file. */
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

/** Answers GET and HEAD from a folder. @returns undefined when there is no such file */
export async function serveFile(folder: string, request: Request): Promise<Response | undefined> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  const segments = safeSegments(new URL(request.url).pathname)
  const file = segments && (await locate(folder, segments))
  if (!file) return undefined
  const etag = `W/"${file.size.toString(36)}-${Math.round(file.changed).toString(36)}"`
  const extension = extname(file.path).toLowerCase()
  const packs = PACKED.has(extension) && file.size >= WORTH_PACKING
  const headers = {
    // Asked again each time, and answered by 304: a rebuilt page is never a stale one.
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
  // Whole, not as a stream: a page's files are small, and one replaced meanwhile must not be cut.
  const bytes = await readFile(file.path)
  if (!packs || !takesGzip(request)) return new Response(bytes, full(bytes.length))
  const body = await pack(file.path, etag, bytes)
  const { headers: plain } = full(body.length)
  return new Response(body, { headers: { ...plain, 'Content-Encoding': 'gzip' } })
}
