/**
 * Exported models in pages of other people, in a real browser: the program of docs/export.md over
 * onnxruntime-web, ml5 0.12, and the character demo of recurrentjs.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel, type Model } from '../../src/file/index.js'
import { generateText } from '../../src/generate/index.js'
import { exportModel } from '../../src/interop/export/index.js'
import { importModel } from '../../src/interop/index.js'
import { bundledModels, findModel, readFileBytes } from '../../src/node/files.js'
import { loadNetwork } from '../../src/runtime/network.js'
import { browserSources, launchBrowser } from '../support/browser.js'
import { serveFiles } from '../support/static-site.js'
import { witness } from '../support/witnesses.js'

const hasModel = (await bundledModels()).includes('names')
const folder = mkdtempSync(join(tmpdir(), 'ondo-pages-'))
let browser: Browser
let model: Model

beforeAll(async () => {
  model = await decodeModel(await readFileBytes(await findModel('names')))
  for (const kind of ['onnx', 'ml5', 'recurrentjs']) {
    for (const { name, bytes } of exportModel(model, kind).files) {
      const path = join(folder, kind, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes)
    }
  }
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Opens a page on a site of its own, runs `use` there, and closes both. */
async function onPage<T>(
  roots: Readonly<Record<string, string>>,
  path: string,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const site = await serveFiles(roots)
  const page = await browser.newPage()
  const failures: string[] = []
  page.on('pageerror', error => failures.push(error.message))
  // No page reaches another host.
  await page.route(/.*/, (route, request) =>
    request.url().startsWith(site.url) ? route.continue() : route.abort(),
  )
  try {
    await page.goto(site.url + path)
    const result = await use(page)
    expect(failures).toEqual([])
    return result
  } finally {
    await page.close()
    site.close()
  }
}

/** The most likely text after a prompt, up to a line end or a length. */
const likely = (prompt: string, length: number): Promise<string> =>
  generateText(model, { prompt, temperature: 0, length, stop: [] })

const available = hasModel && browserSources().length > 0

describe.skipIf(!available)('onnxruntime-web', () => {
  it('writes the same text with the program of the documentation', async () => {
    const docs = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8')
    const program = /^```mjs\n(import \* as ort.*?)^```/ms.exec(docs)?.[1] ?? ''
    const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'))
    const html = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">{"imports":{"onnxruntime-web":"/ort/ort.wasm.min.mjs"}}</script>
<script type="module">import { write } from '/program.mjs'; globalThis.write = write</script>`
    const roots = {
      '/index.html': html,
      '/program.mjs': program,
      '/ort/': runtime,
      '/model/': join(folder, 'onnx'),
    }
    const text = await onPage(roots, '/index.html', async page => {
      await page.waitForFunction(() => 'write' in globalThis)
      return page.evaluate(
        `write(new URL('/model/', location), '\\nma', { temperature: 1e-4, length: 40 })`,
      )
    })
    expect(text).toBe(await likely('\nma', 40))
  })
})

const ml5 = witness('ml5')

describe.skipIf(!available || !ml5)('ml5 0.x', () => {
  it('gives our probabilities after a seed, and writes with them', async () => {
    const html = `<!doctype html><link rel="icon" href="data:,"><script src="/ml5/ml5.min.js"></script>`
    const roots = {
      '/index.html': html,
      '/ml5/': join(ml5!, 'dist'),
      '/model/': join(folder, 'ml5'),
    }
    const [probabilities, text] = await onPage(roots, '/index.html', page =>
      page.evaluate<[number[], string]>(`(async () => {
        const rnn = ml5.charRNN('/model/', () => {})
        await rnn.ready
        const first = await rnn.generate({ seed: '\\nmar', length: 1, temperature: 1 })
        const probabilities = Array.from(rnn.probabilities)
        const { sample } = await rnn.generate({ seed: '\\nmar', length: 30, temperature: 0.5 })
        return [probabilities, sample]
      })()`),
    )
    const session = (await loadNetwork(model.config, model.weights)).session()
    const logits = session.prefill(model.tokenizer.encode('\nmar').ids)
    const weights = Array.from(logits, logit => Math.exp(logit))
    const sum = weights.reduce((a, b) => a + b)
    expect(probabilities).toHaveLength(weights.length)
    for (const [id, weight] of weights.entries()) {
      expect(Math.abs((probabilities[id] as number) - weight / sum)).toBeLessThan(1e-5)
    }
    expect([...text]).toHaveLength(30)
    session.dispose()
  })
})

const recurrentjs = witness('recurrentjs')

describe.skipIf(!available || !recurrentjs)('recurrentjs', () => {
  it('writes the same sentence in its character demo', async () => {
    const json = readFileSync(join(folder, 'recurrentjs/model.json'), 'utf8')
    const roots = { '/': recurrentjs! }
    const [sentence, perplexities] = await onPage(roots, '/character_demo.html', page =>
      page.evaluate((text): [string, number[]] => {
        const demo = globalThis as unknown as {
          $: (selector: string) => { click(): void; val(text: string): void }
          predictSentence: (model: unknown, sample: boolean) => string
          model: unknown
          tick: () => void
          ppl_list: number[]
        }
        // The way of the documentation: the demo goes on training with lines of this text.
        demo.$('#ti').val('mary\nanna')
        demo.$('#learn').click()
        demo.$('#stop').click()
        demo.$('#tio').val(text)
        demo.$('#loadmodel').click()
        const written = demo.predictSentence(demo.model, false)
        for (let i = 0; i < 3; i++) demo.tick()
        return [written, demo.ppl_list]
      }, json),
    )
    const line = (await likely('\n', 40)).split('\n')[0]
    expect(sentence).toBe(line)
    expect(perplexities).toHaveLength(3)
    // A model that knows no names has 27 a symbol; the demo divides the sum of 5 symbols by 3.
    for (const perplexity of perplexities) expect(perplexity).toBeLessThan(27 ** (5 / 3) / 2)
    // Read back, it is the same network with the line end as the beginning.
    const { model: back } = await importModel([
      { name: 'model.json', bytes: new TextEncoder().encode(json) },
    ])
    expect(
      await generateText(back, { prompt: '\n', temperature: 0, length: 40, stop: ['\n'] }),
    ).toBe(line)
  })
})
