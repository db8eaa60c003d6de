/** charRNN as sketches for ml5 0.x use it, in Node: results, order of calls, states, draws, faults. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { seededWeights } from '../../test/support/seeded.js'
import { InputError } from '../errors.js'
import { decodeModel, encodeModel, type Model } from '../file/index.js'
import { generateText } from '../generate/index.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { ml5Folder, softmax } from './folder.fixture.js'
import { type CharRNN, charRNN } from './index.js'

const SYMBOLS = [...'eta onihsrdl\nu.A']
const folder = ml5Folder({ symbols: SYMBOLS })
const idsOf = (text: string): number[] => [...text].map(symbol => SYMBOLS.indexOf(symbol))

let server: Server
let address: string
beforeAll(async () => {
  server = createServer((request, response) => {
    const name = request.url?.replace(/^\/model\//, '')
    const file = folder.files.find(one => one.name === name)
    response.writeHead(file ? 200 : 404)
    response.end(file?.bytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model/`
})
afterAll(() => server.close())

const open = (): Promise<CharRNN> => charRNN(folder.files).ready

/** An Ondo model of any kind, through its file. */
function ondoModel(
  config: Omit<Parameters<typeof modelConfig>[0], 'vocabulary'>,
  kind: 'character' | 'byte' = 'character',
): Promise<Model> {
  const tokenizer = tokenizerFrom(kind === 'byte' ? { kind } : { kind, symbols: SYMBOLS })
  const whole = modelConfig({ ...config, vocabulary: tokenizer.size })
  return decodeModel(encodeModel({ config: whole, tokenizer, weights: seededWeights(whole, 3, 1) }))
}

async function refusal(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('it was accepted'),
    (error: unknown) => error as Error,
  )
}

describe('loading', () => {
  it('gives the object at once, and calls back with it when the model is there', async () => {
    const ready = vi.fn()
    const rnn = charRNN(address, ready)
    expect(rnn.ready).toBeInstanceOf(Promise)
    expect([rnn.vocabSize, rnn.state]).toEqual([0, { c: [], h: [] }])
    expect(ready).not.toHaveBeenCalled()
    expect(await rnn.ready).toBe(rnn)
    expect(ready.mock.calls).toEqual([[undefined, rnn]])
    expect(rnn.vocabSize).toBe(SYMBOLS.length)
    expect(rnn.cellsAmount).toBe(2)
    expect(rnn.vocab).toEqual(Object.fromEntries(SYMBOLS.map((symbol, id) => [symbol, id])))
    expect(rnn.defaults).toMatchObject({ seed: 'a', length: 20, temperature: 0.5, stateful: false })
  })

  it('can be awaited as the objects of ml5 1.x, before and after', async () => {
    const rnn = await charRNN(address)
    expect(rnn.vocabSize).toBe(SYMBOLS.length)
    expect(await rnn).toBe(rnn)
    expect((await (async () => charRNN(address))()).vocabSize).toBe(SYMBOLS.length)
  })

  it('takes calls before the model is there', async () => {
    const rnn = charRNN(address)
    rnn.reset()
    const fed = rnn.feed('the ')
    const prediction = await rnn.predict(1)
    await fed
    const expected = softmax(folder.logits(idsOf('the ')), 1)
    for (const { char, probability } of prediction.probabilities) {
      expect(probability).toBeCloseTo(expected[SYMBOLS.indexOf(char)], 5)
    }
  })
})

