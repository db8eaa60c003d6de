/** The studio's training worker alone on an empty page, served as the studio is. */
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

/** The worker that docs/browser.md shows, as a reader copies it; the entry that makes it. */
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
        // The workers are entries, too; those of the page have the names that PAGE asks for.
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

/** On the page: the worker and what it has said. */
declare global {
  var trainer: { worker: Worker; messages: FromTrainer[] }
}

/** A page with a worker that has looked; `trainer.messages` holds all messages. */
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

/** Everything of a type that was said so far. */
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

/** Waits for the nth message of a type, or for a failure, which is thrown. */
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
