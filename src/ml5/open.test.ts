/** What charRNN opens, and the sentence for everything that it does not. */
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { seededWeights } from '../../test/support/seeded.js'
import { FileError, InputError } from '../errors.js'
import { decodeModel, encodeModel } from '../file/index.js'
import { exportModel } from '../interop/export/index.js'
import type { SourceFile } from '../interop/source.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { ml5Folder } from './folder.fixture.js'
import { charRNN } from './index.js'

const SYMBOLS = [...'abc \n']
const { files } = ml5Folder({ symbols: SYMBOLS, old: true })
const KERNEL = 'rnnlm_multi_rnn_cell_cell_0_basic_lstm_cell_weights'
const tokenizer = tokenizerFrom({ kind: 'character', symbols: SYMBOLS })
const config = modelConfig({ cell: 'gru', vocabulary: SYMBOLS.length, hidden: 4, layers: 1 })
const ondo = encodeModel({ config, tokenizer, weights: seededWeights(config) })
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const PAGE = '<!DOCTYPE html>\n<title>Sketch</title>'

/** The folder with one file changed, or without it. */
const changed = (name: string, bytes?: Uint8Array): SourceFile[] =>
  files.flatMap(file => (file.name !== name ? [file] : bytes ? [{ name, bytes }] : []))

/** Folders by the first part of the path. */
const FOLDERS: Readonly<Record<string, readonly SourceFile[]>> = {
  whole: files,
  'with space': files,
  'no-kernel': changed(KERNEL),
  'empty-kernel': changed(KERNEL, new Uint8Array()),
  'no-vocabulary': changed('vocab.json'),
  'no-json': changed('manifest.json', new TextEncoder().encode('{"a": ')),
  pix2pix: changed('manifest.json', json({ 'generator/conv': { filename: 'a', shape: [1] } })),
  outside: changed(
    'manifest.json',
    json({
      'rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell/kernel': { filename: '../../etc', shape: [1] },
    }),
  ),
  deep: changed(
    'manifest.json',
    json({
      'rnnlm/multi_rnn_cell/cell_4000000000/basic_lstm_cell/kernel': {
        filename: KERNEL,
        shape: [1],
      },
    }),
  ),
  damaged: changed('vocab.json', json({ a: 0, b: 1, '': 2, '  ': 3, '\n': 4 })),
}

let server: Server
let base: string
const asked: string[] = []
beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const [, folder, name] = decodeURIComponent(url.replace(/\?.*/, '')).split('/')
    const file = FOLDERS[folder]?.find(one => one.name === name)
    if (url.startsWith('/mine.safetensors')) response.end(ondo)
    else if (folder === 'single-page') response.end(PAGE)
    else if (folder === 'weights-page' && name === KERNEL) response.end(PAGE)
    else if (folder === 'weights-page') response.end(files.find(one => one.name === name)?.bytes)
    else response.writeHead(file ? 200 : 404).end(file?.bytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => server.close())
afterEach(() => vi.unstubAllGlobals())

