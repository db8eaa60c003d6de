import { describe, expect, it } from 'vitest'
import { loadOnnxRuntime } from '../node/onnx-runtime.mjs'
import { everyModel, madeUpCase, type Sizes } from './cells/cases.fixture.js'
import { networkTwin } from './cells/network.reference.js'
import { type DynamicModel, dynamicReader, dynamicSettings } from './dynamic-evaluation.js'
import { dynamicTwin } from './dynamic-evaluation.reference.js'
import { createEngine } from './engine.js'

const ort = await loadOnnxRuntime()

const SIZES: Sizes = { H: 5, V: 7, E: 3, T: 4, B: 1 }
const engine = createEngine(ort, { threads: 1 })

const models = everyModel(SIZES).filter(({ config }) => config.layers === 2)
const modelOf = (name: string): DynamicModel => {
  const { config } = models.find(model => model.name === name)!
  const { weights } = madeUpCase(config, SIZES)
  return { config, weights: new Map(Array.from(weights, ([n, d]) => [n, Float32Array.from(d)])) }
}
const [FIRST] = models.map(model => model.name)

/** Ids in no order that a formula of two lines would not have. */
const idsOf = (length: number, seed = 1) =>
  Uint8Array.from({ length }, (_, i) => (i * i + seed * i + ((i * seed) >> 2)) % SIZES.V)

const KNOWN = idsOf(50, 3)
const TEXT = idsOf(43)

async function read(model: DynamicModel, text: Uint8Array, given: Record<string, number>) {
  const reader = await dynamicReader(engine, model, dynamicSettings({ seq: 4, ...given }))
  await reader.calibrate(KNOWN)
  const surprisals = await reader.score(text, { from: 0, to: text.length })
  await reader.dispose()
  return { surprisals, weights: reader.weights }
}

describe('dynamic evaluation', () => {
  it.each(models.map(({ name }) => name))('agrees with its plain twin: %s', async name => {
    const model = modelOf(name)
    const settings = { rate: 0.02, seq: 4, pull: 0.05 }
    const { surprisals } = await read(model, TEXT, settings)
    const twin = dynamicTwin({ ...model, known: [...KNOWN], text: [...TEXT], ...settings })
    expect(surprisals.length).toBe(TEXT.length - 1)
    for (const [i, loss] of twin.entries()) expect(surprisals[i]).toBeCloseTo(loss, 3)
    // The result differs from that without learning.
    const still = await read(model, TEXT, { rate: 0 })
    const apart = twin.map((loss, i) => Math.abs(loss - still.surprisals[i]))
    expect(Math.max(...apart)).toBeGreaterThan(0.03)
  })

  it('at rate 0 gives the usual loss and leaves the weights unchanged', async () => {
    const model = modelOf(FIRST)
    const { surprisals, weights } = await read(model, TEXT, { rate: 0, pull: 0.5 })
    const T = TEXT.length - 1
    const plain = networkTwin(
      model.config,
      new Map(Array.from(model.weights, ([n, d]) => [n, Float64Array.from(d)])),
      { T, B: 1, x: TEXT, y: TEXT.subarray(1), state: madeUpZero(model) },
    )
    for (const [i, loss] of plain.losses.entries()) expect(surprisals[i]).toBeCloseTo(loss, 4)
    expect(weights).toEqual(model.weights)
  })

  it('predicts before it learns: later symbols do not change earlier predictions', async () => {
    const model = modelOf(FIRST)
    const other = TEXT.slice()
    // The last symbol that the third stretch predicts is ids[12].
    for (let i = 13; i < other.length; i++) other[i] = (other[i] + 3) % SIZES.V
    const [a, b] = [await read(model, TEXT, { rate: 0.1 }), await read(model, other, { rate: 0.1 })]
    expect(a.surprisals.slice(0, 12)).toEqual(b.surprisals.slice(0, 12))
    expect(a.surprisals.slice(12)).not.toEqual(b.surprisals.slice(12))
  })

  it('adapts to a text with a rule of its own', async () => {
    const model = modelOf(FIRST)
    const text = Uint8Array.from({ length: 601 }, (_, i) => [0, 5, 2, 2, 6][i % 5])
    const mean = (data: Float32Array) => data.reduce((sum, v) => sum + v, 0) / data.length
    const [still, moved] = [
      await read(model, text, { rate: 0 }),
      await read(model, text, { rate: 0.01 }),
    ]
    expect(mean(moved.surprisals.slice(400))).toBeLessThan(mean(still.surprisals.slice(400)) / 2)
    expect(moved.surprisals.slice(0, 4)).toEqual(still.surprisals.slice(0, 4))
  })

  it('warms the state up before a part, and keeps the learned weights for the next', async () => {
    const model = modelOf(FIRST)
    const reader = await dynamicReader(engine, model, dynamicSettings({ seq: 4, rate: 0.02 }))
    await reader.calibrate(KNOWN)
    const whole = await read(model, TEXT, { rate: 0 })
    const part = await reader.score(TEXT, { from: 21, to: 30 })
    expect(part.length).toBe(9)
    // Twenty symbols of warming up, nothing learned yet: the state of plain reading.
    for (let i = 0; i < 4; i++) expect(part[i]).toBeCloseTo(whole.surprisals[20 + i], 4)
    const again = await reader.score(TEXT, { from: 21, to: 30 })
    expect(again).not.toEqual(part)
    await reader.dispose()
  })
})

describe('a dynamic reader', () => {
  it('reports progress, stops on abort, and does not change the given weights', async () => {
    const model = modelOf(FIRST)
    const before = new Map(Array.from(model.weights, ([n, d]) => [n, d.slice()]))
    const reader = await dynamicReader(engine, model, dynamicSettings({ seq: 4 }))
    const told: number[] = []
    await reader.score(TEXT, { from: 0, to: 11 }, { onProgress: done => told.push(done) })
    expect(told).toEqual([4, 8, 10])
    const controller = new AbortController()
    const stopped = reader.score(
      TEXT,
      { from: 0, to: 40 },
      { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) },
    )
    await expect(stopped).rejects.toThrow('enough')
    expect(model.weights).toEqual(before)
    await reader.dispose()
  })
  it('refuses to calibrate on less than one stretch', async () => {
    const reader = await dynamicReader(engine, modelOf(FIRST), dynamicSettings({ seq: 4 }))
    await expect(reader.calibrate(idsOf(4))).rejects.toThrow('has 4 symbols; expected at least 5')
    await reader.calibrate(idsOf(5))
    await reader.dispose()
  })

  it('checks its settings', () => {
    expect(() => dynamicSettings({ rate: -1 })).toThrow('The rate is -1; expected a number from 0')
    expect(() => dynamicSettings({ seq: '0' })).toThrow('The seq is "0"')
  })
})

function madeUpZero({ config }: DynamicModel): ReadonlyMap<string, Float64Array> {
  const { state } = madeUpCase(config, SIZES).batch
  return new Map(Array.from(state.keys(), name => [name, new Float64Array(config.hidden)]))
}
