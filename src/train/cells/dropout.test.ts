/** Dropout after every layer: the graph agrees with numeric differences, PyTorch and the plain twin. */
import { describe, expect, it } from 'vitest'
import { everyModel, gradientProbes, maskedCase, type Sizes } from './cases.fixture.js'
import { LOSSES } from './network.js'
import { networkTwin } from './network.reference.js'
import { TORCH_SIZES } from './torch.golden.js'
import { TORCH_DROPOUT } from './torch-dropout.golden.js'
import { numericGradient, runGraph } from './witness.fixture.js'

describe('dropout after every layer', () => {
  it('has a golden number for every model', () => {
    expect(Object.keys(TORCH_DROPOUT)).toEqual(everyModel(TORCH_SIZES).map(({ name }) => name))
  })

  it.each(everyModel(TORCH_SIZES))('$name: twin and graph agree with PyTorch', async one => {
    const { name, config } = one
    const [loss, ...expected] = TORCH_DROPOUT[name]
    const { weights, batch } = maskedCase(config, TORCH_SIZES)
    const twin = networkTwin(config, weights, batch)
    expect(twin.loss).toBeCloseTo(loss, 6)
    const ofTwin = gradientProbes(weights.keys(), twin.gradients)
    expect(ofTwin).toHaveLength(expected.length)
    for (const [i, value] of expected.entries()) expect(ofTwin[i]).toBeCloseTo(value, 7)

    const { T, B } = TORCH_SIZES
    const { out, gradients } = await runGraph(config, { weights, batch })
    expect(out[LOSSES].reduce((a, b) => a + b, 0) / (T * B)).toBeCloseTo(loss, 5)
    const ofGraph = gradientProbes(weights.keys(), gradients)
    for (const [i, value] of expected.entries()) expect(ofGraph[i]).toBeCloseTo(value, 5)
  })

  const SMALL: Sizes = { H: 2, V: 4, E: 2, T: 3, B: 2 }
  it.each(everyModel(SMALL))('$name: the twin agrees with numeric differences', ({ config }) => {
    const { weights, batch } = maskedCase(config, SMALL)
    const { gradients } = networkTwin(config, weights, batch)
    const loss = (): number => networkTwin(config, weights, batch).loss
    for (const { name, i, numeric } of numericGradient(weights, loss)) {
      expect(gradients.get(name)?.[i], `${name}[${i}]`).toBeCloseTo(numeric, 8)
    }
  })
})
