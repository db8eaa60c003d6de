/** textgenrnn beyond the conformance suite: words, its own ids, damaged vocabularies, texts that begin anew. */
import { describe, expect, it } from 'vitest'
import { generate, generateText, networkOf } from '../generate/generate.js'
import { StateCache } from '../generate/index.js'
import { loadNetwork } from '../runtime/network.js'
import { writeHdf5 } from './hdf5.fixture.js'
import { type ImportModelOptions, importModel } from './import.js'
import { utf8 } from './sample.fixture.js'
import { textgenrnn } from './textgenrnn.fixture.js'

const LETTERS = ['\n', ...'abcdefgh ']
const WORDS = ['\n', 'the', 'state', 'of', '.', ',', "'", 't', 'don']

const open = (
  variant: string,
  symbols: readonly string[],
  change: (name: string, json: Record<string, unknown>) => unknown = (_, json) => json,
  options: ImportModelOptions = {},
) => {
  const sample = textgenrnn.write({ variant, symbols, seed: 5 })
  const files = sample.files.map(file =>
    file.name.endsWith('.json')
      ? {
          ...file,
          bytes: utf8(
            JSON.stringify(change(file.name, JSON.parse(new TextDecoder().decode(file.bytes)))),
          ),
        }
      : file,
  )
  return importModel(files, options)
}

const words = (name: string, json: Record<string, unknown>): unknown =>
  name.includes('config') ? { ...json, word_level: true } : json

describe('a model of words', () => {
  it('has the logits of the original and writes words with spaces', async () => {
    const sample = textgenrnn.write({ variant: 'CuDNN, short window', symbols: WORDS, seed: 5 })
    const { model } = await open('CuDNN, short window', WORDS, words)
    expect(model.tokenizer.kind).toBe('word')
    const session = (await loadNetwork(model.config, model.weights)).session()
    const ids = [0, 1, 2, 3, 1, 2, 5, 8, 6, 7, 4]
    const expected = sample.forward(ids)
    const text = "\nthe state of the state, don't."
    const { ids: ours } = model.tokenizer.encode(text)
    expect(Array.from(ours)).toEqual(ids.map(id => id + 1))
    for (const [t, id] of Array.from(ours).entries()) {
      const logits = session.step(id)
      for (const [v, logit] of (expected[t] ?? []).entries()) {
        expect(Math.abs((logits[v + 1] as number) - logit)).toBeLessThan(2e-5)
      }
    }
    const prompt = 'the state'
    const written = await generateText(model, { prompt, length: 30, temperature: 1.5 })
    const steps = []
    for await (const step of generate(model, { prompt, length: 30, temperature: 1.5 })) {
      steps.push(step)
    }
    expect(steps.map(step => step.text).join('')).toBe(written)
    const all = [...model.tokenizer.encode(prompt).ids, ...steps.map(({ id }) => id)]
    expect(prompt + written).toBe(model.tokenizer.decode(all))
  })
})

