import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { seededWeights } from '../../test/support/seeded.js'
import { FileError, InputError } from '../errors.js'
import { encodeModel } from '../file/index.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { createStudioApp, type Served, type ServeOptions, serveStudio } from './serve.js'
import { safeSegments } from './static.js'

const outside = mkdtempSync(join(tmpdir(), 'ondo-serve-'))
const folder = join(outside, 'studio')
const SECRET = 'the secret'

const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['a', 'b', 'c'] })
const config = modelConfig({ cell: 'rnn', vocabulary: 3, hidden: 4, layers: 1 })
const bytes = encodeModel({ config, tokenizer, weights: seededWeights(config) })
const models = [{ name: 'tiny', read: async () => bytes }]

const PAGE = '<!doctype html><title>Ondo</title>温度'
const FILES: [path: string, content: string, type: string][] = [
  ['index.html', PAGE, 'text/html; charset=utf-8'],
  ['assets/a-1.js', 'export {}', 'text/javascript; charset=utf-8'],
  ['assets/a.css', ':root{}', 'text/css; charset=utf-8'],
  ['assets/k.wasm', '\0asm', 'application/wasm'],
  ['assets/f.woff2', 'x', 'font/woff2'],
  ['icon.svg', '<svg/>', 'image/svg+xml; charset=utf-8'],
  ['models/index.json', '[]', 'application/json; charset=utf-8'],
  ['models/m.safetensors', 'x', 'application/octet-stream'],
  ['温 度.txt', 'x', 'text/plain; charset=utf-8'],
  ['empty.js', '', 'text/javascript; charset=utf-8'],
]

beforeAll(() => {
  for (const sub of ['assets', 'models', '.git']) mkdirSync(join(folder, sub), { recursive: true })
  for (const [path, content] of FILES) writeFileSync(join(folder, path), content)
  writeFileSync(join(outside, 'secret.txt'), SECRET)
  // A name that begins like the folder's: a check by prefix alone would let it through.
  mkdirSync(join(outside, 'studio-private'))
  writeFileSync(join(outside, 'studio-private', 'secret.txt'), SECRET)
  writeFileSync(join(folder, '.env'), SECRET)
  writeFileSync(join(folder, '.git', 'config'), SECRET)
  if (process.platform !== 'win32') {
    symlinkSync(join(outside, 'secret.txt'), join(folder, 'link.txt'))
    symlinkSync(outside, join(folder, 'up'))
    symlinkSync('assets/a.css', join(folder, 'inside.css'))
  }
})
afterAll(() => rmSync(outside, { recursive: true }))

const running: Served[] = []
async function start(options: ServeOptions = {}): Promise<Served> {
  const served = await serveStudio({ port: 0, folder, models, ...options })
  running.push(served)
  return served
}
afterEach(async () => {
  await Promise.all(running.splice(0).map(served => served.close()))
})

