import { describe, expect, it } from 'vitest'
import { SurpriseReach } from './surprise-reach.js'
import { parseSchedule } from './syntax.js'

function told(schedule: string | number, steps: readonly (readonly [T: number, bits: number])[]) {
  const reach = new SurpriseReach(typeof schedule === 'string' ? parseSchedule(schedule) : schedule)
  for (const [temperature, surprisal] of steps) reach.push({ temperature, surprisal })
  return reach.note()
}

const many = (T: number, bits: number, n = 200) =>
  Array.from({ length: n }, () => [T, bits] as const)

describe('SurpriseReach', () => {
  it('says when a goal is above or below what the bounds of the temperature give', () => {
    const above = told('surprise 2.5', many(10, 1.2))
    expect(above?.en).toMatch(
      /^surprise 2\.5 was not reached: the text has 1\.20 bits .* bound, 10;/,
    )
    expect(above?.ja).toContain('surprise 2.5には届きませんでした')
    expect(told('surprise 0.5', many(0.05, 1))?.en).toContain('bound, 0.05')
    expect(told('escape (surprise 2.5)', many(10, 1.2))).toBeDefined()
  })

  it('says nothing of a goal that is met, of a text on its way, or of another schedule', () => {
    expect(told('surprise 2.5', many(3, 2.4))).toBeUndefined()
    expect(told('surprise 2.5', many(10, 2.4))).toBeUndefined()
    expect(told('surprise 2.5', [...many(10, 1, 100), ...many(4, 2, 100)])).toBeUndefined()
    expect(told('surprise 2.5', many(10, 1, 60))).toBeUndefined()
    expect(told('0.4@0 1.2@200', many(10, 1.2))).toBeUndefined()
    expect(told(10, many(10, 1.2))).toBeUndefined()
  })
})
