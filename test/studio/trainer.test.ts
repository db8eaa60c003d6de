/** Training in a real browser: the same trainer, killed and resumed, hidden, on any storage. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DeviceChoice } from '../../src/browser/index.js'
import { buildTokenizer, decodeModel } from '../../src/index.js'
import type { Weights } from '../../src/model/index.js'
import { nodeEngine } from '../../src/node/index.js'
import { train, trainingCorpus } from '../../src/train/index.js'
import type { RunRequest } from '../../studio/src/tabs/train/plan.js'
import { browserSources, launchBrowser } from '../support/browser.js'
import {
  messagesOf,
  openTrainer,
  openTrainerSite,
  sendMessage,
  startWorker,
  type TrainerSite,
  waitForMessage,
} from '../support/trainer-site.js'

let site: TrainerSite
let browser: Browser
const requests: { url: string; method: string }[] = []

beforeAll(async () => {
  ;[site, browser] = await Promise.all([openTrainerSite(), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})
afterEach(() => Promise.all(browser.contexts().map(context => context.close())))

const TEXT = Array.from({ length: 4000 }, (_, i) => 'abcdefgh '[(i * i + (i >> 3)) % 9]).join('')
const SETTINGS = {
  layers: 1,
  hidden: 16,
  batch: 4,
  seq: 12,
  holdout: 0,
  warmup: 10,
  checkpointEvery: 7,
  evaluateEvery: 1000,
}
const source = { files: [], text: TEXT, tokenizer: 'character' as const }

/** @param before runs in the worker before its own program, to take away what a browser may lack */
async function newContext(before?: string): Promise<BrowserContext> {
  const context = await browser.newContext()
  context.on('request', request => requests.push({ url: request.url(), method: request.method() }))
  if (before !== undefined) {
    await context.route('**/train-worker-*.js', async route => {
      const response = await route.fetch()
      await route.fulfill({ response, body: `${before};${await response.text()}` })
    })
  }
  return context
}

async function start(
  page: Page,
  steps: number,
  more: Partial<RunRequest> = {},
  threads = 1,
  device: DeviceChoice = 'wasm',
) {
  const settings = { ...SETTINGS, steps, ...more.settings }
  const request: RunRequest = { size: 'small', epochs: 1, ...more, settings }
  await sendMessage(page, { type: 'start', job: 1, source, request, device, threads })
}

async function weightsOf(page: Page): Promise<Weights> {
  await sendMessage(page, { type: 'take', job: 1 })
  await waitForMessage(page, 'took')
  const bytes = await page.evaluate(() => {
    const took = globalThis.trainer.messages.find(message => message.type === 'took')
    return Array.from(took?.type === 'took' ? took.bytes : [])
  })
  return (await decodeModel(Uint8Array.from(bytes))).weights
}

/** Waits until at least so many steps are kept by this worker. */
const kept = (page: Page, step: number) =>
  page.waitForFunction(
    step =>
      globalThis.trainer.messages.some(message => message.type === 'kept' && message.step >= step),
    step,
    { polling: 2 },
  )

async function inNode(
  steps: number,
  settings: object = SETTINGS,
): Promise<{ weights: Weights; losses: number[] }> {
  const { tokenizer } = buildTokenizer('character', TEXT)
  const losses: number[] = []
  let weights: Weights | undefined
  for await (const event of train({
    corpus: await trainingCorpus({ content: TEXT }, tokenizer),
    engine: await nodeEngine({ threads: 1 }),
    settings: { ...settings, steps },
  })) {
    if (event.type === 'step') losses.push(event.loss)
    if (event.type === 'end') weights = event.weights()
  }
  return { weights: weights!, losses }
}

function largestDifference(a: Weights, b: Weights): number {
  let largest = 0
  for (const [name, data] of a) {
    const other = b.get(name)!
    for (const [i, value] of data.entries()) {
      largest = Math.max(largest, Math.abs(value - other[i]))
    }
  }
  return largest
}

const STEPS = 120
let whole: Weights

