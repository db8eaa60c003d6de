/**
 * Files made to cost time and memory: each is refused in one sentence, within two seconds of the
 * processor. Sizes are such that a reader without limits would take minutes or gigabytes.
 */
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { importModel } from './import.js'
import { Global, Instance, type PyInput, writePickle } from './pickle.fixture.js'
import { join, utf8 } from './sample.fixture.js'
import type { SourceFile } from './source.js'
import { ordered, TorchStorages, writeTorchZip } from './torch-file.fixture.js'
import { TorchObject, TorchStorage, TorchTensor, writeTorch7 } from './torch7.fixture.js'

const MILLION = 1_000_000

/** A .pt file with this pickle. */
const torchFile = (pickle: Uint8Array): SourceFile => ({
  name: 'x.pt',
  bytes: zipSync({ 'x/data.pkl': pickle, 'x/version': utf8('3\n') }, { level: 0 }),
})
const codes = (code: string, count = MILLION, before = ''): Uint8Array =>
  join(Uint8Array.of(0x80, 2), utf8(before), utf8(code.repeat(count)), utf8('.'))

/** A module whose parts are itself, many times over. */
function ownParts(): Uint8Array {
  const parts = new Map<PyInput, PyInput>()
  const module = new Instance(new Global('m', 'Net'), { _parameters: ordered([]), _modules: parts })
  for (let i = 0; i < 1000; i++) parts.set(`part${i}`, module)
  return writePickle(module)
}

/** A state_dict whose tensors repeat one number. */
function repeated(count: number): SourceFile {
  const storages = new TorchStorages()
  const one = storages.add(Float32Array.of(1))
  const view = (...shape: number[]): PyInput =>
    storages.view(
      one,
      shape,
      shape.map(() => 0),
    )
  const state = ordered([
    ['rnn.weight_ih_l0', view(count, count)],
    ['rnn.weight_hh_l0', view(count, count)],
    ['fc.weight', view(count, count)],
  ])
  return { name: 'x.pt', bytes: writeTorchZip({ state, itos: ['a'] }, storages) }
}

/** A state_dict with thousands of networks, each with parts of its own. */
function manyNetworks(count: number): SourceFile {
  const storages = new TorchStorages()
  const one = storages.add(new Float32Array(16))
  const state = ordered(
    Array.from({ length: count }, (_, i): [PyInput, PyInput][] => [
      [`n${i}.rnn.weight_ih_l0`, storages.view(one, [4, 1], [1, 1])],
      [`n${i}.rnn.weight_hh_l0`, storages.view(one, [4, 1], [1, 1])],
      [`n${i}.fc.weight`, storages.view(one, [2, 1], [1, 1])],
    ]).flat(),
  )
  return { name: 'x.pt', bytes: writeTorchZip(state, storages) }
}

const model = (fields: Record<string, TorchTensor | readonly TorchObject[]>): Uint8Array =>
  writeTorch7({
    model: new TorchObject('nn.LanguageModel', {
      net: new TorchObject('nn.Sequential', {
        modules: [
          new TorchObject('nn.LookupTable', { weight: fields.table as TorchTensor }),
          new TorchObject('nn.LSTM', {
            weight: fields.weight as TorchTensor,
            bias: fields.bias as TorchTensor,
          }),
          new TorchObject('nn.Linear', {
            weight: fields.table as TorchTensor,
            bias: fields.bias as TorchTensor,
          }),
        ],
      }),
    }),
  })

/** Views that repeat one number to a large matrix. */
function repeatedTorch7(): Uint8Array {
  const storage = new TorchStorage(Float32Array.of(1))
  const view = (...shape: number[]): TorchTensor =>
    new TorchTensor(
      shape,
      storage,
      0,
      shape.map(() => 0),
    )
  return model({ table: view(30_000, 30_000), weight: view(60_000, 40_000), bias: view(40_000) })
}

/** A million empty tables in one. */
function manyTables(count: number): Uint8Array {
  const head = writeTorch7({ model: 'nn.LanguageModel' })
  const bytes = new Uint8Array(12 + 20 * count)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of [3, 1, count].entries()) view.setInt32(4 * i, value, true)
  for (let i = 0; i < count; i++) {
    // A key, true, and a table of no entries with an index of its own.
    for (const [k, value] of [5, 1, 3, i + 2, 0].entries()) {
      view.setInt32(12 + 20 * i + 4 * k, value, true)
    }
  }
  return join(bytes, head)
}

