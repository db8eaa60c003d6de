import { describe, expect, it } from 'vitest'
import { readZones } from './stored-zones.js'

const zones = [
  { zone: 'loops', from: 0, to: 0.4 },
  { zone: 'reads', from: 0.4, to: 1 },
  { zone: 'breaks', from: 1, to: Number.POSITIVE_INFINITY },
]

describe('stored zones', () => {
  it('are read with infinity as a number or as a word', () => {
    expect(readZones({ zones })).toEqual(zones)
    for (const word of ['inf', 'Infinity']) {
      const stored = JSON.stringify({ zones }, (_, value) => (value === Infinity ? word : value))
      expect(readZones(JSON.parse(stored))).toEqual(zones)
    }
    expect(readZones({ zones: [] })).toEqual([])
  })

  it.each([
    ['nothing', undefined],
    ['no list', { zones: 'loops' }],
    ['another name', { zones: [{ ...zones[0], zone: 'sings' }] }],
    ['a border that is no number', { zones: [{ ...zones[0], to: 'warm' }] }],
    ['a border below 0', { zones: [{ ...zones[0], from: -1 }] }],
    ['borders the wrong way round', { zones: [...zones, { ...zones[1], from: 2 }] }],
    ['a border that is not there', { zones: [{ zone: 'reads', from: 0.4 }] }],
  ])('with %s are none', (_, stored) => {
    expect(readZones(stored)).toBeUndefined()
  })
})
