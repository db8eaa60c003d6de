import { describe, expect, it } from 'vitest'
import { modelConfig } from '../../model/config.js'
import { everyModel, importedModels, madeUpCase, type Sizes } from './cases.fixture.js'
import { LOSSES, networkGraph, nextState } from './network.js'
import { networkTwin } from './network.reference.js'
import { TORCH, TORCH_SIZES } from './torch.golden.js'
import { runGraph } from './witness.fixture.js'

const SIZES: Sizes = { H: 5, V: 7, E: 3, T: 6, B: 3 }
/** The largest difference, relative to the largest value. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length)
  let most = 0
  let scale = 1e-3
  for (let i = 0; i < expected.length; i++) {
    most = Math.max(most, Math.abs(found[i] - expected[i]))
    scale = Math.max(scale, Math.abs(expected[i]))
  }
  return most / scale
}

describe('the graph agrees with its plain twin', () => {
  it.each([...everyModel(SIZES), ...importedModels(SIZES)])('$name', async ({ config }) => {
    const plain = madeUpCase(config, SIZES)
    // Every layer has a mask, as in char-rnn, which also drops after the top layer.
    const mask = Float64Array.from({ length: SIZES.T * SIZES.B * SIZES.H }, (_, i) =>
      i % 4 === 0 ? 0 : 4 / 3,
    )
    const masks = new Map(Array.from({ length: config.layers }, (_, k) => [k, mask]))
    const example = { ...plain, batch: { ...plain.batch, masks } }
    const twin = networkTwin(config, example.weights, example.batch)
    const { graph, out, gradients } = await runGraph(config, example)
    expect(distance(out[LOSSES], twin.losses)).toBeLessThan(2e-6)
    for (const name of graph.state) {
      expect(distance(out[nextState(name)], twin.state.get(name)!), name).toBeLessThan(2e-6)
    }
    expect([...gradients.keys()].sort()).toEqual([...twin.gradients.keys()].sort())
    for (const [name, found] of gradients) {
      expect(distance(found, twin.gradients.get(name)!), name).toBeLessThan(5e-6)
    }
  })

  it.each(everyModel(SIZES).filter(({ config }) => config.layers === 2))(
    'for evaluation, without gradients: $name',
    async ({ config }) => {
      const example = madeUpCase(config, SIZES)
      const twin = networkTwin(config, example.weights, example.batch)
      const { graph, out } = await runGraph(config, example, { training: false })
      expect(distance(out[LOSSES], twin.losses)).toBeLessThan(2e-6)
      expect(Object.keys(out).sort()).toEqual([LOSSES, ...graph.state.map(nextState)].sort())
    },
  )

  it('when the vocabulary is larger than N', async () => {
    const sizes = { ...SIZES, V: 40 }
    for (const { name, config } of everyModel(sizes)) {
      if (config.layers > 1) continue
      const example = madeUpCase(config, sizes)
      const twin = networkTwin(config, example.weights, example.batch)
      const { gradients } = await runGraph(config, example)
      for (const [tensor, expected] of twin.gradients) {
        expect(distance(gradients.get(tensor)!, expected), `${name} ${tensor}`).toBeLessThan(5e-6)
      }
    }
  })

  it('when a node may have at most four inputs and outputs', async () => {
    for (const { config } of everyModel(SIZES).filter(({ config }) => config.layers === 2)) {
      const example = madeUpCase(config, SIZES)
      const wide = await runGraph(config, example)
      const narrow = await runGraph(config, example, { maxNodeTensors: 4 })
      expect(narrow.graph.nodes).toBeGreaterThan(wide.graph.nodes)
      for (const name of Object.keys(wide.out)) expect(narrow.out[name]).toEqual(wide.out[name])
    }
  })
})

describe('piecewise linear gates', () => {
  it.each(importedModels(SIZES).filter(({ config }) => config.gates))(
    'have no gradient where they are 0 or 1: $name',
    async ({ config }) => {
      const plain = madeUpCase(config, SIZES)
      // Weights ten times as large drive most gates to their ends.
      const weights = new Map([...plain.weights].map(([name, w]) => [name, w.map(v => 10 * v)]))
      const example = { ...plain, weights }
      const twin = networkTwin(config, example.weights, example.batch)
      const small = networkTwin(config, plain.weights, plain.batch)
      const zeros = (gradients: ReadonlyMap<string, Float64Array>): number =>
        gradients.get('rnn.bias_ih_l0')!.filter(value => value === 0).length
      expect(zeros(twin.gradients)).toBeGreaterThan(zeros(small.gradients))
      const { gradients } = await runGraph(config, example)
      for (const [name, found] of gradients) {
        expect(distance(found, twin.gradients.get(name)!), name).toBeLessThan(1e-4)
      }
    },
  )
})

describe('what training does not know', () => {
  it.each([
    [{ window: 4, attention: true }, /attention/],
    [{ skip: true }, /skip connections/],
    [{ window: 4, padding: 0 }, /padded windows/],
  ])('is refused: %o', (variant, reason) => {
    const config = modelConfig({ cell: 'lstm', vocabulary: 5, hidden: 4, layers: 1, ...variant })
    expect(() => networkGraph(config, { batch: 1, steps: 2, training: true })).toThrow(reason)
  })
})

describe('graph and twin agree with PyTorch', () => {
  it('on every model', () => {
    expect(Object.keys(TORCH)).toEqual(everyModel(TORCH_SIZES).map(({ name }) => name))
  })

  it.each(everyModel(TORCH_SIZES))('$name', async ({ name, config }) => {
    const golden = TORCH[name]
    const example = madeUpCase(config, TORCH_SIZES)
    const twin = networkTwin(config, example.weights, example.batch)
    expect(twin.loss).toBeCloseTo(golden.loss, 7)
    const { out, gradients } = await runGraph(config, example)
    for (const [tensor, expected] of Object.entries(golden.gradients)) {
      expect(expected.some(value => value !== 0)).toBe(true)
      expect(distance(twin.gradients.get(tensor)!, expected), tensor).toBeLessThan(1e-6)
      expect(distance(gradients.get(tensor)!, expected), tensor).toBeLessThan(5e-6)
    }
    for (const [tensor, expected] of Object.entries(golden.state)) {
      expect(distance(out[nextState(tensor)], expected), tensor).toBeLessThan(2e-6)
    }
    expect(Object.keys(golden.gradients)).toEqual([...example.weights.keys()])
  })
})
