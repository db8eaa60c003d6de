import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RecordColumns } from '../writer/protocol.js'
import { emptyColumns, Records } from './records.js'
import { stripPath, temperatureRange } from './temperature-strip.js'

/** Columns of one-letter symbols at these temperatures. */
function columns(temperatures: readonly number[]): RecordColumns {
  const made = emptyColumns(temperatures.length)
  made.lengths.fill(1)
  made.temperatures.set(temperatures)
  return made
}

it('keeps what was appended in pieces of any size', () => {
  const pieces = fc.array(
    fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 3000 }),
    {
      maxLength: 6,
    },
  )
  fc.assert(
    fc.property(pieces, parts => {
      const records = new Records()
      for (const part of parts) records.append('x'.repeat(part.length), columns(part))
      const all = parts.flat()
      expect(records.count).toBe(all.length)
      expect(records.text).toHaveLength(all.length)
      expect([...records.temperatures.subarray(0, records.count)]).toEqual(all)
      for (let n = 0; n < all.length; n++) expect(records.start(n)).toBe(n)
    }),
    { numRuns: 30 },
  )
})

it('draws a step only where the temperature changes', () => {
  const records = new Records()
  records.append(
    'x'.repeat(200),
    columns([...Array(100).fill(0), ...Array(100).fill(Number.POSITIVE_INFINITY)]),
  )
  expect(stripPath(records, 1000, 40, 500)).toBe('M0 40H500V0H1000')
  expect(temperatureRange(records)).toEqual([0, Number.POSITIVE_INFINITY])
})

it('has a path of bounded length for texts of any length', () => {
  const records = new Records()
  const moving = Array.from({ length: 50_000 }, (_, n) => 0.05 + (n % 900) / 100)
  records.append('x'.repeat(moving.length), columns(moving))
  const path = stripPath(records, 1000, 40, 500)
  expect(path.length).toBeLessThan(12_000)
  expect(path.endsWith('H1000')).toBe(true)
})
