import { describe, expect, it } from 'vitest'
import { decodeModel } from '../file/index.js'
import { loadOnnxRuntime } from '../node/onnx-runtime.mjs'
import { buildTokenizer } from '../text/index.js'
import { LOSSES } from './cells/network.js'
import { decodeCheckpoint, FILES } from './checkpoint.js'
import { type CheckpointStore, memoryStore } from './checkpoint-store.js'
import { createEngine, type Engine } from './engine.js'
import type { EndEvent, TrainEvent } from './events.js'
import { type TrainOptions, train } from './trainer.js'
import { trainingCorpus } from './training-corpus.js'

const ort = await loadOnnxRuntime()

const engine = createEngine(ort, { threads: 1 })

/** A made-up language: three words in a rule, so that there is something to learn. */
const TEXT = Array.from({ length: 400 }, (_, i) => ['ka', 'kele', 'ko'][(i * i) % 3]).join(' ')
const corpusOf = (text: string) =>
  trainingCorpus({ content: text, name: 'made-up' }, buildTokenizer('character', text).tokenizer)
const corpus = await corpusOf(TEXT)

const SETTINGS = { hidden: 8, layers: 2, batch: 4, seq: 7, epochs: 2, dropout: 0.2, warmup: 5 }

async function run(
  options: Partial<TrainOptions> = {},
): Promise<{ events: TrainEvent[]; end: EndEvent }> {
  const events: TrainEvent[] = []
  const settings = { ...SETTINGS, ...options.settings }
  for await (const event of train({ corpus, engine, ...options, settings })) events.push(event)
  const end = events.at(-1)
  if (end?.type !== 'end') throw new Error('no end')
  return { events, end }
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

/** Stops a run after some steps, as Ctrl-C does. */
async function abortAfter(steps: number, options: Partial<TrainOptions>): Promise<EndEvent> {
  const controller = new AbortController()
  const settings = { ...SETTINGS, ...options.settings }
  let end: EndEvent | undefined
  for await (const event of train({
    corpus,
    engine,
    ...options,
    settings,
    signal: controller.signal,
  })) {
    if (event.type === 'step' && event.step === steps) controller.abort()
    if (event.type === 'end') end = event
  }
  return end!
}

describe('training', () => {
  it('learns, yields the sizes first, and ends with the weights', async () => {
    const { events, end } = await run({ settings: { epochs: 12, dropout: 0, rate: 0.02 } })
    const [start] = events
    if (start.type !== 'start') throw new Error('no start')
    expect(start).toMatchObject({ batch: 4, seq: 7, symbols: TEXT.length, step: 0 })
    expect(start.trainingSymbols).toBe(start.batches * 28)
    expect(start.trainingSymbols + start.validationSymbols + start.unusedSymbols + 2).toBe(
      TEXT.length,
    )
    const steps = events.filter(event => event.type === 'step')
    expect(steps.map(event => event.step)).toEqual(
      Array.from({ length: start.steps }, (_, i) => i + 1),
    )
    expect(steps[0].loss).toBeGreaterThan(1.5)
    expect(end.validation?.loss).toBeLessThan(0.6)
    expect(end.reason).toBe('finished')
    let count = 0
    for (const data of end.weights().values()) count += data.length
    expect(count).toBe(start.parameters)
  })

  it('gives the same bits for the same seed, and other weights for another', async () => {
    const [a, b, c] = [await run(), await run(), await run({ settings: { seed: 1 } })]
    expect(a.end.weights()).toEqual(b.end.weights())
    expect(a.end.weights()).not.toEqual(c.end.weights())
  })

  it('learns the same whether it validates and saves at every step and its weights are read, or not', async () => {
    const plain = await run({ settings: { holdout: 0.2, evaluateEvery: 1_000_000 } })
    const watched: TrainEvent[] = []
    for await (const event of train({
      corpus,
      engine,
      store: memoryStore(),
      settings: { ...SETTINGS, holdout: 0.2, evaluateEvery: 1, checkpointEvery: 1 },
    })) {
      if (event.type === 'step') for (const data of event.weights().values()) data.fill(Number.NaN)
      watched.push(event)
    }
    const end = watched.at(-1)
    expect(watched.filter(event => event.type === 'evaluation').length).toBeGreaterThan(50)
    if (end?.type !== 'end') throw new Error('no end')
    expect(end.weights()).toEqual(plain.end.weights())
  })

  it.each([
    ['rnn', {}],
    ['rnn', { activation: 'relu' }],
    ['gru', {}],
    ['gru', { reset: 'before' }],
    ['lstm', { embedding: 3 }],
  ])('trains a %s %o', async (cell, more) => {
    const { end, events } = await run({ settings: { cell, ...more, epochs: 3, rate: 0.01 } })
    const first = events.find(event => event.type === 'step')
    expect(end.validation?.loss).toBeLessThan(first!.loss * 0.75)
  })

  it.each(['adamw', 'rmsprop', 'sgd'])('trains by %s', async optimizer => {
    const rate = optimizer === 'sgd' ? 1 : 0.01
    const { end, events } = await run({ settings: { optimizer, rate, epochs: 5, clip: 5 } })
    const first = events.find(event => event.type === 'step')
    expect(end.validation?.loss).toBeLessThan(first!.loss * 0.75)
  })
})

describe.each([['average', 0.9]])('with %s %s', (name, value) => {
  const settings = { [name]: value }

  it('gives another model', async () => {
    const [without, with_] = [await run(), await run({ settings })]
    expect(with_.end.weights()).not.toEqual(without.end.weights())
    expect(with_.end.validation!.loss).not.toBe(without.end.validation!.loss)
  })

  it.each([2, 37])('a run aborted after step %d is resumed exactly', async steps => {
    const whole = memoryStore()
    const { end } = await run({ store: whole, settings })
    const store = memoryStore()
    await abortAfter(steps, { store, settings })
    const resumed = await run({ store, settings, resume: true })
    expect(resumed.end.weights()).toEqual(end.weights())
    expect(resumed.end.best).toEqual(end.best)
    const [a, b] = await Promise.all(
      [store, whole].map(each => decodeCheckpoint(each.files.get(FILES.resume)!)),
    )
    for (const part of ['weights', 'average', 'moments', 'state'] as const) {
      expect(a[part], part).toEqual(b[part])
    }
  })
})

it('validates and saves the running average, which does not change the trained weights', async () => {
  const store = memoryStore()
  const [plain, averaged] = [await run(), await run({ store, settings: { average: 0.9 } })]
  const checkpoint = await decodeCheckpoint(store.files.get(FILES.resume)!)
  expect(checkpoint.weights).toEqual(plain.end.weights())
  expect(checkpoint.average).toEqual(averaged.end.weights())
  const model = await decodeModel(store.files.get(FILES.model)!)
  expect(model.weights).toEqual(averaged.end.weights())
})

describe('a checkpoint', () => {
  it.each([1, 17, 34, 35, 60])(
    'saved on an abort after step %d is resumed exactly',
    async steps => {
      const whole = memoryStore()
      const { end } = await run({ store: whole })
      const store = memoryStore()
      const aborted = await abortAfter(steps, { store })
      expect(aborted).toMatchObject({ reason: 'aborted', step: steps })
      const resumed = await run({ store, resume: true })
      expect(resumed.end.weights()).toEqual(end.weights())
      expect(resumed.end.best).toEqual(end.best)
      const withoutTimes = (bytes: Uint8Array | undefined): string =>
        text(bytes).replace(/,"seconds":[^}]*/g, '')
      expect(withoutTimes(store.files.get(FILES.metrics))).toBe(
        withoutTimes(whole.files.get(FILES.metrics)),
      )
      const models = await Promise.all(
        [store, whole].flatMap(each =>
          [FILES.model, FILES.best].map(name => decodeModel(each.files.get(name)!)),
        ),
      )
      expect(models[0].weights).toEqual(models[2].weights)
      expect(models[1].weights).toEqual(models[3].weights)
    },
  )

  it('is complete, whichever write was the last before a crash', async () => {
    const settings = { checkpointEvery: 20, layers: 1, dropout: 0 }
    const { end } = await run({ settings })
    for (let crash = 1; crash <= 14; crash++) {
      const store = memoryStore()
      let writes = 0
      const failing: CheckpointStore = {
        ...store,
        write: async (name, bytes) => {
          if (++writes === crash) throw new Error('power cut')
          await store.write(name, bytes)
        },
      }
      const dead = run({ store: failing, settings })
      await expect(dead, `crash at write ${crash}`).rejects.toThrow('power cut')
      const again = await run({ store, settings, resume: store.files.has(FILES.resume) })
      expect(again.end.weights(), `crash at write ${crash}`).toEqual(end.weights())
    }
  })

  it('contains the model, its record and readable metrics', async () => {
    const store = memoryStore()
    await run({ store, name: 'Made-up', stop: ['\n'] })
    const model = await decodeModel(store.files.get(FILES.model)!)
    expect(model.name).toBe('Made-up')
    expect(model.stop).toEqual(['\n'])
    expect(model.training).toMatchObject({ corpus: 'made-up', corpusHash: corpus.hash, epochs: 2 })
    const lines = text(store.files.get(FILES.metrics))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines.filter(line => 'validation' in line).length).toBe(2)
    expect(lines.find(line => line.step === 10)).toMatchObject({ loss: expect.any(Number) })
    expect(JSON.parse(text(store.files.get(FILES.run)))).toMatchObject({
      corpus: { name: 'made-up' },
    })
  })
})

