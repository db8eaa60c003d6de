/** The graphs in ONNX Runtime, native and for the web, against the plain twin. */
import fc from 'fast-check'
import * as web from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededIds } from '../../../test/support/seeded.js'
import { decodeModel } from '../../file/index.js'
import { generateText } from '../../generate/index.js'
import { drawingLogits } from '../../model/drawing-logits.js'
import { bundledModels, findModel, readFileBytes } from '../../node/files.js'
import { loadOnnxRuntime } from '../../node/onnx-runtime.mjs'
import { loadNetwork } from '../../runtime/network.js'
import { tokenizerFrom } from '../../text/index.js'
import { CONFIGS, expectedOf, furthest, IDS, SYMBOLS, seededModel } from './cases.fixture.js'
import { exportModel } from './export.js'
import { stateSize } from './onnx-network.js'

const native = await loadOnnxRuntime()
const V = SYMBOLS.length

/** The used part of both packages. */
type Runtime = Pick<typeof native, 'InferenceSession' | 'Tensor'>
type Feeds = Readonly<Record<string, InstanceType<Runtime['Tensor']>>>

const session = (ort: Runtime, bytes: Uint8Array) =>
  ort.InferenceSession.create(bytes, {
    executionProviders: [ort === native ? 'cpu' : 'wasm'],
    intraOpNumThreads: 1,
  })

const fileOf = (files: readonly { name: string; bytes: Uint8Array }[], name: string): Uint8Array =>
  files.find(file => file.name === name)?.bytes ?? new Uint8Array()

const ids = (ort: Runtime, values: readonly number[], dims: readonly number[]) =>
  new ort.Tensor('int64', BigInt64Array.from(values.map(BigInt)), dims)

const floats = (result: Feeds, name: string): Float32Array => {
  const tensor = result[name]
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`${name} is not float32`)
  return tensor.data
}

/** Runs the loop on some streams of equal length. */
async function scan(
  ort: Runtime,
  bytes: Uint8Array,
  S: number,
  streams: readonly number[][],
  before: Float32Array = new Float32Array(streams.length * S),
) {
  const loop = await session(ort, bytes)
  const [B, T] = [streams.length, streams[0]?.length ?? 0]
  const result = await loop.run({
    ids: ids(ort, streams.flat(), [B, T]),
    state: new ort.Tensor('float32', before, [B, S]),
  })
  await loop.release()
  return { logits: floats(result, 'logits'), state: floats(result, 'next_state') }
}

describe.each([
  ['native', native],
  ['web', web as unknown as Runtime],
] as const)('ONNX Runtime, %s', (_, ort) => {
  it.each(CONFIGS)('one step gives our logits and state: %s', async (_name, config) => {
    const model = await seededModel(config)
    const S = stateSize(model.config)
    const { files } = exportModel(model, 'onnx')
    const one = await session(ort, fileOf(files, 'step.onnx'))
    const { logits, state } = expectedOf(model)
    // Two streams; the second is one step behind, so that no value of the batch is shared.
    let before = new ort.Tensor('float32', new Float32Array(2 * S), [2, S])
    for (const [t, id] of IDS.entries()) {
      const second = IDS[t - 1] ?? 0
      const result = await one.run({ ids: ids(ort, [id, second], [2]), state: before })
      before = new ort.Tensor('float32', floats(result, 'next_state').slice(), [2, S])
      expect(furthest(floats(result, 'logits').subarray(0, V), logits[t] ?? [])).toBeLessThan(1e-5)
    }
    expect(furthest(before.data.slice(0, S) as Float32Array, state)).toBeLessThan(1e-5)
    await one.release()
  })

  it.each(CONFIGS)(
    'the loop gives the same, with shorter texts filled up: %s',
    async (_n, config) => {
      const model = await seededModel(config, { dtype: 'F16' })
      const { files } = exportModel(model, 'onnx')
      const shorter = IDS.slice(0, 5)
      const filled = [...new Array<number>(IDS.length - shorter.length).fill(V), ...shorter]
      const bytes = fileOf(files, 'scan.onnx')
      const S = stateSize(model.config)
      const { logits, state } = await scan(ort, bytes, S, [filled, [...IDS]])
      const whole = expectedOf(model)
      const short = expectedOf(model, shorter)
      const size = IDS.length * V
      expect(furthest(logits.subarray(size), whole.logits.flat())).toBeLessThan(1e-5)
      const end = logits.subarray(size - shorter.length * V, size)
      expect(furthest(end, short.logits.flat())).toBeLessThan(1e-5)
      expect(furthest(state, [...short.state, ...whole.state])).toBeLessThan(1e-5)
    },
  )
})

