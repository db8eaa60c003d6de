import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkSchedule,
  formatSchedule,
  nextDouble,
  parseSchedule,
  scheduleJson,
  startSchedule,
} from '../../temperature/index.js'
import { TOKENIZERS, UNKNOWN_POLICIES } from '../../text/tokenizer.js'
import { type GenerateOptions, generate, promptIds } from '../generate.js'
import { mockModel } from '../mock.fixture.js'
import type { Step } from '../stop.js'
import { verifyRun } from '../verify.js'
import { decodeRun, encodeRun, looksLikeCode } from './code.js'
import { optionsOf, type Run, type RunHeader, runHeader, scheduleOf } from './header.js'
import { readRun, recordRun, writeRun } from './record.js'

const letters = mockModel('abcdefgh \n')

const text = fc.string({ unit: 'grapheme', maxLength: 30 })
const hex = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 })
  .map(digits => digits.join(''))
const run: fc.Arbitrary<Run> = fc.record(
  {
    ondo: fc.constantFrom('0.1.0', '12.34.56-beta.1'),
    model: fc.oneof(hex, text),
    tokenizer: fc.oneof(fc.constantFrom(...TOKENIZERS), text),
    prompt: text,
    unknown: fc.constantFrom(...UNKNOWN_POLICIES.filter(policy => policy !== 'error')),
    seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    stream: fc.maxSafeNat(),
    temperature: fc.constantFrom('0.8', '0.4@0 1.2@200', 'escape (word 0.9/0.3) * 1.1', 'inf'),
    chain: fc.constantFrom('temperature, min-p 0.05', 'ban "\\n", temperature, dry 0.8'),
    length: fc.oneof(
      fc.maxSafeNat().filter(n => n < 2 ** 53 - 1),
      fc.constant('inf' as const),
    ),
    stop: fc.array(text, { maxLength: 3 }),
  },
  {
    requiredKeys: [
      ...(['ondo', 'model', 'tokenizer', 'prompt', 'seed', 'stream'] as const),
      ...(['temperature', 'length', 'stop'] as const),
    ],
  },
)

