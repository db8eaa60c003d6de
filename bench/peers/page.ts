/** A page in Chromium with workers that train, so that their rounds can be interleaved. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { launchBrowser } from '../../test/support/browser.js'
import type { Candidate } from '../harness.js'

export interface Sizes {
  readonly vocabulary: number
  readonly hidden: number
  readonly layers: number
  readonly batch: number
  readonly seq: number
}

export type PageRequest =
  /** Makes the model and takes its first step. */
  | {
      type: 'begin'
      sizes: Sizes
      ids: Uint8Array<ArrayBuffer>
      /** Ondo. */
      assets: string
      threads: number
      /** TensorFlow.js. */
      backend?: string
      scripts?: readonly string[]
    }
  | { type: 'run'; count: number }

export type PageMessage =
  | { readonly milliseconds: number; readonly loss: number }
  | { readonly error: string }

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Serves files with the headers that give a page threads, and no content policy. */
function serve(find: (path: string) => string | undefined): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    if (path === '/') {
      response.setHeader('Content-Type', 'text/html')
      response.end(
        '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>',
      )
      return
    }
    const file = find(path)
    try {
      response.setHeader('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream')
      response.end(file === undefined ? '' : readFileSync(file))
    } catch {
      response.statusCode = 404
      response.end()
    }
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** Where TensorFlow.js lies: `ONDO_TFJS` names a tf.min.js, its wasm backend beside it in npm's way. */
export function findTfjs(): { script: string; wasm: string } | { missing: string } {
  const script = process.env.ONDO_TFJS
  if (!script) return { missing: 'ONDO_TFJS names no tf.min.js' }
  const wasm = join(dirname(script), '../../tfjs-backend-wasm/dist/tf-backend-wasm.min.js')
  return { script, wasm }
}

export interface PagePeer extends Candidate {
  readonly firstLoss: number
}

export class BenchPage {
  version = ''
  private readonly folder = mkdtempSync(join(tmpdir(), 'ondo-bench-'))
  private server: Server | undefined
  private browser: Browser | undefined
  private page: Page | undefined
  private workers = 0

  async start(): Promise<this> {
    const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
    await build({
      root: here('../../studio'),
      logLevel: 'error',
      build: {
        outDir: this.folder,
        emptyOutDir: true,
        copyPublicDir: false,
        rolldownOptions: {
          input: { page: here('page_entry.ts') },
          output: { entryFileNames: '[name].js' },
          checks: { pluginTimings: false },
        },
      },
    })
    const tfjs = findTfjs()
    this.server = await serve(path => {
      if (path === '/tfjs_worker.js') return here('tfjs_worker.js')
      if ('missing' in tfjs) return join(this.folder, path)
      if (path === '/tfjs/tf.js') return tfjs.script
      if (path === '/tfjs/wasm.js') return tfjs.wasm
      if (path.startsWith('/tfjs-wasm/')) return join(dirname(tfjs.wasm), basename(path))
      return join(this.folder, path)
    })
    const address = this.server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    // WebGL in software where there is no GPU: the peer may use what the page has.
    const flags = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader']
    this.browser = await launchBrowser(undefined, flags)
    this.version = this.browser.version()
    this.page = await this.browser.newPage()
    await this.page.goto(`http://127.0.0.1:${port}/`)
    await this.page.waitForFunction(() => typeof globalThis.ondoWorker === 'function')
    return this
  }

  /** Asks a worker; the answer is its own clock's. */
  private async ask(worker: number, request: PageRequest): Promise<{ ms: number; loss: number }> {
    const answer = await this.page!.evaluate(
      ([worker, request]) =>
        new Promise<PageMessage>(resolve => {
          const { benchWorkers } = globalThis as unknown as { benchWorkers: Worker[] }
          benchWorkers[worker].onmessage = event => resolve(event.data)
          benchWorkers[worker].postMessage(request)
        }),
      [worker, request] as const,
    )
    if ('error' in answer) throw new Error(answer.error)
    return { ms: answer.milliseconds, loss: answer.loss }
  }

  /** A contestant that has taken its first step. @throws Error when it can't train */
  async peer(
    name: string,
    begin: Omit<Extract<PageRequest, { type: 'begin' }>, 'type' | 'assets'>,
  ): Promise<PagePeer> {
    const worker = this.workers++
    const assets = await this.page!.evaluate(isTfjs => {
      const all = globalThis as unknown as { benchWorkers?: Worker[] }
      all.benchWorkers ??= []
      all.benchWorkers.push(isTfjs ? new Worker('/tfjs_worker.js') : globalThis.ondoWorker())
      return new URL('/ort/', location.href).href
    }, begin.backend !== undefined)
    const first = await this.ask(worker, { type: 'begin', assets, ...begin })
    return {
      name,
      firstLoss: first.loss,
      run: async count => (await this.ask(worker, { type: 'run', count })).ms,
    }
  }

  /** Ends a contestant that was given up, or it would slow the others. */
  async giveUp(): Promise<void> {
    await this.page!.evaluate(() => {
      const { benchWorkers } = globalThis as unknown as { benchWorkers: Worker[] }
      benchWorkers.at(-1)?.terminate()
    })
  }

  /** Frames a second that the page itself draws while `work` goes on. */
  async frames(work: () => Promise<unknown>): Promise<number> {
    await this.page!.evaluate(() => {
      // A method: what tsx does to named functions is not there in the page.
      const frameCounter = {
        frames: 0,
        started: performance.now(),
        on: true,
        draw(): void {
          frameCounter.frames++
          if (frameCounter.on) requestAnimationFrame(frameCounter.draw)
        },
      }
      Object.assign(globalThis, { frameCounter })
      requestAnimationFrame(frameCounter.draw)
    })
    await work()
    return this.page!.evaluate(() => {
      const { frameCounter } = globalThis as unknown as {
        frameCounter: { frames: number; started: number; on: boolean }
      }
      frameCounter.on = false
      return (frameCounter.frames * 1000) / (performance.now() - frameCounter.started)
    })
  }

  async close(): Promise<void> {
    await this.browser?.close()
    this.server?.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
