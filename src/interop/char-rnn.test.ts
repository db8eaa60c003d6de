/** char-rnn's checkpoints, written here as Torch7 writes them, against its equations in float64. */
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadNetwork } from '../runtime/network.js'
import {
  type CharRnnModel,
  type CheckpointOptions,
  charRnnCheckpoint,
  charRnnLogits,
  randomModel,
} from './char-rnn.fixture.js'
import { importModel } from './import.js'
import type { ImportModelOptions } from './index.js'
import {
  type LuaInput,
  TorchFunction,
  TorchObject,
  TorchStorage,
  TorchTensor,
  writeTorch7,
} from './torch7.fixture.js'

const symbolsOf = (V: number): string[] =>
  Array.from({ length: V }, (_, i) => String.fromCharCode(97 + i))

const fileOf = (model: CharRnnModel, options: CheckpointOptions, form?: 'binary' | 'ascii') => ({
  name: 'lm_lstm_epoch0.50_2.4000.t7',
  bytes: writeTorch7(charRnnCheckpoint(model, options), form === 'ascii'),
})

/** The largest difference of a logit; ids are those of the file, from 0. */
async function difference(
  model: CharRnnModel,
  options: CheckpointOptions,
  more: {
    form?: 'binary' | 'ascii'
    import?: ImportModelOptions
    id?: (id: number) => number
  } = {},
): Promise<number> {
  const { model: ours, from } = await importModel([fileOf(model, options, more.form)], more.import)
  expect(from).toBe('char-rnn')
  const session = (await loadNetwork(ours.config, ours.weights)).session()
  const ids = Array.from({ length: 20 }, (_, t) => (5 * t * t + 3 * t + 1) % model.V)
  const place = more.id ?? (id => id)
  const exact = charRnnLogits(model, ids)
  let worst = 0
  for (const [t, id] of ids.entries()) {
    const logits = session.step(place(id))
    for (const [v, logit] of exact[t]?.entries() ?? []) {
      worst = Math.max(worst, Math.abs((logits[place(v)] as number) - logit))
    }
  }
  return worst
}

