import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededIds, seededWeights } from '../../../test/support/seeded.js'
import type { Model } from '../../file/index.js'
import { networkOf } from '../../generate/index.js'
import { modelConfig, tensorShapes } from '../../model/config.js'
import { CharacterTokenizer } from '../../text/index.js'
import { score, scoreOfParts } from './score.js'

const symbols = [...'abcdefghijk']
const V = symbols.length

function modelOf(variant: keyof typeof CELL_VARIANTS, seed = 1): Model {
  const config = modelConfig({ ...CELL_VARIANTS[variant], vocabulary: V, hidden: 9, layers: 2 })
  const tokenizer = new CharacterTokenizer(symbols)
  return { config, tokenizer, weights: seededWeights(config, seed, 0.4), hash: '', training: {} }
}

describe('score', () => {
  it.each(Object.keys(CELL_VARIANTS) as (keyof typeof CELL_VARIANTS)[])(
    'is the mean of -ln softmax over one unbroken reading: %s',
    async variant => {
      const model = modelOf(variant)
      const ids = seededIds(300, V)
      const session = (await networkOf(model)).session()
      let sum = 0
      for (let i = 0; i < ids.length - 1; i++) {
        const e = [...session.step(ids[i])].map(Math.exp)
        sum -= Math.log(e[ids[i + 1]] / e.reduce((a, b) => a + b, 0))
      }
      const result = await score(model, ids)
      expect(result.count).toBe(299)
      expect(result.nats).toBeCloseTo(sum / 299, 12)
      expect(result.bits).toBeCloseTo(sum / 299 / Math.LN2, 12)
      expect(result.perplexity).toBeCloseTo(Math.exp(sum / 299), 10)
      expect(result.surprisals).toBeUndefined()
    },
  )

  it('gives a uniform distribution exactly ln V, and a perplexity of V', async () => {
    const model = modelOf('lstm')
    const zero = new Map(
      [...tensorShapes(model.config).keys()].map(name => [
        name,
        new Float32Array(model.weights.get(name)!.length),
      ]),
    )
    const result = await score({ ...model, weights: zero }, seededIds(50, V))
    expect(result.nats).toBeCloseTo(Math.log(V), 14)
    expect(result.perplexity).toBeCloseTo(V, 12)
  })

  it('adds up from its parts', async () => {
    const model = modelOf('gru reset after')
    const ids = seededIds(200, V)
    const whole = await score(model, ids, { surprisals: true })
    const { surprisals = new Float32Array() } = whole
    expect(surprisals).toHaveLength(199)
    const a = scoreOfParts(surprisals, [{ from: 0, to: 50 }])
    const b = scoreOfParts(surprisals, [
      { from: 50, to: 80 },
      { from: 80, to: 200 },
    ])
    expect(a.count).toBe(49) // nothing precedes the first symbol
    expect(a.count + b.count).toBe(whole.count)
    const mean = (a.nats * a.count + b.nats * b.count) / whole.count
    expect(mean).toBeCloseTo(whole.nats, 7)
    expect(() => scoreOfParts(surprisals, [{ from: 0, to: 1 }])).toThrow('at least one')
  })

  it('reports its progress and ends with everything done', async () => {
    const told: number[] = []
    await score(modelOf('rnn tanh'), seededIds(500, V), {
      onProgress: (done, total) => told.push(done / total),
    })
    expect(told.at(-1)).toBe(1)
    expect([...told].sort((x, y) => x - y)).toEqual(told)
  })

  it('stops with the reason of its signal', async () => {
    const reason = new Error('enough')
    const running = score(modelOf('lstm'), seededIds(100_000, V), {
      signal: AbortSignal.abort(reason),
    })
    await expect(running).rejects.toBe(reason)
  })

  it('refuses what it cannot score, in one sentence', async () => {
    const model = modelOf('lstm')
    await expect(score(model, [])).rejects.toThrow('The text has 0 symbols; expected at least two')
    await expect(score(model, [3])).rejects.toThrow('The text has 1 symbol; expected at least two')
    await expect(score(model, [1, V])).rejects.toThrow(`The id at 1 is ${V}; expected one from 0`)
  })
})
