import { describe, expect, it } from 'vitest'
import { modelConfig, tensorShapes } from '../model/config.js'
import { INITIALISATIONS, initialWeights } from './weights.js'

const config = modelConfig({ cell: 'lstm', vocabulary: 11, embedding: 5, hidden: 16, layers: 2 })

describe.each(INITIALISATIONS)('%s weights', kind => {
  const draw = (seed: number) => initialWeights(config, { kind, forgetBias: 1, seed })

  it('have the names and sizes of the model', () => {
    const sizes = Array.from(draw(1), ([name, data]) => [name, data.length])
    const expected = Array.from(tensorShapes(config), ([name, shape]) => [
      name,
      shape.reduce((a, b) => a * b, 1),
    ])
    expect(sizes).toEqual(expected)
  })

  it('depend on the seed only', () => {
    expect(draw(1)).toEqual(draw(1))
    expect(draw(2).get('head.weight')).not.toEqual(draw(1).get('head.weight'))
  })

  it('are uniform in their range, with the given forget bias', () => {
    const weights = draw(3)
    const bound = kind === 'uniform' ? 0.08 : 1 / 4
    const data = weights.get('rnn.weight_hh_l0')!
    expect(Math.max(...data)).toBeLessThanOrEqual(bound)
    expect(Math.max(...data)).toBeGreaterThan(bound * 0.99)
    expect(Math.min(...data)).toBeLessThan(-bound * 0.99)
    const mean = data.reduce((a, b) => a + b, 0) / data.length
    expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * data.length))
    expect([...weights.get('rnn.bias_ih_l1')!.subarray(16, 32)]).toEqual(Array(16).fill(1))
  })

  it('have the same range for one-hot input as an embedding gives, when scaled', () => {
    const wide = initialWeights({ ...config, embedding: 0 }, { kind, forgetBias: 1, seed: 3 })
    const spread = (name: string) => {
      const data = wide.get(name)!
      return Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length)
    }
    const ratio = spread('rnn.weight_ih_l0') / spread('rnn.weight_ih_l1')
    expect(ratio).toBeCloseTo(kind === 'scaled' ? Math.sqrt(config.hidden) : 1, 0)
  })

  it('differ between tensors of the same shape', () => {
    expect(draw(1).get('rnn.weight_hh_l0')).not.toEqual(draw(1).get('rnn.weight_hh_l1'))
  })
})