// Each starts ONNX Runtime anew, 14 MB of WebAssembly to compile: seconds on a busy machine.
describe('training in the page', { timeout: 180_000 }, () => {
  it('gives the weights of the same run in Node, to a few units of the last place', async () => {
    const page = await openTrainer(await newContext(), site)
    await sendMessage(page, { type: 'inspect', job: 1, source })
    const { report } = await waitForMessage(page, 'inspected')
    expect(report.vocabulary).toMatchObject({ size: 9, total: TEXT.length })
    await start(page, STEPS)
    await waitForMessage(page, 'rested')
    whole = await weightsOf(page)
    const node = await inNode(STEPS)
    const first = (await messagesOf(page, 'progress'))[0]
    expect(first.standing.step).toBe(1)
    expect(first.loss).toBeCloseTo(node.losses[0], 5)
    const last = (await messagesOf(page, 'progress')).at(-1)!
    expect(last.loss).toBeLessThan(first.loss - 0.2)
    const largest = largestDifference(whole, node.weights)
    // Another order of the same sums; not the same bits.
    expect(largest).toBeGreaterThan(0)
    expect(largest).toBeLessThan(1e-3)
  })

  it('continues after its worker or its page was closed, with the same result', async () => {
    const context = await newContext()
    let page = await openTrainer(context, site)
    await start(page, STEPS)
    await kept(page, 20)
    await page.evaluate(() => globalThis.trainer.worker.terminate())
    await startWorker(page)
    const { saved } = (await messagesOf(page, 'looked'))[0]
    expect(saved?.standing.step).toBeGreaterThanOrEqual(20)
    expect(saved?.standing.step).toBeLessThan(STEPS)
    await sendMessage(page, { type: 'resume' })
    await kept(page, 70)
    await page.close()
    page = await openTrainer(context, site)
    const again = (await messagesOf(page, 'looked'))[0].saved
    expect(again?.facts).toMatchObject({ symbols: TEXT.length, steps: STEPS, device: 'wasm' })
    expect(again?.standing.step).toBeGreaterThanOrEqual(70)
    expect(again?.training.steps.length).toBeGreaterThan(20)
    await sendMessage(page, { type: 'resume' })
    expect((await waitForMessage(page, 'rested')).why).toBe('finished')
    expect(largestDifference(await weightsOf(page), whole)).toBe(0)
  })

  it('gives the same result on IndexedDB, without timers and frames, with a pause', async () => {
    // Some browsers' workers can't write OPFS in place; a hidden page hardly gets timers and frames.
    const none = ['setTimeout', 'setInterval', 'requestAnimationFrame']
    const context = await newContext(
      [
        'delete FileSystemFileHandle.prototype.createSyncAccessHandle',
        ...none.map(name => `globalThis.${name} = () => 0`),
      ].join(';'),
    )
    const page = await openTrainer(context, site)
    await start(page, STEPS)
    await waitForMessage(page, 'progress')
    await sendMessage(page, { type: 'rest', why: 'paused' })
    const paused = await waitForMessage(page, 'rested')
    expect(paused.why).toBe('paused')
    expect(paused.standing.step).toBeLessThan(STEPS)
    const last = (await messagesOf(page, 'kept')).at(-1)!
    expect(last.step).toBe(paused.standing.step)
    await sendMessage(page, { type: 'resume' })
    expect((await waitForMessage(page, 'started', 2)).standing.step).toBe(paused.standing.step)
    expect((await waitForMessage(page, 'rested', 2)).why).toBe('finished')
    expect(largestDifference(await weightsOf(page), whole)).toBe(0)
    const databases = await page.evaluate(async () =>
      (await indexedDB.databases()).map(({ name }) => name),
    )
    expect(databases).toEqual(['ondo'])
  })

  it('trains for the given minutes, on threads where the GPU fails, in one tab at a time', async () => {
    // A GPU that promises and fails: the run falls back, and says so.
    const broken = '{ requestAdapter: async () => ({ info: { vendor: "broken" } }) }'
    const context = await newContext(
      `Object.defineProperty(navigator, 'gpu', { value: ${broken} })`,
    )
    const [one, other] = [await openTrainer(context, site), await openTrainer(context, site)]
    const settings = { steps: undefined, evaluateEvery: undefined, checkpointEvery: undefined }
    await start(one, 0, { epochs: undefined, minutes: 5, settings }, 2, 'auto')
    const { facts } = await waitForMessage(one, 'started')
    expect((await messagesOf(one, 'warned')).map(({ code }) => code)).toContain('webgpu')
    expect(facts).toMatchObject({ device: 'wasm', threads: 2 })
    // At a quarter of a second a step it would be 1,200; a busy machine takes some milliseconds.
    expect(facts.steps).toBeGreaterThan(1000)
    await waitForMessage(one, 'progress')
    await start(other, 10)
    await expect(waitForMessage(other, 'rested')).rejects.toThrow(/another tab/)
    await sendMessage(one, { type: 'rest', why: 'stopped' })
    expect((await waitForMessage(one, 'rested')).why).toBe('stopped')
  })

  it('needs no more code than docs/browser.md shows', async () => {
    const page = await (await newContext()).newPage()
    await page.goto(site.url)
    const losses = await page.evaluate(
      text =>
        new Promise<number[]>((resolve, reject) => {
          const worker = globalThis.makeExample()
          const losses: number[] = []
          worker.addEventListener('error', event => reject(new Error(event.message)))
          worker.addEventListener('message', ({ data }) => {
            if (losses.push(data.loss) === 3) resolve(losses)
          })
          worker.postMessage(text)
        }),
      TEXT,
    )
    for (const loss of losses) expect(loss).toBeCloseTo(Math.log(9), 1)
    await page.close()
  })

  it('requests only files of its own server', () => {
    expect(requests.some(({ url }) => url.endsWith('ort-wasm-simd-threaded.wasm'))).toBe(true)
    const foreign = requests.filter(
      ({ url, method }) =>
        method !== 'GET' || !(url.startsWith(site.url) || url.startsWith('data:,')),
    )
    expect(foreign).toEqual([])
  })
})

describe.skipIf(browserSources()[0] !== 'system')('WebGPU in software', () => {
  it('takes the steps that Node takes', { timeout: 240_000 }, async () => {
    const flags = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']
    const gpu = await launchBrowser('system', flags)
    try {
      const page = await openTrainer(await gpu.newContext(), site)
      const settings = { ...SETTINGS, cell: 'rnn', hidden: 8, batch: 2, seq: 3, steps: 3 }
      const request: RunRequest = { size: 'small', epochs: 1, settings }
      await sendMessage(page, { type: 'start', job: 1, source, request, device: 'webgpu' })
      await waitForMessage(page, 'rested')
      expect((await waitForMessage(page, 'started')).facts.device).toBe('webgpu')
      const node = await inNode(3, settings)
      expect(largestDifference(await weightsOf(page), node.weights)).toBeLessThan(1e-4)
    } finally {
      await gpu.close()
    }
  })
})
