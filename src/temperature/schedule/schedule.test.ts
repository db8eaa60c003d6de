import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSchedule, scheduleJson } from './json.js'
import { type Schedule, type ScheduleInput, startSchedule } from './schedule.js'
import { formatSchedule, parseSchedule, readTemperature } from './syntax.js'

const moment = (over: Partial<ScheduleInput> = {}): ScheduleInput => ({
  position: 0,
  text: '',
  normalisedEntropy: () => 0.5,
  lastSurprisal: undefined,
  looping: 0,
  ...over,
})

const along = (written: string, positions: number[]): number[] => {
  const at = startSchedule(parseSchedule(written))
  return positions.map(position => at(moment({ position })))
}

describe('a schedule', () => {
  it('is constant when written as a number, the limits included', () => {
    expect(along('0.8', [0, 999])).toEqual([0.8, 0.8])
    expect(along('0', [5])).toEqual([0])
    expect(along('inf', [5])).toEqual([Infinity])
    expect(along('∞', [5])).toEqual([Infinity])
  })

  it('goes in straight lines of log T between keyframes and stays level outside', () => {
    const [before, first, middle, last, after] = along('0.4@10 1.6@20', [0, 10, 15, 20, 99])
    expect([before, first]).toEqual([0.4, 0.4])
    expect(middle).toBeCloseTo(0.8, 14) // the geometric mean of 0.4 and 1.6
    expect([last, after]).toEqual([1.6, 1.6])
  })

  it('cycles one a symbol', () => {
    expect(along('cycle 1,0.5,0.2,0.2', [0, 1, 2, 3, 4])).toEqual([1, 0.5, 0.2, 0.2, 1])
  })

  it('tells the first letter of a word from the inside of one, in any script', () => {
    const at = startSchedule(parseSchedule('word 1.2/0.4'))
    expect(['', 'a ', 'a', 'é', "'", '春'].map(text => at(moment({ text })))).toEqual([
      1.2, 1.2, 0.4, 0.4, 1.2, 0.4,
    ])
  })

  it('follows the entropy of the next step', () => {
    const at = startSchedule(parseSchedule('entropy 0.2..1.2^2'))
    expect(at(moment({ normalisedEntropy: () => 0 }))).toBeCloseTo(0.2, 14)
    expect(at(moment({ normalisedEntropy: () => 0.5 }))).toBeCloseTo(0.45, 14)
    expect(at(moment({ normalisedEntropy: () => 1 }))).toBeCloseTo(1.2, 14)
  })

  it('steers towards a surprisal: up after dull symbols, down after startling ones', () => {
    const dull = startSchedule(parseSchedule('surprise 2.5'))
    const first = dull(moment())
    expect(first).toBe(1)
    expect(dull(moment({ lastSurprisal: 0 }))).toBeGreaterThan(first)
    const startled = startSchedule(parseSchedule('surprise 2.5'))
    expect(startled(moment({ lastSurprisal: 9 }))).toBeLessThan(1)
    for (let i = 0; i < 1000; i++) startled(moment({ lastSurprisal: 50 }))
    expect(startled(moment({ lastSurprisal: 50 }))).toBeCloseTo(0.05, 12)
  })

  it('escapes a loop by rising for as long as it lasts', () => {
    const at = startSchedule(parseSchedule('escape 0.2'))
    expect(at(moment())).toBe(0.2)
    expect(at(moment({ looping: 12 }))).toBeCloseTo(0.4, 12)
    expect(at(moment({ looping: 36 }))).toBeCloseTo(1.6, 12)
    expect(startSchedule(parseSchedule('escape 0'))(moment({ looping: 12 }))).toBeCloseTo(0.2, 12)
  })

  it('has at a keyframe the temperature as written, to the last digit', () => {
    for (let n = 1; n < 400; n++) {
      expect(along(`${n / 100}@0 3@${n}`, [0, n])).toEqual([n / 100, 3])
    }
  })

  it('multiplies its limits: 0 wins, also over inf', () => {
    expect(along('0 * inf', [0])).toEqual([0])
    expect(along('inf * 0.5', [0])).toEqual([Infinity])
  })

  it('combines: products, one after another, groups', () => {
    expect(along('cycle 1,0.5 * 0.8', [0, 1])).toEqual([0.8, 0.4])
    expect(along('0.2 until 3 then cycle 1,2', [0, 2, 3, 4])).toEqual([0.2, 0.2, 2, 1])
    expect(along('0.2 * (1 until 3 then 5)', [0, 3])).toEqual([0.2, 1])
    const at = startSchedule(parseSchedule('escape (word 0.9/0.2)'))
    expect(at(moment({ text: 'a', looping: 12 }))).toBeCloseTo(0.4, 12)
  })
})

