import { describe, expect, it, vi } from 'vitest'
import { seededWeights } from '../../test/support/seeded.js'
import { encodeModel } from '../file/index.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { createApp } from './index.js'

const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abcdefg温'] })
const config = modelConfig({
  ...{ cell: 'gru', vocabulary: tokenizer.size, embedding: 4, hidden: 16, layers: 1 },
})
const bytes = encodeModel({ config, tokenizer, weights: seededWeights(config, 1, 1) })
const files = [{ name: 'tiny', read: async () => bytes }]
const app = createApp({ models: files })

const post = (
  body: object,
  { to = app, signal }: { to?: typeof app; signal?: AbortSignal } = {},
): Promise<Response> =>
  Promise.resolve(
    to.request('/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    }),
  )

describe('the prompt of a request', () => {
  it('is refused above the limit, which can be set', async () => {
    const own = createApp({ models: files, maxPrompt: 3 })
    expect((await post({ prompt: 'abc', length: 1 }, { to: own })).status).toBe(200)
    for (const stream of [false, true]) {
      const refused = await post({ prompt: 'abcd', stream }, { to: own })
      expect(refused.status).toBe(400)
      expect((await refused.json()).error.message).toMatch(
        /^The prompt has 4 symbols; expected at most 3: /,
      )
    }
    // The default limit.
    expect((await post({ prompt: 'a'.repeat(100_000), length: 1 })).status).toBe(200)
    const refused = await post({ prompt: 'a'.repeat(100_001), length: 1 })
    expect((await refused.json()).error.message).toMatch(/100001 symbols; expected at most 100000/)
  })

  it('is returned as ids on request', async () => {
    const asked = await (await post({ prompt: 'ga', promptIds: true, length: 1 })).json()
    expect(asked.run.promptIds).toEqual([7, 1])
    const streamed = await post({ prompt: 'ga', promptIds: true, length: 1, stream: true })
    const [, data] = (await streamed.text()).split('\n')
    expect(JSON.parse(data.slice(6)).promptIds).toEqual([7, 1])
    expect((await (await post({ prompt: 'ga', length: 1 })).json()).run).not.toHaveProperty(
      'promptIds',
    )
  })

  it('lets other requests be answered while a long one is read, and ends when aborted', async () => {
    const abort = new AbortController()
    const prompt = 'abcdefg'.repeat(14_000)
    let answered = false
    const long = post({ prompt, length: 5 }, { signal: abort.signal }).then(response => {
      answered = true
      return response
    })
    // A fake clock ends each slice, so the test does not depend on the speed of the machine.
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 5))
    expect((await app.request('/health')).status).toBe(200)
    await new Promise(resolve => setImmediate(resolve))
    expect(answered).toBe(false)
    abort.abort()
    const body = await (await long).json()
    clock.mockRestore()
    expect(body).toMatchObject({ symbols: 0, text: '', stop: 'interrupted' })
  })
})
