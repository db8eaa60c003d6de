import { generateText, type Model } from 'ondo'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Aside, FromWorker } from './protocol.js'
import { AsideWriter } from './side-writer.js'
import { smallModel } from './small-model.fixture.js'

const WISH: Aside = { prompt: 'abc', unknown: 'skip', seed: '5', temperature: 0.9, length: 300 }
let model: Model

beforeAll(async () => {
  model = await smallModel()
})

/** A writer, and the texts that it has handed over by job. */
function writer() {
  const texts: [job: number, text: string][] = []
  const post = (message: FromWorker): void => {
    if (message.type === 'wrote-aside') texts.push([message.job, message.text])
  }
  return { aside: new AsideWriter(post, () => model), texts }
}

const wanted = ({ prompt, seed, stream, temperature, length, chain }: Aside): Promise<string> =>
  generateText(model, { ...{ prompt, temperature, length, chain, stream }, seed: BigInt(seed) })

describe('texts beside', () => {
  it('of two channels are written side by side, each what generate writes', async () => {
    const { aside, texts } = writer()
    const other: Aside = { ...WISH, chain: 'temperature, top-k 3', stream: 4, length: 200 }
    await Promise.all([
      aside.write({ type: 'aside', channel: 'luck', job: 1, texts: [WISH] }),
      aside.write({ type: 'aside', channel: 'game', job: 2, texts: [other] }),
    ])
    expect(new Map(texts)).toEqual(
      new Map([
        [1, await wanted(WISH)],
        [2, await wanted(other)],
      ]),
    )
  })

  it('of one channel give way to the newer wish', async () => {
    const { aside, texts } = writer()
    const long = { ...WISH, length: 100_000 }
    await Promise.all([
      aside.write({ type: 'aside', channel: 'luck', job: 1, texts: [long, WISH] }),
      aside.write({ type: 'aside', channel: 'luck', job: 2, texts: [WISH] }),
    ])
    expect(texts).toEqual([[2, await wanted(WISH)]])
  })

  it('that leave nothing to draw are refused by name', async () => {
    const { aside } = writer()
    const nothing = { ...WISH, chain: 'allow "a", ban "a", temperature' }
    await expect(
      aside.write({ type: 'aside', channel: '', job: 1, texts: [nothing] }),
    ).rejects.toThrow(/ban "a" leaves nothing/)
  })
})
