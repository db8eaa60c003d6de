/**
 * Other people's libraries as witnesses: Python's safetensors reads and writes our files, and the
 * snippet of docs/file-format.md loads a model into torch and computes our logits. Runs where a
 * Python with torch and safetensors is found: `python3`, or the one named by ONDO_PYTHON.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pythonWith, runPython } from '../../test/support/python.js'
import { seededIds, seededWeights } from '../../test/support/seeded.js'
import {
  decodeModel,
  decodeSafetensors,
  encodeModel,
  encodeSafetensors,
  type Tensor,
} from '../file/index.js'
import { DTYPES, type Dtype } from '../file/safetensors.js'
import { type ModelConfig, modelConfig } from '../model/config.js'
import { ReferenceNetwork } from '../model/network.reference.js'
import { tokenizerFrom } from '../text/index.js'

const python = pythonWith('torch', 'safetensors')

const docs = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
/** The page has another snippet, which needs no package: src/file/identity.test.ts runs it. */
const snippetOf = (text: string): string =>
  [...text.matchAll(/```python\n(.*?)```/gs)].find(([, code]) => code.includes('safe_open'))?.[1] ??
  ''

describe('the snippet of the documentation', () => {
  it('is the same in both languages', () => {
    const english = snippetOf(docs('file-format.md'))
    expect(english).toContain('safe_open')
    expect(snippetOf(docs('file-format.ja.md'))).toBe(english)
  })
})

describe.skipIf(!python)('Python', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-python-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const run = (script: string): string => runPython(python!, folder, script)

  it('reads the container as we write it, and writes it as we read it', () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => Math.fround(Math.sin(i) * 3.7))
    const tensors = new Map<string, Tensor>()
    for (const dtype of DTYPES) tensors.set(dtype, { dtype, shape: [2, 3, 4], data })
    const metadata = { 温度: '0.7', a: '\u0000"' }
    writeFileSync(join(folder, 'ours'), encodeSafetensors(tensors, metadata))
    const report = JSON.parse(
      run(`
import json, torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
t = load_file('ours')
with safe_open('ours', 'pt') as f: m = f.metadata()
x = torch.tensor(${JSON.stringify([...data])}).reshape(2, 3, 4)
print(json.dumps({'names': sorted(t), 'metadata': m, 'equal': [
  torch.equal(t['F32'], x), torch.equal(t['F16'], x.half()), torch.equal(t['BF16'], x.bfloat16())]}))
save_file({k: v.contiguous() for k, v in t.items()}, 'theirs', metadata=m)
`),
    )
    expect(report).toEqual({
      names: ['BF16', 'F16', 'F32'],
      metadata,
      equal: [true, true, true],
    })
    const ours = decodeSafetensors(new Uint8Array(readFileSync(join(folder, 'ours'))))
    const theirs = decodeSafetensors(new Uint8Array(readFileSync(join(folder, 'theirs'))))
    expect(theirs.metadata).toEqual(ours.metadata)
    for (const name of DTYPES) expect(theirs.tensors.get(name)).toEqual(ours.tensors.get(name))
  })

  it('loads a model with the snippet of the documentation, and computes the same logits', async () => {
    const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abcdef温'] })
    const V = tokenizer.size
    const cases: [Partial<ModelConfig>, Dtype][] = [
      [{ cell: 'lstm', embedding: 5, layers: 2 }, 'F16'],
      [{ cell: 'gru', layers: 1 }, 'F32'],
      [{ cell: 'rnn', layers: 2, activation: 'relu' }, 'BF16'],
    ]
    const ids = seededIds(20, V)
    const wanted: number[][] = []
    for (const [i, [change, dtype]] of cases.entries()) {
      const config = modelConfig({ vocabulary: V, hidden: 13, ...change })
      const weights = seededWeights(config)
      writeFileSync(join(folder, `${i}`), encodeModel({ config, tokenizer, weights }, { dtype }))
      const model = await decodeModel(new Uint8Array(readFileSync(join(folder, `${i}`))))
      const network = new ReferenceNetwork(model.config, model.weights)
      for (const id of ids.slice(0, -1)) network.step(id)
      wanted.push([...network.step(ids.at(-1)!)])
    }
    const snippet = snippetOf(docs('file-format.md'))
    const [text, json] = run(
      `${snippet.replace('"model.safetensors"', '"0"')}
print("|||", end="")
import json
print(json.dumps([Model(str(i))(torch.tensor([${JSON.stringify(ids)}]))[0][0, -1].tolist() for i in range(3)]))`,
    ).split('|||')
    expect([...text]).toHaveLength(200)
    expect(tokenizer.encode(text).unknown).toEqual([])
    const got: number[][] = JSON.parse(json)
    for (const [i, logits] of wanted.entries()) {
      expect(got[i]).toHaveLength(V)
      for (const [k, logit] of logits.entries()) expect(got[i][k]).toBeCloseTo(logit, 5)
    }
  })
})
