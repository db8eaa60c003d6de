/** Training that goes on from a model. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededWeights } from '../../../test/support/seeded.js'
import { decodeModel, encodeModel, type Model } from '../../file/index.js'
import { modelConfig } from '../../model/config.js'
import { ReferenceNetwork } from '../../model/network.reference.js'
import { loadOnnxRuntime } from '../../node/onnx-runtime.mjs'
import { buildTokenizer, type Tokenizer, tokenizerFrom } from '../../text/index.js'
import { checkTrainable } from '../cells/network.js'
import { decodeCheckpoint, FILES, type Run } from '../checkpoint.js'
import { memoryStore } from '../checkpoint-store.js'
import { createEngine } from '../engine.js'
import type { EndEvent, TrainEvent } from '../events.js'
import { type TrainOptions, train } from '../trainer.js'
import { trainingCorpus } from '../training-corpus.js'
import { planStart, startingWeights } from './start.js'
import { extendTokenizer, reservedIds } from './vocabulary.js'

const engine = createEngine(await loadOnnxRuntime(), { threads: 1 })

const characters = (symbols: string): Tokenizer =>
  tokenizerFrom({ kind: 'character', symbols: [...symbols] })

interface ModelRequest {
  readonly symbols: string
  readonly tokenizer?: Tokenizer
  readonly cell?: object
  readonly embedding?: number
  readonly layers?: number
}

/** A model with pseudo-random weights. */
async function modelOf(request: ModelRequest): Promise<Model> {
  const { symbols, tokenizer = characters(symbols), embedding = 0, layers = 2 } = request
  const config = modelConfig({
    cell: 'lstm',
    ...request.cell,
    vocabulary: tokenizer.size,
    embedding,
    hidden: 8,
    layers,
  })
  const weights = seededWeights(config)
  return decodeModel(encodeModel({ config, tokenizer, weights, name: 'Old' }))
}

/** A text with something to learn, whose symbols are a, b, d, e, space. */
const TEXT = Array.from({ length: 400 }, (_, i) => ['ab', 'abed', 'dea'][(i * i) % 3]).join(' ')

const corpusOf = (content: string, tokenizer: Tokenizer) =>
  trainingCorpus({ content, name: 'new' }, tokenizer)

/** The corpus of TEXT as the model reads it. */
const corpusFor = (model: Model, options?: { drop?: boolean }) =>
  corpusOf(TEXT, extendTokenizer(model, buildTokenizer('character', TEXT).tokenizer, options))

const SETTINGS = { batch: 4, seq: 7, epochs: 1, dropout: 0.2, warmup: 2, weightDecay: 0.1 }

async function run(
  options: Pick<TrainOptions, 'corpus'> & Partial<TrainOptions>,
): Promise<{ events: TrainEvent[]; end: EndEvent }> {
  const events: TrainEvent[] = []
  const settings = options.resume ? {} : { ...SETTINGS, ...options.settings }
  for await (const event of train({ engine, ...options, settings })) events.push(event)
  const end = events.at(-1)
  if (end?.type !== 'end') throw new Error('no end')
  return { events, end }
}

/** Cells that the training graphs know. */
const CELLS = Object.entries(CELL_VARIANTS).filter(([, cell]) => {
  try {
    checkTrainable(modelConfig({ ...cell, vocabulary: 5, hidden: 8, layers: 2 }))
    return true
  } catch {
    return false
  }
})

