import type { SweepText } from 'ondo/measure'
import { describe, expect, it } from 'vitest'
import { spellingReach } from './reach.js'

const text = (temperature: number, spelling?: number): SweepText =>
  ({
    temperature,
    seed: 1,
    values: spelling === undefined ? {} : { spelling },
  }) as unknown as SweepText

describe('the temperature of a share of misspelt words', () => {
  it('is interpolated between its neighbours, by the means over the seeds', () => {
    const texts = [text(1, 0.04), text(0.25, 0), text(1, 0.08), text(0.25, 0.02), text(3, 0.5)]
    // Means 0.01 and 0.06; 0.02 lies a fifth of the way, in log T: 0.25 * 4^(1/5).
    const reach = spellingReach(texts, 0.02)
    expect(reach).toMatchObject({ kind: 'at', border: { from: 0.25, to: 1 } })
    if (reach.kind === 'at') expect(reach.border.at).toBeCloseTo(0.25 * 4 ** 0.2, 12)
  })

  it('pools neighbours that decrease, so that it is unique', () => {
    const texts = [text(0.1, 0.03), text(0.2, 0.01), text(0.4, 0.06), text(0.8, 0.2)]
    // 0.1 and 0.2 pool to 0.02.
    expect(spellingReach(texts, 0.04)).toMatchObject({
      kind: 'at',
      border: { from: 0.2, to: 0.4 },
    })
    expect(spellingReach(texts, 0.015)).toEqual({ kind: 'above' })
  })

  it('is above or below all measured temperatures if one side has none', () => {
    const texts = [text(0.5, 0.01), text(1, 0.02)]
    expect(spellingReach(texts, 0.3)).toEqual({ kind: 'below' })
    expect(spellingReach(texts, 0.001)).toEqual({ kind: 'above' })
  })

  it('is unknown for texts that cannot be judged, or at one temperature only', () => {
    expect(spellingReach([], 0.02)).toEqual({ kind: 'unknown' })
    expect(spellingReach([text(0.5), text(1)], 0.02)).toEqual({ kind: 'unknown' })
    expect(spellingReach([text(1, 0.1)], 0.02)).toEqual({ kind: 'unknown' })
  })
})
