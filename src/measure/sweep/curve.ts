/** Curves over T from the texts of a sweep: median and quartiles of each measure at each temperature. */
import type { Seed } from '../../random.js'
import type { Loop } from '../../text/loop-detector.js'
import { median, quantile } from '../statistics.js'
import type { LoopProof } from './loop-proof.js'
import type { LoopStability } from './loop-stability.js'
import type { SweepPoint } from './zones.js'

/** The measures of each text of a sweep, in the order of the CSV columns. */
export const SWEEP_MEASURES = [
  'surprisal',
  'entropy',
  'repetition',
  'looping',
  'spelling',
  'copied',
  'longest',
  'distinct1',
  'distinct2',
  'distinct3',
  'distinct4',
  'open',
  'stray',
] as const

export type SweepMeasure = (typeof SWEEP_MEASURES)[number]

/** One text to generate and measure. */
export interface SweepCell {
  /** 0 to Infinity. */
  readonly temperature: number
  readonly seed: Seed
}

/** One text with its measures. Can be posted to another thread; JSON except for infinite numbers. */
export interface SweepText extends SweepCell {
  readonly text: string
  /** The bytes of a byte model in base64. `text` has U+FFFD for bytes that are not UTF-8. */
  readonly bytes?: string
  /** Number of symbols drawn. */
  readonly symbols: number
  /** Number of code points. */
  readonly characters: number
  readonly words: number
  /** Measures that could not be computed are absent. */
  readonly values: Readonly<Partial<Record<SweepMeasure, number>>>
  /** The loop in which the text ends, in characters. */
  readonly loop?: Loop
  /** The proof that a text at T = 0 never leaves its loop. Absent when none was found. */
  readonly proof?: LoopProof
  /** Measures how stable a loop at T = 0 is for which there is no proof. */
  readonly settled?: LoopStability
}

/** A measure over the texts of one temperature. */
export interface Spread {
  /** Number of texts in which it could be measured. */
  readonly count: number
  readonly least: number
  /** The 25% quantile; `high` is the 75% quantile. */
  readonly low: number
  readonly median: number
  readonly high: number
  readonly greatest: number
}

export interface CurvePoint {
  readonly temperature: number
  /** Number of texts. At T = 0 there is one, because all seeds give the same text. */
  readonly texts: number
  readonly values: Readonly<Partial<Record<SweepMeasure, Spread>>>
}

/** The texts sorted by temperature, then by seed. */
export function sortTexts(texts: readonly SweepText[]): SweepText[] {
  return [...texts].sort(
    (a, b) => order(a.temperature, b.temperature) || order(BigInt(a.seed), BigInt(b.seed)),
  )
}

const order = <T extends number | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

function byTemperature(texts: readonly SweepText[]): [number, SweepText[]][] {
  const groups = new Map<number, SweepText[]>()
  for (const text of sortTexts(texts)) {
    const group = groups.get(text.temperature)
    if (group) group.push(text)
    else groups.set(text.temperature, [text])
  }
  return [...groups]
}

function valuesOf(texts: readonly SweepText[], measure: SweepMeasure): number[] {
  return texts.map(text => text.values[measure]).filter(value => value !== undefined)
}

/** The curves of the texts, by ascending T. Temperatures without texts are absent. */
export function curve(texts: readonly SweepText[]): CurvePoint[] {
  return byTemperature(texts).map(([temperature, group]) => {
    const values: Partial<Record<SweepMeasure, Spread>> = {}
    for (const measure of SWEEP_MEASURES) {
      const found = valuesOf(group, measure)
      if (found.length === 0) continue
      values[measure] = {
        count: found.length,
        least: quantile(found, 0),
        low: quantile(found, 0.25),
        median: median(found),
        high: quantile(found, 0.75),
        greatest: quantile(found, 1),
      }
    }
    return { temperature, texts: group.length, values }
  })
}

/** The texts as input for `findZones`. */
export function zonePoints(texts: readonly SweepText[]): SweepPoint[] {
  return byTemperature(texts)
    .map(([temperature, group]) => ({
      temperature,
      repetition: valuesOf(group, 'repetition'),
      loop: valuesOf(group, 'looping'),
      spelling: valuesOf(group, 'spelling'),
    }))
    .filter(point => point.repetition.length > 0 && point.loop.length > 0)
}
