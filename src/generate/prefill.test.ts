import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { seededWeights } from '../../test/support/seeded.js'
import { decodeModel, encodeModel } from '../file/index.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { generate, generateText, networkOf } from './generate.js'
import { openWriter, prefillInSlices, readPromptInSlices } from './prefill.js'
import { runHeader } from './run/header.js'
import { recordRun } from './run/record.js'
import { SeedTexts } from './seed-texts.js'
import { StateCache } from './state-cache.js'
import { createTree } from './tree/tree.js'
import { verifyRun } from './verify.js'
import { readPromptAtOnce, Writer } from './writer.js'

const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abcdefg温'] })
const config = modelConfig({
  ...{ cell: 'gru', vocabulary: tokenizer.size, embedding: 4, hidden: 16, layers: 1 },
})
const model = await decodeModel(
  encodeModel({ config, tokenizer, weights: seededWeights(config, 1, 1) }),
)
const network = await networkOf(model)
const long = 'abcdefg温'.repeat(5000)

afterEach(() => vi.restoreAllMocks())

/** A clock that moves by so many milliseconds each time it is read. */
function slowClock(milliseconds: number): void {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds))
}

describe('a prompt is read in slices', () => {
  it('to the same state and logits as at once, however fast the machine is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(tokenizer.size - 1), { maxLength: 400, size: 'max' }),
        fc.constantFrom(0, 0.5, 3, 20, 100),
        async (ids, milliseconds) => {
          slowClock(milliseconds)
          const sliced = await readPromptInSlices(model, network, ids)
          vi.restoreAllMocks()
          expect(sliced).toEqual(readPromptAtOnce(model, network, ids))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('says how far it is, rising, and at last that it is done', async () => {
    slowClock(3)
    const ids = Array.from({ length: 1000 }, (_, i) => i % 9)
    const heard: number[] = []
    const session = network.session()
    await prefillInSlices(session, ids, {
      onProgress: (read, total) => {
        expect(total).toBe(ids.length)
        heard.push(read)
      },
    })
    session.dispose()
    expect(heard.length).toBeGreaterThan(3)
    expect(heard).toEqual([...heard].sort((a, b) => a - b))
    expect(heard.at(-1)).toBe(ids.length)
  })

  it('can be aborted between two slices, and disposes the session', async () => {
    for (const slow of [true, false]) {
      slowClock(slow ? 20 : 0.001)
      const abort = new AbortController()
      if (slow) setTimeout(() => abort.abort(new Error('enough')))
      else abort.abort(new Error('enough'))
      const session = network.session()
      const dispose = vi.spyOn(session, 'dispose')
      const ids = new Uint32Array(200_000)
      await expect(
        openWriter(model, session, ids, { seed: 1 }, { signal: abort.signal }),
      ).rejects.toThrow('enough')
      expect(dispose).toHaveBeenCalledTimes(1)
      vi.restoreAllMocks()
    }
  })

  it('refuses an invalid id', async () => {
    const ids = new Array<number>(5000).fill(1)
    ids[4000] = tokenizer.size
    const session = network.session()
    await expect(prefillInSlices(session, ids)).rejects.toThrow(`The id at position`)
    session.dispose()
  })

  it('makes a writer that continues like one that read the prompt at once', async () => {
    for (const prompt of ['', 'a', long]) {
      const { ids } = tokenizer.encode(prompt, 'error')
      const options = { seed: 5, watch: true, intervals: true, loops: true }
      const [a, b] = [
        await openWriter(model, network.session(), ids, options),
        new Writer(model, network.session(), ids, options),
      ]
      for (let n = 0; n < 50; n++) expect(a.next(1)).toEqual(b.next(1))
      expect(a.snapshot()).toEqual(b.snapshot())
      a.dispose()
      b.dispose()
    }
  })
})

describe('reading a long prompt yields to the event loop and can be aborted', () => {
  const readers: [string, (signal: AbortSignal, onPrompt: () => void) => Promise<unknown>][] = [
    [
      'generate',
      async (signal, onPrompt) => {
        const steps: unknown[] = []
        const options = { prompt: long, length: 5, signal, onPrompt }
        for await (const step of generate(model, options)) steps.push(step)
        if (signal.aborted) throw new Error(`${steps.length} steps`)
      },
    ],
    [
      'SeedTexts',
      (signal, onPrompt) => SeedTexts.of(model, { prompt: long, length: 5, signal, onPrompt }),
    ],
    [
      'verifyRun',
      async (signal, onPrompt) => {
        const { ids } = tokenizer.encode(long, 'error')
        const header = runHeader(model, {
          ...{ prompt: long, ids, seed: 1, length: 0 },
          temperature: 1,
        })
        return verifyRun(model, await recordRun(header, []), { signal, onPrompt })
      },
    ],
  ]
  it.each(readers)('%s', async (_name, read) => {
    slowClock(3)
    const abort = new AbortController()
    let heard = 0
    await expect(
      read(abort.signal, () => {
        if (++heard === 2) abort.abort(new Error('0 steps'))
      }),
    ).rejects.toThrow('0 steps')
    expect(heard).toBe(2)
  })

  it('a text with states along it, which then stands anywhere after a few steps', async () => {
    const ids = Array.from({ length: 30_000 }, (_, i) => (i * i) % 9)
    const prompt = tokenizer.encode(long, 'error').ids
    slowClock(3)
    const cache = new StateCache(model, network, prompt, { ids, every: 16 })
    const heard: number[] = []
    await cache.prepare(ids.length, { onProgress: read => heard.push(read) })
    expect(heard.length).toBeGreaterThan(10)
    expect(cache.replayed).toBe(0)
    const all = new StateCache(model, network, prompt, { ids, every: 16 })
    for (const n of [ids.length, ids.length - 20, 0]) {
      const [a, b] = [cache, all].map(each => each.writerAt(n, { seed: 3 }))
      expect(a.next(1)).toEqual(b.next(1))
      a.dispose()
      b.dispose()
    }
    expect(cache.replayed).toBeLessThan(100)
    const abort = new AbortController()
    const other = new StateCache(model, network, prompt, { ids })
    const onProgress = (): void => abort.abort(new Error('enough'))
    await expect(other.prepare(ids.length, { signal: abort.signal, onProgress })).rejects.toThrow(
      'enough',
    )
  })

  it('a tree', async () => {
    slowClock(3)
    let turns = 0
    let made = false
    const count = (): void => {
      turns++
      if (!made) setImmediate(count)
    }
    setImmediate(count)
    const tree = await createTree(model, { prompt: long })
    made = true
    vi.restoreAllMocks()
    expect(turns).toBeGreaterThan(3)
    tree.write(5)
    expect(tree.text).toBe(await generateText(model, { prompt: long, length: 5 }))
    tree.dispose()
  })
})