describe('the code of a run', () => {
  it('reads back what it writes, in letters that no link must escape', () => {
    fc.assert(
      fc.property(run, value => {
        const code = encodeRun(value)
        expect(code).toMatch(/^ondo[\w-]+$/)
        expect(encodeURIComponent(code)).toBe(code)
        expect(looksLikeCode(code)).toBe(true)
        expect(decodeRun(` ${code}\n`)).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('is short: about a hundred letters for a usual run, nearly half of them the hash of the model', () => {
    const usual: Run = {
      ...{ ondo: '0.1.0', model: 'ab'.repeat(32), tokenizer: 'character', prompt: 'ROMEO:\n' },
      ...{ seed: '42', stream: 0, temperature: '0.8', length: 500, stop: [] },
    }
    expect(encodeRun(usual)).toHaveLength(90)
  })

  it('stays readable: a code written down on the day of version 1', () => {
    const code =
      'ondoAQBQS92cAX_I_fMGjDyisKwIAzxc2cs-oZrIa9xs5uEYTwUwLjEuMAEHUk9NRU86CgEqAAMwLjgAPQBn-1o0'
    expect(decodeRun(code)).toEqual({
      ondo: '0.1.0',
      model: '504bdd9c017fc8fdf3068c3ca2b0ac08033c5cd9cb3ea19ac86bdc6ce6e1184f',
      ...{ tokenizer: 'character', prompt: 'ROMEO:\n', seed: '42', stream: 0 },
      ...{ temperature: '0.8', length: 60, stop: [] },
    })
  })

  it('sees every slip of one letter, and every end cut off', () => {
    const code = encodeRun(
      runHeader(letters, { prompt: 'ab', ids: [0, 1], seed: 1, temperature: 1 }),
    )
    for (let i = 0; i < code.length; i++) {
      const other = code[i] === 'A' ? 'B' : 'A'
      const slip = code.slice(0, i) + other + code.slice(i + 1)
      // The last letter carries bits that no byte has.
      if (i < code.length - 1) expect(() => decodeRun(slip), `${i}`).toThrow(/The code /)
      expect(() => decodeRun(code.slice(0, i)), `${i}`).toThrow(/The code /)
    }
  })

  it.each([
    ['', /is not one of Ondo, which begin with "ondo"/],
    ['run.json', /is not one of Ondo/],
    ['ondoAQ', /is damaged or not whole/],
    ['ondoAgAAAAAAAAAA', /is of version 2; expected 1/],
  ])('refuses "%s"', (code, sentence) => {
    expect(() => decodeRun(code)).toThrow(sentence)
  })
})

async function steps(options: GenerateOptions): Promise<Step[]> {
  const all: Step[] = []
  for await (const step of generate(letters, options)) all.push(step)
  return all
}

async function recorded(options: GenerateOptions = {}, more = {}) {
  const { prompt = 'ab', temperature = 0.9, seed = 5, length = 60 } = options
  if (typeof temperature === 'function') throw new Error('a function has no written form')
  const ids = promptIds(letters, prompt, options.unknown)
  const header = runHeader(letters, { ...options, prompt, ids, temperature, seed, length })
  return recordRun(header, await steps(optionsOf(header)), more)
}

describe('a recorded run', () => {
  const cases: [string, GenerateOptions][] = [
    ['at one temperature', {}],
    ['at T = 0', { temperature: 0 }],
    ['at T = inf', { temperature: Infinity }],
    ['with a schedule and a chain', { temperature: 'escape (word 0.9/0.3)', chain: 'dry 0.8' }],
    ['that ends at a stop string', { stop: ['cd', '\n'], length: 500 }],
    ['with a wide seed and a stream', { seed: 2n ** 63n + 1n, stream: 7 }],
    ['whose prompt had symbols left out', { prompt: 'aXb', unknown: 'skip' }],
    ['of no length', { length: 0 }],
  ]
  it.each(cases)('%s is equal to itself, after a file and after a code', async (_, options) => {
    const record = await recorded(options, { record: true, source: 'letters' })
    const read = await readRun(writeRun(record))
    expect(read).toEqual(JSON.parse(JSON.stringify(record)))
    expect(await verifyRun(letters, read)).toBeUndefined()
    const { promptIds: _ids, ...run } = record.run
    expect(decodeRun(encodeRun(record.run))).toEqual(run)
    const again = await steps(optionsOf(decodeRun(encodeRun(record.run))))
    expect(again.map(step => step.text).join('')).toBe(record.text)
  })

  it('that was interrupted is equal as far as it went', async () => {
    const whole = await recorded({ length: 60 })
    const some = (await steps(optionsOf(whole.run))).slice(0, 25)
    const record = await recordRun(whole.run, some, { record: true })
    expect(record.stop).toBe('interrupted')
    expect(await verifyRun(letters, await readRun(writeRun(record)))).toBeUndefined()
  })

  it('shows the first symbol that differs, or is missing, or too many', async () => {
    const record = await recorded()
    const ids = [...record.ids]
    ids[17] = (ids[17] + 1) % 10
    const symbol = (id: number): string => JSON.stringify(letters.tokenizer.symbol(id))
    expect(await verifyRun(letters, { ...record, ids })).toEqual({
      position: 17,
      what: 'symbol',
      expected: symbol(ids[17]),
      came: symbol(record.ids[17]),
    })
    const short = { ...record, ids: record.ids.slice(0, 20) }
    expect(await verifyRun(letters, short)).toMatchObject({ position: 20, expected: 'the end' })
    const long = { ...record, ids: [...record.ids, 0] }
    expect(await verifyRun(letters, long)).toMatchObject({ position: 60, came: 'the end' })
  })

  it('shows what else differs: a record in its last bit, the end, the prompt', async () => {
    const record = await recorded({}, { record: true })
    const list = record.steps?.map(step => ({ ...step })) ?? []
    const p = Number(list[9].p)
    list[9] = { ...list[9], p: nextDouble(p) }
    expect(await verifyRun(letters, { ...record, steps: list })).toMatchObject({
      ...{ position: 9, what: 'p', came: String(p) },
    })
    const end = { ...record, stop: 'stop' as const, stopString: 'x' }
    expect(await verifyRun(letters, end)).toMatchObject({ what: 'end', expected: 'stop "x"' })
    const prompt = { ...record, run: { ...record.run, promptIds: [record.run.promptIds[0], 9] } }
    expect(await verifyRun(letters, prompt)).toMatchObject({ position: 1, what: 'prompt' })
    const header: RunHeader = { ...record.run, seed: '6' }
    expect(await verifyRun(letters, { ...record, run: header })).toMatchObject({ what: 'symbol' })
  })

  it('shows an interval or a loop that differs, where the record has them', async () => {
    const { run } = await recorded({ temperature: 0, length: 90 })
    const all = await steps({ ...optionsOf(run), intervals: true, loops: true })
    const record = await recordRun(run, all, { record: true })
    expect(await verifyRun(letters, await readRun(writeRun(record)))).toBeUndefined()
    const changed = (position: number, change: object) =>
      record.steps?.map((step, i) => (i === position ? { ...step, ...change } : step))
    const interval = changed(7, { interval: { low: 0, high: 9 } })
    expect(await verifyRun(letters, { ...record, steps: interval })).toMatchObject({
      ...{ position: 7, what: 'interval' },
    })
    expect(all[89].loop).toBeDefined()
    const loop = changed(89, { loop: { ...all[89].loop, period: 77 } })
    expect(await verifyRun(letters, { ...record, steps: loop })).toMatchObject({
      ...{ position: 89, what: 'loop' },
    })
  })

  it('has no chain where that is temperature alone', async () => {
    expect((await recorded({ chain: 'temperature' })).run).toEqual((await recorded()).run)
  })

  it('of another model is refused', async () => {
    const other = mockModel('abcdefgh \n', { seed: 2 })
    await expect(verifyRun(other, await recorded())).rejects.toThrow(
      'The run was made with the model mock 1; this one is mock 2: only the same weights and vocabulary give the same text, so name that model.',
    )
  })

  const spoilt: [string, Record<string, unknown>, RegExp][] = [
    ['another format', { format: 'x' }, /has the format "x"; expected "ondo-run"/],
    ['a newer version', { version: 2 }, /is of version 2; expected 1/],
    ['a changed text', { text: 'x' }, /its hash differs/],
    ['ids that are none', { ids: [-1] }, /\[-1\] as its ids/],
    ['records of other steps', { steps: [] }, /as many as there are ids/],
    ['no header', { run: null }, /The run's header is null; expected an object/],
    ['a stop that is none', { stop: 'x' }, /"x" as its stop; expected length or stop/],
  ]
  it.each(spoilt)('with %s is refused', async (_, change, sentence) => {
    const file = JSON.stringify({ ...(await recorded()), ...change })
    await expect(readRun(file)).rejects.toThrow(sentence)
  })

  it('is refused when it is no JSON', async () => {
    await expect(readRun('To be')).rejects.toThrow(/The run is not valid JSON/)
  })
})

describe('the schedule of a temperature moved by hand', () => {
  it('has at each position the temperature that was there', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0.5, 0.8, 1.25, Infinity)), temperatures => {
        const schedule = parseSchedule(formatSchedule(scheduleOf(temperatures)))
        const at = startSchedule(schedule)
        const given = temperatures.map((_, position) =>
          at({ position, text: '', normalisedEntropy: () => 0, lastSurprisal: 0, looping: 0 }),
        )
        expect(given).toEqual(temperatures)
      }),
    )
  })

  it('is written as short as it can be', () => {
    const slid = [0.8, 0.8, 0.8, 1.2, 1.2, 0.5]
    expect(formatSchedule(scheduleOf(slid))).toBe('0.8 until 3 then (1.2 until 5 then 0.5)')
    expect(formatSchedule(scheduleOf([1, 1]))).toBe('1')
  })

  it('takes 100,000 moves: written, read and found again', () => {
    const moved = Array.from({ length: 100_000 }, (_, i) => (i % 7) / 4)
    const schedule = checkSchedule(formatSchedule(scheduleOf(moved)))
    expect(checkSchedule(scheduleJson(schedule))).toEqual(schedule)
    const at = startSchedule(schedule)
    const given = moved.map((_, position) =>
      at({ position, text: '', normalisedEntropy: () => 0, lastSurprisal: 0, looping: 0 }),
    )
    expect(given).toEqual(moved)
  })

  it('makes a slid text a run like any other', async () => {
    let T = 0.5
    const options = { prompt: 'a', seed: 3, length: 60 }
    const slid: Step[] = []
    for await (const step of generate(letters, { ...options, temperature: () => T })) {
      slid.push(step)
      T = step.index < 20 ? 0.5 : step.index < 40 ? 2 : 1
    }
    const temperature = scheduleOf(slid.map(step => step.temperature))
    expect((await steps({ ...options, temperature })).map(step => step.id)).toEqual(
      slid.map(step => step.id),
    )
  })
})