async function refusal(source: Parameters<typeof charRNN>[0]): Promise<string> {
  let told: unknown
  const error = await charRNN(source, wrong => {
    told = wrong
  }).ready.then(
    () => expect.fail('it was opened'),
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(FileError)
  expect(told).toBe(error)
  return (error as Error).message
}

describe('an address', () => {
  it.each([
    'whole',
    'whole/',
    'whole/manifest.json',
    'whole/#part',
    'with space/',
    'with%20space',
    'whole?token=1',
  ])('of a folder is read: %s', async path => {
    asked.length = 0
    const rnn = await charRNN(base + path)
    expect(rnn.vocabSize).toBe(SYMBOLS.length)
    // The learning rate and other variables are no part of the network.
    expect(asked.some(url => url.includes('Variable'))).toBe(false)
    expect(asked.every(url => url.endsWith('?token=1') === path.includes('?'))).toBe(true)
    expect(asked).toHaveLength(9)
  })

  it('of an Ondo file is read, also with a query, as a Blob and as bytes', async () => {
    const { hash } = await decodeModel(ondo)
    const blob = new Blob([ondo])
    const sources = [
      `${base}mine.safetensors`,
      new URL(`${base}mine.safetensors?v=2`),
      URL.createObjectURL(blob),
      blob,
      ondo,
      [new File([ondo], 'mine.safetensors')],
    ]
    for (const source of sources) expect((await charRNN(source)).model?.hash).toBe(hash)
  })

  it('is relative to the page, whatever its file is called', async () => {
    vi.stubGlobal('document', { baseURI: `${base}sketch/index.html` })
    expect((await charRNN('../whole')).vocabSize).toBe(SYMBOLS.length)
    vi.stubGlobal('document', { baseURI: `${base}whole/index.html` })
    expect((await charRNN()).vocabSize).toBe(SYMBOLS.length)
  })
})

describe('files', () => {
  it('of a folder are read as a page gives them, and as a program does', async () => {
    const chosen = files.map(
      ({ name, bytes }) => new File([bytes as Uint8Array<ArrayBuffer>], name),
    )
    expect((await charRNN(chosen)).cellsAmount).toBe(2)
    const nested = files.map(({ name, bytes }) => ({ name: `models/abc/${name}`, bytes }))
    expect((await charRNN(nested)).cellsAmount).toBe(2)
  })
})

describe('a folder that `ondo export ml5` writes', () => {
  it('writes the text of the model that it was made of', async () => {
    const shape = { cell: 'lstm', vocabulary: SYMBOLS.length, hidden: 12, layers: 2 } as const
    const lstm = modelConfig(shape)
    const parts = { config: lstm, tokenizer, weights: seededWeights(lstm, 4, 0.8) }
    const model = await decodeModel(encodeModel(parts))
    const own = await charRNN(model)
    const again = await charRNN(exportModel(model, 'ml5').files)
    for (const temperature of [0, 0.5, 1.5]) {
      const options = { seed: 'abc', length: 60, temperature, randomSeed: 6 }
      expect((await again.generate(options)).sample).toBe((await own.generate(options)).sample)
    }
  })
})

describe('a sentence says', () => {
  it.each([
    [
      'nowhere',
      /nowhere\/manifest\.json answered 404 .*"manifest\.json".*: check the path of the folder\.$/,
    ],
    ['no-kernel', /cell_weights answered 404 .*: the folder is incomplete, copy all its files\.$/],
    ['no-vocabulary', /vocab\.json answered 404 .*incomplete/],
    ['empty-kernel', /cell_weights" has 0 bytes; expected 2048 .*incomplete/],
    [
      'single-page',
      /manifest\.json is a web page \(HTML\), not "manifest\.json" .*check the path\.$/,
    ],
    ['weights-page', /cell_weights is a web page \(HTML\), not "rnnlm/],
    ['no-json', /"manifest\.json"/],
    ['pix2pix', /pix2pix\/ holds no charRNN: .*choose the folder of a charRNN model\.$/],
    ['outside', /names the file "\.\.\/\.\.\/etc", which is not in the folder/],
    ['deep', /cell_4000000000.*at most 64 layers/],
    ['damaged', /vocabulary is damaged: 2 is "", 3 is " {2}"; expected 5 different characters/],
    ['char-rnn.t7', /char-rnn\.t7 is neither a folder .*"ondo import"\.$/],
    ['mine.safetensors/none', /"manifest\.json"/],
  ])('what is wrong with %s', async (path, sentence) => {
    const message = await refusal(base + path)
    expect(message).toMatch(sentence)
    expect(message.length).toBeLessThan(420)
  })

  it('what is wrong with a host, a page from the disk, a path and a value', async () => {
    expect(await refusal('http://127.0.0.1:1/model')).toMatch(/can't be reached: check the address/)
    expect(await refusal('file:///home/ann/model')).toMatch(
      /manifest\.json is a file on the disk, which a page can't fetch: open the page through a web server/,
    )
    expect(await refusal('models/woolf')).toMatch(/"models\/woolf" is no address; expected/)
    expect(await refusal(7 as never)).toMatch(/can't be loaded from 7/)
    expect(await refusal(null as never)).toMatch(/can't be loaded from null/)
    expect(await refusal([])).toMatch(/lack manifest\.json; choose all files/)
    expect(await refusal(files.slice(1))).toMatch(/lack manifest\.json/)
    expect(await refusal(changed(KERNEL))).toMatch(/names the file .* but it is not there/)
  })
})

describe('a damaged vocabulary', () => {
  it.each([
    ['a list', SYMBOLS],
    ['a text', SYMBOLS.join('')],
    ['ids', { b: 1, a: 0, c: 2, ' ': 3, '\n': 4 }],
  ])('is replaced by %s', async (_, vocabulary) => {
    for (const folder of ['damaged', 'no-vocabulary']) {
      const rnn = await charRNN(base + folder, { vocabulary })
      expect(Object.keys(rnn.vocab)).toEqual(SYMBOLS)
    }
  })

  it('is refused when it is of another size or kind, and the callback is told', async () => {
    for (const wrong of [['a'], {}, { a: 0.5 }, { a: -1 }, 7]) {
      const told = vi.fn()
      const rnn = charRNN(`${base}damaged`, { vocabulary: wrong as never }, error => told(error))
      const error = await rnn.ready.then(
        () => expect.fail('it was opened'),
        (caught: unknown) => caught,
      )
      expect(error).toBeInstanceOf(InputError)
      expect(told.mock.calls).toEqual([[error]])
    }
  })
})

const MODELS = new URL('../../../shared/models/', import.meta.url)

describe.skipIf(!existsSync(MODELS))('published models', () => {
  const folderOf = (name: string): SourceFile[] =>
    readdirSync(new URL(`${name}/`, MODELS)).map(file => ({
      name: file,
      bytes: new Uint8Array(readFileSync(new URL(`${name}/${file}`, MODELS))),
    }))
  const jsonOf = (path: string) => JSON.parse(readFileSync(new URL(path, MODELS), 'utf8'))

  it.each([
    ['ml5-darwin', undefined],
    ['ml5-shakespeare', 'vocab.fixed.json'],
  ])('%s writes the greedy text of an independent forward pass', async (name, fixed) => {
    const vocabulary = fixed && jsonOf(`${name}/${fixed}`)
    const { prompt, greedy_200 } = jsonOf(`${name}/reference.json`)
    const rnn = await charRNN(folderOf(name), vocabulary ? { vocabulary } : {})
    const { sample } = await rnn.generate({ seed: prompt, temperature: 0, length: 200 })
    expect(sample).toBe(greedy_200)
  })

  it('that are damaged or incomplete are refused', async () => {
    expect(await refusal(folderOf('ml5-shakespeare'))).toMatch(/damaged: 13 is " {2}", 40 is ""/)
    expect(await refusal(folderOf('ml5-incomplete'))).toMatch(/has 0 bytes; expected 8388608/)
  })
})
