import { describe, expect, it } from 'vitest'
import { everyModel, madeUpCase } from './cases.js'
import { networkTwin } from './network.reference.js'

const SIZES = { H: 3, V: 5, E: 2, T: 4, B: 2 }

describe('the plain twin agrees with central numeric differences', () => {
  it.each(everyModel(SIZES))('$name', ({ config }) => {
    const { weights, batch: plain } = madeUpCase(config, SIZES)
    const mask = Float64Array.from({ length: SIZES.T * SIZES.B * SIZES.H }, (_, i) =>
      i % 3 === 0 ? 0 : 1.5,
    )
    const batch = { ...plain, masks: new Map([[config.layers - 1, mask]]) }
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
        expect(gradients.get(name)![i], `${name}[${i}]`).toBeCloseTo(
          (above - below) / (2 * step),
          8,
        )
      }
    }
  })
})
