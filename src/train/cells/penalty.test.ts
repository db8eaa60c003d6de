/** Activation regularisation with dropout, compared with numeric differences, PyTorch and the twin. */
import { describe, expect, it } from 'vitest'
import { everyModel, gradientProbes, maskedCase, type Sizes } from './cases.fixture.js'
import { LOSSES, type Penalty } from './network.js'
import { networkTwin } from './network.reference.js'
import { TORCH_SIZES } from './torch.golden.js'
import { TORCH_PENALTY } from './torch-penalty.golden.js'
import { numericGradient, runGraph } from './witness.fixture.js'

const penalty: Penalty = { ar: 0.7, tar: 0.9 }
const ofTwoLayers = (sizes: Sizes) => everyModel(sizes).filter(({ config }) => config.layers === 2)

describe('activation regularisation', () => {
  it('has a golden number for every model of two layers', () => {
    expect(Object.keys(TORCH_PENALTY)).toEqual(ofTwoLayers(TORCH_SIZES).map(({ name }) => name))
  })

  it.each(ofTwoLayers(TORCH_SIZES))('$name: twin and graph agree with PyTorch', async one => {
    const { name, config } = one
    const [objective, ...expected] = TORCH_PENALTY[name]
    const example = maskedCase(config, TORCH_SIZES)
    const { weights, batch } = example
    const twin = networkTwin(config, weights, { ...batch, penalty })
    expect(twin.objective).toBeCloseTo(objective, 6)
    expect(twin.objective).toBeGreaterThan(twin.loss + 0.01)
    const ofTwin = gradientProbes(weights.keys(), twin.gradients)
    expect(ofTwin).toHaveLength(expected.length)
    for (const [i, value] of expected.entries()) expect(ofTwin[i]).toBeCloseTo(value, 7)

    const found = await runGraph(config, example, { penalty })
    // The losses do not include the penalty.
    expect(found.out[LOSSES].reduce((a, b) => a + b, 0) / (batch.T * batch.B)).toBeCloseTo(
      twin.loss,
      5,
    )
    const ofGraph = gradientProbes(weights.keys(), found.gradients)
    for (const [i, value] of expected.entries()) expect(ofGraph[i]).toBeCloseTo(value, 5)
  })

  const SMALL: Sizes = { H: 2, V: 4, E: 2, T: 3, B: 2 }
  it.each(ofTwoLayers(SMALL))('$name: the twin agrees with numeric differences', ({ config }) => {
    const example = maskedCase(config, SMALL)
    const { weights } = example
    const batch = { ...example.batch, penalty }
    const { gradients } = networkTwin(config, weights, batch)
    const objective = (): number => networkTwin(config, weights, batch).objective
    for (const { name, i, numeric } of numericGradient(weights, objective)) {
      expect(gradients.get(name)?.[i], `${name}[${i}]`).toBeCloseTo(numeric, 8)
    }
  })

  it('agrees with the twin for each penalty alone, without mask, at T = 1, with four tensors a node', async () => {
    const sizes = { H: 3, V: 5, E: 2, T: 4, B: 2 }
    for (const { name, config } of ofTwoLayers(sizes)) {
      for (const steps of [1, 4]) {
        for (const one of [
          { ar: 2, tar: 0 },
          { ar: 0, tar: 3 },
        ]) {
          const { weights, batch } = maskedCase(config, { ...sizes, T: steps })
          const bare = { T: steps, B: batch.B, x: batch.x, y: batch.y, state: batch.state }
          const twin = networkTwin(config, weights, { ...bare, penalty: one })
          const example = { weights, batch: bare }
          const { gradients } = await runGraph(config, example, { penalty: one, maxNodeTensors: 4 })
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