describe('a resumed run', () => {
  it('continues for more epochs when they are given', async () => {
    const store = memoryStore()
    const short = await run({ store })
    const long = await run({ store, resume: true, settings: { epochs: 3 } })
    expect(long.end.epoch).toBe(3)
    expect(long.events[0]).toMatchObject({ type: 'start', step: short.end.step })
  })

  it('ends early when validation stops improving, keeps the best model, and ends there again', async () => {
    const store = memoryStore()
    // A rate that only does harm: the first validations are the best.
    const settings = {
      ...{ optimizer: 'sgd', rate: 1, clip: 0.1, epochs: 50 },
      ...{ patience: 3, evaluateEvery: 5 },
    }
    const { end, events } = await run({ store, settings })
    expect(end.reason).toBe('early')
    const evaluations = events.filter(event => event.type === 'evaluation')
    const best = evaluations.findLast(event => event.best)
    expect(evaluations.length).toBe(evaluations.indexOf(best!) + 1 + 3)
    expect(end.best).toEqual({ loss: best!.loss, step: best!.step })
    const model = await decodeModel(store.files.get(FILES.best)!)
    expect(model.training).toMatchObject({ steps: best!.step, validationLoss: best!.loss })

    const again = await run({ store, resume: true, settings })
    expect(again.end).toMatchObject({ reason: 'early', step: end.step })
    const longer = await run({ store, resume: true, settings: { ...settings, patience: 4 } })
    expect(longer.end.step).toBeGreaterThan(end.step)
  })

  it('refuses another corpus, tokenizer or setting in one sentence', async () => {
    const store = memoryStore()
    await abortAfter(3, { store })
    await expect(run({ store })).rejects.toThrow('There is a run already')
    await expect(run({ store, resume: true, settings: { hidden: 9 } })).rejects.toThrow(
      'The run was started with hidden 8, and now 9 is asked for',
    )
    const other = await corpusOf(`${TEXT}.`)
    await expect(run({ store, resume: true, corpus: other })).rejects.toThrow('give the same text')
    await expect(run({ store: memoryStore(), resume: true })).rejects.toThrow(
      'There is no resume.safetensors',
    )
  })

  it('is replaced by a new run on request, and none of its files stays', async () => {
    const store = memoryStore()
    await run({ store })
    await run({ store, overwrite: true, settings: { holdout: 0, steps: 3 } })
    expect(store.files.has(FILES.best)).toBe(false)
    expect(text(store.files.get(FILES.metrics)).trim().split('\n').length).toBe(3)
  })

  it('warns when the number of threads has changed', async () => {
    const store = memoryStore()
    await abortAfter(3, { store })
    const two: Engine = { ...engine, threads: 2 }
    const { events } = await run({ store, resume: true, engine: two })
    expect(events).toContainEqual(expect.objectContaining({ type: 'warning', code: 'threads' }))
  })
})

