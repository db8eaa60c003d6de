import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Distribution } from '../temperature/index.js'
import { modelConfig } from './config.js'
import { drawingLogits } from './drawing-logits.js'

const logitsOf = fc.array(fc.float({ min: -60, max: 60, noNaN: true }), {
  minLength: 2,
  maxLength: 40,
})

describe('the logits that texts are drawn from', () => {
  it('are those of the network where a model has neither smoothing nor padding', () => {
    const logits = Float32Array.of(1, 2, 3)
    expect(drawingLogits({}, logits)).toBe(logits)
  })

  it('give exp(ln(p + ε) / T), normalised over all symbols but the padding', () => {
    fc.assert(
      fc.property(
        logitsOf,
        fc.constantFrom(1e-7, 1e-3, 0.1),
        fc.constantFrom(0.2, 0.5, 1, 2, 10),
        fc.boolean(),
        (numbers, smoothing, T, padded) => {
          const logits = Float32Array.from(numbers)
          const before = logits.slice()
          const max = Math.max(...logits)
          const sum = logits.reduce((total, logit) => total + Math.exp(logit - max), 0)
          const raised = Array.from(
            logits,
            logit => (Math.exp(logit - max) / sum + smoothing) ** (1 / T),
          )
          if (padded) raised[1] = 0
          const all = raised.reduce((a, b) => a + b)
          const distribution = Distribution.of(
            drawingLogits({ smoothing, ...(padded && { padding: 1 }) }, logits),
          )
          for (const [v, weight] of raised.entries()) {
            expect(distribution.probability(v, T)).toBeCloseTo(weight / all, 5)
          }
          expect(logits).toEqual(before)
        },
      ),
    )
  })

  it('ban the padding at every temperature', () => {
    const drawn = Distribution.of(drawingLogits({ padding: 0 }, Float32Array.of(9, 1, 2)))
    for (const T of [0, 1e-3, 1, 1e6, Number.POSITIVE_INFINITY]) {
      expect(drawn.probability(0, T)).toBe(0)
      expect(drawn.draw(T, 1).id).not.toBe(0)
    }
  })
})

describe('a config', () => {
  const base = { cell: 'lstm', vocabulary: 9, hidden: 3, layers: 1 }

  it.each([
    [{ attention: true }, 'attention without a window'],
    [{ padding: 0 }, 'padding without a window'],
    [{ window: 4, padding: 9 }, 'padding is 9; expected a whole number from 0 to 8'],
    [{ window: 4, attention: 'yes' }, 'attention is "yes"; expected true or false'],
    [{ skip: 1 }, 'skip is 1; expected true or false'],
    [{ smoothing: 0 }, 'smoothing is 0; expected a number above 0'],
    [{ smoothing: 1 }, 'expected a number above 0, at most 0.1'],
    [{ smoothing: '1e-7' }, 'smoothing is "1e-7"'],
  ])('refuses %o', (fields, message) => {
    expect(() => modelConfig({ ...base, ...fields })).toThrow(message)
  })

  it('leaves out what is false', () => {
    expect(modelConfig({ ...base, skip: false, attention: false })).toEqual(modelConfig(base))
  })
})
