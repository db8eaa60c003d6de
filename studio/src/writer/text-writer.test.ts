import { encodeModel, generateText, type Model } from 'ondo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Beginning, type FromWorker, STATE_EVERY } from './protocol.js'
import { smallModel } from './small-model.fixture.js'
import { TextWriter } from './text-writer.js'

const LENGTH = 700
let model: Model
const writers: TextWriter[] = []

beforeAll(async () => {
  model = await smallModel()
})
afterAll(() => {
  for (const writer of writers) writer.handle({ type: 'pause' })
})

/** A worker with the model open, and a way to wait for its messages. */
async function opened() {
  const queue: FromWorker[] = []
  let wake = (): void => {}
  const writer = new TextWriter(message => {
    queue.push(message)
    wake()
  })
  writers.push(writer)
  const next = async <Type extends FromWorker['type']>(
    type: Type,
  ): Promise<Extract<FromWorker, { type: Type }>> => {
    for (;;) {
      const message = queue.shift()
      if (message?.type === 'failed') throw new Error(message.message)
      if (message?.type === type) return message as Extract<FromWorker, { type: Type }>
      if (!message) await new Promise<void>(resolve => (wake = resolve))
    }
  }
  const bytes = encodeModel(model)
  writer.handle({ type: 'open', job: 1, source: new Blob([bytes as BlobPart]), name: 'small' })
  await next('opened')
  writer.handle({ type: 'temperature', value: 0.9 })
  return { writer, next }
}

/** The text of a burst, and the step that follows it. */
async function burst(
  { writer, next }: Awaited<ReturnType<typeof opened>>,
  begin: Partial<Beginning> = {},
) {
  const whole = { run: 1, prompt: 'abc', unknown: 'skip', seed: '5', burst: LENGTH, ...begin }
  writer.handle({ type: 'begin', begin: whole as Beginning })
  await next('began')
  const ids: number[] = []
  let text = ''
  for (;;) {
    const message = await next('written')
    text += message.text
    ids.push(...message.columns.ids)
    writer.handle({ type: 'seen', run: 1 })
    if (message.rest) return { text, ids, next: message.next }
  }
}

const wanted = (stop: string[] = []): Promise<string> =>
  generateText(model, { prompt: 'abc', temperature: 0.9, seed: 5, length: LENGTH, stop })

describe('the worker that writes', () => {
  it('ends a text before the stop string that generate ends it before', async () => {
    const plain = await wanted()
    const worker = await opened()
    const stops = [plain.slice(3, 5), plain.slice(200, 206), plain.slice(690, 697), 'jjjjjjjj']
    for (const stop of [...stops.map(each => [each]), stops]) {
      const { text, ids, next } = await burst(worker, { stops: stop })
      expect(text).toBe(await wanted(stop))
      // The symbol that would follow is the first one of the stop string.
      expect([ids.length, next?.index]).toEqual([text.length, text.length])
    }
  })

  it('reads messages while it reads a long text, and begins the newest text', async () => {
    const { writer, next } = await opened()
    const long = Uint32Array.from({ length: 200_000 }, (_, i) => i % 9)
    const begin = (run: number, more: object) => {
      const whole = { run, prompt: 'abc', unknown: 'skip', seed: '5', ...more }
      writer.handle({ type: 'begin', begin: whole as Beginning })
    }
    // Yields twice, so that the first text is being read when the second arrives.
    const turn = () => new Promise(resolve => setImmediate(resolve))
    begin(2, { ids: long })
    await turn()
    writer.handle({ type: 'step' })
    writer.handle({ type: 'temperature', value: 0 })
    await turn()
    begin(3, { burst: 20 })
    writer.handle({ type: 'look', job: 7, at: 0 })
    const began = await next('began')
    expect(began.run).toBe(3)
    expect((await next('looked')).job).toBe(7)
    const options = { prompt: 'abc', temperature: 0, seed: 5, length: 20 }
    let text = ''
    for (let rest: unknown; !rest; ) {
      const written = await next('written')
      expect(written.run).toBe(3)
      text += written.text
      rest = written.rest
      writer.handle({ type: 'seen', run: 3 })
    }
    expect(text).toBe(await generateText(model, options))
  })

  it('continues from any symbol of a text as if it had never stopped', async () => {
    const worker = await opened()
    const { text, ids } = await burst(worker)
    for (const at of [1, STATE_EVERY, STATE_EVERY + 1, 2 * STATE_EVERY + 100, 0]) {
      const begin = { ids: Uint32Array.from(ids.slice(0, at)), burst: LENGTH - at }
      expect((await burst(worker, begin)).text).toBe(text.slice(at))
    }
  })
})
