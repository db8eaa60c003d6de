/** Activation regularisation, by the same three witnesses as dropout, which is on here too. */
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { createEngine, type Feed } from '../engine.js'
import { everyModel, masked, numbers, type Sizes } from './cases.js'
import { LOSSES, maskName, networkGraph, type Penalty } from './network.js'
import { networkTwin } from './network.reference.js'
import { TORCH_SIZES } from './torch.golden.js'
import { TORCH_PENALTY } from './torch-penalty.golden.js'

const engine = createEngine(ort, { threads: 1 })
const penalty: Penalty = { ar: 0.7, tar: 0.9 }
const ofTwoLayers = (sizes: Sizes) => everyModel(sizes).filter(({ config }) => config.layers === 2)

async function graphGradients(
  { weights, batch }: ReturnType<typeof masked>,
  options: Parameters<typeof networkGraph>,
) {
  const graph = networkGraph(...options)
  const program = await engine.compile(graph)
  const feeds: Record<string, Feed> = { x: Int32Array.from(batch.x), y: Int32Array.from(batch.y) }
  for (const [key, data] of [...weights, ...batch.state]) feeds[key] = Float32Array.from(data)
  for (const [k, mask] of batch.masks ?? []) feeds[maskName(k)] = Float32Array.from(mask)
  const out = await program.run(feeds)
  await program.dispose()
  return { losses: out[LOSSES], gradients: graph.gradients(out, batch.x) }
}

describe('activation regularisation', () => {
  it('has a golden number for every model of two layers', () => {
    expect(Object.keys(TORCH_PENALTY)).toEqual(ofTwoLayers(TORCH_SIZES).map(({ name }) => name))
  })

  it.each(ofTwoLayers(TORCH_SIZES))('$name: twin and graph agree with PyTorch', async one => {
    const { name, config } = one
    const [objective, ...expected] = TORCH_PENALTY[name]
    const example = masked(config, TORCH_SIZES)
    const { weights, batch } = example
    const twin = networkTwin(config, weights, { ...batch, penalty })
    expect(twin.objective).toBeCloseTo(objective, 6)
    expect(twin.objective).toBeGreaterThan(twin.loss + 0.01)
    const ofTwin = numbers(weights.keys(), twin.gradients)
    expect(ofTwin).toHaveLength(expected.length)
    for (const [i, value] of expected.entries()) expect(ofTwin[i]).toBeCloseTo(value, 7)

    const sizes = { batch: batch.B, steps: batch.T, training: true, masked: [0, 1] }
    const found = await graphGradients(example, [config, { ...sizes, penalty }])
    // What is shown stays the loss alone.
    expect(found.losses.reduce((a, b) => a + b, 0) / (batch.T * batch.B)).toBeCloseTo(twin.loss, 5)
    const ofGraph = numbers(weights.keys(), found.gradients)
    for (const [i, value] of expected.entries()) expect(ofGraph[i]).toBeCloseTo(value, 5)
  })

  const SMALL: Sizes = { H: 2, V: 4, E: 2, T: 3, B: 2 }
  it.each(ofTwoLayers(SMALL))('$name: the twin agrees with numeric differences', ({ config }) => {
    const example = masked(config, SMALL)
    const { weights } = example
    const batch = { ...example.batch, penalty }
    const { gradients } = networkTwin(config, weights, batch)
    const step = 1e-5
    for (const [name, data] of weights) {
      for (let i = 0; i < data.length; i++) {
        const at = data[i]
        data[i] = at + step
        const above = networkTwin(config, weights, batch).objective
        data[i] = at - step
        const below = networkTwin(config, weights, batch).objective
        data[i] = at
        const numeric = (above - below) / (2 * step)
        expect(gradients.get(name)?.[i], `${name}[${i}]`).toBeCloseTo(numeric, 8)
      }
    }
  })

  it('each of the two by itself, with no mask, at one step and within four inputs a node', async () => {
    const sizes = { H: 3, V: 5, E: 2, T: 4, B: 2 }
    for (const { name, config } of ofTwoLayers(sizes)) {
      for (const steps of [1, 4]) {
        for (const one of [
          { ar: 2, tar: 0 },
          { ar: 0, tar: 3 },
        ]) {
          const { weights, batch } = masked(config, { ...sizes, T: steps })
          const bare = { T: steps, B: batch.B, x: batch.x, y: batch.y, state: batch.state }
          const twin = networkTwin(config, weights, { ...bare, penalty: one })
          const { gradients } = await graphGradients({ weights, batch: bare }, [
            config,
            { batch: 2, steps, training: true, penalty: one, fan: 4 },
          ])
          for (const [tensor, expected] of twin.gradients) {
            const found = gradients.get(tensor)!
            for (const [i, value] of expected.entries()) {
              expect(found[i], `${name} ${tensor}[${i}]`).toBeCloseTo(value, 5)
            }
          }
        }
      }
    }
  })
})
