import { expect, it } from 'vitest'
import { InputError } from '../../errors.js'
import { checkSchedule } from './json.js'
import { startSchedule } from './schedule.js'
import { formatSchedule, parseSchedule, readTemperature } from './syntax.js'

const moment = (position: number) => ({
  ...{ position, text: '', looping: 0, lastSurprisal: undefined, normalisedEntropy: () => 0 },
})

function seconds(act: () => void): number {
  const before = process.cpuUsage()
  act()
  return process.cpuUsage(before).user / 1e6
}

it.each<[string, string, boolean]>([
  ['100,000 keyframes', Array.from({ length: 100_000 }, (_, i) => `1@${i}`).join(' '), true],
  ['a cycle of 100,000', `cycle ${Array(100_000).fill('1').join(',')}`, true],
  ['100,000 factors', Array(100_000).fill('1').join(' * '), false],
  ['100,000 brackets', '('.repeat(100_000), false],
  ['100,000 escapes', 'escape '.repeat(100_000), false],
  ['a million digits', `${'1'.repeat(1_000_000)}x`, false],
  ['a million digits before dots', `entropy ${'1'.repeat(1_000_000)}`, false],
  ['a million spaces', `${' '.repeat(1_000_000)}(`, false],
  ['spaces between', `1${' '.repeat(1_000_000)}2`, false],
])('%s are read, or refused with a short sentence, in linear time', (_name, written, good) => {
  let said = ''
  let read: unknown
  const took = seconds(() => {
    try {
      read = readTemperature(written)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      said = error.message
    }
  })
  expect(took).toBeLessThan(2)
  expect(said.length).toBeLessThan(300)
  expect(read !== undefined).toBe(good)
})

it('finds its place among 100,000 keyframes at once', () => {
  const frames = Array.from({ length: 100_000 }, (_, i) => ({ at: 2 * i + 5, temperature: 1 + i }))
  const at = startSchedule({ kind: 'keyframes', frames })
  expect(at(moment(0))).toBe(1)
  expect(at(moment(5))).toBe(1)
  expect(at(moment(205))).toBe(101)
  expect(at(moment(206))).toBeCloseTo(Math.sqrt(101 * 102))
  expect(at(moment(10 ** 9))).toBe(100_000)
  expect(seconds(() => Array.from({ length: 100_000 }, (_, n) => at(moment(n))))).toBeLessThan(2)
})

it('refuses a value that is nested without end', () => {
  let deep: unknown = 1
  for (let i = 0; i < 200_000; i++) deep = [deep]
  let value: unknown = { kind: 'constant', temperature: 1 }
  for (let i = 0; i < 200_000; i++) value = { kind: 'escape', base: value }
  for (const bad of [deep, value, { kind: 'cycle', temperatures: deep }, { kind: deep }]) {
    expect(() => checkSchedule(bad)).toThrow(InputError)
  }
  const most = parseSchedule(`${'escape '.repeat(900)}1`)
  expect(parseSchedule(formatSchedule(most))).toEqual(most)
})
