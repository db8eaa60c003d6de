/** With what a branch of a tree is written. */
import { Random, readSeed, type Seed } from '../../random.js'
import type { SamplerInput, Schedule } from '../../temperature/index.js'
import type { Tokenizer } from '../../text/tokenizer.js'
import { canonicalChain, canonicalTemperature } from '../run/header.js'

/** What a branch is written with, as it is kept: text and whole numbers. */
export interface BranchSettings {
  /** The schedule as written. */
  readonly temperature: string
  /** As text: JSON numbers end at 2^53. */
  readonly seed: string
  readonly stream: number
  /** The chain as written; absent for temperature alone. */
  readonly chain?: string
}

/** New settings; what is left out stays as it is. `chain: null` takes the chain away. */
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

/** @throws InputError for settings out of range, or a chain that the tokenizer cannot name */
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
