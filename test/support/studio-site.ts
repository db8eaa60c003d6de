/** Builds the studio and serves it by our own server, with a small model. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { decodeModel, encodeModel, type Model, modelFileHash } from '../../src/index.js'
import { modelConfig } from '../../src/model/index.js'
import { serveStudio } from '../../src/node/serve.js'
import { tokenizerFrom } from '../../src/text/index.js'
import { seededWeights } from './seeded.js'

/** Letters, a space, a newline and some kana, so that the output looks like text; `é` is missing. */
const SYMBOLS = [
  ..."\n abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,:;!?'-あいうえおかきく",
]

/** Returns a network with pseudo-random weights; the scale makes its probabilities clearly different. */
export function smallModel(seed = 11, name = 'Small'): Uint8Array<ArrayBuffer> {
  const config = modelConfig({
    cell: 'gru',
    vocabulary: SYMBOLS.length,
    embedding: 24,
    hidden: 48,
    layers: 1,
  })
  return encodeModel({
    config,
    tokenizer: tokenizerFrom({ kind: 'character', symbols: SYMBOLS }),
    weights: seededWeights(config, seed, 0.9),
    name,
    prompt: 'ROMEO:\n',
    training: { corpus: 'nothing.txt', validationLoss: 4.2 },
  })
}

export interface Site {
  readonly url: string
  /** The folder that is served. */
  readonly folder: string
  /** The list of the repository's own models; their files are in the same folder. */
  readonly bundled: string
  readonly model: Model
  close(): Promise<void>
}

/** Builds with NODE_ENV "production": with Vitest's "test", Svelte would include its developer checks. */
async function buildStudio(folder: string): Promise<void> {
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'production'
  try {
    await build({
      root: fileURLToPath(new URL('../../studio', import.meta.url)),
      logLevel: 'error',
      build: { outDir: folder, emptyOutDir: true },
    })
  } finally {
    process.env.NODE_ENV = NODE_ENV
  }
}

export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-studio-'))
  await buildStudio(folder)
  const bundled = readFileSync(join(folder, 'models/index.json'), 'utf8')
  // The stories use two models of their own, because those of the repository may change.
  const bytes = smallModel()
  const entry = (id: string, name: string) => ({ id, name, file: `${id}.safetensors`, bytes: 1 })
  const model = await decodeModel(bytes)
  const named = { hash: model.hash, fileHash: await modelFileHash(model) }
  const list = [{ ...entry('small', 'Small'), ...named }, entry('broken', 'Broken')]
  writeFileSync(join(folder, 'models/index.json'), JSON.stringify(list))
  writeFileSync(join(folder, 'models/small.safetensors'), bytes)
  writeFileSync(join(folder, 'models/broken.safetensors'), bytes.subarray(0, 2000))
  const served = await serveStudio({ folder, port: 0, models: [] })
  return {
    url: served.url.replace(/\/?$/, '/'),
    folder,
    bundled,
    model: await decodeModel(bytes),
    async close() {
      await served.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