describe('training refuses', () => {
  it('a corpus that is too small', async () => {
    await expect(run({ corpus: await corpusOf('abcdefghij') })).rejects.toThrow(
      'The corpus has 10 symbols; training needs at least 64',
    )
  })

  it('nothing of a small corpus, but reduces the batch with a warning', async () => {
    const { events } = await run({
      corpus: await corpusOf(TEXT.slice(0, 300)),
      settings: { batch: 50, seq: 50 },
    })
    expect(events[0]).toMatchObject({ type: 'start', batch: 1, seq: 8 })
    expect(events[1]).toMatchObject({
      type: 'warning',
      code: 'adapted',
      message: {
        en: 'The corpus has 300 symbols, too few for batch 50 x seq 50: training with batch 1 x seq 8.',
        ja: 'コーパスは300文字で、バッチ50、系列長50には足りません。バッチ1、系列長8で学習します。',
      },
    })
  })

  it('nothing of a small corpus whose batch nobody chose, and blames no setting', async () => {
    const { events } = await run({
      corpus: await corpusOf(TEXT.slice(0, 300)),
      settings: { batch: undefined, seq: undefined },
    })
    const warning = events.find(event => event.type === 'warning' && event.code === 'adapted')
    expect(warning).toMatchObject({
      message: {
        en: expect.stringMatching(
          /^The corpus has only 300 symbols: training with batch \d+ x seq \d+\.$/,
        ),
        ja: expect.stringMatching(
          /^コーパスは300文字しかないので、バッチ\d+、系列長\d+で学習します。$/,
        ),
      },
    })
  })
})

