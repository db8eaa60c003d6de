import { describe, expect, it } from 'vitest'
import { InputError } from '../../errors.js'
import type { Model } from '../../file/model.js'
import { Random } from '../../random.js'
import { type AimEvent, type AimMeasure, type AimOptions, type AimResult, aim } from './aim.js'
import type { SweepCell, SweepText } from './curve.js'

const model = {} as Model

/** A model whose measures are known functions of T, with noise that a text of 2,000 characters has. */
function texts(seed: number, curves: Record<AimMeasure, (T: number) => number>, noise: number) {
  const random = new Random(seed)
  const used = new Set<unknown>()
  const run = async ({ temperature, seed: own }: SweepCell): Promise<SweepText> => {
    expect(used, 'a seed is used once').not.toContain(own)
    used.add(own)
    // Near enough to normal: the sum of twelve coins.
    let sum = -6
    for (let i = 0; i < 12; i++) sum += random.coin(Number(own) * 12 + i)
    const value = (measure: AimMeasure) =>
      Math.max(0, curves[measure](temperature) * (1 + noise * (temperature === 0 ? 0 : sum)))
    const values = {
      spelling: value('spelling'),
      repetition: value('repetition'),
      surprisal: value('surprisal'),
    }
    return { temperature, seed: own, text: '', symbols: 0, characters: 0, words: 0, values }
  }
  return { run, used }
}

/** Shaped as a trained model's: exactly 2% at T = 0.7, 5% repetition at 0.5. */
const curves: Record<AimMeasure, (T: number) => number> = {
  spelling: T => (T === Number.POSITIVE_INFINITY ? 0.95 : 0.95 / (1 + (0.7 / T) ** 4 * 46.5)),
  repetition: T => (T === 0 ? 0.9 : 0.9 / (1 + (T / 0.5) ** 3 * 17)),
  surprisal: T => (T === Number.POSITIVE_INFINITY ? 20 : 1.2 + T),
  entropy: T => T,
}

async function aimed(options: AimOptions): Promise<{ events: AimEvent[]; result: AimResult }> {
  const events: AimEvent[] = []
  for await (const event of aim(model, options)) events.push(event)
  const last = events.at(-1)
  if (last?.type !== 'end') throw new Error('no end')
  return { events, result: last.result }
}

describe('aim', () => {
  it.each([
    ['spelling', 0.02, 0.7],
    ['repetition', 0.05, 0.5],
    ['surprisal', 2.2, 1],
    ['surprisal', 1.25, 0.05],
    ['surprisal', 12, Number.NaN],
  ] as const)('finds where the mean %s is %d', async (measure, target, truth) => {
    const { run, used } = texts(1, curves, 0.1)
    const { events, result } = await aimed({ measure, target, run })
    expect(events[0].type).toBe('range')
    expect(result.texts).toBe(used.size)
    const [low, high] = result.interval
    expect(low).toBeLessThanOrEqual(result.temperature * 1.01)
    expect(high).toBeGreaterThanOrEqual(result.temperature * 0.99)
    if (Number.isNaN(truth)) return
    expect(Math.abs(Math.log(result.temperature / truth))).toBeLessThan(0.25)
    expect(Math.abs(result.check.mean / target - 1)).toBeLessThan(0.25)
  })

  it('has intervals that cover the true temperature at about their stated rate', async () => {
    let covered = 0
    let checked = 0
    const rounds = 60
    for (let seed = 0; seed < rounds; seed++) {
      const { run } = texts(seed, curves, 0.3)
      const { result } = await aimed({ measure: 'spelling', target: 0.02, run })
      const [low, high] = result.interval
      if (low <= 0.7 && 0.7 <= high) covered++
      const truth = curves.spelling(result.temperature)
      if (result.check.low <= truth && truth <= result.check.high) checked++
    }
    expect(covered / rounds).toBeGreaterThan(0.85)
    expect(checked / rounds).toBeGreaterThan(0.85)
  })

  it('gives the same result for every concurrency', async () => {
    const answers = await Promise.all(
      [1, 3].map(concurrency =>
        aimed({ measure: 'spelling', target: 0.02, concurrency, run: texts(5, curves, 0.2).run }),
      ),
    )
    expect(answers[1].result).toEqual(answers[0].result)
  })

  it('refuses what no temperature gives, and says what they give', async () => {
    const { run } = texts(1, curves, 0.01)
    const far = aimed({ measure: 'spelling', target: 0.99, run })
    await expect(far).rejects.toThrow(InputError)
    await expect(far).rejects.toThrow(/from 0% at T = 0 to 9\d(\.\d)?% at T = inf/)
    const cold = aimed({ measure: 'surprisal', target: 0.5, run: texts(1, curves, 0.01).run })
    await expect(cold).rejects.toThrow(/0\.5 bits.*from 1\.2 bits at T = 0 to/)
    await expect(aimed({ measure: 'spelling', target: -1, run })).rejects.toThrow(/from 0/)
    await expect(aimed({ measure: 'spelling', target: Number.NaN, run })).rejects.toThrow(/from 0/)
  })

  it('says why a measure is missing', async () => {
    const run = async (cell: SweepCell): Promise<SweepText> => ({
      ...cell,
      ...{ text: '', symbols: 0, characters: 0, words: 0, values: {} },
    })
    await expect(aimed({ measure: 'spelling', target: 0.1, run })).rejects.toThrow(
      /no spelling filter/,
    )
  })

  it('ends when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    const { run } = texts(1, curves, 0.1)
    await expect(aimed({ measure: 'spelling', target: 0.1, run, signal })).rejects.toThrow('enough')
  })
})
