/** Exports for ml5 and recurrentjs, read back by our importers, which were checked on real files. */
import { describe, expect, it } from 'vitest'
import type { Model } from '../../file/index.js'
import { ReferenceNetwork } from '../../model/network.reference.js'
import { tokenizerFrom } from '../../text/index.js'
import { importModel } from '../import.js'
import { expectedOf, furthest, SYMBOLS, seededModel } from './cases.fixture.js'
import { exportModel } from './export.js'

/** The logits of a text by symbol, so that ids may differ. */
function logitsOf(model: Model, text: readonly string[]): Map<string, number>[] {
  const network = new ReferenceNetwork(model.config, model.weights)
  return text.map(symbol => {
    const logits = network.step(model.tokenizer.encode(symbol).ids[0] as number)
    return new Map([...logits].map((logit, id) => [model.tokenizer.symbol(id), logit]))
  })
}

/** Exports a model, imports it again and compares the logits along a text. */
async function there(model: Model, kind: string, text: readonly string[], most = 1e-5) {
  const exported = exportModel(model, kind)
  const { model: back, from } = await importModel(exported.files)
  expect(from).toBe(kind)
  const ours = logitsOf(model, text)
  for (const [t, theirs] of logitsOf(back, text).entries()) {
    for (const [symbol, logit] of ours[t] ?? []) {
      expect(Math.abs((theirs.get(symbol) as number) - logit)).toBeLessThan(most)
    }
  }
  return { ...exported, back }
}

const LINE = ['\n', 'a', 'c', '温', '7', '"', 'é', '0', 'b', ' ']

describe('ml5', () => {
  it.each([
    { embedding: 0, hidden: 5 },
    { embedding: 4, hidden: 7 },
    { embedding: 6, hidden: 6 },
  ])('gives the logits back: $embedding, $hidden', async sizes => {
    const model = await seededModel({ cell: 'lstm', ...sizes })
    const { back } = await there(model, 'ml5', LINE)
    expect(back.tokenizer.toJSON()).toEqual(model.tokenizer.toJSON())
  })

  it.each([
    [{ cell: 'gru' }, /is a GRU, and ml5 runs only a plain LSTM of 2 layers; train one, or export/],
    [{ cell: 'rnn' }, /is an RNN, and ml5/],
    [{ cell: 'lstm', layers: 1 }, /has 1 layer, and ml5 reads the output of layer 2 of 2/],
    [{ cell: 'lstm', layers: 3 }, /has 3 layers/],
    [{ cell: 'lstm', gates: 'hard-fifth' }, /has piecewise linear gates/],
    [{ cell: 'lstm', window: 4 }, /has a window/],
    [{ cell: 'lstm', restart: 0 }, /has a symbol that begins a new text/],
  ] as const)('refuses %o in a sentence', async (config, sentence) => {
    const model = await seededModel(config)
    expect(() => exportModel(model, 'ml5')).toThrow(sentence)
  })
})

describe('recurrentjs', () => {
  it.each([
    { cell: 'lstm', embedding: 0, layers: 1 },
    { cell: 'lstm', embedding: 4, layers: 3 },
    { cell: 'rnn', activation: 'relu', embedding: 0, layers: 2 },
    { cell: 'rnn', activation: 'relu', embedding: 5, layers: 1 },
  ] as const)('gives the logits back from a line end on: %o', async config => {
    const model = await seededModel(config)
    const { back, notes, files } = await there(model, 'recurrentjs', LINE)
    expect(files.map(({ name }) => name)).toEqual(['model.json'])
    expect(back.config.restart).toBe(0)
    expect(back.tokenizer.symbol(0)).toBe('\n')
    expect(notes.map(({ en }) => en)).toEqual([expect.stringContaining('"\\n" is START and END')])
  })

  it('is the same model again when it came from there', async () => {
    const symbols = ['\n', ...SYMBOLS.filter(symbol => symbol !== '\n')]
    const tokenizer = tokenizerFrom({ kind: 'character', symbols })
    const model = await seededModel({ cell: 'lstm', embedding: 3, restart: 0 }, { tokenizer })
    const twice = [...LINE, ...LINE]
    const { back, notes } = await there(model, 'recurrentjs', twice)
    expect(notes).toEqual([])
    const ids = [...back.tokenizer.encode(twice.join('')).ids]
    expect(furthest(expectedOf(back, ids).state, expectedOf(model, ids).state)).toBeLessThan(1e-5)
  })

  it('adds a START that says nothing where the vocabulary has no line end', async () => {
    const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['a', 'b', 'c'] })
    const model = await seededModel({ cell: 'lstm' }, { tokenizer })
    const { back, notes } = await there(model, 'recurrentjs', ['a', 'c', 'b', 'b'])
    expect(back.config.vocabulary).toBe(4)
    expect(notes.map(({ en }) => en)).toEqual([expect.stringContaining('no line end')])
    const [first] = expectedOf(back, [1]).logits
    expect(first?.[0]).toBeLessThan(-1e4)
  })

  it.each([
    [{ cell: 'gru' }, /is a GRU, and recurrentjs runs only a plain LSTM and an RNN with relu/],
    [{ cell: 'rnn', activation: 'tanh' }, /is a tanh RNN/],
    [{ cell: 'lstm', gates: 'hard-sixth' }, /has piecewise linear gates/],
    [{ cell: 'lstm', window: 4 }, /has a window/],
  ] as const)('refuses %o in a sentence', async (config, sentence) => {
    const model = await seededModel(config)
    expect(() => exportModel(model, 'recurrentjs')).toThrow(sentence)
  })
})

it('refuses JSON that no page could read', async () => {
  const symbols = Array.from({ length: 16_400 }, (_, i) => String.fromCharCode(0x3000 + i))
  const tokenizer = tokenizerFrom({ kind: 'character', symbols })
  const model = await seededModel({ cell: 'lstm', hidden: 2, layers: 1 }, { tokenizer })
  expect(() => exportModel(model, 'recurrentjs')).toThrow(
    /would have 1\.1 GB, and a page reads 0\.5 GB at most; export it as onnx/,
  )
})

describe.each(['ml5', 'recurrentjs'])('vocabularies for %s', kind => {
  it('must be characters', async () => {
    const bytes = await seededModel(
      { cell: 'lstm' },
      { tokenizer: tokenizerFrom({ kind: 'byte' }) },
    )
    expect(() => exportModel(bytes, kind)).toThrow(/symbols are bytes, and .* has characters only/)
    const graphemes = tokenizerFrom({ kind: 'grapheme', symbols: ['a', 'e\u0301'] })
    const long = await seededModel({ cell: 'lstm' }, { tokenizer: graphemes })
    expect(() => exportModel(long, kind)).toThrow(
      /has the symbol "e\u0301", which is more than one/,
    )
  })

  it('may hold digits, quotes and what JSON escapes', async () => {
    const symbols = ['\n', '9', '0', '"', '\\', '\u2028', '1']
    const tokenizer = tokenizerFrom({ kind: 'character', symbols })
    await there(await seededModel({ cell: 'lstm' }, { tokenizer }), kind, symbols)
  })
})

it('tells a form that is not known from a slip', async () => {
  const model = await seededModel({ cell: 'lstm' })
  expect(() => exportModel(model, 'onxn')).toThrow(
    'The form is "onxn"; expected onnx, pytorch, recurrentjs, ml5. Did you mean "onnx"?',
  )
})
