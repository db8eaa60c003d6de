import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pace } from './pace.js'

describe('the position on the schedule', () => {
  it('is the step itself while nothing changes', () => {
    const pace = new Pace(100)
    for (const step of [1, 37, 100]) expect(pace.position(step)).toBe(step)
  })

  it('rises steadily and ends at the end of the schedule, whatever the changes', () => {
    const changes = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 200 })), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), changes, (first, jumps) => {
        const pace = new Pace(first)
        let step = 0
        for (const [ahead, more] of jumps) {
          step = Math.min(pace.steps - 1, step + ahead)
          pace.change(step, step + more)
        }
        const positions = Array.from({ length: pace.steps }, (_, i) => pace.position(i + 1))
        expect(positions.at(-1)).toBeCloseTo(first, 8)
        for (let i = 1; i < positions.length; i++) {
          expect(positions[i]).toBeGreaterThan(positions[i - 1])
        }
        expect(new Pace(first, pace.changes).position(step + 1)).toBe(pace.position(step + 1))
      }),
    )
  })

  it('crosses as many multiples as planned, whatever the changes', () => {
    const pace = new Pace(100)
    const due = (): number[] =>
      Array.from({ length: pace.steps }, (_, i) => i + 1).filter(step => pace.crosses(step, 25))
    expect(due()).toEqual([25, 50, 75, 100])
    pace.change(50, 350)
    expect(due()).toEqual([25, 50, 200, 350])
    pace.change(200, 201)
    expect(due()).toEqual([25, 50, 200, 201])
  })

  it('spreads the rest of the schedule over the steps that are left', () => {
    const pace = new Pace(100)
    pace.change(50, 60)
    expect([50, 51, 55, 60].map(step => pace.position(step))).toEqual([50, 55, 75, 100])
    pace.change(55, 56)
    expect(pace.steps).toBe(56)
    expect(pace.position(56)).toBe(100)
  })
})
