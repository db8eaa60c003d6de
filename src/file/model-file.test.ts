import { describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { CELLS, type ModelConfig, modelConfig, tensorShapes } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import type { TokenizerJson } from '../text/tokenizer.js'
import { edited, sampleWeights } from './damaged.fixture.js'
import { sha256Plain } from './hash.reference.js'
import { modelFileHash, modelIdentity } from './identity.js'
import { decodeModel, encodeModel, type ModelParts, readModelHeader } from './model-file.js'
import { DTYPES, encodeSafetensors } from './safetensors.js'

const characters: TokenizerJson = { kind: 'character', symbols: ['\n', ' ', 'a', 'b', '温'] }

function parts(change: Partial<ModelConfig> = {}, json = characters): ModelParts {
  const tokenizer = tokenizerFrom(json)
  const config = modelConfig({
    cell: 'lstm',
    vocabulary: tokenizer.size,
    embedding: 3,
    hidden: 4,
    layers: 2,
    ...change,
  })
  return { config, tokenizer, weights: sampleWeights(config) }
}

const full: ModelParts = {
  ...parts(),
  name: 'A small one "quoted"',
  prompt: '温 ',
  stop: ['\n', 'ab'],
  training: {
    corpus: 'tiny.txt',
    corpusHash: 'ab',
    corpusSize: 1000,
    split: 'tail',
    seed: 7,
    settings: { batch: 50, rate: 2e-3, cell: 'lstm', nested: { deep: [1, null] } },
    epochs: 1.5,
    steps: 100,
    trainLoss: 1.25,
    validationLoss: 1.5,
    seconds: 12.5,
    version: '0.1.0',
  },
  measures: { sweep: [{ temperature: 0.5, repetition: 0.1 }] },
}

describe('a model file', () => {
  it('brings back everything that went in', async () => {
    const bytes = encodeModel(full)
    const model = await decodeModel(bytes)
    const { tokenizer, ...rest } = model
    const { tokenizer: before, ...restBefore } = full
    const hash = await modelIdentity(full.config, before.toJSON(), full.weights)
    expect(rest).toEqual({ ...restBefore, hash })
    // Plain data, but for the tokenizer: a model can be sent to another thread.
    expect(structuredClone(rest)).toEqual(rest)
    expect(await modelFileHash(model)).toBe(sha256Plain(bytes))
    expect(tokenizer.toJSON()).toEqual(before.toJSON())
    expect([...model.weights.keys()]).toEqual([...tensorShapes(full.config).keys()])
  })

  it('has the same bytes each time, and after reading and writing again', async () => {
    const bytes = encodeModel(full)
    expect(encodeModel(full)).toEqual(bytes)
    expect(encodeModel(await decodeModel(bytes))).toEqual(bytes)
  })

  it.each(
    CELLS.flatMap(cell =>
      [0, 3].flatMap(embedding => DTYPES.map(dtype => ({ cell, embedding, dtype }))),
    ),
  )('holds a $cell with embedding $embedding in $dtype', async ({ cell, embedding, dtype }) => {
    for (const layers of [1, 3]) {
      const model = parts({ cell, embedding, layers, reset: 'before', activation: 'relu' })
      const bytes = encodeModel(model, { dtype })
      expect(await decodeModel(bytes)).toMatchObject({
        config: model.config,
        weights: model.weights,
        training: {},
      })
      expect(readModelHeader(bytes).dtypes).toEqual([dtype])
    }
  })

  it.each<TokenizerJson>([
    { kind: 'byte' },
    { kind: 'grapheme', symbols: ['a', '👩‍👩‍👧', 'e\u0301'] },
  ])('keeps a $kind tokenizer', async json => {
    const model = await decodeModel(encodeModel(parts({}, json)))
    expect(model.tokenizer.toJSON()).toEqual(json)
  })

  it('is half the size in F16, and rounds each weight to the nearest one there is', async () => {
    const model = parts()
    const weights = new Map(model.weights)
    weights.set('head.bias', Float32Array.of(0.1, -0.1, 1 / 3, 65_504, 1e-9))
    const bytes = encodeModel({ ...model, weights }, { dtype: 'F16' })
    expect(bytes.length).toBeLessThan(encodeModel({ ...model, weights }).length)
    const back = await decodeModel(bytes)
    expect([...back.weights.get('head.bias')!]).toEqual([
      0.0999755859375, -0.0999755859375, 0.333251953125, 65_504, 0,
    ])
  })

  it('says what it is without its weights', () => {
    const { tokenizer, ...header } = readModelHeader(encodeModel(full, { dtype: 'BF16' }))
    const { weights: _, tokenizer: before, ...rest } = full
    expect(header).toEqual({ ...rest, dtypes: ['BF16'] })
    expect(tokenizer.toJSON()).toEqual(before.toJSON())
  })

  it('may hold what newer versions add: metadata, fields of the config and of the training', async () => {
    const bytes = edited(encodeModel(full), header => {
      const metadata = header.__metadata__ as Record<string, string>
      metadata.licence = 'MIT'
      metadata.config = JSON.stringify({ ...JSON.parse(metadata.config), note: 'x' })
      metadata.training = JSON.stringify({ ...JSON.parse(metadata.training), mood: 'good' })
    })
    const model = await decodeModel(bytes)
    expect(model.config).toEqual(full.config)
    expect(model.training).toEqual(full.training)
    expect(model).not.toHaveProperty('licence')
  })

  it('writes infinite settings and temperatures as words, as JSON has none', async () => {
    const training = { settings: { clip: Number.POSITIVE_INFINITY } }
    const measures = { sweep: [{ temperature: Number.POSITIVE_INFINITY }] }
    const model = await decodeModel(encodeModel({ ...parts(), training, measures }))
    expect(model.training.settings).toEqual({ clip: 'Infinity' })
    expect(model.measures).toEqual({ sweep: [{ temperature: 'Infinity' }] })
  })

  it('may lack a training record, as other people’s models do', async () => {
    const bytes = edited(encodeModel(full), header => {
      delete header.__metadata__.training
    })
    expect((await decodeModel(bytes)).training).toEqual({})
  })
})

describe('a model that can’t be written', () => {
  const broken = (name: string, data: number[] | undefined): ModelParts => {
    const model = parts()
    const weights = new Map(model.weights)
    if (data) weights.set(name, Float32Array.from(data))
    else weights.delete(name)
    return { ...model, weights }
  }
  it.each<[string, ModelParts, RegExp]>([
    [
      'a weight that is not a number',
      broken('head.bias', [0, Number.NaN, 0, 0, 0]),
      /Weight 1 of "head.bias" is NaN/,
    ],
    [
      'a weight too large for F16',
      broken('head.bias', [0, 0, 65_520, 0, 0]),
      /Weight 2 of "head.bias" is 65520, which F16 can't hold.*save as F32/,
    ],
    ['a missing tensor', broken('head.bias', undefined), /lack "head.bias"/],
    ['a tensor of the wrong size', broken('head.bias', [0]), /"head.bias".*\[5\] with 1 numbers/],
    ['a tensor that is not the model’s', broken('head.bias2', [0]), /hold "head.bias2"/],
    [
      'a tokenizer of another size',
      { ...parts(), tokenizer: tokenizerFrom({ kind: 'byte' }) },
      /tokenizer has 256 symbols.*vocabulary is 5/,
    ],
    [
      'a loss that is not a number',
      { ...parts(), training: { trainLoss: Number.NaN } },
      /trainLoss is NaN; expected a finite number/,
    ],
    ['half a character in the prompt', { ...parts(), prompt: '\ud83c' }, /lone surrogates/],
  ])('is refused for %s', (_, model, sentence) => {
    expect(() => encodeModel(model, { dtype: 'F16' })).toThrow(InputError)
    expect(() => encodeModel(model, { dtype: 'F16' })).toThrow(sentence)
  })
})

describe('the largest weight', () => {
  // One float32 below the point from which on rounding gives infinity, and that point.
  it.each([
    ['F16', 0x477fefff, 0x477ff000],
    ['BF16', 0x7f7f7fff, 0x7f7f8000],
    ['F32', 0x7f7fffff, 0x7f800000],
  ] as const)(
    'that %s can hold is written and read; the next is refused',
    async (dtype, last, next) => {
      const model = parts()
      const withBias = (bits: number): ModelParts => {
        const bias = new Float32Array(5)
        new Uint32Array(bias.buffer).fill(bits)
        return { ...model, weights: new Map(model.weights).set('head.bias', bias) }
      }
      const back = await decodeModel(encodeModel(withBias(last), { dtype }))
      expect(back.weights.get('head.bias')![0]).toBeGreaterThan(65_000)
      expect(() => encodeModel(withBias(next), { dtype })).toThrow(/Weight 0 of "head.bias"/)
    },
  )
})

type Header = Record<string, Record<string, unknown>>
/** An edit of the metadata: replaces one of its strings. */
const says =
  (key: string, value: unknown) =>
  (header: Header): void => {
    header.__metadata__[key] = typeof value === 'string' ? value : JSON.stringify(value)
  }
const without =
  (key: string) =>
  (header: Header): void => {
    delete header.__metadata__[key]
  }
/** Another config whose tensors the file does not have. */
const config = (change: object): ((header: Header) => void) =>
  says('config', { ...full.config, ...change })
const renamed =
  (from: string, to: string) =>
  (header: Header): void => {
    header[to] = header[from]
    delete header[from]
  }

describe('a file that is no model', () => {
  const symbols = (list: unknown): ((header: Header) => void) =>
    says('tokenizer', { kind: 'character', symbols: list })

  it.each<[name: string, change: (header: Header) => void, code: string, sentence: RegExp]>([
    [
      'comes from elsewhere',
      header => {
        delete header.__metadata__
      },
      'not-ondo',
      /not an Ondo model: its metadata has no "format".*it holds "embedding.weight", "rnn/,
    ],
    ['says it comes from PyTorch', says('format', 'pt'), 'not-ondo', /says "format": "pt"/],
    [
      'is newer',
      says('version', '2'),
      'version',
      /version "2"; this Ondo reads version 1: update Ondo/,
    ],
    ['has no version', without('version'), 'version', /version undefined/],
    ['has no config', without('config'), 'config', /lacks "config"/],
    ['has a broken config', says('config', '{"cell":'), 'json', /config is not valid JSON/],
    [
      'has a config that is a list',
      says('config', []),
      'config',
      /config is \[\]; expected a JSON object/,
    ],
    [
      'has a config that contradicts itself',
      says('config', '{"cell":"lstm","cell":"gru"}'),
      'json',
      /config gives the key "cell" twice/,
    ],
    [
      'has an unknown cell',
      config({ cell: 'mamba' }),
      'config',
      /cell is "mamba"; expected rnn or gru or lstm/,
    ],
    ['has no units', config({ hidden: 0 }), 'config', /hidden is 0/],
    [
      'has units without end',
      says('config', JSON.stringify(full.config).replace('"hidden":4', '"hidden":1e999')),
      'json',
      /number beyond 1.8e308 in "hidden"/,
    ],
    ['has a million layers', config({ layers: 1_000_000 }), 'config', /layers is 1000000/],
    ['has a vocabulary of 2^53', config({ vocabulary: 2 ** 53 }), 'config', /vocabulary/],
    [
      'has a config of another size',
      config({ hidden: 5 }),
      'tensor-shape',
      /"rnn.weight_ih_l0" has the shape \[16,3\]; this model .* needs \[20,3\]/,
    ],
    [
      'has a config of another cell',
      config({ cell: 'gru' }),
      'tensor-shape',
      /"rnn.weight_ih_l0" has the shape \[16,3\]/,
    ],
    [
      'has a layer too few',
      config({ layers: 3 }),
      'tensor-missing',
      /"rnn.weight_ih_l2" is missing/,
    ],
    [
      'has a layer too many',
      config({ layers: 1 }),
      'tensor-extra',
      /"rnn.weight_ih_l1" has no place/,
    ],
    [
      'has a tensor under another name',
      renamed('head.bias', 'head.bais'),
      'tensor-extra',
      /"head.bais" has no place.*Did you mean "head.bias"/,
    ],
    [
      'has a tensor turned around',
      header => {
        header['rnn.weight_ih_l0'].shape = [3, 16]
      },
      'tensor-shape',
      /shape \[3,16\]/,
    ],
    [
      'has a tensor made flat',
      header => {
        header['rnn.weight_ih_l0'].shape = [48]
      },
      'tensor-shape',
      /shape \[48\]/,
    ],
    ['has no tokenizer', without('tokenizer'), 'tokenizer', /lacks "tokenizer"/],
    [
      'has a tokenizer that is nothing',
      says('tokenizer', 'null'),
      'tokenizer',
      /tokenizer is null/,
    ],
    [
      'has an unknown tokenizer',
      says('tokenizer', { kind: 'bpe', symbols: [] }),
      'tokenizer',
      /expected a JSON object whose kind is character, byte, grapheme/,
    ],
    [
      'has symbols that are numbers',
      symbols([1, 2, 3, 4, 5]),
      'tokenizer',
      /not a list of strings/,
    ],
    [
      'has symbols too few',
      symbols(['a', 'b']),
      'tokenizer',
      /2 symbols, but the config's vocabulary is 5/,
    ],
    ['has a symbol twice', symbols(['a', 'b', 'c', 'd', 'a']), 'tokenizer', /can't be used/],
    [
      'has a symbol of no characters',
      symbols(['a', 'b', 'c', 'd', '']),
      'tokenizer',
      /can't be used/,
    ],
    ['has no symbols', says('tokenizer', { kind: 'character' }), 'tokenizer', /can't be used/],
    [
      'has bytes where characters were',
      says('tokenizer', { kind: 'byte' }),
      'tokenizer',
      /256 symbols/,
    ],
    [
      'has a training record that is a list',
      says('training', []),
      'training',
      /training record is \[\]/,
    ],
    [
      'has a loss in words',
      says('training', { trainLoss: 'low' }),
      'training',
      /trainLoss is "low"; expected a finite number/,
    ],
    [
      'has a loss without end',
      says('training', '{"trainLoss":1e999}'),
      'json',
      /number beyond 1.8e308 in "trainLoss"/,
    ],
    [
      'has a stop that is a string',
      says('stop', '"x"'),
      'stop',
      /stop is "x"; expected a list of strings/,
    ],
    ['has a stop of nothing', says('stop', ['']), 'stop', /not empty/],
    ['has measures that are a list', says('measures', []), 'measures', /measures are \[\]/],
    [
      'is too deep',
      says('training', `{"settings":${'['.repeat(100)}${']'.repeat(100)}}`),
      'json',
      /training is nested more than 32/,
    ],
  ])('is refused when it %s', async (_, change, code, sentence) => {
    const bytes = edited(encodeModel(full), change)
    const error = await decodeModel(bytes).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(FileError)
    expect((error as FileError).message).toMatch(sentence)
    expect((error as FileError).code).toBe(code)
    // What can be seen without the weights, the header alone says too.
    expect(() => readModelHeader(bytes)).toThrow(sentence)
  })

  it.each(DTYPES)('is refused when a weight in %s is NaN or infinite', async dtype => {
    const patterns: [number[], string][] = {
      F32: [
        [[0, 0, 0xc0, 0x7f], 'NaN'],
        [[0, 0, 0x80, 0xff], '-Infinity'],
      ],
      F16: [
        [[0x01, 0x7c], 'NaN'],
        [[0, 0x7c], 'Infinity'],
      ],
      BF16: [
        [[0xc0, 0x7f], 'NaN'],
        [[0x80, 0xff], '-Infinity'],
      ],
    }[dtype] as [number[], string][]
    for (const [pattern, word] of patterns) {
      const bytes = encodeModel(full, { dtype })
      bytes.set(pattern, bytes.length - pattern.length)
      await expect(decodeModel(bytes)).rejects.toThrow(`Weight 4 of tensor "head.bias" is ${word}`)
    }
  })

  it('is refused when its tensors are of a type for other uses', async () => {
    const bytes = edited(encodeModel(full), header => {
      header['head.bias'].dtype = 'I32'
    })
    await expect(decodeModel(bytes)).rejects.toThrow(
      /"head.bias" has the dtype "I32"; expected F32/,
    )
  })

  it('is refused when it is empty but for its metadata', async () => {
    const bytes = encodeSafetensors(new Map(), { format: 'ondo', version: '1' })
    await expect(decodeModel(bytes)).rejects.toThrow(/lacks "config"/)
  })
})
