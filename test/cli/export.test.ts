/** `ondo export` for other systems: what is written, what is refused, and what is said. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeModel, encodeModel, type Model } from '../../src/file/index.js'
import { importModel } from '../../src/interop/index.js'
import { type ModelConfig, modelConfig } from '../../src/model/config.js'
import { tokenizerFrom } from '../../src/text/index.js'
import { ondo } from '../support/command.js'
import { seededWeights } from '../support/seeded.js'

const MODELS: Readonly<Record<string, Partial<ModelConfig>>> = {
  lstm: { cell: 'lstm' },
  gru: { cell: 'gru' },
  relu: { cell: 'rnn', activation: 'relu', layers: 1 },
}

let folder: string
const at = (name: string): string => join(folder, name)
const models = new Map<string, Model>()
const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abc温'] })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ondo-export-'))
  for (const [name, change] of Object.entries(MODELS)) {
    const config = modelConfig({ hidden: 5, layers: 2, ...change, vocabulary: tokenizer.size })
    const bytes = encodeModel({ config, tokenizer, weights: seededWeights(config), stop: ['ab'] })
    writeFileSync(at(`${name}.safetensors`), bytes)
    models.set(name, await decodeModel(bytes))
  }
})
beforeEach(() => {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.safetensors')) rmSync(at(name), { recursive: true })
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: readonly string[]) => ondo(['export', ...args], { cwd: folder })
const model = (name: string): string => `${name}.safetensors`

const filesIn = (name: string) =>
  readdirSync(at(name), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => ({
      name: entry.name,
      bytes: new Uint8Array(readFileSync(join(entry.parentPath, entry.name))),
    }))

describe('a folder', () => {
  it('is named after the model and the form, and holds all files', async () => {
    const { code, stdout, stderr } = await run('onnx', model('gru'))
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('gru-onnx: 7 files, ')
    expect(stderr).toContain('the stop strings "ab" are longer than one symbol')
    for (const line of stderr.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(readdirSync(at('gru-onnx')).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'onnx',
      'scan.onnx',
      'step.onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    expect(readdirSync(at('gru-onnx/onnx'))).toEqual(['model.onnx'])
  })

  it('is read back as the same model where the form is our own', async () => {
    expect((await run('pytorch', model('lstm'), '--out', 'p')).code).toBe(0)
    const back = await decodeModel(new Uint8Array(readFileSync(at('p/model.safetensors'))))
    expect(back.hash).toBe(models.get('lstm')?.hash)
    expect(readFileSync(at('p/model.py'), 'utf8')).toContain('torch.nn.LSTM(5, 5, 2, batch_first')
    expect((await run('ml5', model('lstm'), '-o', 'm')).code).toBe(0)
    const { from, model: other } = await importModel(filesIn('m'))
    expect([from, other.config.hidden]).toEqual(['ml5', 5])
  })

  it('keeps files that are there, unless told otherwise', async () => {
    await run('pytorch', model('lstm'), '--out', 'p')
    writeFileSync(at('p/model.py'), 'mine')
    const { code, stderr } = await run('pytorch', model('gru'), '--out', 'p')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /"p\/model.safetensors" and 1 more file would be replaced; choose another --out, or replace with --force/,
    )
    expect(readFileSync(at('p/model.py'), 'utf8')).toBe('mine')
    expect((await run('pytorch', model('gru'), '--out', 'p', '--force')).code).toBe(0)
    expect(readFileSync(at('p/model.py'), 'utf8')).toContain('torch.nn.GRU')
    const japanese = await run('pytorch', model('gru'), '--out', 'p', '--lang', 'ja')
    expect(japanese.stderr).toContain('ほか1個のファイルがすでにあります')
  })

  it('can be neither standard output nor a file', async () => {
    const dash = await run('onnx', model('gru'), '--out', '-')
    expect([dash.code, dash.stderr]).toEqual([2, expect.stringContaining('expected a folder')])
    const file = await run('onnx', model('gru'), '--out', model('gru'))
    expect([file.code, file.stderr]).toEqual([1, expect.stringContaining('a file stands where')])
  })
})

describe('one file', () => {
  it('goes where it is said, standard output too', async () => {
    const named = await run('recurrentjs', model('relu'))
    expect([named.code, named.stderr]).toEqual([
      0,
      expect.stringContaining('relu-recurrentjs.json'),
    ])
    const content = readFileSync(at('relu-recurrentjs.json'), 'utf8')
    expect((await run('recurrentjs', model('relu'), '--out', '-')).stdout).toBe(content)
    const bytes = new TextEncoder().encode(content)
    const { model: back } = await importModel([{ name: 'x', bytes }])
    expect(back.config).toMatchObject({ cell: 'rnn', activation: 'relu', restart: 0 })
  })
})

describe('refused in a sentence', () => {
  it.each([
    [['ml5', model('gru')], 'The model is a GRU, and ml5 runs only a plain LSTM of 2 layers'],
    [['ml5', model('gru'), '--lang', 'ja'], 'このモデルはGRUですが、ml5で動くのは'],
    [['recurrentjs', model('gru')], 'The model is a GRU, and recurrentjs runs only'],
    [
      ['onxn', model('gru')],
      'The form is "onxn"; expected page, onnx, pytorch, recurrentjs, ml5. Did',
    ],
    [
      ['page', model('gru'), '--force'],
      'The option --force is for folders; ondo export page writes',
    ],
    [['recurrentjs', model('lstm'), '--force', '--lang', 'ja'], '--force はフォルダー'],
    [['onnx', model('gru'), '--title', 'x'], 'The option --title is for ondo export page'],
    [['onnx', model('gru'), '-t', '0.5', '--lang', 'ja'], '--temperature は ondo export page'],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await run(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(sentence)
    expect(existsSync(at('gru-onnx'))).toBe(false)
  })
})

it.each(['en', 'ja'])('help fits 80 columns and names every form: %s', async language => {
  const { stdout } = await run('--help', '--lang', language)
  for (const form of ['page', 'onnx', 'pytorch', 'recurrentjs', 'ml5']) {
    expect(stdout).toMatch(new RegExp(`^  ${form} `, 'm'))
  }
  // Wide characters take two columns.
  const widths = stdout.split('\n').map(line => line.replaceAll(/[^\x20-\x7e’]/g, '##').length)
  expect(Math.max(...widths)).toBeLessThanOrEqual(80)
})
