/** Models of other people against numbers from an independent forward pass. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generateText } from '../generate/index.js'
import { drawingLogits } from '../model/drawing-logits.js'
import { loadNetwork } from '../runtime/network.js'
import { Distribution } from '../temperature/index.js'
import { importModel } from './import.js'
import type { ImportModelOptions, SourceFile } from './index.js'

const MODELS = new URL('../../../shared/models/', import.meta.url)

function filesOf(folder: string, only?: RegExp): SourceFile[] {
  return readdirSync(new URL(`${folder}/`, MODELS))
    .filter(name => (only ? only.test(name) : true))
    .map(name => ({
      name,
      bytes: new Uint8Array(readFileSync(new URL(`${folder}/${name}`, MODELS))),
    }))
}

/** Python's string.printable. */
const PRINTABLE = [
  ...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\v\f',
]

interface Case {
  readonly folder: string
  readonly files: RegExp
  readonly from: string
  readonly options?: ImportModelOptions
  /** Our id of each id of the reference; absent where they are the same. */
  readonly ids?: () => readonly number[]
  /** Symbols of the text that is scored; sentences each from a zero state for recurrentjs. */
  readonly loss?: 'text' | 'sentences'
}

/** char-rnn.js counts only the bytes of its corpus; ours are all bytes. */
function bytesOfIds(): readonly number[] {
  const { vocab } = JSON.parse(readFileSync(new URL('char-rnn-js/small.json', MODELS), 'utf8'))
  const bytes: number[] = []
  for (const [byte, id] of vocab.entries()) if (id !== null) bytes[id] = byte
  return bytes
}

const CASES: readonly Case[] = [
  {
    folder: 'char-rnn-js',
    files: /^small/,
    from: 'char-rnn-js',
    ids: bytesOfIds,
    loss: 'text',
  },
  { folder: 'ml5-darwin', files: /./, from: 'ml5', loss: 'text' },
  { folder: 'torch-rnn', files: /checkpoint_17800\.t7$/, from: 'torch-rnn', loss: 'text' },
  {
    folder: 'pytorch-gru',
    files: /\.pt$/,
    from: 'pytorch',
    options: { vocabulary: { symbols: PRINTABLE } },
    loss: 'text',
  },
  { folder: 'recurrentjs', files: /lstm_100_model\.json$/, from: 'recurrentjs', loss: 'sentences' },
]

/** -ln p of an id under logits, nats. */
function lossOf(logits: Float32Array, id: number): number {
  const max = logits.reduce((a, b) => Math.max(a, b))
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - max), 0)
  return Math.log(sum) + max - (logits[id] as number)
}

const indexOfMaximum = (logits: Float32Array): number =>
  logits.reduce((best, logit, id) => (logit > (logits[best] as number) ? id : best), 0)

describe.skipIf(!existsSync(MODELS)).each(CASES)('$folder', one => {
  const imported = async () => {
    const reference = JSON.parse(
      readFileSync(new URL(`${one.folder}/reference.json`, MODELS), 'utf8'),
    )
    const { model, from } = await importModel(filesOf(one.folder, one.files), one.options)
    expect(from).toBe(one.from)
    const network = await loadNetwork(model.config, model.weights)
    return { reference, model, session: network.session() }
  }

  it('gives the logits, the greedy text and the temperature table of the reference', async () => {
    const { reference, model, session } = await imported()
    const ours = one.ids?.()
    const idOf = (id: number): number => ours?.[id] ?? id
    const ids: number[] = reference.prompt_ids
    const last: number[][] = reference.last3_logits_float64
    let logits: Float32Array = new Float32Array()
    for (const [i, id] of ids.entries()) {
      logits = session.step(idOf(id)).slice()
      const expected = last[i - (ids.length - 3)]
      for (const [v, logit] of expected?.entries() ?? []) {
        expect(Math.abs((logits[idOf(v)] as number) - logit)).toBeLessThan(2e-4)
      }
    }
    for (const [T, table] of Object.entries<number[]>(
      reference.next_char_probabilities_by_temperature ??
        reference.next_byte_probabilities_by_temperature,
    )) {
      const max = logits.reduce((a, b) => Math.max(a, b))
      const weights = Array.from(logits, logit => Math.exp((logit - max) / Number(T)))
      const sum = weights.reduce((a, b) => a + b)
      for (const [v, p] of table.entries()) {
        // A low T magnifies the last bits of float32 logits: 4e-6 in a logit is 2e-6 at T = 0.25.
        expect(Math.abs((weights[idOf(v)] as number) / sum - p)).toBeLessThan(
          Number(T) < 0.5 ? 2e-6 : 1e-6,
        )
      }
    }
    let text = ''
    for (let i = 0; i < 200; i++) {
      const id = indexOfMaximum(logits)
      text += model.tokenizer.symbol(id)
      logits = session.step(id)
    }
    expect(text).toBe(reference.greedy_200)
  })

  it('gives the loss of the reference', async () => {
    const { reference, model, session } = await imported()
    const name = one.loss === 'sentences' ? 'recurrentjs/nll_sentences.txt' : 'nll_text_2000.txt'
    const text = readFileSync(new URL(name, MODELS), 'utf8')
    // Sentences: the line end before each is its START.
    const read = one.loss === 'sentences' ? `\n${text.trimEnd()}\n` : text
    const { ids } = model.tokenizer.encode(read, 'skip')
    let total = 0
    for (let i = 0; i + 1 < ids.length; i++) {
      total += lossOf(session.step(ids[i] as number), ids[i + 1] as number)
    }
    const expected =
      reference.nll_nats ?? reference.nll_nats_float64 ?? reference.nll_nats_per_char_float64
    expect(total / (ids.length - 1)).toBeCloseTo(expected, 5)
  })
})

