/** The list of samplers. To add one, write its file and add a line here. */
import { allowSampler } from './allow.js'
import { banSampler } from './ban.js'
import { biasSampler } from './bias.js'
import { drySampler } from './dry.js'
import { minPSampler } from './min-p.js'
import { penaltySampler } from './penalty.js'
import type { SamplerKind } from './sampler.js'
import { temperatureSampler } from './temperature.js'
import { topKSampler } from './top-k.js'
import { topNSigmaSampler } from './top-n-sigma.js'
import { topPSampler } from './top-p.js'
import { typicalSampler } from './typical.js'
import { xtcSampler } from './xtc.js'

const REGISTER = [
  temperatureSampler,
  topKSampler,
  topPSampler,
  minPSampler,
  typicalSampler,
  topNSigmaSampler,
  xtcSampler,
  penaltySampler,
  drySampler,
  biasSampler,
  banSampler,
  allowSampler,
] as const

/** A sampler with its settings. The value can be stored as JSON and has one written form. */
export type SamplerSpec = Parameters<(typeof REGISTER)[number]['start']>[0]
export type SamplerName = SamplerSpec['sampler']

/** All samplers, in the order in which help and docs list them. */
export const SAMPLERS: readonly SamplerKind<SamplerSpec>[] = REGISTER

export const SAMPLER_NAMES: readonly string[] = SAMPLERS.map(kind => kind.sampler)

/** The description of a sampler. @throws Error for an unknown name, which is a programming error */
export function kindOf(sampler: SamplerName): SamplerKind<SamplerSpec> {
  const kind = SAMPLERS.find(kind => kind.sampler === sampler)
  if (!kind) throw new Error(`no sampler ${sampler}`)
  return kind
}