describe('a model of characters', () => {
  it('never writes id 0, at any temperature', async () => {
    const { model } = await open('plain LSTM, 1 layer', LETTERS)
    expect(model.config).toMatchObject({ padding: 0, restart: 1, smoothing: 1e-7, window: 40 })
    for await (const step of generate(model, {
      temperature: Number.POSITIVE_INFINITY,
      length: 300,
    })) {
      expect(step.id).toBeGreaterThan(0)
      expect(step.candidates).toBe(LETTERS.length)
    }
  })

  it('reads a prompt after the token that begins a text, and a line end begins another', async () => {
    const { model } = await open('CuDNN, short window', LETTERS)
    const of = (prompt: string) => generateText(model, { prompt, temperature: 0.9, length: 60 })
    const alone = await of('abc')
    expect(await of('\nabc')).toBe(alone)
    expect(await of('hgf dcba\nabc')).toBe(alone)
  })

  it('goes on from states along a text, as branches and replays do', async () => {
    const { model } = await open('CuDNN, short window', LETTERS)
    const network = await networkOf(model)
    const ids: number[] = []
    const records = []
    for await (const step of generate(model, {
      prompt: 'ab',
      seed: 7,
      temperature: 1,
      length: 80,
    })) {
      ids.push(step.id)
      records.push(step)
    }
    const cache = new StateCache(model, network, model.tokenizer.encode('ab').ids, {
      ids,
      every: 8,
    })
    for (const n of [0, 1, 7, 8, 9, 40, 79]) {
      const writer = cache.writerAt(n, { seed: 7 })
      expect(writer.next(1)).toMatchObject({ id: ids[n], pT: records[n]?.pT })
      writer.dispose()
    }
  })

  it('begins with padding alone where it learnt from one text', async () => {
    const { model } = await open('one text, TensorFlow 2', LETTERS)
    expect(model.config.restart).toBeUndefined()
    expect(model.prompt).toBeUndefined()
    expect((await generateText(model, { length: 20 })).length).toBe(20)
  })

  it('gives the token between texts another symbol where line ends are letters', async () => {
    const lines = ['<s>', ...'ab\nc']
    const vocabulary = Object.fromEntries(lines.map((token, id) => [token, id + 1]))
    const { model } = await open('CuDNN', lines, (name, json) =>
      name.includes('vocab') ? vocabulary : json,
    )
    expect(model.tokenizer.symbol(1)).toBe('\u241e')
    expect(model.tokenizer.symbol(4)).toBe('\n')
    expect(model.prompt).toBe('\u241e')
  })

  it('names what is wrong with a vocabulary, and takes one from the user', async () => {
    const vocabulary =
      (change: (json: Record<string, unknown>) => unknown) =>
      (name: string, json: Record<string, unknown>) =>
        name.includes('vocab') ? change(json) : json
    await expect(
      open(
        'CuDNN',
        LETTERS,
        vocabulary(({ a: _, ...rest }) => rest),
      ),
    ).rejects.toThrow(/predicts 11 symbols, but the files do not say which/)
    await expect(
      open(
        'CuDNN',
        LETTERS,
        vocabulary(({ a, ...rest }) => ({ ...rest, ab: a })),
      ),
    ).rejects.toThrow(/2 is "ab"/)
    const { model } = await open(
      'CuDNN',
      LETTERS,
      vocabulary(() => ({})),
      {
        vocabulary: { symbols: ['<s>', ...LETTERS.slice(1)] },
      },
    )
    expect(model.tokenizer.symbol(2)).toBe('a')
    expect(model.config.restart).toBe(1)
  })

  it('refuses networks that read in both directions, and a damaged config', async () => {
    const matrix = { shape: [2, 2], data: [1, 2, 3, 4] }
    const names = ['embedding', 'rnn_1', 'attention', 'output']
    const paths: Record<string, string> = {
      rnn_1: 'forward_lstm/kernel:0',
      output: 'bias:0',
    }
    const bytes = writeHdf5({
      attributes: { layer_names: names },
      groups: Object.fromEntries(
        names.map(name => {
          const path = paths[name] ?? 'kernel:0'
          const [group, data] = path.includes('/') ? path.split('/') : [undefined, path]
          const datasets = { [data as string]: matrix }
          return [
            name,
            {
              attributes: { weight_names: [path] },
              ...(group === undefined ? { datasets } : { groups: { [group]: { datasets } } }),
            },
          ]
        }),
      ),
    })
    await expect(importModel([{ name: 'w.hdf5', bytes }])).rejects.toThrow(/both directions/)
    const { files } = textgenrnn.write({ variant: 'CuDNN', symbols: LETTERS })
    const cut = files.map(file =>
      file.name.includes('config') ? { ...file, bytes: file.bytes.slice(0, 20) } : file,
    )
    await expect(importModel(cut)).rejects.toThrow(/config.*damaged or cut short/)
  })
})