describe('the vocabulary of a model and a text', () => {
  it('stays as it is where the model knows every symbol, and grows at its end otherwise', async () => {
    const model = await modelOf({ symbols: 'zyxab' })
    expect(extendTokenizer(model, characters('abz'))).toBe(model.tokenizer)
    expect(extendTokenizer(model, characters('abq!')).toJSON().symbols?.join('')).toBe('zyxabq!')
    const dropped = extendTokenizer(model, characters('abq!'), { drop: true })
    expect(dropped.toJSON().symbols?.join('')).toBe('abq!')
  })

  it('keeps the symbol that begins a new text, whatever the text has', async () => {
    const model = await modelOf({ symbols: 'zyxab', cell: { cell: 'rnn', restart: 1 } })
    const dropped = extendTokenizer(model, characters('abq'), { drop: true })
    expect(dropped.toJSON().symbols?.join('')).toBe('yabq')
  })

  it('never changes the predictions of shared symbols before the first update', async () => {
    const alphabet = [...'abcdefghij😀字']
    const sets = fc.shuffledSubarray(alphabet, { minLength: 2 })
    const check = async (
      known: string[],
      wanted: string[],
      shuffled: string[],
      embedding: number,
      [, cell]: (typeof CELLS)[number],
      drop: boolean,
    ): Promise<void> => {
      const shared = wanted.filter(symbol => known.includes(symbol))
      const model = await modelOf({ symbols: known.join(''), embedding, cell })
      fc.pre(shared.some(symbol => !reservedIds(model.config).includes(known.indexOf(symbol))))
      const { kind, symbols } = extendTokenizer(model, characters(wanted.join('')), {
        drop,
      }).toJSON()
      // Any order of ids must do: the caller may have made the tokenizer.
      const ids = shuffled.filter(symbol => symbols!.includes(symbol))
      const tokenizer = tokenizerFrom({ kind, symbols: ids })
      const corpus = await corpusOf(wanted.join(''), tokenizer)
      const start = planStart(model, corpus, undefined)
      expect(new Set(start.record.added)).toEqual(
        new Set(wanted.filter(symbol => !known.includes(symbol))),
      )
      const reserved = reservedIds(model.config)
      const isLost = (symbol: string, id: number): boolean =>
        drop && !wanted.includes(symbol) && !reserved.includes(id)
      const lost = known.filter(isLost)
      expect(start.record.dropped).toEqual(lost)
      expect(start.record.shared + start.record.added.length).toBe(tokenizer.size)
      const weights = startingWeights(start, { kind: 'scaled', forgetBias: 1, seed: 3 })
      const before = new ReferenceNetwork(model.config, model.weights)
      const after = new ReferenceNetwork(start.config, weights)
      for (const symbol of [...shared, ...shared.toReversed()]) {
        const [id] = model.tokenizer.encode(symbol).ids
        const old = before.step(id)
        const now = after.step(tokenizer.encode(symbol).ids[0])
        // The logits are the same bits; only the sum of the softmax has more or fewer terms.
        for (const other of ids) {
          const source = known.indexOf(other)
          if (source >= 0) expect(now[ids.indexOf(other)]).toBe(old[source])
        }
      }
    }
    await fc.assert(
      fc.asyncProperty(
        sets,
        sets,
        fc.shuffledSubarray(alphabet, { minLength: alphabet.length }),
        fc.constantFrom(0, 3),
        fc.constantFrom(...CELLS),
        fc.boolean(),
        check,
      ),
      { numRuns: 60 },
    )
  })

  it('draws the weights of new symbols from the seed, within the bounds of a fresh network', async () => {
    const model = await modelOf({ symbols: 'ab de' })
    const corpus = await corpusOf('ab dexyz', extendTokenizer(model, characters('ab dexyz')))
    const start = planStart(model, corpus, undefined)
    const drawn = (seed: number) =>
      startingWeights(start, { kind: 'scaled', forgetBias: 1, seed }).get('head.weight')!.slice(40)
    expect(drawn(1)).toHaveLength(24)
    expect(drawn(1)).toEqual(drawn(1))
    expect(drawn(1)).not.toEqual(drawn(2))
    expect(Math.max(...drawn(1).map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(8))
  })

  it('draws anew the symbols of the text that the model could never write', async () => {
    const tokenizer = tokenizerFrom({ kind: 'byte' })
    const plain = await modelOf({ symbols: '', tokenizer })
    // As imported models have it, whose bytes were fewer.
    const bias = plain.weights.get('head.bias')!.map((value, id) => (id < 97 ? value : -60_000))
    const model = { ...plain, weights: new Map(plain.weights).set('head.bias', bias) }
    const corpus = await trainingCorpus({ content: 'AB ab '.repeat(40), name: 'new' }, tokenizer)
    const start = planStart(model, corpus, undefined)
    expect(start.record.added).toEqual(['a', 'b'])
    const found = startingWeights(start, { kind: 'scaled', forgetBias: 1, seed: 3 })
    const [head] = [found.get('head.bias')!]
    expect([head[65], Math.abs(head[97]) < 1, head[99]]).toEqual([bias[65], true, -60_000])
  })
})

/** The tensors of a layer. */
const tensorsOf = (layer: string, model: Model): string[] =>
  [...model.weights.keys()].filter(name =>
    /^\d/.test(layer) ? name.endsWith(`_l${layer}`) : name.startsWith(layer),
  )

describe('frozen layers', () => {
  it.each(CELLS)('keep their bits, and the others learn: %s', async (_, cell) => {
    for (const [embedding, freeze] of [
      [3, ['embedding', 0]],
      [0, [1]],
      [3, ['head', '1']],
    ] as const) {
      const model = await modelOf({ symbols: 'ab de', embedding, cell })
      // A weight of -0 keeps its sign.
      model.weights.get('rnn.weight_hh_l0')![3] = -0
      const corpus = await corpusFor(model)
      for (const more of [{}, { optimizer: 'sgd', average: 0.9 }]) {
        const { end } = await run({ corpus, from: model, freeze, settings: more })
        const names: readonly string[] = freeze.map(String)
        const frozen = new Set(names.flatMap(layer => tensorsOf(layer, model)))
        for (const [name, data] of end.weights()) {
          const same = Object.is(
            Buffer.compare(
              Buffer.from(data.buffer, data.byteOffset, data.byteLength),
              Buffer.from(Float32Array.from(model.weights.get(name)!).buffer),
            ),
            0,
          )
          expect(same, `${name} ${freeze}`).toBe(frozen.has(name))
        }
        expect(new Set(end.record.startedFrom?.frozen)).toEqual(new Set(names))
      }
    }
  })

  it('train what belongs to new symbols, and nothing else', async () => {
    const model = await modelOf({ symbols: 'abx' })
    const corpus = await corpusFor(model)
    expect(corpus.tokenizer.toJSON().symbols?.join('')).toBe('abx de')
    const { end } = await run({ corpus, from: model, freeze: [0, 'head'] })
    const V = corpus.tokenizer.size
    const start = startingWeights(planStart(model, corpus, []), {
      kind: 'scaled',
      forgetBias: 1,
      seed: 42,
    })
    const changed = (name: string, symbolOf: (at: number) => number): Set<number> => {
      const [a, b] = [start.get(name)!, end.weights().get(name)!]
      return new Set([...a.keys()].filter(i => !Object.is(a[i], b[i])).map(symbolOf))
    }
    const added = new Set([3, 4, 5])
    expect(changed('rnn.weight_ih_l0', at => at % V)).toEqual(added)
    expect(changed('head.weight', at => Math.floor(at / 8))).toEqual(added)
    expect(changed('head.bias', at => at)).toEqual(added)
    expect(changed('rnn.weight_hh_l0', at => at)).toEqual(new Set())
  })

  it('leave the optimizer and the graph without their part', async () => {
    const model = await modelOf({ symbols: 'ab de', embedding: 3 })
    const corpus = await corpusFor(model)
    const nodes: number[] = []
    const moments: string[][] = []
    for (const freeze of [[], [1], ['embedding', 0]]) {
      const store = memoryStore()
      const { events } = await run({ corpus, from: model, freeze, store })
      nodes.push(events.flatMap(event => (event.type === 'start' ? event.nodes : []))[0])
      const checkpoint = await decodeCheckpoint(store.files.get(FILES.resume)!)
      moments.push([...checkpoint.moments.get('first')!.keys()])
    }
    expect(nodes[1]).toBeLessThan(nodes[0])
    expect(nodes[2]).toBeLessThan(0.75 * nodes[0])
    expect(moments[0]).toContain('rnn.weight_hh_l0')
    expect(moments[2].sort()).toEqual(
      [...tensorsOf('1', model), ...tensorsOf('head', model)].sort(),
    )
  })

  it.each([
    [['2'], 'expected 0, 1, head'],
    [['embedding'], 'The model has no embedding: its input weights belong to layer 0.'],
    [[0, 1, 'head'], 'nothing would be left to train'],
    [['x'.repeat(500)], 'xxx...; expected 0, 1, head'],
  ])('are refused where they make no sense: %#', async (freeze, sentence) => {
    const model = await modelOf({ symbols: 'ab de' })
    const refused = run({ corpus: await corpusFor(model), from: model, freeze })
    await expect(refused).rejects.toThrow(sentence)
  })

  it('are refused without a model', async () => {
    const corpus = await corpusOf(TEXT, characters('ab de'))
    await expect(run({ corpus, freeze: [0] })).rejects.toThrow('no model to go on from')
  })
})

describe('a run from a model', () => {
  it('measures the model first, learns, and records where it came from', async () => {
    const model = await modelOf({ symbols: 'zab e' })
    const corpus = await corpusFor(model, { drop: true })
    const { events, end } = await run({ corpus, from: model, settings: { epochs: 4, rate: 0.02 } })
    const [first, last] = events.filter(event => event.type === 'evaluation').toSpliced(1, 3)
    expect(first).toMatchObject({ step: 0, best: true })
    expect(last.loss).toBeLessThan(0.8 * first.loss)
    expect(end.record.startedFrom).toEqual({
      name: 'Old',
      hash: model.hash,
      shared: 4,
      added: ['d'],
      dropped: ['z'],
      frozen: [],
      loss: first.loss,
    })
    expect(end.config).toEqual({ ...model.config, vocabulary: 5, dropout: 0.2 })
    expect(model.weights).toEqual((await modelOf({ symbols: 'zab e' })).weights)
  })

  it('keeps the model that it began with as the best when training makes it worse', async () => {
    const model = await modelOf({ symbols: 'ab de' })
    const corpus = await corpusFor(model)
    const learned = await run({ corpus, from: model, settings: { epochs: 6, rate: 0.02 } })
    const weights = learned.end.weights()
    const from = await decodeModel(encodeModel({ ...model, weights }))
    const store = memoryStore()
    const { end } = await run({ corpus, from, store, settings: { rate: 0.3, warmup: 0 } })
    expect(end.best).toEqual({ step: 0, loss: learned.end.validation!.loss })
    const best = await decodeModel(store.files.get(FILES.best)!)
    expect(best.weights).toEqual(weights)
  })

  it('gives the same bits twice, and when it is stopped and resumed without the model', async () => {
    const model = await modelOf({ symbols: 'zab', embedding: 3 })
    const corpus = await corpusFor(model)
    const request = { corpus, from: model, freeze: ['head', 0], settings: { average: 0.9 } }
    const whole = memoryStore()
    const { end } = await run({ ...request, store: whole })
    expect((await run(request)).end.weights()).toEqual(end.weights())
    for (const steps of [0, 1, 20]) {
      const store = memoryStore()
      const controller = new AbortController()
      const settings = { ...SETTINGS, ...request.settings }
      for await (const event of train({
        engine,
        ...request,
        store,
        settings,
        signal: controller.signal,
      })) {
        if (event.type === (steps === 0 ? 'start' : 'step')) {
          if (steps === 0 || ('step' in event && event.step === steps)) controller.abort()
        }
      }
      const resumed = await run({ corpus, store, resume: true })
      expect(resumed.end.weights()).toEqual(end.weights())
      expect(resumed.end.best).toEqual(end.best)
      expect(resumed.end.record.startedFrom).toEqual(end.record.startedFrom)
      const [a, b] = await Promise.all(
        [store, whole].map(each => decodeCheckpoint(each.files.get(FILES.resume)!)),
      )
      for (const part of ['weights', 'average', 'moments', 'state'] as const) {
        expect(a[part], part).toEqual(b[part])
      }
      expect((await decodeModel(store.files.get(FILES.best)!)).hash).toBe(
        (await decodeModel(whole.files.get(FILES.best)!)).hash,
      )
    }
    const saved: Run = JSON.parse(new TextDecoder().decode(whole.files.get(FILES.run)))
    expect(saved.startedFrom).toMatchObject({ hash: model.hash, frozen: ['0', 'head'] })
    const file = await decodeModel(whole.files.get(FILES.model)!)
    expect(file.training.startedFrom).toEqual(saved.startedFrom)
    // The model and the layers may be named again, but no others.
    await run({ corpus, store: whole, resume: true, from: model, freeze: [0, 'head'] })
    const other = await modelOf({ symbols: 'zab' })
    const again = { corpus, store: whole, resume: true }
    await expect(run({ ...again, from: other })).rejects.toThrow(
      'The run was started from the model',
    )
    await expect(run({ ...again, freeze: [0] })).rejects.toThrow('with 0, head frozen, and now 0')
  })

  it('does not take a model where it was begun without one', async () => {
    const model = await modelOf({ symbols: 'ab de' })
    const corpus = await corpusFor(model)
    const store = memoryStore()
    await run({ corpus, store, settings: { hidden: 8 } })
    await expect(run({ corpus, store, resume: true, from: model })).rejects.toThrow(
      'The run was started from random weights',
    )
    await expect(run({ corpus, store, resume: true, freeze: ['head'] })).rejects.toThrow(
      'The run was started with no layer frozen, and now head is asked for',
    )
  })

  it.each([
    ['hidden', 16, 'hidden 16 is asked for, and the model that training goes on from has 8'],
    ['layers', 1, 'layers 1'],
    ['cell', 'gru', 'cell gru'],
    ['embedding', 8, 'embedding 8'],
    ['forgetBias', 2, 'trained biases'],
  ])('refuses the setting %s %s', async (name, value, sentence) => {
    const model = await modelOf({ symbols: 'ab de' })
    const corpus = await corpusFor(model)
    const refused = run({ corpus, from: model, settings: { [name]: value } })
    await expect(refused).rejects.toThrow(sentence)
  })

  it('takes the settings of a preset, but for the sizes', async () => {
    const model = await modelOf({ symbols: 'ab de' })
    const settings = { epochs: 1, batch: 4, seq: 7 }
    const corpus = await corpusFor(model)
    const { end } = await run({ corpus, from: model, preset: 'char-rnn', settings })
    expect(end.config.hidden).toBe(8)
    expect(end.record.settings).toMatchObject({ optimizer: 'rmsprop', hidden: 8, split: 'striped' })
  })

  it('refuses another kind of symbols, and a text that shares none', async () => {
    const model = await modelOf({ symbols: 'ab de' })
    const bytes = tokenizerFrom({ kind: 'byte' })
    expect(() => extendTokenizer(model, bytes)).toThrow(
      'The model\'s symbols are of the kind "character", and the text is read with the tokenizer "byte"',
    )
    const corpus = await trainingCorpus({ content: TEXT }, bytes)
    await expect(run({ corpus, from: model })).rejects.toThrow("of the model's kind")
    const other = await modelOf({ symbols: '字漢' })
    await expect(run({ corpus: await corpusFor(other), from: other })).rejects.toThrow(
      'the text has none of them',
    )
  })

  it.each([{ skip: true }, { window: 5, attention: true }, { window: 5, padding: 0 }])(
    'refuses a model that training does not know, with the reason: %j',
    async cell => {
      const model = await modelOf({ symbols: 'ab de', cell })
      await expect(run({ corpus: await corpusFor(model), from: model })).rejects.toThrow(
        'which training does not know',
      )
    },
  )

  it.each([
    { gates: 'hard-fifth' },
    { window: 5 },
    { restart: 0 },
    { cell: 'gru', reset: 'before', gates: 'hard-sixth', window: 3 },
  ])('learns from imported cells: %j', async cell => {
    const model = await modelOf({ symbols: 'ab de', cell })
    const settings = { epochs: 6, rate: 0.01, dropout: 0 }
    const { events } = await run({ corpus: await corpusFor(model), from: model, settings })
    const losses = events.flatMap(event => (event.type === 'evaluation' ? [event.loss] : []))
    expect(losses.length).toBeGreaterThan(2)
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number))
  })

  it('says what to do when the model is too large to be trained', async () => {
    const small = await modelOf({ symbols: 'ab de' })
    const config = modelConfig({ ...small.config, hidden: 16_384 })
    const corpus = await corpusFor(small)
    // Refused before the weights are looked at.
    const from = { ...small, config }
    await expect(run({ corpus, from })).rejects.toThrow(
      'go on from a smaller model, or freeze layers',
    )
    await expect(run({ corpus, from })).rejects.toThrow('and 4 GiB is the most')
  })
})
