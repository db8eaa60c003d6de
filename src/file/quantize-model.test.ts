/** Models of 8-bit weights: the file, its refusals, and its identity by the program of the docs. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pythonWith } from '../../test/support/python.js'
import { seededIds, seededWeights } from '../../test/support/seeded.js'
import { isMatrix, type ModelConfig, modelConfig } from '../model/config.js'
import { loadNetwork } from '../runtime/network.js'
import { tokenizerFrom } from '../text/index.js'
import {
  decodeModel,
  encodeModel,
  encodeSafetensors,
  type Model,
  quantizeModel,
  type Tensor,
} from './index.js'
import { decodeSafetensors } from './safetensors.js'

const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abcdef温'] })

async function modelOf(change: Partial<ModelConfig>, seed = 1): Promise<Model> {
  const config = modelConfig({ cell: 'lstm', vocabulary: 8, hidden: 11, layers: 2, ...change })
  const weights = seededWeights(config, seed)
  return decodeModel(encodeModel({ config, tokenizer, weights, name: 'a', prompt: 'b' }))
}

/** The file with some tensors changed. */
function changed(bytes: Uint8Array, change: (tensors: Map<string, Tensor>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes)
  change(tensors)
  return encodeSafetensors(tensors, metadata)
}

describe('a model of 8-bit weights', () => {
  it('comes back from its file as it was, with every number of the file a whole one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('rnn', 'gru', 'lstm'),
        fc.constantFrom('after', 'before'),
        fc.constantFrom(0, 3),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        async (cell, reset, embedding, hidden, seed) => {
          const quantized = await quantizeModel(
            await modelOf({ cell, reset, embedding, hidden }, seed),
          )
          const bytes = encodeModel(quantized)
          const read = await decodeModel(bytes)
          expect(read.weights).toEqual(quantized.weights)
          expect(read.hash).toBe(quantized.hash)
          expect(read).toMatchObject({ name: 'a', prompt: 'b', config: { bits: 8 } })
          expect(encodeModel(read)).toEqual(bytes)
          for (const [name, { dtype }] of decodeSafetensors(bytes).tensors) {
            expect(dtype, name).toBe(isMatrix(name) ? 'I8' : 'F32')
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('has logits close to those of float32, and a file of about a quarter', async () => {
    const model = await modelOf({ hidden: 64 })
    const quantized = await quantizeModel(model)
    expect(quantized.hash).not.toBe(model.hash)
    const size = encodeModel(model).length / encodeModel(quantized).length
    expect(size).toBeGreaterThan(3)
    const [exact, rounded] = await Promise.all(
      [model, quantized].map(async ({ config, weights }) =>
        (await loadNetwork(config, weights)).session(),
      ),
    )
    for (const id of seededIds(50, 8)) {
      const [a, b] = [exact!.step(id), rounded!.step(id)]
      a.forEach((logit, v) => void expect(Math.abs(logit - (b[v] as number))).toBeLessThan(0.01))
    }
  })

  it('is refused for networks that can have no limits, and for one that is rounded already', async () => {
    const refused = async (change: Partial<ModelConfig>) =>
      expect(quantizeModel(await modelOf(change))).rejects.toMatchObject({ code: 'bits' })
    await refused({ cell: 'rnn', activation: 'relu' })
    await refused({ skip: true })
    await refused({ attention: true, window: 4 })
    const twice = quantizeModel(await quantizeModel(await modelOf({})))
    await expect(twice).rejects.toThrow('has 8-bit weights already')
  })

  it('is refused by a sentence when its file does not fit', async () => {
    const model = await modelOf({})
    const bytes = encodeModel(await quantizeModel(model))
    const name = 'rnn.weight_hh_l1'
    const low = changed(bytes, tensors => {
      ;(tensors.get(name) as Tensor).data[5] = -128
    })
    await expect(decodeModel(low)).rejects.toThrow(
      `Weight 5 of tensor "${name}" is -128; expected whole numbers from -127 to 127`,
    )
    const wide = changed(bytes, tensors => {
      tensors.set(name, { ...(tensors.get(name) as Tensor), dtype: 'F32' })
    })
    await expect(decodeModel(wide)).rejects.toMatchObject({ code: 'dtype' })
    const scaleless = changed(bytes, tensors => tensors.delete(`${name}.scale`))
    await expect(decodeModel(scaleless)).rejects.toMatchObject({ code: 'tensor-missing' })
    const infinite = changed(bytes, tensors => {
      ;(tensors.get(`${name}.scale`) as Tensor).data[0] = Number.POSITIVE_INFINITY
    })
    await expect(decodeModel(infinite)).rejects.toMatchObject({ code: 'not-finite' })
    // A model of float32 with a matrix of whole numbers.
    const plain = changed(encodeModel(model), tensors => {
      const { shape, data } = tensors.get(name) as Tensor
      tensors.set(name, { dtype: 'I8', shape, data: data.map(() => 1) })
    })
    await expect(decodeModel(plain)).rejects.toMatchObject({ code: 'dtype' })
    const { weights, ...rest } = await quantizeModel(model)
    const broken = new Map(weights).set(
      name,
      (weights.get(name) as Float32Array).map(x => x + 1e-3),
    )
    expect(() => encodeModel({ ...rest, weights: broken })).toThrow('no whole number times')
  })

  const python = pythonWith()
  it.skipIf(!python)('has the identity that the program of the docs prints', async () => {
    const text = readFileSync(new URL('../../docs/file-format.md', import.meta.url), 'utf8')
    const program = [...text.matchAll(/```python\n(.*?)```/gs)].find(([, code]) =>
      code?.includes('hashlib'),
    )?.[1]
    const folder = mkdtempSync(join(tmpdir(), 'ondo-quantized-'))
    try {
      for (const change of [{}, { cell: 'gru', embedding: 5, window: 3 }] as const) {
        const quantized = await quantizeModel(await modelOf(change))
        const path = join(folder, 'model.safetensors')
        writeFileSync(path, encodeModel(quantized))
        const printed = execFileSync(python!, ['-c', program!, path], { encoding: 'utf8' })
        expect(printed.trim()).toBe(quantized.hash)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

const numpy = pythonWith('numpy')
it.skipIf(!numpy)(
  'numpy reads the file and computes the same logits in whole numbers',
  async () => {
    const model = await quantizeModel(await modelOf({ hidden: 70 }, 3))
    const ids = seededIds(30, 8)
    const session = (await loadNetwork(model.config, model.weights)).session()
    const wanted = ids.map(id => [...session.step(id)])
    const folder = mkdtempSync(join(tmpdir(), 'ondo-quantized-'))
    try {
      writeFileSync(join(folder, 'model.safetensors'), encodeModel(model))
      const program = `
import json, struct
import numpy as np
file = open("model.safetensors", "rb").read()
start = 8 + struct.unpack("<Q", file[:8])[0]
header = json.loads(file[8:start])
header.pop("__metadata__")
w = {}
for name, t in header.items():
    begin, end = t["data_offsets"]
    w[name] = np.frombuffer(file[start + begin:start + end], {"I8": "<i1", "F32": "<f4"}[t["dtype"]]).reshape(t["shape"])
H, L = 70, 2
X = min(32767, (2**31 - 1) // (127 * H))
def product(name, h):
    q = np.rint((h.astype(np.float32) * np.float32(X))).astype(np.int64)
    return (w[name].astype(np.int64) @ q) * (w[name + ".scale"].astype(np.float64) / X)
sigma = lambda a: 1 / (1 + np.exp(-a))
h, c = np.zeros((L, H)), np.zeros((L, H))
out = []
for id in ${JSON.stringify(ids)}:
    for k in range(L):
        if k == 0:
            x = w["rnn.weight_ih_l0"][:, id] * w["rnn.weight_ih_l0.scale"].astype(np.float64)
        else:
            x = product("rnn.weight_ih_l%d" % k, h[k - 1])
        z = x + product("rnn.weight_hh_l%d" % k, h[k]) + w["rnn.bias_ih_l%d" % k] + w["rnn.bias_hh_l%d" % k]
        i, f, g, o = np.split(z, 4)
        c[k] = sigma(f) * c[k] + sigma(i) * np.tanh(g)
        h[k] = sigma(o) * np.tanh(c[k])
    out.append((product("head.weight", h[-1]) + w["head.bias"]).tolist())
print(json.dumps(out))
`
      const got: number[][] = JSON.parse(
        execFileSync(numpy!, ['-c', program], { cwd: folder, encoding: 'utf8' }),
      )
      for (const [t, logits] of wanted.entries()) {
        for (const [v, logit] of logits.entries()) expect(got[t]![v]).toBeCloseTo(logit, 4)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
