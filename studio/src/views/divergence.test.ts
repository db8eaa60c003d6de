import { describe, expect, it } from 'vitest'
import { Records } from '../text/records.js'
import { ORIGIN, pieceOf } from '../text/text.fixture.js'
import { CHOSEN, type Origin } from '../writer/protocol.js'
import { divergenceOf, type TextWithOrigin } from './divergence.js'

function told(
  text: string,
  origin: Origin = ORIGIN,
  coin?: { at: number; coin: number },
): TextWithOrigin {
  const records = new Records()
  const piece = pieceOf(text)
  if (coin) piece.columns.coins[coin.at] = coin.coin
  records.append(piece.text, piece.columns)
  return { origin, records }
}

describe('two texts', () => {
  it('diverge at the first symbol that differs', () => {
    expect(divergenceOf(told('abcd'), told('abxd'))).toEqual({
      kind: 'temperature',
      at: 2,
      coins: [0.5, 0.5],
    })
  })

  it('are the same if one is the beginning of the other', () => {
    expect(divergenceOf(told('ab'), told('abc'))).toEqual({ kind: 'same', length: 2 })
  })

  it('diverge by a choice, by the seed or by the prompt, and each has a kind of its own', () => {
    const chosen = told('abxd', ORIGIN, { at: 2, coin: CHOSEN })
    expect(divergenceOf(told('abcd'), chosen)).toMatchObject({
      kind: 'choice',
      coins: [0.5, CHOSEN],
    })
    expect(divergenceOf(told('ab'), told('xb', { ...ORIGIN, seed: '2' }))).toMatchObject({
      kind: 'seed',
    })
    expect(divergenceOf(told('ab'), told('ab', { ...ORIGIN, prompt: 'Q' }))).toEqual({
      kind: 'prompt',
    })
  })

  it('diverge by their chains where seed and prompt are the same', () => {
    const chained = told('abxd')
    chained.records.chains[2] = 1
    expect(divergenceOf(told('abcd'), chained)).toMatchObject({ kind: 'chain', at: 2 })
    expect(divergenceOf(told('abcd', { ...ORIGIN, stream: 1 }), told('abxd'))).toMatchObject({
      kind: 'seed',
    })
  })

  it('have the other text’s coin where T = 0 read none', () => {
    const cold = told('abcd', ORIGIN, { at: 2, coin: Number.NaN })
    expect(divergenceOf(cold, told('abxd'))).toMatchObject({ coins: [0.5, 0.5] })
  })
})
