import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { sampleWeights } from '../file/damaged.fixture.js'
import { decodeModel, encodeModel } from '../file/index.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { bundledModels } from './files.js'
import { loadModel } from './load.js'

const folder = mkdtempSync(join(tmpdir(), 'ondo load-'))
afterAll(() => rmSync(folder, { recursive: true }))

const config = modelConfig({ cell: 'rnn', vocabulary: 2, hidden: 3, layers: 1 })
const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['a', 'b'] })
const bytes = encodeModel({ config, tokenizer, weights: sampleWeights(config) })
const { hash } = await decodeModel(bytes)
const path = join(folder, 'best.safetensors')
writeFileSync(path, bytes)

describe('loading a model in Node', () => {
  it('takes a path, a training folder, a file address, bytes and a Blob', async () => {
    const url = pathToFileURL(path)
    for (const source of [path, folder, url, url.href, bytes, bytes.buffer, new Blob([bytes])]) {
      expect((await loadModel(source)).hash).toBe(hash)
    }
  })

  it('takes an HTTP address', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/x' ? 200 : 404
      response.end(request.url === '/x' ? bytes : 'no')
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    try {
      expect((await loadModel(`http://127.0.0.1:${port}/x`)).hash).toBe(hash)
      expect((await loadModel(new URL(`http://127.0.0.1:${port}/x`))).hash).toBe(hash)
      await expect(loadModel(`http://127.0.0.1:${port}/y`)).rejects.toThrow(/answered 404/)
    } finally {
      server.close()
    }
    await expect(loadModel(`http://127.0.0.1:${port}/x`)).rejects.toThrow(/can't be reached/)
  })

  it('names the invalid file in the error', async () => {
    const cut = join(folder, 'cut.safetensors')
    writeFileSync(cut, bytes.subarray(0, 100))
    await expect(loadModel(cut)).rejects.toThrow(/cut\.safetensors: The header should have/)
    await expect(loadModel('no-such-model')).rejects.toThrow(/There is no model "no-such-model"/)
  })

  it('loads every bundled model', async () => {
    for (const name of await bundledModels()) {
      const model = await loadModel(name)
      expect(model.tokenizer.size).toBe(model.config.vocabulary)
    }
  })
})
