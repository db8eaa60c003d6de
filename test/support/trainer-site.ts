/** Serves the studio's training worker on an empty page, as the studio is served. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { serveStudio } from '../../src/node/serve.js'
import type { FromTrainer, ToTrainer } from '../../studio/src/tabs/train/protocol.js'

const studio = fileURLToPath(new URL('../../studio', import.meta.url))

const PAGE =
  '<!doctype html><title>trainer</title><link rel="icon" href="data:,"><script type="module" src="./page.js"></script><script type="module" src="./example.js"></script>'

export interface TrainerSite {
  readonly url: string
  close(): Promise<void>
}

/** Writes the worker of docs/browser.md as a reader would copy it, and returns its entry. */
function writeExample(folder: string): string {
  const page = readFileSync(new URL('../../docs/browser.md', import.meta.url), 'utf8')
  const example = /^```ts\n(.*?)^```/ms.exec(page)?.[1]
  if (!example) throw new Error('docs/browser.md shows no program.')
  writeFileSync(join(folder, 'worker.ts'), example)
  const entry = join(folder, 'example.ts')
  writeFileSync(
    entry,
    `globalThis.makeExample = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })\n`,
  )
  return entry
}

export async function openTrainerSite(): Promise<TrainerSite> {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-trainer-'))
  const sources = mkdtempSync(join(tmpdir(), 'ondo-example-'))
  await build({
    root: studio,
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: true,
      copyPublicDir: false,
      rolldownOptions: {
        input: {
          page: fileURLToPath(new URL('trainer-entry.ts', import.meta.url)),
          example: writeExample(sources),
        },
        // The workers are entries, too; the page loads its entries by these names.
        output: {
          entryFileNames: ({ name }) =>
            ['page', 'example'].includes(name) ? '[name].js' : 'assets/[name]-[hash].js',
        },
        checks: { pluginTimings: false },
      },
    },
  })
  rmSync(sources, { recursive: true, force: true })
  writeFileSync(join(folder, 'index.html'), PAGE)
  const served = await serveStudio({ folder, port: 0, models: [] })
  return {
    url: served.url,
    async close() {
      await served.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The worker and its messages, on the page. */
declare global {
  var trainer: { worker: Worker; messages: FromTrainer[] }
}

/** Opens a page whose worker has looked for a stored run; `trainer.messages` holds all messages. */
export async function openTrainer(context: BrowserContext, site: TrainerSite): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.url)
  await startWorker(page)
  return page
}

export async function startWorker(page: Page): Promise<void> {
  await page.evaluate(() => {
    const worker = globalThis.makeTrainer()
    globalThis.trainer = { worker, messages: [] }
    const { messages } = globalThis.trainer
    worker.addEventListener('message', event => messages.push(event.data))
    worker.addEventListener('error', event =>
      messages.push({ type: 'failed', code: 'worker', message: event.message }),
    )
    worker.postMessage({ type: 'look', assets: new URL('./ort/', location.href).href })
  })
  await waitForMessage(page, 'looked')
}

export const sendMessage = (page: Page, message: ToTrainer): Promise<void> =>
  page.evaluate(message => globalThis.trainer.worker.postMessage(message), message)

/** Returns all messages of a type that have arrived. */
export function messagesOf<Type extends FromTrainer['type']>(
  page: Page,
  type: Type,
): Promise<Extract<FromTrainer, { type: Type }>[]> {
  return page.evaluate(
    type =>
      globalThis.trainer.messages.filter(message => message.type === type) as Extract<
        FromTrainer,
        { type: Type }
      >[],
    type,
  )
}

/** Waits for the nth message of a type. @throws when a failure arrives instead */
export async function waitForMessage<Type extends FromTrainer['type']>(
  page: Page,
  type: Type,
  nth = 1,
): Promise<Extract<FromTrainer, { type: Type }>> {
  await page.waitForFunction(
    ([type, nth]) =>
      globalThis.trainer.messages.filter(message => message.type === type).length >= Number(nth) ||
      globalThis.trainer.messages.some(({ type }) => type === 'failed' || type === 'refused'),
    [type, nth] as const,
    { polling: 10, timeout: 150_000 },
  )
  const found = (await messagesOf(page, type))[nth - 1]
  if (found) return found
  throw new Error(
    JSON.stringify([...(await messagesOf(page, 'failed')), ...(await messagesOf(page, 'refused'))]),
  )
}