const ml5 = (manifest: unknown, ...files: SourceFile[]): SourceFile[] => [
  { name: 'manifest.json', bytes: utf8(JSON.stringify(manifest)) },
  ...files,
]
const cell = (k: number | string): string => `rnnlm/multi_rnn_cell/cell_${k}/basic_lstm_cell/kernel`

const CASES: Readonly<Record<string, () => SourceFile | SourceFile[]>> = {
  'a pickle of a million dicts': () => torchFile(codes('}')),
  'a pickle of a million sets and lists': () => torchFile(codes('\u007d]')),
  'a list in a list, a million deep': () => torchFile(codes('\u0085', MILLION, ']')),
  'a million marks': () => torchFile(codes('(')),
  'a million copies of the top': () => torchFile(codes('2', 8 * MILLION, ']')),
  'a text of thousands of long numbers': () => torchFile(codes(`L${'7'.repeat(2400)}L\n0`, 2000)),
  'a million numbers remembered': () =>
    torchFile(
      join(
        Uint8Array.of(0x80, 4),
        utf8(')'),
        new Uint8Array(8 * MILLION).fill(0x94), // MEMOIZE
        utf8('.'),
      ),
    ),
  'a module that is its own parts': () => torchFile(ownParts()),
  'tensors that repeat one number': () => repeated(20_000),
  'hundreds of networks': () => manyNetworks(600),
  'thousands of networks': () => manyNetworks(3000),
  'a million tables of Torch7': () => ({ name: 'x.t7', bytes: manyTables(MILLION) }),
  'a view of Torch7 that repeats one number': () => ({ name: 'x.t7', bytes: repeatedTorch7() }),
  'ml5 with four thousand million layers': () =>
    ml5(
      { [cell(4_294_967_290)]: { filename: 'a', shape: [1] } },
      { name: 'a', bytes: new Uint8Array(4) },
    ),
  'ml5 with one file for all tensors': () =>
    ml5(
      Object.fromEntries(
        Array.from({ length: 40 }, (_, k) => [cell(k), { filename: 'a', shape: [MILLION] }]),
      ),
      { name: 'a', bytes: new Uint8Array(4 * MILLION) },
    ),
  'char-rnn.js with the same numbers ten thousand times': () => [
    {
      name: 'a.json',
      bytes: utf8(
        JSON.stringify({
          vocab: [0],
          arrays: new Array(10_002).fill({ dim: [MILLION], offset: 0, length: MILLION }),
        }),
      ),
    },
    { name: 'a.dat', bytes: new Uint8Array(4 * MILLION) },
  ],
  'TensorFlow.js with the same file ten thousand times': () => [
    {
      name: 'model.json',
      bytes: utf8(
        JSON.stringify({
          modelTopology: { config: { layers: [{ class_name: 'Dense', config: { name: 'd' } }] } },
          weightsManifest: [
            {
              paths: new Array(10_000).fill('w.bin'),
              weights: [{ name: 'd/kernel', shape: [10_000, MILLION], dtype: 'float32' }],
            },
          ],
        }),
      ),
    },
    { name: 'w.bin', bytes: new Uint8Array(4 * MILLION) },
  ],
  'JSON of great depth': () => ({
    name: 'a.json',
    bytes: utf8(`${'['.repeat(MILLION)}${']'.repeat(MILLION)}`),
  }),
}

describe('refused within two seconds:', () => {
  it.each(Object.entries(CASES))('%s', async (_, make) => {
    const made = make()
    const files = Array.isArray(made) ? made : [made]
    const before = process.cpuUsage()
    const error = await importModel(files).then(
      () => expect.fail('it was read'),
      (thrown: unknown) => thrown,
    )
    const { user, system } = process.cpuUsage(before)
    if (!(error instanceof FileError || error instanceof InputError)) throw error
    expect(error.message).toMatch(/^[A-Z][^\n]*\.$/)
    expect(error.message.length).toBeLessThan(500)
    expect((user + system) / 1e6).toBeLessThan(2)
  })
})
