/** Whether `surprise` reached its goal: its temperature is bounded, and a model may be too sure. */
import type { Bilingual } from '../../knob.js'
import { type Schedule, SURPRISE_RANGE } from './schedule.js'

/** Symbols that are looked at, of the end of the text: before, the temperature is on its way. */
const LEAST = 50
/**
 * Share of them at which the temperature stood at its bound. A goal within reach is met on average,
 * because every bit off it moves the temperature; single symbols move it away from a bound.
 */
const AT_BOUND = 0.1
/** How far off the goal the mean may be, of the goal. */
const NEAR = 0.15

function goalOf(schedule: Schedule | number | undefined): number | undefined {
  if (typeof schedule !== 'object') return undefined
  if (schedule.kind === 'escape') return goalOf(schedule.base)
  return schedule.kind === 'surprise' ? schedule.bits : undefined
}

/** Told of every step, says at the end whether a goal was out of reach. */
export class SurpriseReach {
  private readonly goal: number | undefined
  private readonly temperatures: number[] = []
  private readonly surprisals: number[] = []

  constructor(schedule: Schedule | number | undefined) {
    this.goal = goalOf(schedule)
  }

  push(step: { readonly temperature: number; readonly surprisal: number }): void {
    if (this.goal === undefined) return
    this.temperatures.push(step.temperature)
    this.surprisals.push(step.surprisal)
  }

  /** One sentence where the second half of the text stood at a bound and missed the goal. */
  note(): Bilingual | undefined {
    const { goal, temperatures, surprisals } = this
    const half = temperatures.length >> 1
    const late = temperatures.slice(half)
    if (goal === undefined || late.length < LEAST) return undefined
    const mean = surprisals.slice(half).reduce((sum, bits) => sum + bits, 0) / late.length
    const [low, high] = SURPRISE_RANGE
    const bound = mean < goal ? high : low
    const reached = mean < goal ? (T: number) => T >= high * 0.999 : (T: number) => T <= low * 1.001
    const stood = late.filter(reached).length
    if (stood < late.length * AT_BOUND || Math.abs(mean - goal) <= goal * NEAR) return undefined
    return {
      en: `surprise ${goal} was not reached: the text has ${mean.toFixed(2)} bits a symbol though the temperature stood at its bound, ${bound}; choose a goal nearer to that`,
      ja: `surprise ${goal}には届きませんでした。温度が限度の${bound}でも1文字あたり${mean.toFixed(2)}ビットです。このモデルとサンプラーで届く値を目標にしてください`,
    }
  }
}