describe('the written form', () => {
  const T = fc.double({ min: 0.001, max: 50, noNaN: true })
  const limit = fc.oneof(
    { weight: 5, arbitrary: T },
    { weight: 1, arbitrary: fc.constantFrom(0, Infinity) },
  )
  const { schedule } = fc.letrec<{ schedule: Schedule }>(tie => ({
    schedule: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      limit.map(temperature => ({ kind: 'constant' as const, temperature })),
      fc.uniqueArray(fc.nat(5000), { minLength: 1, maxLength: 4 }).chain(ats =>
        fc.array(T, { minLength: ats.length, maxLength: ats.length }).map(list => ({
          kind: 'keyframes' as const,
          frames: ats.sort((a, b) => a - b).map((at, i) => ({ at, temperature: list[i] })),
        })),
      ),
      fc
        .array(limit, { minLength: 1, maxLength: 5 })
        .map(temperatures => ({ kind: 'cycle' as const, temperatures })),
      fc.tuple(limit, limit).map(([first, inside]) => ({ kind: 'word' as const, first, inside })),
      fc
        .tuple(T, T, T)
        .map(([low, high, power]) => ({ kind: 'entropy' as const, low, high, power })),
      T.map(bits => ({ kind: 'surprise' as const, bits })),
      tie('schedule').map(base => ({ kind: 'escape' as const, base })),
      fc
        .tuple(tie('schedule'), tie('schedule'))
        .map(factors => ({ kind: 'product' as const, factors })),
      fc
        .tuple(tie('schedule'), fc.nat(5000), tie('schedule'))
        .map(([first, until, next]) => ({ kind: 'then' as const, first, until, next })),
    ),
  }))

  it('as JSON reads back too, and equals what the written form says', () => {
    fc.assert(
      fc.property(schedule, value => {
        const json = JSON.parse(JSON.stringify(scheduleJson(value)))
        expect(checkSchedule(json)).toEqual(value)
        expect(checkSchedule(formatSchedule(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    [null, 'value is null'],
    [[1], 'kind is undefined; expected constant, keyframes'],
    [{ kind: 'warm' }, 'kind is "warm"; expected constant, keyframes, cycle'],
    [
      { kind: 'constant', temperature: -1 },
      'temperature is -1; expected a number from 0, or "inf"',
    ],
    [{ kind: 'cycle', temperatures: [] }, 'temperatures is []; expected a list of at least one'],
    [
      { kind: 'keyframes', frames: [{ at: 0, temperature: 0 }] },
      'temperature is 0; expected a number above 0',
    ],
    [
      { kind: 'keyframes', frames: [{ at: 0.5, temperature: 1 }] },
      'at is 0.5; expected a whole number',
    ],
    [{ kind: 'product', factors: [] }, 'factors is []; expected a list of two'],
    [{ kind: 'escape' }, 'value is undefined'],
    [{ kind: 'then', first: { kind: 'surprise', bits: 'x' } }, 'bits is "x"; expected a number'],
  ])('as JSON is refused with the part that is wrong: %j', (value, sentence) => {
    expect(() => checkSchedule(value)).toThrow(`The schedule's ${sentence}`)
  })

  it('as JSON is refused where it is nested beyond reason', () => {
    let value: unknown = { kind: 'surprise', bits: 2 }
    for (let depth = 0; depth < 50_000; depth++) value = { kind: 'escape', base: value }
    expect(() => checkSchedule(value)).toThrow(
      "The schedule's depth is 1001; expected at most 1000.",
    )
  })

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(schedule, value => {
        expect(parseSchedule(formatSchedule(value))).toEqual(value)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['', 'has ended at character 1; expected a temperature (a number from 0, or inf)'],
    ['warm', '"warm" at character 1; expected a temperature'],
    ['2 * cicle 1,2', '(a number from 0, or inf). Did you mean "cycle"?'],
    ['0.8 0.9', '"0.9" at character 5; expected the end, `*` or `until`'],
    ['-1', '"-1" at character 1; expected a temperature'],
    ['0.4@0 1.2', 'has ended at character 10; expected `@` and the position'],
    ['0.4@9 1.2@9', 'has ended at character 12; expected whole, rising positions'],
    ['0@0 1@9', 'expected a keyframe above 0'],
    ['cycle', 'has ended at character 6; expected a temperature'],
    ['word 1.2', 'has ended at character 9; expected `/`'],
    ['entropy 0.3-1', '"-1" at character 12; expected `..`'],
    ['entropy 0..1', '"0..1" at character 9; expected a temperature above 0'],
    ['escape (0.2', 'has ended at character 12; expected `)`'],
    ['0.2 until 5', 'has ended at character 12; expected `then`'],
    ['0.2 *', 'has ended at character 6; expected a temperature'],
  ])('points at the character that is wrong in "%s"', (written, sentence) => {
    expect(() => parseSchedule(written)).toThrow(sentence)
  })
})

describe('a temperature as a flag gives it', () => {
  it('is a number where it can be, else a schedule', () => {
    expect(readTemperature('0.8')).toBe(0.8)
    const same = ['.5', '+0.5', '5e-1', '０．５', '+.5', '0.5']
    expect(same.map(readTemperature)).toEqual(same.map(() => 0.5))
    expect(readTemperature('０．２＠０ １．５＠４００')).toEqual(parseSchedule('0.2@0 1.5@400'))
    expect(parseSchedule('+0.2@0 .5@9')).toEqual(parseSchedule('0.2@0 0.5@9'))
    expect(parseSchedule('entropy .3..+1.2^1')).toEqual(parseSchedule('entropy 0.3..1.2^1'))
    for (const text of ['0,7', '０，７', ' 0,7 ', ',7']) {
      expect(() => readTemperature(text)).toThrow(/Decimals take a point: use 0\.7\.$/)
    }
    expect(() => readTemperature('0,2@0 1,5@400')).toThrow(/use 0\.2@0 1\.5@400\.$/)
    expect(() => readTemperature('word 0,9/0,3')).toThrow(/use word 0\.9\/0\.3\.$/)
    expect(readTemperature('cycle 0,7')).toEqual({ kind: 'cycle', temperatures: [0, 7] })
    expect(readTemperature(' inf ')).toBe(Infinity)
    expect(readTemperature('cycle 1,2')).toEqual({ kind: 'cycle', temperatures: [1, 2] })
    expect(readTemperature('0.4@0 1@9')).toMatchObject({ kind: 'keyframes' })
  })

  it.each([
    ['-1', 'The temperature is "-1"; expected a number from 0 to inf.'],
    ['warm', 'The temperature is "warm"; expected a number from 0 to inf.'],
    ['cycle', 'The schedule "cycle" has ended at character 6'],
  ])('refuses %s with the sentence that fits', (written, sentence) => {
    expect(() => readTemperature(written)).toThrow(sentence)
  })

  it('refuses what is nested too deep with one sentence that says where', () => {
    const deep = 30_000
    for (const [text, place] of [
      [`${'('.repeat(deep)}1${')'.repeat(deep)}`, 1002],
      [`${'escape '.repeat(deep)}1`, 7008],
      [`${'1 until 2 then '.repeat(deep)}1`, 15016],
    ] as const) {
      expect(() => parseSchedule(text)).toThrow(
        /^The schedule ".{77}\.\.\." has .* at character \d+; expected at most 1000 /,
      )
      const found = /at character (\d+)/.exec(String(failureOf(() => parseSchedule(text))))
      expect(Math.abs(Number(found?.[1]) - place)).toBeLessThan(16)
    }
    expect(() => parseSchedule('1 * '.repeat(deep) + 1)).toThrow(/at most 1000 factors/)
    const most = `${'('.repeat(1000)}1${')'.repeat(1000)}`
    expect(parseSchedule(most)).toEqual({ kind: 'constant', temperature: 1 })
  })
})

function failureOf(what: () => unknown): unknown {
  try {
    what()
  } catch (error) {
    return error
  }
  return undefined
}
