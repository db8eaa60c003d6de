import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Model } from '../file/model.js'
import { Random } from '../random.js'
import { Distribution, nextDouble } from '../temperature/index.js'
import { findLongestLoop } from '../text/index.js'
import { type GenerateOptions, generate, generateText, networkOf, promptIds } from './generate.js'
import { mockModel } from './mock.fixture.js'
import { runHeader } from './run/header.js'
import type { Step } from './stop.js'
import { Writer } from './writer.js'

const letters = mockModel('abcdefgh \n')

async function steps(model: Model, options: GenerateOptions): Promise<Step[]> {
  const all: Step[] = []
  for await (const step of generate(model, options)) all.push(step)
  return all
}

const textOf = (list: readonly Step[]): string => list.map(step => step.text).join('')

describe('generate', () => {
  it('writes the same text for the same seed and another for another', async () => {
    const options = { prompt: 'abc', temperature: 1, length: 200 }
    const text = await generateText(letters, { ...options, seed: 7 })
    expect(await generateText(letters, { ...options, seed: 7 })).toBe(text)
    expect(await generateText(letters, { ...options, seed: 8 })).not.toBe(text)
    expect(await generateText(letters, { ...options, seed: 7, stream: 1 })).not.toBe(text)
    expect(text).toHaveLength(200)
  })

  it('ignores the seed at T = 0 and uses no random number', async () => {
    const a = await steps(letters, { prompt: 'a', temperature: 0, length: 50, seed: 1 })
    const b = await steps(letters, { prompt: 'a', temperature: 0, length: 50, seed: 99 })
    expect(textOf(a)).toBe(textOf(b))
    expect(a.every(step => step.coin === null && step.rank === 1)).toBe(true)
  })

  it('draws as the definitions say, step by step, from the session alone', async () => {
    const written = await steps(letters, { prompt: 'ab', temperature: 0.7, length: 40, seed: 3 })
    const session = (await networkOf(letters)).session()
    const random = new Random(3)
    let logits = session.prefill(promptIds(letters, 'ab'))
    for (const step of written) {
      const draw = Distribution.of(logits).draw(0.7, random.coin(step.index))
      expect(step).toMatchObject(draw)
      expect(step.text).toBe(letters.tokenizer.symbol(draw.id))
      logits = session.step(draw.id)
    }
    session.dispose()
  })

  it('reads the temperature before each draw, without changing earlier symbols', async () => {
    let now = 0.5
    const written: Step[] = []
    const options = { prompt: 'a', length: 60, seed: 5, temperature: () => now }
    for await (const step of generate(letters, options)) {
      written.push(step)
      if (step.index === 29) now = 3
    }
    const cool = await steps(letters, { ...options, temperature: 0.5 })
    expect(written.slice(0, 30)).toEqual(cool.slice(0, 30))
    expect(written.map(step => step.temperature)).toEqual([
      ...Array<number>(30).fill(0.5),
      ...Array<number>(30).fill(3),
    ])
  })

  it('keeps to the length, also 0, and reports why it ended', async () => {
    expect(await steps(letters, { prompt: 'a', length: 0 })).toEqual([])
    const written = await steps(letters, { prompt: 'a', length: 3 })
    expect(written.map(step => step.stop)).toEqual([undefined, undefined, 'length'])
  })

  it('ends before a stop string, the same text as without it up to there', async () => {
    const free = await generateText(letters, { prompt: 'a', length: 400, temperature: 1 })
    const stop = free.slice(100, 102)
    const written = await steps(letters, { prompt: 'a', length: 400, temperature: 1, stop: [stop] })
    expect(textOf(written)).toBe(free.slice(0, free.indexOf(stop)))
    expect(written.at(-1)).toMatchObject({ stop: 'stop', stopString: stop })
  })

  it('uses the prompt and stop strings of the model by default', async () => {
    const model = mockModel('abc\n', { prompt: 'abc', stop: ['\n'] })
    const text = await generateText(model, { length: 500, temperature: 1 })
    expect(text).not.toContain('\n')
    expect(await generateText(model, { prompt: 'abc', length: 500, temperature: 1 })).toBe(text)
    expect(await generateText(model, { length: 500, temperature: 1, stop: [] })).toHaveLength(500)
  })
})

describe('an aborted generate', () => {
  it('stops without an error when aborted', async () => {
    const controller = new AbortController()
    const written: Step[] = []
    for await (const step of generate(letters, {
      prompt: 'a',
      length: Number.POSITIVE_INFINITY,
      signal: controller.signal,
    })) {
      written.push(step)
      if (step.index === 9) controller.abort()
    }
    expect(written).toHaveLength(10)
  })

  it('lets timers and messages run while it writes', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 30)
    let count = 0
    for await (const _ of generate(letters, {
      prompt: 'a',
      length: Number.POSITIVE_INFINITY,
      signal: controller.signal,
    })) {
      count++
    }
    expect(count).toBeGreaterThan(0)
  })
})

