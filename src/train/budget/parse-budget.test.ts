import { describe, expect, it } from 'vitest'
import { parseBudget } from './parse-budget.js'

describe('a time budget', () => {
  it.each(['90s', '10m', '2h', '1h30m', ' 1.5 m', '600', '45 min', '7 sec'])('reads %s', text => {
    const expected = { '90s': 90, '10m': 600, '2h': 7200, '1h30m': 5400, '600': 600 }
    const more = { ' 1.5 m': 90, '45 min': 2700, '7 sec': 7 }
    expect(parseBudget(text)).toBe({ ...expected, ...more }[text])
  })

  it.each(['', 'm', '10x', '-5m', '3s', '10m!', 'ten', '5m 10'])('refuses "%s"', text => {
    expect(() => parseBudget(text)).toThrow('expected a time of at least 5 seconds')
  })
})
