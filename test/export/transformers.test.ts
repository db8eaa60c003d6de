/** Exported models in transformers.js, by the program of docs/export.md: where a copy is at hand. */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel, encodeModel, type Model } from '../../src/file/index.js'
import { generateText } from '../../src/generate/index.js'
import { exportModel } from '../../src/interop/export/index.js'
import { type ModelConfig, modelConfig } from '../../src/model/config.js'
import { tokenizerFrom } from '../../src/text/index.js'
import { browserSources, launchBrowser } from '../support/browser.js'
import { CELL_VARIANTS, seededWeights } from '../support/seeded.js'
import { serveFiles } from '../support/static-site.js'
import { witness } from '../support/witnesses.js'

const library = witness('@huggingface/transformers')
const folder = mkdtempSync(join(tmpdir(), 'ondo-transformers-'))
const models = new Map<string, Model>()
const PROMPTS = ['ab', '温a cb\nac b', 'c']

beforeAll(async () => {
  const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abc温 '] })
  const variants: Partial<ModelConfig>[] = [
    ...Object.values(CELL_VARIANTS),
    { cell: 'lstm', restart: 0 },
    { cell: 'gru', window: 3, restart: 3 },
  ]
  for (const [i, variant] of variants.entries()) {
    const config = modelConfig({ hidden: 9, layers: 2, ...variant, vocabulary: tokenizer.size })
    // Large weights, so that the most likely symbol leads clearly and texts differ.
    const bytes = encodeModel({ config, tokenizer, weights: seededWeights(config, 7, 1) })
    models.set(`model-${i}`, await decodeModel(bytes))
  }
  for (const [name, model] of models) {
    for (const file of exportModel(model, 'onnx').files) {
      const path = join(folder, name, file.name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, file.bytes)
    }
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!library)('transformers.js', { timeout: 180_000 }, () => {
  const run = (program: string): string => {
    symlinkOnce(join(folder, 'node_modules'), join(library!, '../..'))
    writeFileSync(join(folder, 'program.mjs'), program)
    const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }
    return execFileSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8', env })
  }

  it('writes our most likely text for every cell, alone and several at once', async () => {
    const got = JSON.parse(
      run(`
import { env, pipeline } from '@huggingface/transformers'
env.allowRemoteModels = false
env.localModelPath = './'
const texts = {}
for (const name of ${JSON.stringify([...models.keys()])}) {
  const generator = await pipeline('text-generation', name)
  const options = { max_new_tokens: 40, do_sample: false }
  const alone = []
  for (const prompt of ${JSON.stringify(PROMPTS)}) alone.push(...(await generator(prompt, options)))
  const together = await generator(${JSON.stringify(PROMPTS)}, options)
  texts[name] = [alone, together.flat()].map(list => list.map(one => one.generated_text))
}
console.log(JSON.stringify(texts))`),
    )
    for (const [name, model] of models) {
      const ours = await Promise.all(
        PROMPTS.map(async prompt => {
          const text = await generateText(model, { prompt, temperature: 0, length: 40, stop: [] })
          return prompt + text
        }),
      )
      expect(got[name], name).toEqual([ours, ours])
    }
  })

  it('runs the program of the documentation', () => {
    const docs = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8')
    const program = /^```mjs\n(import \{ env, pipeline.*?)^```/ms.exec(docs)?.[1] ?? ''
    cpSync(join(folder, 'model-4'), join(folder, 'shakespeare-onnx'), { recursive: true })
    const text = run(
      `${program.replace('ROMEO:', 'ab')}\nconsole.log(JSON.stringify(generated_text))`,
    )
    expect([...JSON.parse(text)]).toHaveLength(202)
  })
})

const runtime = witness('onnxruntime-web')

describe.skipIf(!library || !runtime || browserSources().length === 0)('in Chromium', () => {
  it('writes the same text', async () => {
    const html = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">{"imports":{
      "@huggingface/transformers": "/library/transformers.web.js",
      "onnxruntime-web/webgpu": "/runtime/ort.webgpu.mjs",
      "onnxruntime-common": "/common/index.js"}}</script><script type="module">
      import { env, pipeline } from '@huggingface/transformers'
      Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: '/models/' })
      env.backends.onnx.wasm.wasmPaths = '/runtime/'
      globalThis.write = async (name, prompt) => {
        const generator = await pipeline('text-generation', name, { device: 'wasm' })
        return (await generator(prompt, { max_new_tokens: 30, do_sample: false }))[0].generated_text
      }</script>`
    const site = await serveFiles({
      '/index.html': html,
      '/library/': join(library!, 'dist'),
      '/runtime/': join(runtime!, 'dist'),
      '/common/': join(witness('onnxruntime-common')!, 'dist/esm'),
      '/models/': folder,
    })
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      await page.route(/.*/, (route, request) =>
        request.url().startsWith(site.url) ? route.continue() : route.abort(),
      )
      await page.goto(`${site.url}/index.html`)
      await page.waitForFunction(() => 'write' in globalThis)
      const model = models.get('model-4') as Model
      const text = await generateText(model, { prompt: 'ab', temperature: 0, length: 30, stop: [] })
      expect(await page.evaluate(`write('model-4', 'ab')`)).toBe(`ab${text}`)
    } finally {
      await browser.close()
      site.close()
    }
  })
})

function symlinkOnce(path: string, target: string): void {
  try {
    symlinkSync(target, path, 'junction')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
