/** TensorFlow.js models: what the conformance suite does not ask. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadNetwork } from '../runtime/network.js'
import { importModel } from './import.js'
import { kerasLogits, kerasModel } from './keras.fixture.js'
import { utf8 } from './sample.fixture.js'
import type { SourceFile } from './source.js'
import { writeTfjs } from './tfjs.fixture.js'

const symbols = [...'\nabcdefg']
const VARIANT = 'lstm one-hot hard'
const given = kerasModel({ variant: VARIANT, symbols })
const options = { vocabulary: { symbols } }

interface ModelJson {
  modelTopology?: { config: { layers: { config: Record<string, unknown> }[] } }
  weightsManifest: { paths: string[]; weights: { shape: number[] }[] }[]
}

const layersOf = ({ modelTopology }: ModelJson) => modelTopology?.config.layers ?? []
const groupOf = ({ weightsManifest: [group] }: ModelJson) => group ?? { paths: [], weights: [] }

/** The JSON of a model, changed. */
function changed(files: readonly SourceFile[], change: (json: ModelJson) => unknown): SourceFile[] {
  const [file, ...rest] = files as [SourceFile]
  const json = JSON.parse(new TextDecoder().decode(file.bytes))
  change(json)
  return [{ name: file.name, bytes: utf8(JSON.stringify(json)) }, ...rest]
}

describe('weights', () => {
  it('come from shards of any size', async () => {
    const [json, whole] = writeTfjs(given, VARIANT).files as [SourceFile, SourceFile]
    const { model } = await importModel([json, whole], options)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 90, max: whole.bytes.length }), async size => {
        const shards: SourceFile[] = []
        for (let at = 0; at < whole.bytes.length; at += size) {
          shards.push({ name: `part${shards.length}`, bytes: whole.bytes.slice(at, at + size) })
        }
        const files = changed([json, ...shards.toReversed()], value => {
          groupOf(value).paths = shards.map(({ name }) => `weights/${name}`)
        })
        expect((await importModel(files, options)).model.hash).toBe(model.hash)
      }),
      { numRuns: 20 },
    )
  })

  it('come from several groups', async () => {
    const [json, whole] = writeTfjs(given, VARIANT).files as [SourceFile, SourceFile]
    const { model } = await importModel([json, whole], options)
    let files: SourceFile[] = []
    const index = changed([json], value => {
      const { weights } = groupOf(value)
      let at = 0
      value.weightsManifest = weights.map((spec, k) => {
        const size = 4 * spec.shape.reduce((a, b) => a * b, 1)
        files = [...files, { name: `group${k}`, bytes: whole.bytes.slice(at, at + size) }]
        at += size
        return { paths: [`group${k}`], weights: [spec] }
      })
    })
    expect((await importModel([...files, ...index], options)).model.hash).toBe(model.hash)
  })

  it.each([
    ['uint8', 0.02],
    ['uint16', 1e-4],
    ['float16', 1e-3],
  ])('as %s are near those that were quantised', async (packing, bound) => {
    const { files, model: read } = writeTfjs(given, `${VARIANT} ${packing}`)
    const { model } = await importModel(files, options)
    const session = (await loadNetwork(model.config, model.weights)).session()
    const ids = [1, 2, 3, 0, 7, 7]
    const logits = session.prefill(ids)
    const exact = kerasLogits(read, ids).at(-1) as number[]
    const before = kerasLogits(given, ids).at(-1) as number[]
    for (const [v, logit] of exact.entries()) {
      expect(Math.abs((logits[v] as number) - logit)).toBeLessThan(1e-5)
      expect(Math.abs((logits[v] as number) - (before[v] as number))).toBeLessThan(bound)
    }
  })
})

