/** `ondo quantize`: what is written, how it is used, what is refused. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel, encodeModel } from '../../src/file/index.js'
import { modelConfig } from '../../src/model/config.js'
import { tokenizerFrom } from '../../src/text/index.js'
import { ondo } from '../support/command.js'
import { seededWeights } from '../support/seeded.js'

let folder: string
const at = (name: string): string => join(folder, name)
const run = (...args: readonly string[]) => ondo([...args], { cwd: folder })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ondo-quantize-'))
  const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abc温'] })
  for (const [name, activation] of [
    ['small', 'tanh'],
    ['relu', 'relu'],
  ] as const) {
    const config = modelConfig({ cell: 'rnn', activation, hidden: 40, layers: 2, vocabulary: 5 })
    const bytes = encodeModel({ config, tokenizer, weights: seededWeights(config) })
    writeFileSync(at(`${name}.safetensors`), bytes)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('ondo quantize', () => {
  it('writes a model of 8-bit weights that samples, is measured and described as others are', async () => {
    const { code, stderr } = await run('quantize', 'small.safetensors')
    expect(stderr).toContain('small-8bit.safetensors: ')
    expect(code).toBe(0)
    for (const line of stderr.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const [before, after] = ['small', 'small-8bit'].map(name => at(`${name}.safetensors`))
    expect(statSync(after!).size).toBeLessThan(statSync(before!).size / 2)
    const described = await run('inspect', 'small-8bit.safetensors')
    expect(described.stdout).toMatch(/8-bit\s+weights/)
    const texts = await Promise.all(
      [1, 2].map(() => run('sample', 'small-8bit.safetensors', '-n', '60', '--seed', '3')),
    )
    expect(texts[0]!.stdout.length).toBeGreaterThan(40)
    expect(texts[1]!.stdout).toBe(texts[0]!.stdout)
  })

  it('makes a page of the same model', async () => {
    const page = await run('export', 'page', 'small.safetensors', '--bits', '8', '--out', 'p.html')
    expect(page.code).toBe(0)
    const { hash } = await decodeModel(new Uint8Array(readFileSync(at('small-8bit.safetensors'))))
    expect(readFileSync(at('p.html'), 'utf8')).toContain(hash)
    const again = ['small-8bit.safetensors', '--bits', '8', '--out', 'again.html']
    expect((await run('export', 'page', ...again)).code).toBe(0)
    expect(readFileSync(at('again.html'), 'utf8')).toContain(hash)
  })

  it('exports a rounded model to systems without 8 bits as float32', async () => {
    const { code, stderr } = await run('export', 'pytorch', 'small-8bit.safetensors')
    expect(code).toBe(0)
    expect(stderr).toContain('weights of 8 bits are written as float32')
  })

  it.each([
    [['small-8bit.safetensors'], 'The model has 8-bit weights already'],
    [['relu.safetensors'], "A network with relu can't have 8-bit weights"],
    [['small.safetensors', '--bits', '4'], 'The number of bits is "4"; expected 8.'],
  ])('refuses %j in one sentence', async (args, sentence) => {
    const { code, stderr } = await run('quantize', ...args)
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
  })
})