describe('generate', () => {
  it('gives { sample, state } of the length, by promise and by callback', async () => {
    const rnn = await open()
    const called = vi.fn()
    const result = await rnn.generate({ seed: 'the ', length: 30, temperature: 0.7 }, called)
    expect(Object.keys(result)).toEqual(['sample', 'state'])
    expect([...result.sample]).toHaveLength(30)
    expect(called.mock.calls).toEqual([[undefined, result]])
    expect(rnn.getState()).toBe(result.state)
    expect(result.state.h.map(row => row.length)).toEqual([8, 8])
    expect(result.state.c.map(row => row.length)).toEqual([8, 8])
    // The state is the one after the whole text, its last character too.
    const { probabilities } = await rnn.predict(1)
    const after = softmax(folder.logits(idsOf(`the ${result.sample}`)), 1)
    for (const [id, { probability }] of probabilities.entries()) {
      expect(probability).toBeCloseTo(after[id], 5)
    }
  })

  it('has the defaults of ml5, which a sketch may change', async () => {
    const rnn = await open()
    expect([...(await rnn.generate()).sample]).toHaveLength(20)
    expect([...(await rnn.generate({ seed: '', length: undefined })).sample]).toHaveLength(20)
    const text = await rnn.generate({ randomSeed: 1 })
    const same = await rnn.generate({ seed: 'a', length: 20, temperature: 0.5, randomSeed: 1 })
    expect(same.sample).toBe(text.sample)
    rnn.defaults.length = 3
    expect([...(await rnn.generate({})).sample]).toHaveLength(3)
  })

  it('begins with the prompt of a model that does not know "a"', async () => {
    const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['温', '度'] })
    const config = modelConfig({ cell: 'gru', vocabulary: 2, hidden: 4, layers: 1 })
    const parts = { config, tokenizer, weights: seededWeights(config) }
    const plain = await charRNN(await decodeModel(encodeModel(parts)))
    const prompted = await charRNN(await decodeModel(encodeModel({ ...parts, prompt: '度' })))
    expect([plain.defaults.seed, prompted.defaults.seed]).toEqual(['温', '度'])
    expect([...(await plain.generate()).sample]).toHaveLength(20)
  })

  it("takes a slider's strings, and parts of a character as one more", async () => {
    const rnn = await open()
    const number = await rnn.generate({ temperature: 0.3, length: 12, randomSeed: 5 })
    const string = await rnn.generate({ temperature: '0.3', length: '11.5', randomSeed: '5' })
    expect(string.sample).toBe(number.sample)
  })

  it('writes nothing for a length of 0, and has then read the seed', async () => {
    const rnn = await open()
    const { sample } = await rnn.generate({ seed: 'the', length: 0 })
    expect(sample).toBe('')
    const fed = await open()
    await fed.feed('the')
    expect(rnn.state).toEqual(fed.state)
  })

  it.each(['lstm', 'gru', 'rnn'] as const)(
    'writes with a %s of any number of layers what generate of ondo writes',
    async cell => {
      for (const layers of [1, 2, 3]) {
        const model = await ondoModel({ cell, hidden: 12, layers })
        const rnn = await charRNN(model)
        for (const temperature of [0, 0.05, 0.8, Infinity]) {
          const options = { length: 40, temperature }
          const { sample } = await rnn.generate({ ...options, seed: 'the ', randomSeed: 9 })
          expect(sample).toBe(await generateText(model, { ...options, prompt: 'the ', seed: 9 }))
        }
      }
    },
  )

  it('goes on with stateful, from the state and without the default seed', async () => {
    const rnn = await open()
    rnn.randomSeed(3)
    const whole = (await rnn.generate({ seed: 'the ', length: 30 })).sample
    rnn.randomSeed(3)
    let text = (await rnn.generate({ seed: 'the ', length: 10 })).sample
    for (let i = 0; i < 2; i++) text += (await rnn.generate({ length: 10, stateful: true })).sample
    expect(text).toBe(whole)
    // At the beginning of a text the seed is read also then.
    rnn.reset()
    const first = await rnn.generate({ stateful: true, randomSeed: 4 })
    expect(first.sample).toBe((await rnn.generate({ randomSeed: 4 })).sample)
  })

  it('lets the page go on during a long text', async () => {
    const rnn = await charRNN(await ondoModel({ cell: 'lstm', hidden: 128, layers: 2 }))
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await rnn.generate({ length: 20_000 })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })
})