describe.skipIf(!existsSync(MODELS))('Keras 1 with hard gates', () => {
  const KERAS = /^(char_rnn_20\.hdf5|char_rnn_1\.json|char_indices\.json)$/
  const of = (window?: number) =>
    importModel(filesOf('keras1', KERAS), window === undefined ? {} : { window })
  const { models } = existsSync(MODELS)
    ? JSON.parse(readFileSync(new URL('keras1/reference.json', MODELS), 'utf8'))
    : { models: {} }
  const reference = models.char_rnn_20

  it.each([
    { window: undefined, text: 'greedy_200_stateful' },
    { window: 40, text: 'greedy_200_window40' },
  ])('writes the greedy text with the window $window', async ({ window, text }) => {
    const { model, notes } = await of(window)
    expect(model.config.gates).toBe('hard-fifth')
    expect(notes.map(({ en }) => en).join()).toContain(
      window === undefined ? 'reads the whole text here' : 'reads the last 40 symbols',
    )
    const session = (await loadNetwork(model.config, model.weights)).session()
    let logits = session.prefill(reference.prompt_ids)
    for (const [v, logit] of reference.last3_logits_float64.at(-1).entries()) {
      expect(Math.abs((logits[v] as number) - logit)).toBeLessThan(2e-4)
    }
    let written = ''
    for (let i = 0; i < 200; i++) {
      const id = indexOfMaximum(logits)
      written += model.tokenizer.symbol(id)
      logits = session.step(id)
    }
    expect(written).toBe(reference[text])
  })

  it('gives the loss, on the whole text and in windows', async () => {
    const text = readFileSync(new URL('keras1/nll_nietzsche_2000.txt', MODELS), 'utf8')
    const { model } = await of()
    const { ids } = model.tokenizer.encode(text, 'skip')
    const session = (await loadNetwork(model.config, model.weights)).session()
    let total = 0
    for (let i = 0; i + 1 < ids.length; i++) {
      total += lossOf(session.step(ids[i] as number), ids[i + 1] as number)
    }
    expect(total / (ids.length - 1)).toBeCloseTo(reference.nll_stateful_float64, 5)
  })

  it('refuses a checkpoint whose training ran away, with the reason', async () => {
    const files = filesOf('keras1', /^(char_rnn_59\.hdf5|char_rnn_1\.json|char_indices\.json)$/)
    await expect(importModel(files)).rejects.toThrow(/training of this model ran away/)
  })
})

