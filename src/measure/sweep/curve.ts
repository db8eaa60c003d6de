/** From the texts of a sweep to curves over T: at each temperature the middle and the spread. */
import type { Seed } from '../../random.js'
import type { Loop } from '../../text/loop.js'
import { median, quantile } from '../statistics.js'
import type { LoopProof } from './loop-proof.js'
import type { LoopStability } from './loop-stability.js'
import type { SweepPoint } from './zones.js'

/** What is measured of each text of a sweep, in the order of the columns. */
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

/** One text to be written and measured. */
export interface SweepCell {
  /** 0 to Infinity. */
  readonly temperature: number
  readonly seed: Seed
}

/** One text with its measures; can be posted to another thread, and is JSON but for `inf`. */
export interface SweepText extends SweepCell {
  readonly text: string
  /** Of a byte model: the bytes of the text, base64; in `text` those that are not UTF-8 are U+FFFD. */
  readonly bytes?: string
  /** Symbols drawn. */
  readonly symbols: number
  /** Code points written. */
  readonly characters: number
  readonly words: number
  /** What could not be measured is absent. */
  readonly values: Readonly<Partial<Record<SweepMeasure, number>>>
  /** In which the text ends, characters. */
  readonly loop?: Loop
  /** At T = 0: the proof that the text never ends its loop. Absent when none was found. */
  readonly proof?: LoopProof
  /** At T = 0 where there is no proof: how firmly the text sits in its loop. */
  readonly settled?: LoopStability
}

/** A measure over the texts of one temperature. */
export interface Spread {
  /** Texts in which it could be measured. */
  readonly count: number
  readonly least: number
  /** The quarter point. */
  readonly low: number
  readonly median: number
  readonly high: number
  readonly greatest: number
}

export interface CurvePoint {
  readonly temperature: number
  /** Texts measured; at T = 0 there is only one, the same for all seeds. */
  readonly texts: number
  readonly values: Readonly<Partial<Record<SweepMeasure, Spread>>>
}

/** The texts in the order of a table: by temperature, then by seed. */
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

/** The curves of the texts so far, by rising T; temperatures without texts are absent. */
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

/** What `findZones` takes, of the texts so far. */
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
