import { afterEach, describe, expect, it, vi } from 'vitest'
import { FileError } from '../errors.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { sampleWeights } from './damaged.fixture.js'
import { loadModel, type ModelSource } from './load.js'
import { decodeModel, encodeModel } from './model-file.js'

const config = modelConfig({ cell: 'rnn', vocabulary: 2, hidden: 3, layers: 1 })
const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['a', 'b'] })
const bytes = encodeModel({ config, tokenizer, weights: sampleWeights(config) })
const { hash } = await decodeModel(bytes)

/** A network with one model in it, that remembers what was asked. */
function network(status = 200): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: URL, { signal }: { signal?: AbortSignal }) => {
    asked.push(url.href)
    signal?.throwIfAborted()
    if (url.hostname === 'nowhere.example') throw new TypeError('fetch failed')
    return new Response(status === 200 ? bytes : 'no', { status })
  })
  return asked
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FileError)
  return (error as FileError).message
}

describe('loading a model in a page', () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each<[string, ModelSource]>([
    ['bytes', bytes],
    ['an ArrayBuffer', bytes.buffer],
    ['a part of a larger buffer', new Uint8Array([0, ...bytes, 0]).subarray(1, bytes.length + 1)],
    ['a Blob', new Blob([bytes])],
    ['a File', new File([bytes], 'x.safetensors')],
  ])('takes %s', async (_, source) => {
    expect((await loadModel(source)).hash).toBe(hash)
  })

  it('finds a bundled name beside the package, or where it is told', async () => {
    const asked = network()
    expect((await loadModel('shakespeare')).hash).toBe(hash)
    await loadModel('shakespeare', { models: 'https://a.example/m/' })
    expect(asked).toEqual([
      new URL('../../models/shakespeare.safetensors', import.meta.url).href,
      'https://a.example/m/shakespeare.safetensors',
    ])
  })

  it('takes an address, absolute or relative to the page', async () => {
    const asked = network()
    vi.stubGlobal('location', { href: 'https://page.example/deep/index.html' })
    await loadModel(new URL('https://a.example/x'))
    await loadModel('https://a.example/y?z')
    await loadModel('mine.safetensors')
    await loadModel('../mine')
    await loadModel('shakespeare', { models: 'models/' })
    expect(asked).toEqual([
      'https://a.example/x',
      'https://a.example/y?z',
      'https://page.example/deep/mine.safetensors',
      'https://page.example/mine',
      'https://page.example/deep/models/shakespeare.safetensors',
    ])
  })

  it('says which file is wrong', async () => {
    network()
    const cut = new File([bytes.slice(0, -1)], 'cut.safetensors')
    expect(await refusal(loadModel(cut))).toMatch(/^cut\.safetensors: Tensor "head\.bias" ends at/)
    expect(await refusal(loadModel(bytes.slice(0, 5)))).toMatch(/^The file has 5 bytes/)
    const web = new Blob(['<!doctype html>'])
    expect(await refusal(loadModel(web))).toMatch(/begins with the text "<!doctyp"/)
    expect(await refusal(loadModel('https://nowhere.example/x'))).toMatch(
      /^https:\/\/nowhere\.example\/x.* can't be reached/,
    )
    network(404)
    expect(await refusal(loadModel('https://a.example/x'))).toMatch(/answered 404 instead of/)
  })

  it('refuses what is no source', async () => {
    for (const source of [null, undefined, 7, {}]) {
      expect(await refusal(loadModel(source as unknown as string))).toMatch(/can't be loaded from/)
    }
    vi.stubGlobal('location', undefined)
    expect(await refusal(loadModel('a/b'))).toMatch(/neither the name .* nor an address/)
  })

  it('gives up when told so, with the abort’s own error', async () => {
    network()
    const promise = loadModel('https://a.example/x', { signal: AbortSignal.abort() })
    await expect(promise).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
  })
})