it('reads the id after the one that fills as that which begins a text', async () => {
  for (const config of [{ cell: 'lstm' }, { cell: 'gru', window: 4 }] as const) {
    const model = await seededModel({ ...config, restart: 5 })
    const bytes = fileOf(exportModel(model, 'onnx').files, 'scan.onnx')
    const { logits } = await scan(native, bytes, stateSize(model.config), [
      [V, V + 1, 3, 4, V + 1, 1],
    ])
    const expected = expectedOf(model, [5, 3, 4, 5, 1]).logits
    expect(furthest(logits.subarray(V), expected.flat())).toBeLessThan(1e-5)
  }
})

it('carries the state over any cut, for any sizes', async () => {
  const cases = fc.record({
    variant: fc.constantFrom(...Object.values(CELL_VARIANTS)),
    hidden: fc.integer({ min: 1, max: 9 }),
    layers: fc.integer({ min: 1, max: 3 }),
    embedding: fc.integer({ min: 0, max: 5 }),
    symbols: fc.integer({ min: 1, max: V }),
    seed: fc.nat(),
    cut: fc.integer({ min: 1, max: 11 }),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ variant, symbols, seed, cut, ...sizes }) => {
      const tokenizer = tokenizerFrom({ kind: 'character', symbols: SYMBOLS.slice(0, symbols) })
      const model = await seededModel({ ...variant, ...sizes, restart: 0 }, { tokenizer })
      const read = seededIds(12, 10_007).map(id => (id + seed) % symbols)
      const bytes = fileOf(exportModel(model, 'onnx').files, 'scan.onnx')
      const S = stateSize(model.config)
      const first = await scan(native, bytes, S, [read.slice(0, cut)])
      const second = await scan(native, bytes, S, [read.slice(cut)], first.state)
      const { logits, state } = expectedOf(model, read)
      expect(furthest([...first.logits, ...second.logits], logits.flat())).toBeLessThan(1e-5)
      expect(furthest(second.state, state)).toBeLessThan(1e-5)
    }),
    { numRuns: 25 },
  )
})

/**
 * Differences of real models are those of float32: 1.6e-5 at most in 300 symbols of each bundled model,
 * with logits of up to 17, and 1.5e-5 between ours and the same in float64.
 */
describe.each(await bundledModels())('the model %s', name => {
  it('has the same logits along a text of its own', async () => {
    const model = await decodeModel(await readFileBytes(await findModel(name)))
    const text = await generateText(model, { temperature: 0.8, length: 120, seed: 3, stop: [] })
    const read = [...model.tokenizer.encode(text).ids]
    const expected = (await loadNetwork(model.config, model.weights)).session()
    const bytes = fileOf(exportModel(model, 'onnx').files, 'scan.onnx')
    const { logits } = await scan(native, bytes, stateSize(model.config), [read])
    const size = model.config.vocabulary
    for (const [t, id] of read.entries()) {
      const got = logits.subarray(t * size, (t + 1) * size)
      expect(furthest(got, [...expected.step(id)])).toBeLessThan(2e-5)
    }
    expected.dispose()
  })
})

it('refuses an id that is neither a symbol nor the one that fills', async () => {
  const model = await seededModel({ cell: 'lstm' })
  const { files } = exportModel(model, 'onnx')
  const S = stateSize(model.config)
  const bytes = fileOf(files, 'scan.onnx')
  await expect(scan(native, bytes, S, [[V + 1]])).rejects.toThrow(/out of data bounds/)
})

it('stores float16 where that loses nothing, which halves the file', async () => {
  const [whole, half] = await Promise.all([
    seededModel({ cell: 'lstm', hidden: 64 }),
    seededModel({ cell: 'lstm', hidden: 64 }, { dtype: 'F16' }),
  ])
  const size = (model: typeof whole): number =>
    fileOf(exportModel(model, 'onnx').files, 'step.onnx').length
  expect(size(half) / size(whole)).toBeCloseTo(0.5, 1)
})

it('says in the file which model it is', async () => {
  const model = await seededModel({ cell: 'gru' })
  const text = new TextDecoder().decode(fileOf(exportModel(model, 'onnx').files, 'scan.onnx'))
  expect(text).toContain(model.hash)
  expect(text).toContain('"cell":"gru"')
})

