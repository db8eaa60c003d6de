/** Dropout behind every layer, by three witnesses: numeric differences, PyTorch, and the plain twin. */
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { createEngine, type Feed } from '../engine.js'
import { everyModel, masked, numbers, type Sizes } from './cases.js'
import { LOSSES, maskName, networkGraph } from './network.js'
import { networkTwin } from './network.reference.js'
import { TORCH_SIZES } from './torch.golden.js'
import { TORCH_DROPOUT } from './torch-dropout.golden.js'

const engine = createEngine(ort, { threads: 1 })

describe('dropout behind every layer', () => {
  it('has a golden number for every model', () => {
    expect(Object.keys(TORCH_DROPOUT)).toEqual(everyModel(TORCH_SIZES).map(({ name }) => name))
  })

  it.each(everyModel(TORCH_SIZES))('$name: twin and graph agree with PyTorch', async one => {
    const { name, config } = one
    const [loss, ...expected] = TORCH_DROPOUT[name]
    const { weights, batch } = masked(config, TORCH_SIZES)
    const twin = networkTwin(config, weights, batch)
    expect(twin.loss).toBeCloseTo(loss, 6)
    const ofTwin = numbers(weights.keys(), twin.gradients)
    expect(ofTwin).toHaveLength(expected.length)
    for (const [i, value] of expected.entries()) expect(ofTwin[i]).toBeCloseTo(value, 7)

    const { T, B } = TORCH_SIZES
    const graph = networkGraph(config, {
      ...{ batch: B, steps: T, training: true },
      masked: [...(batch.masks?.keys() ?? [])],
    })
    const program = await engine.compile(graph)
    const feeds: Record<string, Feed> = { x: Int32Array.from(batch.x), y: Int32Array.from(batch.y) }
    for (const [key, data] of [...weights, ...batch.state]) feeds[key] = Float32Array.from(data)
    for (const [k, mask] of batch.masks ?? []) feeds[maskName(k)] = Float32Array.from(mask)
    const out = await program.run(feeds)
    await program.dispose()
    expect(out[LOSSES].reduce((a, b) => a + b, 0) / (T * B)).toBeCloseTo(loss, 5)
    const ofGraph = numbers(weights.keys(), graph.gradients(out, batch.x))
    for (const [i, value] of expected.entries()) expect(ofGraph[i]).toBeCloseTo(value, 5)
  })

  const SMALL: Sizes = { H: 2, V: 4, E: 2, T: 3, B: 2 }
  it.each(everyModel(SMALL))('$name: the twin agrees with numeric differences', ({ config }) => {
    const { weights, batch } = masked(config, SMALL)
    const { gradients } = networkTwin(config, weights, batch)
    const step = 1e-5
    for (const [name, data] of weights) {
      for (let i = 0; i < data.length; i++) {
        const at = data[i]
        data[i] = at + step
        const above = networkTwin(config, weights, batch).loss
        data[i] = at - step
        const below = networkTwin(config, weights, batch).loss
        data[i] = at
        const numeric = (above - below) / (2 * step)
        expect(gradients.get(name)?.[i], `${name}[${i}]`).toBeCloseTo(numeric, 8)
      }
    }
  })
})
