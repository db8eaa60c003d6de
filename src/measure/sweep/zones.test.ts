import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantile } from '../statistics.js'
import { loopShare } from '../text/measures.js'
import { repetition } from '../text/repetition.js'
import { buildSpellingFilter } from '../text/spelling-filter.js'
import {
  breakingRate,
  type CorpusStatistics,
  corpusStatistics,
  crossing,
  findZones,
  type SweepPoint,
  zoneAt,
} from './zones.js'

const shakespeare = new URL('../../../../shared/data/tiny-shakespeare.txt', import.meta.url)
const figures: CorpusStatistics = {
  window: 2000,
  windows: 500,
  repetition: 0.1,
  loop: 0,
  spelling: 0.02,
}
const point = (
  temperature: number,
  repetition: number,
  loop: number,
  spelling?: number,
): SweepPoint => ({
  temperature,
  repetition: [repetition, repetition, repetition],
  loop: [loop, loop, loop],
  spelling: spelling === undefined ? [] : [spelling, spelling, spelling],
})
/** A model as the seed note describes it: loops when cold, misspells when hot. */
const model = [
  point(0, 0.9, 0.9, 0),
  point(0.25, 0.5, 0.2, 0.001),
  point(0.5, 0.15, 0, 0.01),
  point(1, 0.05, 0, 0.02),
  point(2, 0, 0, 0.4),
  point(Infinity, 0, 0, 1),
]

describe('zones', () => {
  it('lie where the curves cross the limits of the corpus', () => {
    const { zones, loopsBelow, breaksAbove, limits, notes } = findZones(model, figures)
    // repetition 0.15 at 0.5, 0.05 at 1, limit 0.1: half way in log T; spelling limit 0.06
    expect(loopsBelow!.at).toBeCloseTo(Math.sqrt(0.5), 9)
    expect(loopsBelow).toMatchObject({ from: 0.5, to: 1 })
    expect(breaksAbove!.at).toBeCloseTo(2 ** (0.04 / 0.38), 9)
    expect(zones).toEqual([
      { zone: 'loops', from: 0, to: loopsBelow!.at },
      { zone: 'reads', from: loopsBelow!.at, to: breaksAbove!.at },
      { zone: 'breaks', from: breaksAbove!.at, to: Infinity },
    ])
    const all = findZones(model, figures)
    const at = [0, 0.5, 0.9, 2, Infinity].map(T => zoneAt(all, T))
    expect(at).toEqual(['loops', 'loops', 'reads', 'breaks', 'breaks'])
    expect(zoneAt(undefined, 1)).toBeUndefined()
    expect(limits).toEqual({ repetition: 0.1, loop: 0, spelling: 0.06 })
    expect(notes).toEqual([])
    expect(findZones([...model].reverse(), figures)).toEqual(findZones(model, figures))
  })

  it('take the wider of loops and repetition', () => {
    const looping = [point(0.5, 0, 0.3, 0), point(1, 0, 0.1, 0), point(2, 0, 0, 0)]
    expect(findZones(looping, figures).loopsBelow).toMatchObject({ from: 1, to: 2 })
  })

  it('are not changed by one outlier', () => {
    const bumpy = model.map(p => (p.temperature === 2 ? point(2, 0.11, 0, 0.4) : p))
    expect(findZones(bumpy, figures).zones.map(zone => zone.zone)).toEqual([
      'loops',
      'reads',
      'breaks',
    ])
  })

  it('are absent where the model has none', () => {
    const calm = [point(0.5, 0, 0, 0), point(1, 0, 0, 0)]
    expect(findZones(calm, figures)).toMatchObject({
      zones: [],
      notes: [{ en: expect.stringMatching(/^Not enough temperatures to tell zones/) }],
    })
    // Where 0 and infinity were measured, nothing lies outside.
    const whole = [point(0, 0, 0, 0), point(Infinity, 0, 0, 0)]
    expect(findZones(whole, figures).zones).toEqual([{ zone: 'reads', from: 0, to: Infinity }])
    const hopeless = [point(0.5, 0.5, 0.5, 0.9), point(1, 0.4, 0.4, 0.9)]
    const { zones, notes } = findZones(hopeless, figures)
    expect(zones).toEqual([
      { zone: 'loops', from: 0, to: 0.5 },
      { zone: 'breaks', from: 0.5, to: Infinity },
    ])
    expect(notes).toEqual([
      {
        en: expect.stringMatching(/No temperature measured reads like the corpus/),
        ja: expect.stringMatching(/[ぁ-ん].*。$/),
      },
    ])
    const unmeasured = findZones([point(0.5, 0.5, 0.5), point(1, 0, 0)], figures)
    expect(unmeasured.breaksAbove).toBeUndefined()
    expect(unmeasured.notes).toEqual([
      {
        en: expect.stringMatching(/spelling was not measured/),
        ja: expect.stringMatching(/[ぁ-ん].*。$/),
      },
    ])
    expect(() => findZones(model.slice(0, 1), figures)).toThrow(/at least two/)
  })

  it('say nothing of what lies beyond the temperatures measured', () => {
    const cool = [point(0.5, 0.5, 0.5, 0), point(1, 0, 0, 0)]
    const { zones } = findZones(cool, figures)
    expect(zones.map(({ zone }) => zone)).toEqual(['loops', 'reads'])
    expect([zones[0].from, zones[1].to]).toEqual([0, 1])
    const warm = [point(0.5, 0, 0, 0), point(1, 0, 0, 0.9)]
    expect(findZones(warm, figures).zones).toMatchObject([
      { zone: 'reads', from: 0.5 },
      { zone: 'breaks', to: Infinity },
    ])
    const stuck = [point(0.2, 0.9, 0.9, 0), point(0.4, 0.9, 0.9, 0)]
    expect(findZones(stuck, figures).zones).toEqual([{ zone: 'loops', from: 0, to: 0.4 }])
  })

  it('follow each other without gaps, and each stands on a measured text', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    const measured = fc.uniqueArray(
      fc.tuple(fc.constantFrom(0, 0.1, 0.5, 1, 2, 5, Infinity), share, share, share),
      { selector: tuple => tuple[0], minLength: 2 },
    )
    fc.assert(
      fc.property(measured, share, share, share, (list, repetitionLimit, loopLimit, own) => {
        const points = list.map(([T, a, b, c]) => point(T, a, b, c))
        const limits = { ...figures, repetition: repetitionLimit, loop: loopLimit, spelling: own }
        const { zones } = findZones(points, limits)
        const [least, most] = [
          Math.min(...points.map(p => p.temperature)),
          Math.max(...points.map(p => p.temperature)),
        ]
        for (const { zone, from, to } of zones) {
          if (zone === 'loops') expect(from).toBe(0)
          else expect(from).toBeGreaterThanOrEqual(least)
          if (zone === 'breaks') expect(to).toBe(Infinity)
          else expect(to).toBeLessThanOrEqual(most)
        }
        for (let i = 1; i < zones.length; i++) {
          expect(zones[i].from).toBe(zones[i - 1].to)
          expect(zones[i].from).toBeGreaterThanOrEqual(zones[i - 1].from)
        }
      }),
    )
  })
})