it('writes the graphs alone for a model of words, with the words', async () => {
  const tokenizer = tokenizerFrom({ kind: 'word', symbols: ['the', 'sea', '.'] })
  const model = await seededModel({ cell: 'gru' }, { tokenizer })
  const { files, notes } = exportModel(model, 'onnx')
  expect(files.map(({ name }) => name)).toEqual(['step.onnx', 'scan.onnx', 'config.json'])
  expect(notes.map(({ en }) => en).join()).toContain('the symbols are words')
  const { ondo } = JSON.parse(new TextDecoder().decode(fileOf(files, 'config.json')))
  expect(ondo.symbols).toEqual(['the', 'sea', '.'])
  const { logits } = await scan(native, fileOf(files, 'scan.onnx'), stateSize(model.config), [
    [0, 1, 2],
  ])
  expect(furthest(logits, expectedOf(model, [0, 1, 2]).logits.flat())).toBeLessThan(1e-5)
})

describe('the folder for transformers.js', () => {
  const jsonOf = async (more: Parameters<typeof seededModel>[1]) => {
    const { files, notes } = exportModel(await seededModel({ cell: 'lstm' }, more), 'onnx')
    const json = (name: string) => JSON.parse(new TextDecoder().decode(fileOf(files, name)))
    return { config: json('config.json'), generation: json('generation_config.json'), notes }
  }

  it('ends a text at a stop string of one symbol, and says that longer ones have no place', async () => {
    const one = await jsonOf({ stop: ['\n'] })
    expect(one.config).toMatchObject({ model_type: 'lfm2', eos_token_id: 2, pad_token_id: V })
    expect(one.generation).toMatchObject({ eos_token_id: 2, top_k: 0, do_sample: true })
    expect(one.notes).toEqual([])
    const two = await jsonOf({ stop: ['\n', 'ab', ' '] })
    expect(two.config.eos_token_id).toEqual([2, 3])
    expect(two.notes.map(({ en }) => en)).toEqual([expect.stringContaining('"ab"')])
    expect((await jsonOf({})).config).not.toHaveProperty('eos_token_id')
  })

  it('gives logits that are smoothed and never draw the id that fills windows', async () => {
    const config = { cell: 'lstm', window: 4, padding: 0, smoothing: 1e-3 } as const
    const model = await seededModel(config)
    const { files, notes } = exportModel(model, 'onnx')
    expect(notes.map(({ en }) => en).join()).toContain(
      'only onnx/model.onnx draws as the model does',
    )
    const loop = await session(native, fileOf(files, 'onnx/model.onnx'))
    const S = stateSize(model.config)
    const result = await loop.run({
      input_ids: ids(native, IDS, [1, IDS.length]),
      'past_conv.0': new native.Tensor('float32', new Float32Array(S), [1, S, 1]),
      'past_key_values.1.key': new native.Tensor('float32', new Float32Array(), [1, 1, 0, 1]),
    })
    const got = floats(result, 'logits')
    for (const [t, logits] of expectedOf(model).logits.entries()) {
      const [padding, ...rest] = drawingLogits(model.config, Float32Array.from(logits))
      expect([got[t * V], padding]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(furthest(got.subarray(t * V + 1, (t + 1) * V), rest)).toBeLessThan(1e-5)
    }
  })

  it('has the loop under the names that the library looks for', async () => {
    const model = await seededModel({ cell: 'gru' })
    const { files } = exportModel(model, 'onnx')
    const loop = await session(native, fileOf(files, 'onnx/model.onnx'))
    expect(loop.inputNames).toEqual(['input_ids', 'past_conv.0', 'past_key_values.1.key'])
    expect(loop.outputNames).toEqual(['logits', 'present_conv.0', 'present.1.key'])
    const S = stateSize(model.config)
    const { Tensor } = native
    const { logits } = expectedOf(model)
    let feeds: Feeds = {
      input_ids: ids(native, IDS.slice(0, 5), [1, 5]),
      'past_conv.0': new Tensor('float32', new Float32Array(S), [1, S, 1]),
      'past_key_values.1.key': new Tensor('float32', new Float32Array(), [1, 1, 0, 1]),
    }
    const first = await loop.run(feeds)
    expect(first['present.1.key']?.dims).toEqual([1, 1, 5, 1])
    feeds = {
      input_ids: ids(native, IDS.slice(5), [1, IDS.length - 5]),
      'past_conv.0': first['present_conv.0'] as InstanceType<typeof Tensor>,
      'past_key_values.1.key': first['present.1.key'] as InstanceType<typeof Tensor>,
    }
    const second = await loop.run(feeds)
    expect(second['present.1.key']?.dims).toEqual([1, 1, IDS.length, 1])
    const got = [...floats(first, 'logits'), ...floats(second, 'logits')]
    expect(furthest(got, logits.flat())).toBeLessThan(1e-5)
  })
})
