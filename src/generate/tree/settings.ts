/** The settings of the branches of a tree. */
import { Random, readSeed, type Seed } from '../../random.js'
import type { SamplerInput, Schedule } from '../../temperature/index.js'
import type { Tokenizer } from '../../text/tokenizer.js'
import { canonicalChain, canonicalTemperature } from '../run/header.js'

/** The settings that write a branch, as text and whole numbers. */
export interface BranchSettings {
  /** The syntax of the schedule. */
  readonly temperature: string
  /** Text, because JSON numbers are exact only up to 2^53. */
  readonly seed: string
  readonly stream: number
  /** The syntax of the chain; absent for temperature alone. */
  readonly chain?: string
}

/** New settings. Absent fields stay unchanged; `chain: null` removes the chain. */
export interface SettingsChange {
  readonly temperature?: number | string | Schedule
  readonly seed?: Seed
  readonly stream?: number
  readonly chain?: string | readonly SamplerInput[] | null
}

export const sameSettings = (a: BranchSettings, b: BranchSettings): boolean =>
  a.temperature === b.temperature &&
  a.seed === b.seed &&
  a.stream === b.stream &&
  a.chain === b.chain

/** Applies a change. @throws InputError for values out of range, or an invalid chain */
export function changeSettings(
  from: BranchSettings,
  change: SettingsChange,
  tokenizer: Tokenizer,
): BranchSettings {
  const { temperature, seed, stream = from.stream, chain } = change
  if (seed !== undefined || change.stream !== undefined) {
    new Random(seed ?? from.seed, stream) // refuses what is out of range
  }
  const written =
    chain === undefined ? from.chain : chain === null ? undefined : canonicalChain(chain, tokenizer)
  return {
    temperature: temperature === undefined ? from.temperature : canonicalTemperature(temperature),
    seed: seed === undefined ? from.seed : String(readSeed(seed)),
    stream,
    ...(written !== undefined && { chain: written }),
  }
}