describe('a crossing', () => {
  it('goes by T beside 0 and by 1/T beside infinity', () => {
    expect(crossing([0, 1], [0.8, 0], 0.4, 'falls')!.at).toBeCloseTo(0.5, 12)
    expect(crossing([2, Infinity], [0, 1], 0.5, 'rises')!.at).toBeCloseTo(4, 12)
    expect(crossing([0, Infinity], [0, 1], 0.5, 'rises')!.at).toBeCloseTo(1, 12)
    expect(crossing([1, 4], [0, 1], 0.5, 'rises')!.at).toBeCloseTo(2, 12)
  })

  it('needs more than the limit', () => {
    expect(crossing([1, 2], [0.1, 0.1], 0.1, 'falls')).toBeUndefined()
    expect(crossing([1, 2], [0.1, 0.1], 0.1, 'rises')).toBeUndefined()
    expect(crossing([1, 2], [0.2, 0.2], 0.1, 'falls')!.at).toBe(Infinity)
    expect(crossing([1, 2], [0.2, 0.2], 0.1, 'rises')!.at).toBe(0)
  })
})

describe('the breaking rate', () => {
  it('is three times the held-out rate where that is reachable, and always below 1', () => {
    expect(breakingRate(0.02)).toBeCloseTo(0.06, 12)
    expect(breakingRate(0.25)).toBeCloseTo(0.75, 12)
    // 4-grams of a short Japanese corpus: 52% are new in its own held-out part
    expect(breakingRate(0.52)).toBeCloseTo(0.84, 12)
    expect(breakingRate(0)).toBe(0)
    expect(breakingRate(1)).toBe(1)
  })
})

describe('figures of a corpus', () => {
  it('come from windows of the texts’ length, evenly spread', () => {
    const corpus = Array.from({ length: 4000 }, (_, i) =>
      String.fromCodePoint(0x4e00 + ((i * i) % 997)),
    )
    const text = corpus.join('')
    const { windows, repetition: r, loop, spelling } = corpusStatistics(text, { window: 1000 })
    expect(windows).toBe(100)
    const starts = Array.from({ length: 100 }, (_, i) => Math.round((i * 3000) / 99))
    const parts = starts.map(start => text.slice(start, start + 1000))
    expect(r).toBe(
      quantile(
        parts.map(part => repetition(part)!),
        0.99,
      ),
    )
    expect(loop).toBe(quantile(parts.map(loopShare), 0.99))
    expect(spelling).toBeUndefined()
    expect(corpusStatistics(text, { window: 4000 }).windows).toBe(1)
    expect(() => corpusStatistics(text, { window: 4001 })).toThrow(/fits into the corpus/)
    expect(() => corpusStatistics('', { window: 100 })).toThrow(/0 characters/)
  })

  it('cut by characters, not by UTF-16 units', () => {
    const text = Array.from({ length: 60 }, (_, i) => String.fromCodePoint(0x1f600 + i)).join('')
    expect(corpusStatistics(text, { window: 60 })).toMatchObject({ windows: 1, repetition: 0 })
  })

  it.skipIf(!existsSync(shakespeare))('say of Shakespeare what his own rates are', () => {
    const text = readFileSync(shakespeare, 'utf8')
    const train = text.slice(0, 1_000_000)
    const heldOut = text.slice(1_060_000)
    const own = corpusStatistics(train, {
      window: 2000,
      heldOut,
      filter: buildSpellingFilter(train),
    })
    expect(own).toMatchObject({ window: 2000, windows: 500 })
    expect(own.repetition).toBeGreaterThan(0.02)
    expect(own.repetition).toBeLessThan(0.4)
    expect(own.loop).toBeLessThan(0.01)
    expect(own.spelling).toBeGreaterThan(0.04)
    expect(own.spelling).toBeLessThan(0.1)
  })
})
