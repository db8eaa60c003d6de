import { generateText, type Model } from 'ondo'
import { beforeAll, describe, expect, it } from 'vitest'
import type { FromWorker, SideText } from './protocol.js'
import { SideWriter } from './side-writer.js'
import { smallModel } from './small-model.fixture.js'

const SIDE_TEXT: SideText = {
  prompt: 'abc',
  unknown: 'skip',
  seed: '5',
  temperature: 0.9,
  length: 300,
}
let model: Model

beforeAll(async () => {
  model = await smallModel()
})

/** Makes a side writer and collects its texts with their jobs. */
function writer() {
  const texts: [job: number, text: string][] = []
  const post = (message: FromWorker): void => {
    if (message.type === 'side-text') texts.push([message.job, message.text])
  }
  return { sideWriter: new SideWriter(post, () => model), texts }
}

const wanted = ({ prompt, seed, stream, temperature, length, chain }: SideText): Promise<string> =>
  generateText(model, { ...{ prompt, temperature, length, chain, stream }, seed: BigInt(seed) })

describe('side texts', () => {
  it('of two channels are written at the same time, each equal to what generate writes', async () => {
    const { sideWriter, texts } = writer()
    const other: SideText = { ...SIDE_TEXT, chain: 'temperature, top-k 3', stream: 4, length: 200 }
    await Promise.all([
      sideWriter.write({ type: 'side-texts', channel: 'luck', job: 1, texts: [SIDE_TEXT] }),
      sideWriter.write({ type: 'side-texts', channel: 'game', job: 2, texts: [other] }),
    ])
    expect(new Map(texts)).toEqual(
      new Map([
        [1, await wanted(SIDE_TEXT)],
        [2, await wanted(other)],
      ]),
    )
  })

  it('of one channel are given up when a newer request comes', async () => {
    const { sideWriter, texts } = writer()
    const long = { ...SIDE_TEXT, length: 100_000 }
    await Promise.all([
      sideWriter.write({ type: 'side-texts', channel: 'luck', job: 1, texts: [long, SIDE_TEXT] }),
      sideWriter.write({ type: 'side-texts', channel: 'luck', job: 2, texts: [SIDE_TEXT] }),
    ])
    expect(texts).toEqual([[2, await wanted(SIDE_TEXT)]])
  })

  it('whose chain leaves nothing to draw are refused with an error that names the sampler', async () => {
    const { sideWriter } = writer()
    const nothing = { ...SIDE_TEXT, chain: 'allow "a", ban "a", temperature' }
    await expect(
      sideWriter.write({ type: 'side-texts', channel: '', job: 1, texts: [nothing] }),
    ).rejects.toThrow(/ban "a" leaves nothing/)
  })
})
