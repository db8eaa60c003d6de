import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CorpusIndex } from '../text/novelty.js'
import { buildSpellingFilter } from '../text/spelling-filter.js'
import { corpusProfile, corpusStatisticsAt, windowStatisticsAt } from './corpus-profile.js'
import { corpusStatistics } from './zones.js'

const shakespeare = new URL('../../../../shared/data/tiny-shakespeare.txt', import.meta.url)
const lines = Array.from({ length: 300 }, (_, i) => `line ${'abcdefgh'[i % 8]} of ${i}, `).join('')
const usual = (x: number) => [x / 2, x, 2 * x] as const

describe('what is usual for a corpus', () => {
  it('is measured over windows that fit twice, against held-out text where there is some', () => {
    const filter = buildSpellingFilter(lines)
    const index = new CorpusIndex(lines)
    const heldOut = 'line x of words that are new, line a of 7, '.repeat(12)
    const profile = corpusProfile(lines, { heldOut, filter, index })
    expect(profile.figures.map(each => each.window)).toEqual([250, 500, 1000, 2000])
    for (const { window, repetition, distinct, ...rest } of profile.figures) {
      expect(repetition[0]).toBeLessThanOrEqual(repetition[1])
      expect(repetition[1]).toBeLessThanOrEqual(repetition[2])
      expect(distinct).toHaveLength(4)
      expect(rest.spelling !== undefined).toBe(window <= heldOut.length)
      expect(rest.longest !== undefined).toBe(window <= heldOut.length)
    }
    expect(profile.spelling).toBeGreaterThan(0.3)
    expect(corpusProfile(lines).spelling).toBeUndefined()
  })

  it('does with half of a short corpus, and with nothing of a shorter one', () => {
    expect(corpusProfile(lines.slice(0, 300)).figures.map(each => each.window)).toEqual([150])
    expect(corpusProfile('too short').figures).toEqual([])
    expect(windowStatisticsAt({ figures: [] }, 100)).toBeUndefined()
    expect(corpusStatisticsAt({ figures: [] }, 100)).toBeUndefined()
  })

  it('lies on a straight line in log length between the lengths measured', () => {
    const at = (window: number, x: number) => ({
      window,
      windows: 100,
      repetition: usual(x),
      looping: usual(0),
      distinct: [usual(x)],
      spelling: usual(x),
    })
    const profile = { figures: [at(250, 0.1), at(1000, 0.3)], spelling: 0.05 }
    expect(windowStatisticsAt(profile, 500)!.repetition[1]).toBeCloseTo(0.2, 12)
    expect(windowStatisticsAt(profile, 500)!.spelling![2]).toBeCloseTo(0.4, 12)
    expect(windowStatisticsAt(profile, 500)!.copied).toBeUndefined()
    expect(windowStatisticsAt(profile, 250)).toEqual(profile.figures[0])
    expect(windowStatisticsAt(profile, 10)).toEqual(profile.figures[0])
    expect(windowStatisticsAt(profile, 1e6)).toEqual(profile.figures[1])
    expect(corpusStatisticsAt(profile, 1000)).toEqual({
      window: 1000,
      windows: 100,
      repetition: 0.6,
      loop: 0,
      spelling: 0.05,
    })
    expect(() => windowStatisticsAt(profile, 0)).toThrow(/expected more than 0/)
  })

  it.skipIf(!existsSync(shakespeare))('agrees with corpusStatistics on a real corpus', () => {
    const text = readFileSync(shakespeare, 'utf8').slice(0, 300_000)
    const profile = corpusProfile(text)
    const figures = corpusStatistics(text, { window: 1000 })
    // 200 windows against 300: the two 99th percentiles differ by noise alone.
    const ratio = corpusStatisticsAt(profile, 1000)!.repetition / figures.repetition
    expect(Math.abs(ratio - 1)).toBeLessThan(0.1)
  })
})
