/** Every form in which people keep a vocabulary gives the same symbols, or a sentence. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededWeights } from '../../test/support/seeded.js'
import { encodeSafetensors, type Tensor } from '../file/index.js'
import { modelConfig, tensorShapes } from '../model/config.js'
import { loadNetwork } from '../runtime/network.js'
import { type ImportModelOptions, importModel, type VocabularySource } from './index.js'
import { readVocabulary } from './read-vocabulary.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Different characters, among them such as JSON, lines and numbers are made of. */
const symbolLists = fc
  .uniqueArray(
    fc.oneof(
      fc.constantFrom(...'\n\r\t "\'[]{},:0123456789\\ab<>', '\u0000', '\ufeff', '\u0308', '温'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    { minLength: 2, maxLength: 60 },
  )
  .filter(symbols => symbols.every(symbol => !/\p{Surrogate}/u.test(symbol)))

const entriesOf = (symbols: readonly string[], first: number) =>
  symbols.map((symbol, id) => [symbol, id + first] as const)

/** A pickle of protocol 2: a list of unicode strings, or a dict from them to numbers. */
function pickled(symbols: readonly string[], isMap: boolean): Uint8Array {
  const parts: number[] = [0x80, 2, isMap ? 0x7d : 0x5d, 0x28]
  for (const [id, symbol] of symbols.entries()) {
    const text = bytesOf(symbol)
    parts.push(0x58, text.length, 0, 0, 0, ...text)
    if (isMap) parts.push(0x4d, id & 255, id >> 8)
  }
  return Uint8Array.from([...parts, isMap ? 0x75 : 0x65, 0x2e])
}

const FORMS: Readonly<Record<string, (symbols: readonly string[]) => VocabularySource>> = {
  'symbols of a program': symbols => ({ symbols }),
  'a JSON list': symbols => JSON.stringify(symbols),
  'a JSON string': symbols => JSON.stringify(symbols.join('')),
  'a JSON list of code points': symbols =>
    JSON.stringify(symbols.map(symbol => symbol.codePointAt(0))),
  'a JSON map to ids': symbols => JSON.stringify(Object.fromEntries(entriesOf(symbols, 0))),
  'a JSON map to ids from 1': symbols => JSON.stringify(Object.fromEntries(entriesOf(symbols, 1))),
  'a JSON map to symbols': symbols =>
    JSON.stringify(Object.fromEntries(entriesOf(symbols, 0).map(([symbol, id]) => [id, symbol]))),
  'a JSON map to symbols from 1': symbols =>
    JSON.stringify(Object.fromEntries(entriesOf(symbols, 1).map(([symbol, id]) => [id, symbol]))),
  'a field of a checkpoint': symbols =>
    JSON.stringify({
      epoch: 3,
      losses: [1, 2],
      model: { opt: { seed: 1 }, idx_to_token: symbols },
    }),
  "Keras' Tokenizer": symbols =>
    JSON.stringify({
      class_name: 'Tokenizer',
      config: { word_index: JSON.stringify(Object.fromEntries(entriesOf(symbols, 0))) },
    }),
  'a pickled list': symbols => ({ name: 'chars.pkl', bytes: pickled(symbols, false) }),
  'a pickled map': symbols => ({ name: 'vocab.pkl', bytes: pickled(symbols, true) }),
}

describe('a vocabulary', () => {
  it.each(Object.keys(FORMS))('is read from %s', form => {
    fc.assert(
      fc.property(symbolLists, symbols => {
        const source = FORMS[form]?.(symbols) as VocabularySource
        const read = readVocabulary(source, symbols.length)
        expect(read.symbols).toEqual(symbols)
        for (const words of [read.form.en, read.form.ja]) expect(words).not.toBe('')
        // As a file, with and without a name that says JSON.
        if (typeof source !== 'string') return
        for (const name of ['a.json', 'b']) {
          const file = { name, bytes: bytesOf(source) }
          expect(readVocabulary(file, symbols.length).symbols).toEqual(symbols)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is read from the symbols in order, with and without a final line end, or one a line', () => {
    fc.assert(
      fc.property(symbolLists, symbols => {
        const text = symbols.join('')
        // A text that is JSON, or that a form feed of its own parts, may be read otherwise.
        fc.pre(!/^\s*[["{]/.test(text) && symbols.length > 3)
        expect(readVocabulary(text, symbols.length).symbols).toEqual(symbols)
        fc.pre(!symbols.includes('\r'))
        if (symbols.at(-1) !== '\n') {
          expect(readVocabulary(`${text}\n`, symbols.length).symbols).toEqual(symbols)
        }
        for (const lines of [symbols.join('\n'), `${symbols.join('\n')}\n`]) {
          expect(readVocabulary(lines, symbols.length).symbols).toEqual(symbols)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('is read from a corpus, as sorted(set(text)) of Python gives it', () => {
    fc.assert(
      fc.property(symbolLists, fc.nat(1000), (symbols, seed) => {
        fc.pre(!symbols.some(symbol => '\r\ufeff'.includes(symbol)) && symbols.length > 3)
        const shuffled = Array.from(
          { length: 6 * symbols.length },
          (_, i) => symbols[(i * (2 * seed + 1) + (i % 7)) % symbols.length],
        )
        const text = `${symbols.join('')}${shuffled.join('')}`
        fc.pre(!/^\s*[["{]/.test(text))
        const sorted = [...symbols].sort(
          (a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0),
        )
        const read = readVocabulary(text, symbols.length)
        expect(read.symbols).toEqual(sorted)
        expect(read.form.en).toMatch(/^the different characters of a text of [\d,]+ characters/)
      }),
      { numRuns: 100 },
    )
  })

  it('tries the ways in which programs read a corpus, and says which fitted', () => {
    const corpus = 'The Cat sat on The mat.\r\nAnd the Cat left.\r\n'.repeat(9)
    const sizeOf = (text: string): number => new Set(text).size
    const lines = corpus.replaceAll('\r', '')
    const readings: [string, RegExp][] = [
      [lines, /code point$/],
      [corpus, /line ends of the file$/],
      [lines.toLowerCase(), /in lower case$/],
    ]
    for (const [text, words] of readings) {
      const { symbols, form } = readVocabulary({ name: 'a', bytes: bytesOf(corpus) }, sizeOf(text))
      expect(symbols).toEqual([...new Set(text)].sort())
      expect(form.en).toMatch(words)
    }
    const marked = { name: 'a', bytes: bytesOf(`\ufeff${lines}`) }
    expect(readVocabulary(marked, sizeOf(lines)).symbols).not.toContain('\ufeff')
    expect(readVocabulary(marked, sizeOf(lines) + 1).symbols.at(-1)).toBe('\ufeff')
    const japanese = Uint8Array.of(...Buffer.from('82a082a282a482a082a282a482a282a482a0', 'hex'))
    expect(readVocabulary({ name: 's', bytes: japanese }, 3).symbols).toEqual(['あ', 'い', 'う'])
  })

  it.each([
    ['["a","b"]', /has 2 symbols, but the model predicts 5; give its symbols as vocabulary/],
    [
      '{"a":0,"b":1,"c":2}',
      /\(a map from symbols to ids\) has 3 symbols, but the model predicts 5/,
    ],
    ['abc', /lists 3 symbols in order, but the model predicts 5/],
    ['abcabcabcabcabcabcabcabcabcabcabc', /with 3 different characters, but the model predicts 5/],
    ['', /is empty/],
    ['{"loss": [1, 2, 3]}', /no list or map of symbols/],
  ])('of another size is refused with both sizes: %s', (text, sentence) => {
    expect(() => readVocabulary(text, 5)).toThrow(sentence)
    expect(() => readVocabulary({ name: 'v', bytes: bytesOf(text) }, 5)).toThrow(sentence)
  })

  it('that repeats a symbol is no corpus', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz'
    expect(() => readVocabulary(`${letters}a`, 26)).toThrow(/27 symbols for the 26 .* repeats "a"/)
    expect(() => readVocabulary({ name: 'x.json', bytes: bytesOf('{"a": 0, ') }, 3)).toThrow(
      /"x.json"/,
    )
    expect(() => readVocabulary({ name: 'x', bytes: Uint8Array.of(255, 254, 0, 1) }, 3)).toThrow()
  })
})

/** A file with PyTorch's names and no vocabulary. */
function foreign(V: number, embedding = 0): { name: string; bytes: Uint8Array } {
  const config = modelConfig({ cell: 'lstm', vocabulary: V, embedding, hidden: 8, layers: 1 })
  const weights = seededWeights(config, 5)
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of tensorShapes(config)) {
    tensors.set(name, { dtype: 'F32', shape, data: weights.get(name) as Float32Array })
  }
  return { name: 'model.safetensors', bytes: encodeSafetensors(tensors, {}) }
}

const from = (V: number, options: ImportModelOptions, embedding = 0) =>
  importModel([foreign(V, embedding)], options)

async function logitsOf(
  { model }: Awaited<ReturnType<typeof importModel>>,
  text: string,
): Promise<Float32Array> {
  const session = (await loadNetwork(model.config, model.weights)).session()
  return session.prefill(Array.from(model.tokenizer.encode(text).ids)).slice()
}

describe('the symbols of a model', () => {
  it('are asked for in one sentence', async () => {
    await expect(from(7, {})).rejects.toMatchObject({
      code: 'vocabulary',
      way: 'vocabulary',
      fact: expect.stringMatching(/predicts 7 symbols, but the files do not say which$/),
      ja: expect.stringMatching(/記号は7個/),
    })
  })

  it.each([0, 5])('leave out ids without one, and keep all logits (E %i)', async embedding => {
    const whole = await from(7, { vocabulary: 'xyabcde' }, embedding)
    for (const [vocabulary, note] of [
      ['["<pad>","<unk>","a","b","c","d","e"]', /ids 0 \(<pad>\), 1 \(<unk>\) stand for no symbol/],
      ['["","[UNK]","a","b","c","d","e"]', /ids 0, 1 \(\[UNK\]\)/],
    ] as const) {
      const result = await from(7, { vocabulary }, embedding)
      expect(result.model.tokenizer.size).toBe(5)
      expect(result.notes.map(({ en }) => en).join('\n')).toMatch(note)
      const ours = await logitsOf(result, 'abeda')
      expect([...ours]).toEqual([...(await logitsOf(whole, 'abeda')).subarray(2)])
    }
    const padded = await from(7, { vocabulary: '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}' }, embedding)
    expect(padded.notes.map(({ en }) => en).join('\n')).toMatch(
      /count from 1, so that id 0 stands for no symbol\n.*the id 0 stands for no symbol and is left out/,
    )
    const shifted = await logitsOf(await from(7, { vocabulary: '0abcdef' }, embedding), 'face')
    expect([...(await logitsOf(padded, 'face'))]).toEqual([...shifted.subarray(1)])
  })

  it('may be bytes: all, or those that a list or a corpus has', async () => {
    const all = await from(256, { tokenizer: 'byte' })
    expect(all.model.tokenizer.kind).toBe('byte')
    await expect(from(9, { tokenizer: 'byte' })).rejects.toThrow(
      /9 symbols, and there are 256 bytes/,
    )
    const corpus = { name: 'c', bytes: bytesOf('温めて温めて温めて温めて') }
    const bytes = [...new Set(corpus.bytes)].sort((a, b) => a - b)
    const some = await from(bytes.length, { tokenizer: 'byte', vocabulary: corpus })
    expect(some.model.config.vocabulary).toBe(256)
    const plain = await from(bytes.length, {
      vocabulary: { symbols: [...'abcdefghij'].slice(0, bytes.length) },
    })
    const ids = Array.from(bytesOf('温め'), byte => bytes.indexOf(byte))
    const text = ids.map(id => 'abcdefghij'[id]).join('')
    const [ours, theirs] = [await logitsOf(some, '温め'), await logitsOf(plain, text)]
    for (const [id, byte] of bytes.entries()) expect(ours[byte]).toBe(theirs[id])
    expect(ours[0]).toBeLessThan(-50_000)
    await expect(from(2, { tokenizer: 'byte', vocabulary: '["温","b"]' })).rejects.toThrow(
      /different bytes/,
    )
  })

  it('may be graphemes', async () => {
    const vocabulary = JSON.stringify(['e\u0301', '👩‍👩‍👧', 'a'])
    await expect(from(3, { vocabulary })).rejects.toThrow(
      /damaged: 0 is .*expected 3 different characters/,
    )
    const { model } = await from(3, { vocabulary, tokenizer: 'grapheme' })
    expect(model.tokenizer.encode('ae\u0301').ids).toEqual(Uint8Array.of(2, 0))
  })

  it('lie in a file beside the weights', async () => {
    for (const [name, text] of [
      ['chars.json', '["a","b","c"]'],
      ['sub/char2idx.json', '{"a":0,"b":1,"c":2}'],
      ['config.json', '{"a":0,"b":1,"c":2}'],
      ['vocab.txt', 'abc\n'],
    ] as const) {
      const files = [foreign(3), { name, bytes: bytesOf(text) }]
      const { model, notes } = await importModel(files)
      expect(model.tokenizer.toJSON().symbols).toEqual(['a', 'b', 'c'])
      expect(notes.at(-1)?.en).toContain(name.replace('sub/', ''))
    }
    const others = [
      { name: 'history.json', bytes: bytesOf('{"loss":[1,2,3],"chars":"xyz"}') },
      { name: 'book.txt', bytes: bytesOf('abcabcabc') },
    ]
    await expect(importModel([foreign(3), ...others])).rejects.toMatchObject({ way: 'vocabulary' })
  })
})