describe('predict and feed', () => {
  it('give the probabilities of the equations of ml5, at any temperature', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          layers: fc.integer({ min: 1, max: 3 }),
          embedding: fc.boolean(),
          old: fc.boolean(),
          seed: fc.nat(),
          temperature: fc.constantFrom(0.05, 0.1, 0.5, 1, 2),
          text: fc.array(fc.constantFrom(...SYMBOLS), { minLength: 0, maxLength: 12 }),
        }),
        async ({ temperature, text, ...options }) => {
          const one = ml5Folder({ symbols: SYMBOLS, ...options })
          const rnn = await charRNN(one.files)
          await rnn.feed(text.join(''))
          const { sample, probabilities } = await rnn.predict(temperature)
          const expected = softmax(one.logits(idsOf(text.join(''))), temperature)
          expect(probabilities.map(({ char }) => char).sort()).toEqual([...SYMBOLS].sort())
          for (const { char, probability } of probabilities) {
            expect(Math.abs(probability - expected[SYMBOLS.indexOf(char)])).toBeLessThan(1e-4)
          }
          expect(rnn.probabilities[rnn.vocab[sample]]).toBeGreaterThan(0)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('take the most likely character at T = 0', async () => {
    const rnn = await open()
    await rnn.feed('the ')
    const logits = folder.logits(idsOf('the '))
    const best = SYMBOLS[logits.indexOf(Math.max(...logits))]
    const { sample, probabilities } = await rnn.predict(0)
    expect(sample).toBe(best)
    expect(probabilities.find(({ char }) => char === best)?.probability).toBe(1)
  })

  it('write in a loop what generate writes', async () => {
    const rnn = await open()
    rnn.randomSeed(8)
    await rnn.feed('the ')
    let text = ''
    for (let i = 0; i < 25; i++) {
      const { sample } = await rnn.predict(0.9)
      await rnn.feed(sample)
      text += sample
    }
    const { sample } = await rnn.generate({
      seed: 'the ',
      length: 25,
      temperature: 0.9,
      randomSeed: 8,
    })
    expect(text).toBe(sample)
  })

  it('call back as ml5: predict with the character, feed with nothing', async () => {
    const rnn = await open()
    const [predicted, fed] = [vi.fn(), vi.fn()]
    await rnn.feed('the', fed)
    const { sample } = await rnn.predict(1, predicted)
    expect(fed.mock.calls).toEqual([[undefined, undefined]])
    expect(predicted.mock.calls).toEqual([[sample]])
  })

  it('take effect in the order of the calls, awaited or not', async () => {
    const rnn = await open()
    void rnn.generate({ seed: 'this', length: 300 })
    rnn.reset()
    void rnn.feed('th')
    void rnn.feed('e ')
    await rnn.predict(1)
    const expected = await open()
    await expected.feed('the ')
    expect(rnn.state).toEqual(expected.state)
  })

  it('give whole characters of a model of bytes, and stay where they are', async () => {
    const rnn = await charRNN(await ondoModel({ cell: 'gru', hidden: 8, layers: 1 }, 'byte'))
    await rnn.feed('温度')
    const before = rnn.getState()
    for (let i = 0; i < 200; i++) {
      const { sample } = await rnn.predict(2)
      expect([...sample].length).toBeGreaterThan(0)
      expect(rnn.getState()).toEqual(before)
    }
  })
})

