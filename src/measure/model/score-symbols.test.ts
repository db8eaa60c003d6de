/** A model that reads: `scoreSymbols` and `calibrateModel` against the plain pass of `score`. */
import { describe, expect, it } from 'vitest'
import { seededWeights } from '../../../test/support/seeded.js'
import type { Model } from '../../file/index.js'
import { networkOf } from '../../generate/index.js'
import { modelConfig } from '../../model/config.js'
import { Distribution } from '../../temperature/index.js'
import { CharacterTokenizer } from '../../text/index.js'
import { calibrateModel } from './calibrate-model.js'
import { score, scoreOfParts } from './score.js'
import { scoreSymbols } from './score-symbols.js'

const V = 7
const config = modelConfig({ cell: 'gru', vocabulary: V, hidden: 8, layers: 1 })
const model: Model = {
  config,
  tokenizer: new CharacterTokenizer([...'abcdefg']),
  weights: seededWeights(config, 3, 1.5),
  hash: 'x',
  training: {},
}
const ids = Array.from({ length: 1500 }, (_, i) => (i * i + (i >> 4)) % V)

describe('a text that a model reads', () => {
  it('has the surprisals of score(), in bits, and the entropies of its T', async () => {
    const { surprisals } = await score(model, ids, { surprisals: true })
    const cold = await scoreSymbols(model, ids, { temperature: 0.5 })
    expect(cold.surprisals).toHaveLength(ids.length - 1)
    for (const [i, nats] of surprisals!.entries()) {
      expect(cold.surprisals[i]).toBeCloseTo(nats / Math.LN2, 4)
    }
    const session = (await networkOf(model)).session()
    const distribution = new Distribution(V)
    for (let i = 0; i < 100; i++) {
      distribution.load(session.step(ids[i]))
      expect(cold.entropies[i]).toBeCloseTo(distribution.at(0.5).entropy, 5)
    }
    session.dispose()
  })

  it('has the loss of score() at T = 1, and a lower one at T*', async () => {
    const { nats } = await score(model, ids)
    const { before, after, count } = await calibrateModel(model, ids)
    expect(count).toBe(ids.length - 1)
    expect(before.nats).toBeCloseTo(nats, 6)
    expect(after.nats).toBeLessThan(before.nats)
  })

  it('is calibrated the same whether its logits are kept or computed again', async () => {
    const parts = [
      { from: 0, to: 40 },
      { from: 900, to: 1400 },
    ]
    const kept = await calibrateModel(model, ids, { parts })
    expect(await calibrateModel(model, ids, { parts, memory: 0 })).toEqual(kept)
    // A state forgets within the 500 symbols that are read before a part.
    const { surprisals } = await score(model, ids, { surprisals: true })
    expect(kept.before.nats).toBeCloseTo(scoreOfParts(surprisals!, parts).nats, 3)
  })

  it('is refused when there is nothing to predict, and aborts by its signal', async () => {
    await expect(scoreSymbols(model, [1])).rejects.toThrow('expected at least two')
    await expect(calibrateModel(model, [1])).rejects.toThrow('expected at least two')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(scoreSymbols(model, ids, { signal })).rejects.toThrow('enough')
    await expect(calibrateModel(model, ids, { signal })).rejects.toThrow('enough')
  })
})
