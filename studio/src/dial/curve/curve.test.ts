import { formatSchedule, parseSchedule } from 'ondo'
import { expect, it } from 'vitest'
import { formatPreset, PRESETS } from './presets.js'
import { addFrame, fixedCurve, isFixed, moveFrame, removeFrame, writeFrames } from './shape.js'

it('has a preset for every kind of schedule, each in its canonical form', () => {
  const kinds = PRESETS.map(preset => {
    const written = formatPreset(preset, 400)
    const schedule = parseSchedule(written)
    expect(formatSchedule(schedule)).toBe(written)
    return schedule.kind
  })
  expect(new Set(kinds)).toEqual(
    new Set(['keyframes', 'then', 'cycle', 'word', 'entropy', 'surprise', 'escape']),
  )
})

it('draws the temperatures that the schedule will give', () => {
  const schedule = parseSchedule('0.4@0 1.6@200')
  expect(isFixed(schedule)).toBe(true)
  const [first, middle, last] = fixedCurve(schedule, [0, 100, 200])
  expect([first, last]).toEqual([0.4, 1.6])
  // Straight in log T.
  expect(middle).toBeCloseTo(0.8, 12)
  expect(isFixed(parseSchedule('0.4@0 1.6@200 * (word 1/0.5)'))).toBe(false)
})

it('keeps a moved keyframe between its neighbours and on the scale', () => {
  const frames = [
    { at: 0, temperature: 0.5 },
    { at: 100, temperature: 1 },
    { at: 200, temperature: 0.5 },
  ]
  expect(moveFrame(frames, 1, { at: 500, temperature: 99 })[1]).toEqual({
    at: 199,
    temperature: 10,
  })
  expect(moveFrame(frames, 1, { at: -5, temperature: 0 })[1]).toEqual({ at: 1, temperature: 0.05 })
  const added = addFrame(frames, { at: 150.4, temperature: 2 })
  expect(writeFrames(added)).toBe('0.5@0 1@100 2@150 0.5@200')
  expect(removeFrame(added, 2)).toEqual(frames)
  expect(removeFrame([frames[0]], 0)).toEqual([frames[0]])
})
