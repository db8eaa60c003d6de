/**
 * The measures in a model file, in its metadata's `measures`: the spelling filter of the training
 * text, the profile of the corpus, and the sweep with the model's zones.
 */
import { FileError } from '../../errors.js'
import { isRecord } from '../../file/json.js'
import type { Model } from '../../file/model.js'
import { SpellingFilter } from '../text/spelling-filter.js'
import type { CorpusProfile } from './corpus-profile.js'
import type { CurvePoint } from './curve.js'
import { readZones, withInfinity } from './stored-zones.js'
import type { Zones } from './zones.js'

/** A sweep in a model file: the curves, without the texts. */
export interface StoredSweep {
  /** Characters of each text. */
  readonly length: number
  /** Number of texts at each temperature. */
  readonly seeds: number
  readonly prompt: string
  readonly curve: readonly CurvePoint[]
  readonly zones?: Zones
}

export interface StoredMeasures {
  readonly filter?: SpellingFilter
  readonly corpus?: CorpusProfile
  readonly sweep?: StoredSweep
}

/** Rounds to four significant digits, more than the noise of a few seeds; whole numbers stay exact. */
const shortened = (value: unknown): unknown => {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) || !Number.isFinite(value)
      ? value
      : Number(value.toPrecision(4))
  }
  if (Array.isArray(value)) return value.map(shortened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shortened(inner)]))
}

/** The value of `measures` for `encodeModel`. */
export function encodeMeasures({ filter, corpus, sweep }: StoredMeasures): Record<string, unknown> {
  return {
    ...(filter && { spelling: filter.toJSON() }),
    ...(corpus && { corpus }),
    ...(sweep && { sweep: shortened(sweep) }),
  }
}

function wrong(what: string): FileError {
  return new FileError(
    'measures',
    `The model's ${what} is not well made: sweep the model again, or get the file again.`,
  )
}

const isUsual = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every(Number.isFinite)

function readCorpus(value: unknown): CorpusProfile {
  const ok =
    isRecord(value) &&
    Array.isArray(value.figures) &&
    value.figures.every(
      each =>
        isRecord(each) &&
        (each.window as number) > 0 &&
        isUsual(each.repetition) &&
        isUsual(each.looping) &&
        Array.isArray(each.distinct) &&
        each.distinct.every(isUsual) &&
        ['spelling', 'longest', 'copied'].every(
          name => each[name] === undefined || isUsual(each[name]),
        ),
    ) &&
    (value.spelling === undefined || Number.isFinite(value.spelling))
  if (!ok) throw wrong('record of what is usual for its corpus (measures.corpus)')
  return value as unknown as CorpusProfile
}

const isTemperature = (value: unknown): boolean => typeof value === 'number' && value >= 0

function readSweep(given: unknown): StoredSweep {
  const value = withInfinity(given)
  const ok =
    isRecord(value) &&
    Number.isFinite(value.length) &&
    Number.isFinite(value.seeds) &&
    typeof value.prompt === 'string' &&
    Array.isArray(value.curve) &&
    value.curve.every(
      point =>
        isRecord(point) &&
        isTemperature(point.temperature) &&
        isRecord(point.values) &&
        Object.values(point.values).every(
          spread =>
            isRecord(spread) &&
            ['least', 'low', 'median', 'high', 'greatest'].every(name =>
              Number.isFinite(spread[name]),
            ),
        ),
    ) &&
    (value.zones === undefined || readZones(value.zones) !== undefined)
  if (!ok) throw wrong('sweep (measures.sweep)')
  return value as unknown as StoredSweep
}

const decoded = new WeakMap<Model, StoredMeasures>()

/**
 * The measures in a model's file; absent ones are undefined. Decoded once per model, then cached.
 * @throws FileError for measures of a wrong form
 */
export function storedMeasures(model: Model): StoredMeasures {
  let measures = decoded.get(model)
  if (!measures) {
    const { spelling, corpus, sweep } = model.measures ?? {}
    measures = {
      ...(spelling !== undefined && { filter: SpellingFilter.fromJSON(spelling) }),
      ...(corpus !== undefined && { corpus: readCorpus(corpus) }),
      ...(sweep !== undefined && { sweep: readSweep(sweep) }),
    }
    decoded.set(model, measures)
  }
  return measures
}