describe('the prompt of generate', () => {
  it('lists what the prompt has that the model does not know', async () => {
    await expect(steps(letters, { prompt: 'aZb!' })).rejects.toThrow(/Z/)
    expect(await steps(letters, { prompt: 'aZb', unknown: 'skip', length: 5 })).toEqual(
      await steps(letters, { prompt: 'ab', length: 5 }),
    )
  })

  it.each([
    [{ temperature: -1 }, /temperature is -1; expected a number from 0 to inf/],
    [{ temperature: Number.NaN }, /temperature is NaN/],
    [{ temperature: () => Number.NaN }, /temperature is NaN/],
    [{ length: -1 }, /length is -1; expected a whole number from 0/],
    [{ length: 1.5 }, /length is 1.5/],
    [{ seed: -1 }, /seed is -1/],
    [{ stop: [''] }, /stop string is ""/],
  ])('refuses %o before writing anything', async (options, sentence) => {
    await expect(steps(letters, { prompt: 'a', ...options })).rejects.toThrow(sentence)
  })

  it('begins an empty prompt as if after a line break, or from nothing where there is none', async () => {
    const afterBreak = await generateText(letters, { prompt: '\n', length: 30 })
    expect(await generateText(letters, { prompt: '', length: 30 })).toBe(afterBreak)
    const first = (await steps(mockModel('abcd'), { prompt: '', length: 1 }))[0]
    expect(first.p).toBe(0.25)
  })

  it('never gives out a broken character, bytes drawn at random included', async () => {
    const bytes = mockModel('x', { kind: 'byte' })
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: 120 }), async (seed, length) => {
        const written = await steps(bytes, {
          prompt: '春',
          seed,
          length,
          temperature: Number.POSITIVE_INFINITY,
        })
        const ids = Uint8Array.from(written, step => step.id)
        expect(textOf(written)).toBe(new TextDecoder().decode(ids))
        for (const step of written) expect(step.text).not.toMatch(/\p{Surrogate}/u)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the writer', () => {
  it('shows the next distribution without disturbing the text', async () => {
    const network = await networkOf(letters)
    const ids = promptIds(letters, 'ab')
    const quiet = new Writer(letters, network.session(), ids, { seed: 11 })
    const watched = new Writer(letters, network.session(), ids, { seed: 11 })
    for (let n = 0; n < 50; n++) {
      const { top, others } = watched.candidates(2, 3)
      expect(top.reduce((sum, c) => sum + c.pT, others.pT)).toBeCloseTo(1, 12)
      const coin = watched.coin()
      const position = watched.next(0.9)
      expect(position).toEqual(quiet.next(0.9))
      expect(position.coin).toBe(coin)
    }
    quiet.dispose()
    watched.dispose()
  })
})

describe('the header of a run', () => {
  it('survives JSON, infinity and 64-bit seeds included', () => {
    const ids = promptIds(letters, 'ab')
    const header = runHeader(letters, {
      prompt: 'ab',
      ids,
      seed: 2n ** 63n,
      temperature: Number.POSITIVE_INFINITY,
    })
    expect(JSON.parse(JSON.stringify(header))).toEqual(header)
    expect(header).toMatchObject({
      seed: '9223372036854775808',
      temperature: 'inf',
      model: 'mock 1',
    })
  })
})

describe('generate with a schedule', () => {
  it('uses the temperature of each position, and records it', async () => {
    const written = await steps(letters, { prompt: 'a', temperature: 'cycle 0,inf,1', length: 9 })
    expect(written.map(step => step.temperature)).toEqual([
      0,
      Infinity,
      1,
      0,
      Infinity,
      1,
      0,
      Infinity,
      1,
    ])
  })

  it('sees the prompt: a word that has begun is inside', async () => {
    const [inside] = await steps(letters, { prompt: 'abc', temperature: 'word 2/0.3', length: 1 })
    const [first] = await steps(letters, { prompt: 'abc ', temperature: 'word 2/0.3', length: 1 })
    expect([inside.temperature, first.temperature]).toEqual([0.3, 2])
  })

  it('calls a function with the same values as a schedule', async () => {
    const seen: number[] = []
    await steps(letters, {
      prompt: 'a',
      length: 5,
      temperature: ({ position, normalisedEntropy, lastSurprisal }) => {
        seen.push(position)
        expect(normalisedEntropy()).toBeGreaterThan(0)
        expect(lastSurprisal === undefined).toBe(position === 0)
        return 1
      },
    })
    expect(seen).toEqual([0, 1, 2, 3, 4])
  })

  it('leaves a loop with escape, but not at T = 0', async () => {
    const model = mockModel('ab')
    const stuck = await steps(model, { prompt: 'a', temperature: 0, length: 300 })
    const free = await steps(model, { prompt: 'a', temperature: 'escape 0', length: 300 })
    expect(new Set(stuck.slice(-50).map(step => step.rank))).toEqual(new Set([1]))
    expect(Math.max(...free.map(step => step.temperature))).toBeGreaterThan(0.1)
    expect(free.some(step => step.rank > 1)).toBe(true)
  })
})

describe('a loop that is seen', () => {
  it('begins to count there: however long its period, escape does not begin with a leap', async () => {
    const options = { prompt: 'a', temperature: 0, length: 400, loops: true }
    let longest = 0
    for (let seed = 1; seed <= 12; seed++) {
      const model = mockModel('abcdefgh \n', { seed })
      const stuck = await steps(model, options)
      longest = Math.max(longest, ...stuck.map(step => step.loop?.period ?? 0))
      const free = await steps(model, { ...options, temperature: 'escape 0' })
      for (const [i, { temperature }] of free.entries()) {
        const before = i > 0 ? free[i - 1].temperature : 0
        expect(temperature).toBeLessThan(Math.max(0.1, before) * 1.06) // 2^(1/12) = 1.0595
      }
    }
    expect(longest).toBeGreaterThan(12)
  })

  it('is reported with period and start, and not before', async () => {
    const options = { prompt: 'a', temperature: 0, length: 200, loops: true }
    const written = await steps(mockModel('ab'), options)
    const text = textOf(written)
    for (const { loop, index } of written) {
      const found = findLongestLoop(Array.from(text.slice(0, index + 1), c => c.charCodeAt(0)))
      expect(loop).toEqual(found)
    }
    expect(written.at(-1)?.loop).toBeDefined()
    expect(
      (await steps(mockModel('ab'), { ...options, loops: false })).at(-1)?.loop,
    ).toBeUndefined()
  })
})

describe('generate with a chain', () => {
  it('draws only from what the chain leaves, and reports it', async () => {
    const written = await steps(letters, {
      prompt: 'a',
      temperature: 2,
      chain: 'top-k 2',
      length: 80,
    })
    expect(Math.max(...written.map(step => step.rank))).toBe(2)
    expect(written.every(step => step.kept === 2 && step.mass! < 1)).toBe(true)
  })

  it('writes the same as without one when it is temperature alone', async () => {
    const options = { prompt: 'a', temperature: 1.3, length: 80 }
    expect(await generateText(letters, { ...options, chain: 'temperature' })).toBe(
      await generateText(letters, options),
    )
  })

  it('sees the history, including the prompt', async () => {
    const options = { prompt: 'aaaa', temperature: 1, length: 1 }
    const [free] = await steps(letters, options)
    const [kept] = await steps(letters, { ...options, chain: 'penalty repetition=5, temperature' })
    expect(kept.entropyT).not.toBe(free.entropyT)
  })

  it('reports with notes where temperature has no effect', async () => {
    const options = { prompt: 'a', length: 5, notes: true }
    const [one, two] = [
      await steps(letters, { ...options, chain: 'top-k 1, temperature' }),
      await steps(letters, { ...options, chain: 'top-k 2, temperature' }),
    ]
    expect(one.every(step => step.temperatureNote?.en.includes('"top-k 1"'))).toBe(true)
    expect(two.some(step => 'temperatureNote' in step)).toBe(false)
  })

  it('is refused before anything is written when it cannot be read', async () => {
    await expect(steps(letters, { prompt: 'a', chain: 'top-q 2' })).rejects.toThrow(/top-q/)
  })
})

describe('generate with intervals', () => {
  it('gives for each choice the temperatures at which the whole text so far stays the same', async () => {
    const options = { prompt: 'ab', seed: 4, length: 40 }
    const written = await steps(letters, { ...options, temperature: 0.9, intervals: true })
    const low = Math.max(...written.map(step => step.interval!.low))
    const high = Math.min(...written.map(step => step.interval!.high))
    expect(low).toBeLessThan(0.9)
    expect(high).toBeGreaterThanOrEqual(0.9)
    const text = textOf(written)
    for (const T of [nextDouble(low), high]) {
      expect(await generateText(letters, { ...options, temperature: T })).toBe(text)
    }
    for (const T of [low, nextDouble(high)]) {
      expect(await generateText(letters, { ...options, temperature: T })).not.toBe(text)
    }
  })

  it('gives none where a chain makes them meaningless', async () => {
    const [step] = await steps(letters, {
      prompt: 'a',
      length: 1,
      intervals: true,
      chain: 'top-p 0.9',
    })
    expect(step.interval).toBeUndefined()
  })
})
