import { createChain, type Model, networkOf, Writer } from 'ondo'
import { beforeAll, expect, it } from 'vitest'
import { columnsOf, textOf } from './columns.js'
import type { TextToVerify } from './protocol.js'
import { smallModel } from './small-model.fixture.js'
import { Verifier } from './verifier.js'

const CHAINS = ['', 'temperature, top-k 3', 'dry 0.8, temperature']
let model: Model

beforeAll(async () => {
  model = await smallModel()
})

/** A text with changing chains and temperatures; one of its symbols is chosen. */
async function written(length: number): Promise<TextToVerify> {
  const origin = { prompt: 'abc', unknown: 'skip', seed: '9', stream: 2 } as const
  const network = await networkOf(model)
  const luck = { seed: 9n, stream: 2 }
  const ids = model.tokenizer.encode(origin.prompt, 'skip').ids
  const used = new Uint16Array(length)
  const all = []
  const history: number[] = []
  for (let n = 0; n < length; n++) {
    used[n] = Math.floor((n * CHAINS.length) / length)
    const session = network.session()
    if (n > 0) new Writer(model, session, ids, luck)
    const writer = new Writer(model, session, ids, {
      ...luck,
      chain: used[n] === 0 ? undefined : createChain(CHAINS[used[n]], model.tokenizer),
      ...(n > 0 && { resume: { ids: history, read: 0 } }),
    })
    const T = 0.5 + (n % 7) / 5
    const position = n === 20 ? writer.choose(4, T) : writer.next(T)
    writer.dispose()
    history.push(position.id)
    all.push(position)
  }
  const { temperatures, coins, ids: columns } = columnsOf(all)
  const text = textOf(all)
  return { ...origin, from: 0, ids: columns, temperatures, coins, chains: used, text }
}

const verifier = () => new Verifier(model, CHAINS)

it('finds nothing in a text that its model wrote, nor in a branch of it', async () => {
  const whole = await written(60)
  const branch = { ...whole, parent: 0, from: 37, text: whole.text.slice(37) }
  const one = verifier()
  expect(await one.differenceOf(whole)).toBeUndefined()
  expect(await one.differenceOf(branch)).toBeUndefined()
})

it('finds the first symbol that was changed, and a letter that does not come from its symbol', async () => {
  const whole = await written(60)
  for (const n of [0, 31, 59]) {
    const ids = whole.ids.slice()
    ids[n] = (ids[n] + 1) % model.tokenizer.size
    expect(await verifier().differenceOf({ ...whole, ids })).toBe(n)
    const text = `${whole.text.slice(0, n)}Z${whole.text.slice(n + 1)}`
    expect(await verifier().differenceOf({ ...whole, text })).toBe(n)
  }
  expect(await verifier().differenceOf({ ...whole, seed: '10' })).toBeTypeOf('number')
  const chains = whole.chains.slice()
  chains.fill(0)
  expect(await verifier().differenceOf({ ...whole, chains })).toBeTypeOf('number')
})
