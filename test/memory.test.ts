/** Memory that the system refuses: every interface says it in one sentence. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { InputError } from '../src/errors.js'
import { mockModel } from '../src/generate/mock.fixture.js'
import { encodeModel, generateText, loadNetwork, networkOf } from '../src/index.js'
import { modelConfig } from '../src/model/config.js'
import { planLayout } from '../src/runtime/layout.js'
import { createApp } from '../src/server/index.js'
import { weightMemory } from '../src/temperature/softmax-weights.js'
import { UpdateMemory } from '../src/train/optimizer/memory.js'
import { errorMessage } from '../studio/src/writer/error-message.js'

const { Memory } = WebAssembly

/** A WebAssembly whose memories have at most so many pages, as where the system has no more. */
function limitMemory(pages: number): void {
  class Limited extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if (descriptor.initial > pages) {
        throw new RangeError('WebAssembly.Memory(): could not allocate memory')
      }
      super({ ...descriptor, maximum: pages })
    }
  }
  vi.stubGlobal('WebAssembly', Object.create(WebAssembly, { Memory: { value: Limited } }))
}

afterEach(() => vi.unstubAllGlobals())

async function refusal(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  return expect.fail('nothing was thrown')
}

const SENTENCE = /^[A-Z][^\n]* needs more memory than there is; close other programs, [^\n]*\.$/

describe('memory that the system refuses', () => {
  it('is a sentence where a network is loaded, and the next attempt may find it', async () => {
    const model = mockModel('abc')
    limitMemory(0)
    const error = await refusal(() => loadNetwork(model.config, model.weights))
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ code: 'memory' })
    expect((error as Error).message).toMatch(SENTENCE)
    expect((error as InputError).ja).toMatch(/メモリーが足りません/)
    vi.unstubAllGlobals()
    await expect(loadNetwork(model.config, model.weights)).resolves.toBeDefined()
  })

  it('is a sentence where a distribution is made', async () => {
    limitMemory(0)
    const error = await refusal(() => weightMemory(400_000))
    expect((error as Error).message).toMatch(SENTENCE)
  })

  it('is a sentence where training begins', async () => {
    limitMemory(0)
    const error = await refusal(() => new UpdateMemory(mockModel('abc').weights, 4))
    expect((error as Error).message).toMatch(/^Training this model \(\d+ MiB/)
    expect((error as Error).message).toMatch(SENTENCE)
  })

  it('is a sentence where sessions outgrow it, and those that are open go on', async () => {
    const { config, weights } = mockModel('abc')
    limitMemory(Math.ceil(planLayout(config).end / 65536) + 1)
    const network = await loadNetwork(config, weights)
    const first = network.session()
    const before = [...first.step(1)]
    const error = await refusal(() => {
      for (let i = 0; i < 10_000; i++) network.session()
    })
    expect(error).toMatchObject({ code: 'memory' })
    expect((error as Error).message).toMatch(/dispose sessions/)
    expect((error as InputError).ja).toMatch(/メモリー/)
    first.reset()
    expect([...first.step(1)]).toEqual(before)
  })

  it('is a sentence where a config asks for more than WebAssembly can address', async () => {
    const config = modelConfig({ cell: 'lstm', vocabulary: 9, hidden: 16_384, layers: 64 })
    const error = await refusal(() => planLayout(config))
    expect(error).toMatchObject({ code: 'memory' })
    expect((error as Error).message).toMatch(
      /needs [\d.]+ GiB in memory; WebAssembly can address 4/,
    )
  })

  it('is a sentence in the page', async () => {
    for (const message of ['Array buffer allocation failed', 'Out of memory']) {
      const { code, message: said, ja } = errorMessage(new RangeError(message))
      expect(code).toBe('memory')
      expect(said).toMatch(SENTENCE)
      expect(ja).toMatch(/メモリーが足りません/)
    }
    expect(errorMessage(new RangeError('Invalid time value')).code).toBe('unexpected')
  })

  it('is answered by 503 over HTTP, and the server goes on', async () => {
    const bytes = encodeModel(mockModel('abc'))
    const errors: unknown[] = []
    const app = createApp({
      models: [{ name: 'tiny', read: async () => new Uint8Array(bytes) }],
      onError: error => errors.push(error),
    })
    const ask = () =>
      app.request('/completions', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ prompt: 'a', length: 3 }),
      })
    limitMemory(0)
    const refused = await ask()
    expect(refused.status).toBe(503)
    expect(((await refused.json()) as { error: Error }).error.message).toMatch(SENTENCE)
    expect(errors).toHaveLength(1)
    vi.unstubAllGlobals()
    expect((await ask()).status).toBe(200)
  })

  it('is not remembered by a model, which writes once there is memory', async () => {
    const model = mockModel('abc')
    limitMemory(0)
    expect(await refusal(() => generateText(model, { length: 2 }))).toMatchObject({
      code: 'memory',
    })
    vi.unstubAllGlobals()
    await expect(networkOf(model)).resolves.toBeDefined()
    expect((await generateText(model, { length: 2 })).length).toBeGreaterThan(0)
  })
})