describe('diverging training', () => {
  it('stops at an exploding loss, with advice, and keeps the last checkpoint', async () => {
    const store = memoryStore()
    const settings = {
      optimizer: 'sgd',
      rate: 10,
      momentum: 0.99,
      clip: 0,
      warmup: 30,
      cell: 'rnn',
      activation: 'relu',
      checkpointEvery: 2,
    }
    await expect(run({ store, settings })).rejects.toThrow(
      /training diverged at the rate 10, .* \(the checkpoint of step \d+ is kept\); start again with a lower rate/,
    )
    const model = await decodeModel(store.files.get(FILES.model)!)
    for (const data of model.weights.values()) expect(data.every(Number.isFinite)).toBe(true)
  })
})

/** An engine whose programs' outputs are changed by the n-th run of all, from 1. */
const changing = (change: (out: Record<string, Float32Array>, run: number) => unknown): Engine => {
  let runs = 0
  return {
    ...engine,
    compileInThread: undefined,
    async compile(graph) {
      const program = await engine.compile(graph)
      return {
        ...program,
        async run(feeds) {
          const out = await program.run(feeds)
          change(out as Record<string, Float32Array>, ++runs)
          return out
        },
      }
    },
  }
}

describe('values that are not finite', () => {
  it('stop the run when it is the validation loss, also after each resume', async () => {
    const store = memoryStore()
    let steps = 0
    const broken = changing(out => {
      if ('gradient.head.bias' in out) steps++
      else if (steps >= 14) out[LOSSES][0] = Number.NaN
    })
    const settings = { evaluateEvery: 7, holdout: 0.1 }
    const fails =
      /^The validation loss of step 14 is not finite: training diverged at the rate .* \(the checkpoint of step 7 is kept\); start again with a lower rate/
    await expect(run({ engine: broken, store, settings })).rejects.toThrow(fails)
    const kept = store.files.get(FILES.best)
    const again = { engine: changing(out => out[LOSSES]?.fill(Number.NaN)), store, settings }
    await expect(run({ ...again, resume: true })).rejects.toThrow(/training diverged/)
    expect(store.files.get(FILES.best)).toEqual(kept)
    expect((await run({ store, settings, resume: true })).end.reason).toBe('finished')
  })

  it('in the weights are never saved', async () => {
    const store = memoryStore()
    // A gradient that is finite, and a step from it that float32 can't hold.
    const steep = changing((out, run) => out['gradient.head.bias']?.fill(run > 5 ? 1e38 : 0))
    const settings = { checkpointEvery: 1, rate: 10, optimizer: 'sgd', clip: 0, warmup: 0 }
    const failed = run({ store, settings, engine: steep })
    await expect(failed).rejects.toThrow(
      /^The weights after step (\d+) are not finite: training diverged at the rate .* \(the checkpoint of step \d+ is kept\)/,
    )
    await expect(failed).rejects.toMatchObject({ code: 'diverged' })
    const model = await decodeModel(store.files.get(FILES.model)!)
    for (const data of model.weights.values()) expect(data.every(Number.isFinite)).toBe(true)
  })

  it('in the gradients stop the run before the weights change', async () => {
    const broken: Engine = {
      threads: 1,
      async compile(graph) {
        const program = await engine.compile(graph)
        let runs = 0
        return {
          ...program,
          async run(feeds) {
            const out = await program.run(feeds)
            if (++runs === 5 && out['gradient.head.bias']) out['gradient.head.bias'][0] = Number.NaN
            return out
          },
        }
      },
    }
    await expect(run({ engine: broken })).rejects.toThrow('The gradients of step 5 are not finite')
  })
})

it('wrong settings are refused before anything is compiled', async () => {
  const never: Engine = { threads: 1, compile: () => Promise.reject(new Error('compiled')) }
  await expect(run({ engine: never, settings: { layers: 0 } })).rejects.toThrow(
    'The number of layers is 0',
  )
})