describe.skipIf(!existsSync(MODELS))('textgenrnn', () => {
  const imported = async () => {
    const { models } = JSON.parse(
      readFileSync(new URL('textgenrnn/reference.json', MODELS), 'utf8'),
    )
    const files = filesOf('textgenrnn', /\.hdf5$|vocab\.json$/)
    const { model, from } = await importModel(files)
    expect(from).toBe('textgenrnn')
    const session = (await loadNetwork(model.config, model.weights)).session()
    return { reference: models.textgenrnn_weights, model, session }
  }

  it('gives the logits, the greedy text and the temperature table of the reference', async () => {
    const { reference, model, session } = await imported()
    const ids = Array.from(model.tokenizer.encode(`\n${reference.prefix}`).ids)
    const close = (logits: Float32Array, expected: number[], most: number): void => {
      for (const [v, logit] of expected.entries()) {
        expect(Math.abs((logits[v] as number) - logit)).toBeLessThan(most)
      }
    }
    let logits: Float32Array = new Float32Array()
    for (const [i, id] of ids.entries()) {
      logits = session.step(id).slice()
      const expected = reference.last3_logits_float64[i - (ids.length - 3)]
      if (expected) close(logits, expected, 5e-5)
    }
    const distribution = Distribution.of(drawingLogits(model.config, logits))
    for (const [T, table] of Object.entries<number[]>(
      reference.next_char_probabilities_by_temperature,
    )) {
      // The original draws id 0, too, and then takes the second best; here its share goes to all.
      const drawn = 1 - (table[0] as number)
      expect(distribution.probability(0, Number(T))).toBe(0)
      for (const [v, p] of table.entries()) {
        if (v === 0) continue
        expect(Math.abs(distribution.probability(v, Number(T)) - p / drawn)).toBeLessThan(1e-6)
      }
    }
    const written: string[] = []
    for (let i = 0; i < 200; i++) {
      const id = indexOfMaximum(logits)
      written.push(model.tokenizer.symbol(id))
      logits = session.step(id)
    }
    expect(written).toEqual(reference.greedy_200)
    session.reset()
    const short = ['\n', ...reference.short_window_tokens.slice(1)].join('')
    logits = session.prefill(model.tokenizer.encode(short).ids)
    close(logits, reference.short_window_logits_float32, 3e-4)
  })

  it('gives the loss of the reference, one title after the other', async () => {
    const { reference, model, session } = await imported()
    const titles = readFileSync(new URL('textgenrnn/nll_titles.txt', MODELS), 'utf8')
    const { ids } = model.tokenizer.encode(`\n${titles.trimEnd()}\n`)
    let total = 0
    for (let i = 0; i + 1 < ids.length; i++) {
      total += lossOf(session.step(ids[i] as number), ids[i + 1] as number)
    }
    expect(ids.length - 1).toBe(2024)
    expect(total / 2024).toBeCloseTo(reference.nll_nats_float64, 5)
  })

  it('writes from the start of a text, with records that replay', async () => {
    const { reference, model } = await imported()
    const text = await generateText(model, { temperature: 0, length: 100 })
    expect(text.slice(0, 100)).toBe(reference.greedy_from_start.slice(0, 100))
    // A prompt without the token that begins a text gets it.
    for (const prompt of [reference.prefix, `\n${reference.prefix}`]) {
      const goesOn = await generateText(model, { prompt, temperature: 0, length: 200 })
      expect(goesOn).toBe(reference.greedy_text)
    }
  })
})

describe.skipIf(!existsSync(MODELS))('files as Buffers of Node', () => {
  it.each(['torch-rnn', 'keras1'])('read like plain arrays: %s', async folder => {
    const pick = /checkpoint_17800\.t7$|^(char_rnn_20\.hdf5|char_rnn_1\.json|char_indices\.json)$/
    const plain = filesOf(folder, pick)
    // Within a larger memory, as small files come from Node's pool.
    const buffers = plain.map(({ name, bytes }) => ({
      name,
      bytes: Buffer.concat([Buffer.alloc(3), bytes]).subarray(3),
    }))
    const [{ model }, { model: same }] = [await importModel(plain), await importModel(buffers)]
    expect(same.hash).toBe(model.hash)
  })
})

describe.skipIf(!existsSync(MODELS))('damaged models', () => {
  it('names the symbols of a corrupt vocabulary, and takes a mended one', async () => {
    const files = filesOf('ml5-shakespeare')
    await expect(importModel(files)).rejects.toThrow(/13 is " {2}", 40 is ""/)
    const fixed = JSON.parse(
      readFileSync(new URL('ml5-shakespeare/vocab.fixed.json', MODELS), 'utf8'),
    )
    const symbols: string[] = []
    for (const [symbol, id] of Object.entries<number>(fixed)) symbols[id] = symbol
    const { model } = await importModel(files, { vocabulary: { symbols } })
    expect(model.tokenizer.size).toBe(65)
  })

  it('refuses a folder whose files are empty', async () => {
    await expect(importModel(filesOf('ml5-incomplete'))).rejects.toThrow(
      /has 0 bytes; expected \d+ for 1024 x 2048 numbers: it is incomplete/,
    )
  })
})