describe('what the model says besides', () => {
  it('gives the window of its training, which an option takes', async () => {
    const files = changed(writeTfjs(given, VARIANT).files, json => {
      const batch_input_shape = [null, 40, symbols.length]
      Object.assign(layersOf(json)[0]?.config ?? {}, { batch_input_shape })
    })
    const { notes } = await importModel(files, options)
    expect(notes.map(({ en }) => en).join()).toMatch(
      /windows of 40 symbols.*piecewise|piecewise.*windows of 40/,
    )
    const { model } = await importModel(files, { ...options, window: 40 })
    expect(model.config).toMatchObject({ window: 40, gates: 'hard-fifth' })
  })

  it('gives the vocabulary of its own metadata', async () => {
    const indices = Object.fromEntries(symbols.map((symbol, id) => [symbol, id]))
    for (const userDefinedMetadata of [{ charSet: symbols, epochs: 3 }, indices]) {
      const { files } = writeTfjs(given, VARIANT, { userDefinedMetadata })
      const { model } = await importModel(files)
      expect(model.tokenizer.symbol(3)).toBe('c')
    }
  })

  it('numbers the characters of a corpus as they appear, unless Keras made the model', async () => {
    const corpus = 'the cat that the cat '.repeat(9).concat('\nthe hat\n')
    const appearing = [...new Set(corpus)]
    const of = async (variant: string) => {
      const own = kerasModel({ variant, symbols: appearing })
      const { files } = writeTfjs(own, variant)
      const { model, notes } = await importModel(files, { vocabulary: corpus })
      const read = appearing.map((_, id) => model.tokenizer.symbol(id))
      return { read, notes: notes.map(({ en }) => en).join() }
    }
    const own = await of(VARIANT)
    expect(own.read).toEqual(appearing)
    expect(own.notes).toContain('in the order in which they appear, as this program gives ids')
    expect((await of('lstm one-hot converted')).read).toEqual([...appearing].sort())
  })

  it('asks for a vocabulary that the files do not hold', async () => {
    await expect(importModel(writeTfjs(given, VARIANT).files)).rejects.toThrow(
      /TensorFlow\.js .* predicts 8 symbols, but the files do not say which/,
    )
  })
})

describe('what is refused, in a sentence', () => {
  const { files } = writeTfjs(given, VARIANT)

  it.each<[string, (json: ModelJson) => unknown, RegExp]>([
    ['a graph model', json => Object.assign(json, { format: 'graph-model' }), /is a graph model/],
    ['no topology', json => delete json.modelTopology, /lacks modelTopology/],
    [
      'text as weights',
      json => Object.assign(groupOf(json).weights[0] ?? {}, { dtype: 'string' }),
      /keeps "rnn_1\/kernel" as "string"; expected float32/,
    ],
    [
      'a shape beyond the file',
      json => Object.assign(groupOf(json).weights[0] ?? {}, { shape: [1e9, 1e9] }),
      /needs \d+ bytes of weights, but its files have/,
    ],
    [
      'a shape that is none',
      json => Object.assign(groupOf(json).weights[0] ?? {}, { shape: [-1, 2.5] }),
      /weights without a name and a shape/,
    ],
    [
      'a layer that Ondo has not',
      json => Object.assign(layersOf(json)[0] ?? {}, { class_name: 'Conv1D' }),
      /has the layer "rnn_1" of the class "Conv1D"/,
    ],
    [
      'weights of other layers',
      json => layersOf(json).splice(0, 1),
      /1 recurrent|weights that do not belong|input weights/,
    ],
  ])('%s', async (_, change, reason) => {
    await expect(importModel(changed(files, change), options)).rejects.toThrow(reason)
  })

  it('a missing file of weights, and one cut short', async () => {
    const [json, weights] = files as [SourceFile, SourceFile]
    await expect(importModel([json], options)).rejects.toThrow(
      /names the file "\.\/model\.weights\.bin" .* choose all files/,
    )
    const short = { ...weights, bytes: weights.bytes.slice(4) }
    await expect(importModel([json, short], options)).rejects.toThrow(/it is incomplete/)
  })
})
