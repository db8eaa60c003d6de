import { describe, expect, it } from 'vitest'
import { CharacterTokenizer } from '../text/index.js'
import { type Backprop, createBackprop, streamsPerThread } from '../train/backprop.js'
import { everyModel, madeUpCase } from '../train/cells/cases.fixture.js'
import { memoryStore, train, trainingCorpus } from '../train/index.js'
import { zerosLike } from '../train/optimizer/optimizer.js'
import { nodeEngine } from './engine.js'

describe('the parts of a batch', () => {
  it.each([
    [50, 2, [25, 25]],
    [50, 4, [13, 13, 12, 12]],
    [17, 2, [9, 8]],
    [15, 2, [15]],
    [8, 16, [8]],
    [50, 64, [9, 9, 8, 8, 8, 8]],
  ])('of %d streams on %d threads are %j', (batch, threads, expected) => {
    expect(streamsPerThread(batch, threads)).toEqual(expected)
  })
})

const SIZES = { H: 5, V: 7, E: 3, T: 6, B: 17 }
const floats = (tensors: ReadonlyMap<string, ArrayLike<number>>) =>
  new Map(Array.from(tensors, ([name, data]) => [name, Float32Array.from(data)]))

describe('a batch in parts on threads of their own', () => {
  it.each(everyModel(SIZES).filter(({ config }) => config.layers === 2))(
    'has the loss, state and gradients of the whole: $name',
    async ({ config }) => {
      const { weights, batch } = madeUpCase(config, SIZES)
      const { B, T, H } = SIZES
      const mask = Float32Array.from({ length: T * B * H }, (_, i) => (i % 4 === 0 ? 0 : 4 / 3))
      const feed = {
        x: Int32Array.from(batch.x),
        y: Int32Array.from(batch.y),
        masks: new Map([[0, mask]]),
        state: floats(batch.state),
      }
      const [alone, together] = await Promise.all(
        [1, 2].map(async threads => {
          const engine = await nodeEngine({ threads })
          return createBackprop(engine, config, { batch: B, steps: T, masked: [0] })
        }),
      )
      const run = async (backprop: Backprop) => {
        const gradients = zerosLike(floats(weights))
        return { ...(await backprop.run(floats(weights), feed, gradients)), gradients }
      }
      const whole = await run(alone)
      const first = await run(together)
      expect(first.loss).toBeCloseTo(whole.loss, 5)
      for (const [name, expected] of [...whole.gradients, ...whole.state]) {
        const found = (first.gradients.get(name) ?? first.state.get(name))!
        const scale = Math.max(1e-3, ...expected.map(Math.abs))
        for (const [i, value] of expected.entries()) {
          expect(Math.abs(found[i] - value) / scale, `${name} ${i}`).toBeLessThan(1e-5)
        }
      }
      // Again, with what is kept from the first time: the same bits.
      expect(await run(together)).toEqual(first)
      await Promise.all([alone.dispose(), together.dispose()])
    },
  )

  it('learns to the same bits when it is resumed in mid-epoch', async () => {
    const text = 'the quick brown fox jumps over the lazy dog. '.repeat(200)
    const corpus = await trainingCorpus(
      { content: text },
      new CharacterTokenizer([...new Set(text)]),
    )
    const engine = await nodeEngine({ threads: 2 })
    const settings = { hidden: 8, batch: 16, seq: 8, dropout: 0.3, steps: 30, checkpointEvery: 7 }
    const run = async (store: ReturnType<typeof memoryStore>, stopAt: number, resume: boolean) => {
      const stop = new AbortController()
      for await (const event of train({
        ...{ corpus, engine, settings, store, resume, signal: stop.signal },
      })) {
        if (event.type === 'step' && event.step === stopAt) stop.abort()
        if (event.type === 'end') return event.weights()
      }
      throw new Error('ended without an end')
    }
    const whole = await run(memoryStore(), Number.POSITIVE_INFINITY, false)
    const store = memoryStore()
    await run(store, 11, false)
    expect(await run(store, Number.POSITIVE_INFINITY, true)).toEqual(whole)
  })

  it('rejects with the error of a thread', async () => {
    const { compileInThread } = await nodeEngine({ threads: 2 })
    const broken = { bytes: Uint8Array.of(1, 2, 3), inputs: new Map() }
    await expect(compileInThread?.(broken, 1)).rejects.toThrow()
  })
})
