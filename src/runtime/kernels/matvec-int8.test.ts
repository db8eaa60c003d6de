/** Networks of 8-bit weights: against the plain twin, and to the bit against sums of whole numbers. */
import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededIds, seededWeights } from '../../../test/support/seeded.js'
import { modelConfig, scaleOf } from '../../model/config.js'
import { ReferenceNetwork } from '../../model/network.reference.js'
import { quantizeWeights, wholeLevels, wholeWeights } from '../../model/quantize.js'
import { loadNetwork } from '../network.js'

const VARIANTS = Object.entries(CELL_VARIANTS).filter(
  ([, variant]) =>
    !('skip' in variant || 'attention' in variant) &&
    !('activation' in variant && variant.activation === 'relu'),
)

describe.each(VARIANTS)('%s with 8-bit weights', (_name, variant) => {
  it('agrees with its plain twin for 50 steps, at any width and depth', async () => {
    for (const hidden of [1, 5, 65, 100]) {
      for (const layers of [1, 2, 3]) {
        for (const embedding of [0, 9]) {
          const config = modelConfig({ ...variant, layers, hidden, embedding, vocabulary: 11 })
          const network = quantizeWeights(config, seededWeights(config, hidden + layers))
          const session = (await loadNetwork(network.config, network.weights)).session()
          const twin = new ReferenceNetwork(network.config, network.weights)
          for (const id of seededIds(50, 11)) {
            const [got, want] = [session.step(id), twin.step(id)]
            // A rounding of h that falls to the other side moves a sum by one level, 3e-5.
            got.forEach((value, i) => void expect(Math.abs(value - want[i])).toBeLessThan(1e-4))
          }
        }
      }
    }
  })
})

it('multiplies exactly: the logits are the bits of sums in whole numbers', async () => {
  const config = modelConfig({ cell: 'lstm', vocabulary: 13, hidden: 70, layers: 1 })
  const { config: quantized, weights } = quantizeWeights(config, seededWeights(config, 5))
  const session = (await loadNetwork(quantized, weights)).session()
  const scale = weights.get(scaleOf('head.weight'))!
  const whole = wholeWeights(weights.get('head.weight')!, scale)
  const levels = wholeLevels(70)
  for (const id of seededIds(40, 13)) {
    const logits = session.step(id)
    const h = session.snapshot().subarray(0, 70)
    const q = h.map(value => Math.round(Math.fround(value * levels)))
    logits.forEach((logit, v) => {
      let sum = 0
      for (let k = 0; k < 70; k++) sum += (whole[v * 70 + k] as number) * (q[k] as number)
      const scaled = Math.fround(Math.fround(sum) * Math.fround((scale[v] as number) / levels))
      expect(logit).toBe(Math.fround(weights.get('head.bias')![v]! + scaled))
    })
  }
})

it('no sum overflows, whatever the weights and the state', async () => {
  for (const hidden of [1, 130, 2000, 16_384]) {
    expect(127 * wholeLevels(hidden) * hidden).toBeLessThan(2 ** 31)
    expect(wholeLevels(hidden)).toBeGreaterThan(1000)
  }
})
