/** Serves the studio and the models over HTTP: opens the port and runs the app of `server/`. */
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { FileError, InputError, quote, shortPath } from '../errors.js'
import { type NumberKnob, readKnob } from '../knob.js'
import { createApp, type ModelFile } from '../server/index.js'
import { bundledModels, findModel, packageRoot, readFileBytes } from './files.js'
import { serveFile } from './static.js'

export const PORT: NumberKnob = {
  name: 'port',
  kind: 'whole',
  min: 0,
  max: 65_535,
  default: 3660, // easy to remember: 36.6 °C is the temperature of a human body
  about: {
    en: 'where to listen; the next free one when taken, any free one at 0',
    ja: '待ち受けるポート。使用中なら次の空き、0 なら空いているどれか',
  },
}

/** Number of following ports to try when a port is taken; after them, any free port. */
const NEXT_PORTS = 20

/** Allows no other origin and no inline code. The kernels are WebAssembly. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Record<string, string> = {
  'Content-Security-Policy': POLICY,
  // These two allow SharedArrayBuffer in the page, which training with threads needs.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

export interface ServeOptions {
  /** Default 3660, or the next free port. 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1: this machine only. */
  readonly host?: string
  /** Opens the page in the browser of this machine, if it has one. Default false. */
  readonly open?: boolean
  /** The folder of the page. Default: `dist/studio` of the package. */
  readonly folder?: string
  /** The models to serve. Default: those that come with the package. */
  readonly models?: readonly ModelFile[]
  /** Called with each error of the server itself. */
  readonly onError?: (error: unknown) => void
}

export interface Served {
  readonly url: string
  readonly port: number
  /** Closes open connections and the server. May be called twice. */
  close(): Promise<void>
}

async function bundledFiles(): Promise<ModelFile[]> {
  const names = await bundledModels()
  return names.map(name => ({ name, read: async () => readFileBytes(await findModel(name)) }))
}

/**
 * The app that serves the files of the page and the API of `server/`.
 * @param options.local whether requests for another host name are refused. A web site can make its
 *   own name point to 127.0.0.1 (DNS rebinding), but the request still contains that name
 */
export function createStudioApp(
  folder: string,
  models: readonly ModelFile[],
  options: { local: boolean; onError?: (error: unknown) => void },
): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value)
  })
  app.use(async (context, next) => {
    if (!options.local || LOOPBACK.has(new URL(context.req.url).hostname)) return next()
    return context.text('This server answers on 127.0.0.1 and localhost only.\n', 403)
  })
  app.use(async (context, next) => {
    const file = await serveFile(folder, context.req.raw)
    if (!file) return next()
    return file
  })
  if (models.length > 0) app.route('/', createApp({ models, onError: options.onError }))
  app.notFound(context => context.text('There is no such page.\n', 404))
  return app
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

/** Starts to listen. @returns the port */
function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

/** Listens at the port, at one of the following ports, or at any free port. @returns the port */
async function listenNear(server: Server, port: number, host: string): Promise<number> {
  const next = Array.from({ length: NEXT_PORTS }, (_, i) => port + 1 + i).filter(n => n <= PORT.max)
  for (const candidate of port === 0 ? [0] : [port, ...next, 0]) {
    try {
      return await listen(server, candidate, host)
    } catch (cause) {
      if (codeOf(cause) === 'EADDRINUSE') continue
      if (codeOf(cause) === 'EACCES') {
        throw new InputError(
          'port',
          `Port ${candidate} may not be used without special rights; expected one from 1024 up.`,
          { cause },
        )
      }
      throw new InputError(
        'host',
        `This machine can't listen at ${quote(host)} (${codeOf(cause)}); expected one of its own addresses, such as 127.0.0.1.`,
        { cause },
      )
    }
  }
  throw new InputError('port', `All ports near ${port} are taken; name another.`)
}

/** Opens an address in the browser of this machine. Does nothing when there is none. */
export function openBrowser(url: string): void {
  const { platform, env } = process
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return
  const [command, ...args] =
    platform === 'darwin'
      ? ['open']
      : platform === 'win32'
        ? ['cmd', '/c', 'start', '""']
        : ['xdg-open']
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

/**
 * Serves the studio and the API of `server/`. Prints nothing.
 * @throws FileError when the page is not built; InputError for a port or host that can't be used
 */
export async function serveStudio(options: ServeOptions = {}): Promise<Served> {
  const { host = '127.0.0.1', onError } = options
  const port = readKnob(PORT, options.port ?? PORT.default)
  const folder = options.folder ?? join(await packageRoot(), 'dist', 'studio')
  const page = await stat(join(folder, 'index.html')).catch(() => undefined)
  if (!page?.isFile()) {
    throw new FileError(
      'not-built',
      `The page is not built: "${shortPath(folder)}" holds no index.html; run "npm run build".`,
    )
  }
  const models = options.models ?? (await bundledFiles())
  const local = LOOPBACK.has(host) || host === '::1'
  const app = createStudioApp(folder, models, { local, onError })
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  const actual = await listenNear(server, port, host)
  const shown = host.includes(':') ? `[${host}]` : host
  const everywhere = host === '0.0.0.0' || host === '::'
  const url = `http://${everywhere ? 'localhost' : shown}:${actual}/`
  if (options.open) openBrowser(url)
  let closed: Promise<void> | undefined
  return {
    url,
    port: actual,
    close() {
      closed ??= new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closed
    },
  }
}
