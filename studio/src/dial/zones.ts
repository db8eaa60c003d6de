/** The zones of a model, as its file has them: measured, or none. */
import { readZones, type Zone } from 'ondo/measure'

export type { Zone }

export const PRESETS = ['safe', 'balanced', 'wild'] as const
export type PresetName = (typeof PRESETS)[number]

/** The presets of a model without measured zones. */
const USUAL: Readonly<Record<PresetName, number>> = { safe: 0.5, balanced: 0.8, wild: 1.5 }
/** The `wild` preset is this factor above the zone that reads like the corpus. */
const WILD = 1.25

const toTwentieth = (T: number, round: (x: number) => number): number =>
  Math.round(round(T * 20 - 1e-9)) / 20

/** Places the presets just inside the zone that reads like the corpus, in its geometric middle, and above it. */
export function presetsOf(zones: readonly Zone[]): Readonly<Record<PresetName, number>> {
  const reads = zones.find(({ zone }) => zone === 'reads')
  if (!reads || !(reads.from > 0 && reads.to < Number.POSITIVE_INFINITY)) return USUAL
  return {
    safe: toTwentieth(reads.from, Math.ceil),
    balanced: toTwentieth(Math.sqrt(reads.from * reads.to), Math.round),
    wild: toTwentieth(reads.to * WILD, Math.ceil),
  }
}

/** The zones that the sweep in a model's file found; none unless every zone can be read. */
export function zonesOf(measures: Readonly<Record<string, unknown>> | undefined): readonly Zone[] {
  const sweep = measures?.sweep as { zones?: unknown } | undefined
  return readZones(sweep?.zones) ?? []
}
