/** Decodes the zones in a model file. */
import { isRecord } from '../../file/json.js'
import type { Zone, ZoneName } from './zones.js'

const NAMES: readonly string[] = ['loops', 'reads', 'breaks'] satisfies ZoneName[]

/** Replaces the strings `Infinity` and `inf` by the number, because JSON has no infinity. */
export function withInfinity(value: unknown): unknown {
  if (value === 'Infinity' || value === 'inf') return Number.POSITIVE_INFINITY
  if (Array.isArray(value)) return value.map(withInfinity)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withInfinity(inner)]))
}

const isZone = (value: unknown): boolean =>
  isRecord(value) &&
  NAMES.includes(value.zone as string) &&
  typeof value.from === 'number' &&
  typeof value.to === 'number' &&
  value.from >= 0 &&
  value.to >= value.from

/** The list of zones in a stored sweep's `zones`; undefined unless every zone is valid. */
export function readZones(stored: unknown): readonly Zone[] | undefined {
  const value = withInfinity(stored)
  if (!isRecord(value) || !Array.isArray(value.zones) || !value.zones.every(isZone))
    return undefined
  return value.zones as Zone[]
}
