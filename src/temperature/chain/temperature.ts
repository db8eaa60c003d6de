import { TEMPERATURE } from '../settings.js'
import { first, LOWEST, type Ranked, upTo } from './ranked.js'
import type { SamplerKind } from './sampler.js'

export type TemperatureSampler = {
  readonly sampler: 'temperature'
  /** A fixed temperature. Without it, that of the run acts: the slider's or the schedule's. */
  readonly temperature?: number
}

/** A zero farther away than this changes nothing. */
const FAR = 1e300

/**
 * Divides the logits, counted from the largest, so that 10^-6 and 10^6 are ordinary values:
 * l_i <- (l_i - l_1) / T. The order stays. T = 0 keeps rank 1 only; T = inf makes all alike.
 */
export function temper(ranked: Ranked, temperature: number): Ranked {
  const { ids, logits } = ranked
  if (temperature === 0) {
    const one = first(ranked, 1)
    return { ...one, logits: Float64Array.of(0), zero: 0 }
  }
  const top = logits[0]
  const tempered = new Float64Array(logits.length)
  for (let r = 0; r < logits.length; r++) {
    tempered[r] = Math.max(LOWEST, (logits[r] - top) / temperature)
  }
  const zero = (top + ranked.zero) / temperature
  return {
    ids,
    logits: tempered,
    zero: Math.min(FAR, Math.max(-FAR, zero)),
    order: upTo(ids.length),
  }
}

export const temperatureSampler: SamplerKind<TemperatureSampler> = {
  sampler: 'temperature',
  about: {
    en: 'divides the logits by T; without a number, by the temperature of the run',
    ja: 'ロジットを T で割る。数を書かなければ、実行時の温度を使う',
  },
  source: 'Ackley, Hinton, Sejnowski 1985; docs/temperature.md',
  effect: 'temperature',
  knobs: [TEMPERATURE],
  main: 'temperature',
  start:
    ({ temperature }) =>
    (ranked, step) =>
      temper(ranked, temperature ?? step.temperature),
}
