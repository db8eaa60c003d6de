import { beforeAll, describe, expect, it } from 'vitest'
import type { Network } from '../runtime/session.js'
import { createChain } from '../temperature/index.js'
import { networkOf, promptIds } from './generate.js'
import { mockModel } from './mock.fixture.js'
import { StateCache } from './state-cache.js'
import { compareIds, findDifference, type RecordedText } from './verify.js'
import type { SymbolRecord } from './writer.js'

const letters = mockModel('abcdefgh \n')
const LENGTH = 90
const coins = { seed: 2n ** 63n, stream: 1 }
const chainOf = (n: number): string | undefined =>
  n % 40 < 20 ? undefined : 'dry 0.8, temperature'
const isChosen = (n: number): boolean => n % 31 === 7
let network: Network
let positions: SymbolRecord[]

const start = (ids?: number[]): StateCache =>
  new StateCache(letters, network, promptIds(letters, 'ab'), { ids, every: 8 })

beforeAll(async () => {
  network = await networkOf(letters)
  const text = start()
  positions = []
  for (let n = 0; n < LENGTH; n++) {
    const syntax = chainOf(n)
    const chain = syntax === undefined ? undefined : createChain(syntax, letters.tokenizer)
    const writer = text.writerAt(n, { ...coins, chain, watch: true })
    const T = 0.4 + (n % 5) / 4
    positions.push(isChosen(n) ? writer.choose(n % 10, T) : writer.next(T))
    writer.dispose()
    text.ids.push(positions[n].id)
  }
})

const recorded = (from = 0): RecordedText => ({
  ids: positions.map(({ id }) => id),
  temperatures: positions.map(({ temperature }) => temperature),
  text: positions
    .slice(from)
    .map(({ text }) => text)
    .join(''),
  ...{ chainOf, isChosen },
})

describe('a recorded text, written again', () => {
  it('comes out the same, from its beginning or from anywhere in it', async () => {
    for (const from of [0, 1, 20, 57, LENGTH - 1, LENGTH]) {
      const { ids } = recorded()
      const written = start(Array.from(ids).slice(0, from))
      expect(await findDifference(written, recorded(from), coins)).toBeUndefined()
      expect(written.ids).toEqual(ids)
    }
  })

  it('differs where a symbol, a letter or what it was drawn with was changed', async () => {
    const plain = recorded()
    for (const n of [0, 44, LENGTH - 1]) {
      const ids = Array.from(plain.ids)
      ids[n] = (ids[n] + 1) % 10
      expect((await findDifference(start(), { ...plain, ids }, coins))?.position).toBe(n)
      const text = `${plain.text.slice(0, n)}Z${plain.text.slice(n + 1)}`
      expect((await findDifference(start(), { ...plain, text }, coins))?.position).toBe(n)
    }
    const longer = { ...plain, text: `${plain.text}!` }
    expect((await findDifference(start(), longer, coins))?.position).toBe(LENGTH - 1)
    const hot = { ...plain, temperatures: new Array(LENGTH).fill(9) }
    expect((await findDifference(start(), hot, coins))?.position).toBeTypeOf('number')
    expect((await findDifference(start(), plain, { seed: 4 }))?.position).toBeTypeOf('number')
    const drawn = { ...plain, isChosen: () => false }
    expect((await findDifference(start(), drawn, coins))?.position).toBeTypeOf('number')
  })

  it('reports the expected symbol or text and the one that came', async () => {
    const plain = recorded()
    const shown = (id: number): string => JSON.stringify(letters.tokenizer.symbol(id))
    const ids = Array.from(plain.ids)
    ids[44] = (ids[44] + 1) % 10
    expect(await findDifference(start(), { ...plain, ids }, coins)).toEqual({
      ...{ position: 44, what: 'symbol', expected: shown(ids[44]), came: shown(plain.ids[44]) },
    })
    const text = `${plain.text.slice(0, 44)}Z${plain.text.slice(45)}`
    expect(await findDifference(start(), { ...plain, text }, coins)).toEqual({
      ...{ position: 44, what: 'text', expected: '"Z"', came: shown(plain.ids[44]) },
    })
    const { tokenizer } = letters
    expect(compareIds(tokenizer, [1, 2], [1, 2])).toBeUndefined()
    expect(compareIds(tokenizer, [1, 2], [1])).toMatchObject({ position: 1, came: 'the end' })
    expect(compareIds(tokenizer, [1], [1, 99])).toMatchObject({ expected: 'the end', came: '99' })
  })

  it('stops when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(findDifference(start(), recorded(), { ...coins, signal })).rejects.toThrow(
      'enough',
    )
  })
})
