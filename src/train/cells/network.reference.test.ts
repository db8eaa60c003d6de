import { describe, expect, it } from 'vitest'
import { everyModel, importedModels, madeUpCase } from './cases.fixture.js'
import { networkTwin } from './network.reference.js'
import { numericGradient } from './witness.fixture.js'

const SIZES = { H: 3, V: 5, E: 2, T: 4, B: 2 }

describe('the plain twin agrees with central numeric differences', () => {
  it.each([...everyModel(SIZES), ...importedModels(SIZES)])('$name', ({ config }) => {
    const { weights, batch: plain } = madeUpCase(config, SIZES)
    const mask = Float64Array.from({ length: SIZES.T * SIZES.B * SIZES.H }, (_, i) =>
      i % 3 === 0 ? 0 : 1.5,
    )
    const batch = { ...plain, masks: new Map([[config.layers - 1, mask]]) }
    const { gradients } = networkTwin(config, weights, batch)
    const loss = (): number => networkTwin(config, weights, batch).loss
    for (const { name, i, numeric } of numericGradient(weights, loss)) {
      expect(gradients.get(name)![i], `${name}[${i}]`).toBeCloseTo(numeric, 8)
    }
  })
})