/** One request with exactly these bytes as its target: fetch and URL would tidy them up. */
function raw(port: number, target: string, host = `127.0.0.1:${port}`): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    })
    socket.setEncoding('utf8')
    socket.on('data', data => {
      answer += data
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('the studio over HTTP', () => {
  it('sends each file with its type, and the headers for threads and security', async () => {
    const { url } = await start()
    for (const [path, content, type] of FILES) {
      const response = await fetch(new URL(path, url))
      expect([path, response.status, response.headers.get('Content-Type')]).toEqual([
        path,
        200,
        type,
      ])
      expect(await response.text()).toBe(content)
      expect(response.headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin')
      expect(response.headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp')
      expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
    }
    const root = await fetch(url)
    expect(await root.text()).toBe(PAGE)
  })

  it('has a policy that names no other origin and allows nothing inline', async () => {
    const { url } = await start()
    const policy = (await fetch(url)).headers.get('Content-Security-Policy') ?? ''
    const rules = new Map(
      policy.split('; ').map(rule => {
        const [name, ...sources] = rule.split(' ')
        return [name, sources]
      }),
    )
    expect(rules.get('default-src')).toEqual(["'none'"])
    expect(rules.get('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"])
    const allowed = new Set(["'none'", "'self'", "'wasm-unsafe-eval'", 'data:', 'blob:'])
    expect([...rules.values()].flat().filter(source => !allowed.has(source))).toEqual([])
  })

  it('answers HEAD, and 304 to a client that has the file', async () => {
    const { url } = await start()
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('Content-Length')).toBe(String(Buffer.byteLength(PAGE)))
    expect(await head.text()).toBe('')
    const etag = head.headers.get('ETag')!
    const again = await fetch(url, { headers: { 'If-None-Match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    writeFileSync(join(folder, 'index.html'), `${PAGE}!`)
    const changed = await fetch(url, { headers: { 'If-None-Match': etag } })
    expect([changed.status, await changed.text()]).toEqual([200, `${PAGE}!`])
    writeFileSync(join(folder, 'index.html'), PAGE)
  })

  it('compresses suitable files for clients that accept it', async () => {
    const { url, port } = await start()
    const large = 'export const x = 1\n'.repeat(500)
    writeFileSync(join(folder, 'large.js'), large)
    writeFileSync(join(folder, 'models', 'large.safetensors'), large)
    /** Straight from the socket: fetch unpacks by itself, and tells no length. */
    const ask = async (path: string, encodings: string) => {
      const { headers, body } = await new Promise<{ headers: IncomingHttpHeaders; body: Buffer }>(
        (resolve, reject) => {
          const options = { port, path, headers: { 'Accept-Encoding': encodings } }
          request(options, async answer => {
            const parts: Buffer[] = []
            for await (const part of answer) parts.push(part as Buffer)
            resolve({ headers: answer.headers, body: Buffer.concat(parts) })
          })
            .on('error', reject)
            .end()
        },
      )
      expect(headers['content-length']).toBe(String(body.length))
      return { encoding: headers['content-encoding'], vary: headers.vary, body }
    }
    for (const encodings of ['gzip', 'br, gzip;q=0.5', 'GZIP , deflate']) {
      const { encoding, vary, body } = await ask('/large.js', encodings)
      expect([encoding, vary]).toEqual(['gzip', 'Accept-Encoding'])
      expect(body.length).toBeLessThan(large.length / 20)
      expect(gunzipSync(body).toString()).toBe(large)
    }
    for (const encodings of ['br', '', 'gzip;q=0, br', 'xgzip']) {
      expect(await ask('/large.js', encodings)).toMatchObject({ encoding: undefined })
    }
    expect((await ask('/models/large.safetensors', 'gzip')).encoding).toBeUndefined()
    expect((await ask('/icon.svg', 'gzip')).encoding).toBeUndefined()
    // A rebuilt file is packed anew.
    writeFileSync(join(folder, 'large.js'), `${large}// more`)
    expect(await (await fetch(new URL('large.js', url))).text()).toBe(`${large}// more`)
    for (const path of ['large.js', 'models/large.safetensors']) rmSync(join(folder, path))
  })
})

describe('requests to the studio', () => {
  it('serves the models too', async () => {
    const { url } = await start()
    const health = await (await fetch(new URL('health', url))).json()
    expect(health.models).toEqual(['tiny'])
    const model = await fetch(new URL('models/tiny.safetensors', url))
    expect(new Uint8Array(await model.arrayBuffer())).toEqual(bytes)
    expect(model.headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin')
    const completion = await fetch(new URL('completions', url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"prompt":"ab","length":5}',
    })
    expect(await completion.json()).toMatchObject({ symbols: 5, stop: 'length' })
  })

  it('says that there is no such page, in GET and in POST', async () => {
    const { url } = await start()
    for (const path of ['nothing', 'assets', 'assets/', 'assets/a-1.js/', 'index.html/x']) {
      const response = await fetch(new URL(path, url))
      // A slash at the end of a file's name is nothing that could leave the folder.
      if (path !== 'assets/a-1.js/') expect([path, response.status]).toEqual([path, 404])
    }
    expect((await fetch(url, { method: 'POST' })).status).toBe(404)
  })

  it.each([
    '/../secret.txt',
    '/../../../../../../../../etc/passwd',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/%252e%252e%252fsecret.txt',
    '/..%c0%afsecret.txt',
    '/..%00/secret.txt',
    '/index.html%00.txt',
    '/..;/secret.txt',
    '//secret.txt',
    '///../secret.txt',
    '/../studio-private/secret.txt',
    '/.%2e/studio-private/secret.txt',
    '/%',
    '/%zz',
    '/.env',
    '/%2eenv',
    '/.git/config',
    '/assets/../.env',
    '/link.txt',
    '/up/secret.txt',
    '/up/studio-private/secret.txt',
    '/C:/secret.txt',
    '/secret.txt::$DATA',
    'http://127.0.0.1/../secret.txt',
    '*',
  ])('gives nothing from outside the folder, nor hidden, for %s', async target => {
    const { port } = await start()
    const answer = await raw(port, target)
    expect(answer).toMatch(/^HTTP\/1\.1 (400|403|404) /)
    expect(answer).not.toContain(SECRET)
    expect(answer).not.toContain('root:')
  })

  it.skipIf(process.platform === 'win32')('follows a link that stays inside', async () => {
    const { url } = await start()
    expect(await (await fetch(new URL('inside.css', url))).text()).toBe(':root{}')
  })

  it('passes no unusual path to the file system', () => {
    expect(safeSegments('/a//b/%E6%B8%A9.js')).toEqual(['a', 'b', '温.js'])
    for (const path of ['/..', '/a/../b', '/.a', '/a%5cb', '/%00', '/%ff', '/c%3a/x', '/a/.']) {
      expect([path, safeSegments(path)]).toEqual([path, undefined])
    }
  })

  it('answers only to local host names, against DNS rebinding', async () => {
    const { port } = await start()
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '10.0.0.1']) {
      expect(await raw(port, '/', host)).toMatch(/^HTTP\/1\.1 403 /)
    }
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, '[::1]:80']) {
      expect(await raw(port, '/', host)).toMatch(/^HTTP\/1\.1 200 /)
    }
    const open = createStudioApp(folder, [], { local: false })
    expect((await open.request('http://any.example/')).status).toBe(200)
  })
})

describe('the server', () => {
  it('listens on this machine only, and returns its address', async () => {
    const { url, port } = await start()
    expect(url).toBe(`http://127.0.0.1:${port}/`)
    expect(port).toBeGreaterThan(0)
  })

  it('takes the next port when its own is taken', async () => {
    const first = await start()
    const second = await start({ port: first.port })
    const third = await start({ port: first.port })
    expect(new Set([first.port, second.port, third.port]).size).toBe(3)
    expect(second.port).toBeGreaterThan(first.port)
    for (const { url } of [first, second, third]) expect((await fetch(url)).status).toBe(200)
  })

  it('does not disturb the server of another program', async () => {
    const other = createServer((_, response) => response.end('other')).listen(0, '127.0.0.1')
    await new Promise(resolve => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { url, port: ours } = await start({ port })
    expect(ours).not.toBe(port)
    expect(await (await fetch(url)).text()).toBe(PAGE)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('other')
    other.close()
  })

  it('frees its port when closed, despite a running stream and an idle connection', async () => {
    const first = await start()
    await fetch(first.url)
    const stream = await fetch(new URL('completions', first.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"prompt":"a","length":100000,"stream":true,"temperature":1}',
    })
    const reader = stream.body!.getReader()
    await reader.read()
    const before = performance.now()
    await Promise.all([first.close(), first.close()])
    await first.close()
    // Far below the 5 s for which Node keeps an idle connection, far above what a busy machine needs.
    expect(performance.now() - before).toBeLessThan(4_000)
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow()
    await expect(fetch(first.url)).rejects.toThrow()
    const second = await start({ port: first.port })
    expect(second.port).toBe(first.port)
  })

  it('refuses a folder without a page, an invalid port, and the address of another machine', async () => {
    const empty = join(folder, 'assets')
    await expect(start({ folder: empty })).rejects.toThrow(FileError)
    await expect(start({ folder: empty })).rejects.toThrow(/not built.*run "npm run build"/)
    for (const port of [-1, 65_536, 1.5, Number.NaN]) {
      await expect(start({ port })).rejects.toThrow(InputError)
    }
    await expect(start({ host: '203.0.113.1' })).rejects.toThrow(/can't listen at "203.0.113.1"/)
  })
})