describe('states', () => {
  it('are values: another text leaves them, and setState goes back to the bit', async () => {
    const configs = [
      { cell: 'lstm', hidden: 6, layers: 2 },
      { cell: 'gru', hidden: 6, layers: 3 },
      { cell: 'gru', hidden: 6, layers: 1, window: 4 },
    ] as const
    for (const config of configs) {
      const rnn = await charRNN(await ondoModel(config))
      await rnn.feed('the ')
      const state = rnn.getState()
      const copy = JSON.parse(JSON.stringify(state))
      const go = async () => {
        rnn.randomSeed(1)
        return (await rnn.generate({ stateful: true, length: 30, temperature: 1 })).sample
      }
      const text = await go()
      expect(JSON.parse(JSON.stringify(state))).toEqual(copy)
      rnn.setState(state)
      expect(rnn.getState()).toBe(state)
      expect(await go()).toBe(text)
      // Through JSON, as a sketch stores it.
      rnn.state = copy
      expect(await go()).toBe(text)
    }
  })

  it('begin anew with reset, resetState and the empty state', async () => {
    const rnn = await open()
    const [first] = [await rnn.predict(1)]
    for (const begin of [
      () => rnn.reset(),
      () => rnn.resetState(),
      () => rnn.setState({ c: [], h: [] }),
    ]) {
      await rnn.feed('the ')
      begin()
      expect((await rnn.predict(1)).probabilities).toEqual(first.probabilities)
    }
    // Before any text it is the prediction of a state of zeros, as in ml5.
    const zero = softmax(folder.logits([]), 1)
    for (const [id, { probability }] of first.probabilities.entries()) {
      expect(probability).toBeCloseTo(zero[id], 6)
    }
  })

  it('of other kinds are refused and change nothing', async () => {
    const rnn = await open()
    await rnn.feed('the ')
    const before = rnn.getState()
    const other = await charRNN(await ondoModel({ cell: 'lstm', hidden: 7, layers: 2 }))
    await other.feed('the')
    const more = ml5Folder({ symbols: [...SYMBOLS, 'x'] })
    const wider = await charRNN(more.files)
    for (const wrong of [
      null,
      {},
      { h: [[1]], c: [] },
      { ...before, logits: [] },
      { ...before, h: [new Array(8).fill(Number.NaN), new Array(8).fill(0)] },
      other.getState(),
      { ...wider.getState() },
    ]) {
      expect(() => rnn.setState(wrong as never), JSON.stringify(wrong)).toThrow(InputError)
      expect(rnn.getState()).toEqual(before)
    }
  })
})

describe('draws', () => {
  it('differ from call to call, and are those of a seed on demand', async () => {
    const rnn = await open()
    const options = { length: 40, temperature: 1.5 }
    const texts = new Set<string>()
    for (let i = 0; i < 5; i++) texts.add((await rnn.generate(options)).sample)
    expect(texts.size).toBe(5)
    const run = async () => {
      rnn.randomSeed(2n ** 60n)
      const a = await rnn.generate(options)
      const b = await rnn.predict(1.5)
      const c = await rnn.generate(options)
      return [a.sample, b.sample, c.sample]
    }
    expect(await run()).toEqual(await run())
  })

  it('follow the probabilities', async () => {
    const rnn = await open()
    await rnn.feed('the ')
    rnn.randomSeed(1)
    const counts = new Map<string, number>()
    const draws = 4000
    const { probabilities } = await rnn.predict(1)
    for (let i = 0; i < draws; i++) {
      const { sample } = await rnn.predict(1)
      counts.set(sample, (counts.get(sample) ?? 0) + 1)
    }
    for (const { char, probability } of probabilities) {
      const share = (counts.get(char) ?? 0) / draws
      expect(Math.abs(share - probability)).toBeLessThan(4 * Math.sqrt(0.25 / draws))
    }
  })
})