describe.each(['lstm', 'gru', 'rnn'] as const)('%s', cell => {
  it.each([1, 2, 3])('gives the logits with %i layers, in either form', async L => {
    const model = randomModel(cell, [11, 7, L], L)
    for (const form of ['binary', 'ascii'] as const) {
      expect(await difference(model, { symbols: symbolsOf(11) }, { form })).toBeLessThan(1e-5)
    }
  })

  it('finds its layers in graphs and lists of any sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          V: fc.integer({ min: 1, max: 12 }),
          H: fc.integer({ min: 1, max: 12 }),
          L: fc.integer({ min: 1, max: 3 }),
          seed: fc.integer({ min: 1, max: 1e6 }),
        }),
        fc.record({
          kind: fc.constantFrom('Double' as const, 'Float' as const),
          flat: fc.boolean(),
          dropout: fc.constantFrom(0, 0.5),
          criterion: fc.boolean(),
          holds: fc.constantFrom('graph' as const, 'nodes' as const, 'modules' as const),
        }),
        async ({ V, H, L, seed }, options) => {
          const model = randomModel(cell, [V, H, L], seed)
          expect(await difference(model, { ...options, symbols: symbolsOf(V) })).toBeLessThan(1e-5)
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('vocabulary', () => {
  const model = randomModel('lstm', [4, 5, 2])

  it('of bytes becomes all 256 where a byte is no text by itself', async () => {
    const bytes = [0x0a, 0x61, 0xe3, 0x82]
    const symbols = bytes.map(byte => Uint8Array.of(byte))
    const id = (own: number): number => bytes[own] as number
    expect(await difference(model, { symbols }, { id })).toBeLessThan(1e-5)
    const { model: ours, notes } = await importModel([fileOf(model, { symbols })])
    expect(ours.tokenizer.kind).toBe('byte')
    expect(notes.at(-1)?.en).toContain('vocabulary of 4 bytes became all 256')
  })

  it('of UTF-8 characters, as forks have it, is kept', async () => {
    const { model: ours } = await importModel([fileOf(model, { symbols: ['a', 'é', '春', '😀'] })])
    expect([...ours.tokenizer.encode('春😀é', 'error').ids]).toEqual([2, 3, 1])
  })

  it('comes from vocab.t7 beside a checkpoint without one, or from the caller', async () => {
    const lone = {
      name: 'net.t7',
      bytes: writeTorch7(strip(charRnnCheckpoint(model, { symbols: [] }))),
    }
    await expect(importModel([lone])).rejects.toThrow(
      /predicts 4 symbols, but the files do not say/,
    )
    const vocab = new Map(['w', 'x', 'y', 'z'].map((symbol, i) => [symbol, i + 1] as const))
    const beside = await importModel([{ name: 'vocab.t7', bytes: writeTorch7(vocab) }, lone])
    expect(beside.model.tokenizer.symbol(3)).toBe('z')
    const given = await importModel([lone], { vocabulary: { symbols: ['1', '2', '3', '4'] } })
    expect(given.model.tokenizer.symbol(0)).toBe('1')
  })

  it('that lacks an id is refused by its number', async () => {
    const value = charRnnCheckpoint(model, { symbols: ['a', 'b', 'c', 'd'] }) as Map<
      string,
      Map<string, number>
    >
    value.get('vocab')?.set('d', 3)
    const bytes = writeTorch7(value)
    await expect(importModel([{ name: 'a.t7', bytes }])).rejects.toThrow(/3 is missing/)
  })
})

const strip = (value: unknown) => {
  const map = value as Map<string, never>
  map.delete('vocab')
  return map
}

describe('what is refused, in a sentence', () => {
  const model = randomModel('gru', [5, 4, 1])
  const symbols = symbolsOf(5)

  it('weights on a GPU, with the way out', async () => {
    await expect(importModel([fileOf(model, { symbols, kind: 'Cuda' })])).rejects.toThrow(
      /keeps its weights on a GPU \(torch\.CudaTensor\).*convert_gpu_cpu_checkpoint\.lua/,
    )
    // Cut short as well: the first reason counts.
    const { bytes } = fileOf(model, { symbols, kind: 'Cuda' })
    await expect(
      importModel([{ name: 'gpu.t7', bytes: bytes.subarray(0, bytes.length - 9) }]),
    ).rejects.toThrow(/on a GPU/)
  })

  it('another network than opt tells of', async () => {
    await expect(importModel([fileOf(model, { symbols, opt: { num_layers: 2 } })])).rejects.toThrow(
      /says opt\.num_layers = 2, but its network has 1/,
    )
  })

  it('several checkpoints at once, and a file without a network', async () => {
    const file = fileOf(model, { symbols })
    await expect(importModel([file, { ...file, name: 'b.t7' }])).rejects.toThrow(
      /2 models: "lm_lstm.*", "b\.t7"; choose one/,
    )
    const other = writeTorch7({ protos: { 'nn.gModule': 1 } })
    await expect(importModel([{ name: 'a.t7', bytes: other }])).rejects.toThrow(/lacks protos\.rnn/)
  })

  it('every beginning of a file', async () => {
    const { bytes } = fileOf(model, { symbols })
    for (let end = 16; end < bytes.length; end += 97) {
      const file = { name: 'cut.t7', bytes: bytes.subarray(0, end) }
      await expect(importModel([file])).rejects.toThrow(/damaged or cut short|no known format/)
    }
  })
})

describe('what a checkpoint may hold besides', () => {
  const model = randomModel('lstm', [5, 4, 1])

  it('functions, which are passed over, and tensors of a GPU that are no weights', async () => {
    const value = charRnnCheckpoint(model, { symbols: symbolsOf(5) }) as Map<string, never>
    const left = new TorchTensor([2], new TorchStorage([1, 2], 'Cuda'))
    const plan = new TorchFunction()
    const extra = { plan, again: plan, left, timer: new TorchObject('torch.Timer', null) }
    const bytes = writeTorch7(new Map([['extra', extra], ...value] as [string, never][]))
    const { model: ours } = await importModel([{ name: 'a.t7', bytes }])
    expect(ours.config).toMatchObject({ cell: 'lstm', layers: 1, hidden: 4, embedding: 0 })
  })

  it('tables that nest deeper than calls may', async () => {
    let deep: LuaInput = {}
    for (let i = 0; i < 2000; i++) deep = { deeper: deep }
    const value = charRnnCheckpoint(model, { symbols: symbolsOf(5) }) as Map<string, never>
    const bytes = writeTorch7(new Map([['deep', deep], ...value] as [string, never][]))
    const { from } = await importModel([{ name: 'a.t7', bytes }])
    expect(from).toBe('char-rnn')
  })
})

const SMALL = new URL('../../../shared/models/char-rnn-js/', import.meta.url)

describe.skipIf(!existsSync(SMALL))("char-rnn-js's real weights as a checkpoint", () => {
  it('give the logits and the greedy text of the reference', async () => {
    const { vocab, arrays } = JSON.parse(readFileSync(new URL('small.json', SMALL), 'utf8'))
    const reference = JSON.parse(readFileSync(new URL('reference.json', SMALL), 'utf8'))
    const dat = readFileSync(new URL('small.dat', SMALL))
    const read = (k: number): Float32Array =>
      Float32Array.from({ length: arrays[k].length }, (_, i) =>
        dat.readFloatLE(arrays[k].offset + 4 * i),
      )
    const linear = (k: number) => ({ weight: read(k), bias: read(k + 1) })
    const count = arrays.length - 2
    const decoder = linear(count)
    const layers = Array.from({ length: count / 4 }, (_, k) => [
      { i2h: linear(4 * k), h2h: linear(4 * k + 2) },
    ])
    const V = decoder.bias.length
    const model: CharRnnModel = { cell: 'lstm', V, H: decoder.weight.length / V, layers, decoder }
    const bytes: number[] = []
    for (const [byte, id] of vocab.entries()) if (id !== null) bytes[id] = byte
    for (const form of ['binary', 'ascii'] as const) {
      const file = fileOf(
        model,
        { kind: 'Float', symbols: bytes.map(byte => Uint8Array.of(byte)) },
        form,
      )
      const { model: ours } = await importModel([file])
      const { ids } = ours.tokenizer.encode(reference.prompt, 'error')
      const session = (await loadNetwork(ours.config, ours.weights)).session()
      let logits = session.prefill(ids)
      const symbol = (v: number): number =>
        ours.tokenizer.kind === 'byte' ? (bytes[v] as number) : v
      for (const [v, logit] of reference.last3_logits_float64.at(-1).entries()) {
        expect(Math.abs((logits[symbol(v)] as number) - logit)).toBeLessThan(2e-4)
      }
      let text = ''
      for (let i = 0; i < 200; i++) {
        const id = logits.reduce((best, x, v) => (x > (logits[best] as number) ? v : best), 0)
        text += ours.tokenizer.symbol(id)
        logits = session.step(id)
      }
      expect(text).toBe(reference.greedy_200)
    }
  })
})
