/** Serves folders and single texts to a browser, each below a path of its own. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
}

/** @param roots from `/path/` to a folder, or from `/path.ext` to a content */
export async function serveFiles(
  roots: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)
    const root = Object.keys(roots).find(one =>
      one.endsWith('/') ? path.startsWith(one) : path === one,
    )
    const type = TYPES[extname(path)] ?? 'application/octet-stream'
    try {
      if (root === undefined) throw new Error('no such path')
      const named = roots[root] as string
      const body = root.endsWith('/')
        ? await readFile(join(named, normalize(`/${path.slice(root.length)}`)))
        : named
      response.writeHead(200, { 'content-type': type }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  }
}