describe('what is refused', () => {
  it.each([
    [{ seed: 'thé' }, /"é" \(U\+00E9\) at 2.*unknown "skip"/],
    [{ temperature: -1 }, /temperature is -1; expected a number from 0/],
    [{ temperature: 'warm' }, /temperature is "warm"/],
    [{ temperature: Number.NaN }, /temperature is NaN/],
    [{ length: -1 }, /length is -1/],
    [{ length: Infinity }, /length is Infinity/],
    [{ seed: 42 }, /seed is 42; expected the text.*randomSeed/],
    [{ randomSeed: 1.5 }, /seed is 1\.5; expected a whole number/],
    [{ unknown: 'ignore' }, /unknown/],
  ])('%j, by promise and by callback, and the state stays', async (options, sentence) => {
    const rnn = await open()
    await rnn.feed('the')
    const before = rnn.getState()
    const called = vi.fn()
    const told = (error: unknown) => called(error)
    const error = await refusal(rnn.generate(options as never, told))
    expect(error).toBeInstanceOf(InputError)
    expect(error.message).toMatch(sentence)
    expect(called.mock.calls).toEqual([[error]])
    expect(rnn.getState()).toBe(before)
    // The next call is not affected.
    expect([...(await rnn.generate()).sample]).toHaveLength(20)
  })

  it('unknown characters are left out or replaced on demand', async () => {
    const rnn = await open()
    const { sample } = await rnn.generate({ seed: 'thé', unknown: 'nearest', randomSeed: 1 })
    expect(sample).toBe((await rnn.generate({ seed: 'the', randomSeed: 1 })).sample)
    rnn.defaults.unknown = 'skip'
    rnn.reset()
    await rnn.feed('☃the☃')
    const [fed, plain] = [rnn.getState(), await open()]
    await plain.feed('the')
    expect(fed).toEqual(plain.getState())
  })

  it('a feed or predict in promises; feed tells its callback too', async () => {
    const rnn = await open()
    const called = vi.fn()
    const error = await refusal(rnn.feed('☃', wrong => called(wrong)))
    expect(error.message).toMatch(/snow|☃|U\+2603/i)
    expect(called.mock.calls).toEqual([[error]])
    expect((await refusal(rnn.feed(7 as never))).message).toMatch(/text is 7/)
    expect((await refusal(rnn.predict('hot'))).message).toMatch(/temperature is "hot"/)
    expect(() => rnn.randomSeed(-1)).toThrow(InputError)
  })
})

describe('errors that nobody looks at', () => {
  /** Rejections without a handler while something runs. */
  async function unhandled(run: () => unknown): Promise<unknown[]> {
    const found: unknown[] = []
    const kept = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', error => found.push((error as Error).message))
    try {
      // Not awaited: that would be a look at the error.
      run()
      for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const listener of kept) process.on('unhandledRejection', listener)
    }
    return found
  }
  const MISSING = [{ name: 'readme.txt', bytes: new Uint8Array(1) }, ...folder.files.slice(1)]

  it('are unhandled rejections, once each, so that a console shows them', async () => {
    const rnn = await open()
    expect(await unhandled(() => charRNN(MISSING))).toHaveLength(1)
    expect(await unhandled(() => charRNN(MISSING).reset())).toHaveLength(1)
    expect(await unhandled(() => rnn.generate({ temperature: -1 }))).toHaveLength(1)
    expect(await unhandled(() => rnn.feed('☃'))).toHaveLength(1)
    // Callbacks that take an error for a result, or take no notice of it.
    expect(await unhandled(() => charRNN(MISSING, () => {}))).toHaveLength(1)
    const careless = (_: unknown, result?: { sample: string }) => result!.sample.length
    const told = await unhandled(() => rnn.generate({ temperature: -1 }, careless))
    expect(told).toEqual([expect.stringContaining('The temperature is -1')])
  })

  it('are none where a callback, a promise or a later call was told', async () => {
    const rnn = await open()
    const told = (error: unknown) => expect(error).toBeInstanceOf(Error)
    expect(await unhandled(() => charRNN(MISSING, told))).toEqual([])
    expect(await unhandled(() => rnn.generate({ temperature: -1 }, told).catch(told))).toEqual([])
    expect(await unhandled(() => rnn.generate({ temperature: -1 }, told))).toEqual([])
    expect(await unhandled(() => charRNN(MISSING).generate().catch(told))).toEqual([])
    expect(await unhandled(async () => refusal((async () => charRNN(MISSING))()))).toEqual([])
  })

  it('a callback that fails is not called twice', async () => {
    const rnn = await open()
    const called = vi.fn(() => {
      throw new Error('of the sketch')
    })
    expect((await refusal(rnn.generate({}, called))).message).toBe('of the sketch')
    expect(called).toHaveBeenCalledTimes(1)
  })
})
