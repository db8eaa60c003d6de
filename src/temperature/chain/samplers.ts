/** The register of links: a new one is its file and its line here. */
import { allowLink } from './allow.js'
import { banLink } from './ban.js'
import { biasLink } from './bias.js'
import { dryLink } from './dry.js'
import { minPLink } from './min-p.js'
import { penaltyLink } from './penalty.js'
import type { LinkKind } from './sampler.js'
import { temperatureLink } from './temperature.js'
import { topKLink } from './top-k.js'
import { topNSigmaLink } from './top-n-sigma.js'
import { topPLink } from './top-p.js'
import { typicalLink } from './typical.js'
import { xtcLink } from './xtc.js'

const REGISTER = [
  temperatureLink,
  topKLink,
  topPLink,
  minPLink,
  typicalLink,
  topNSigmaLink,
  xtcLink,
  penaltyLink,
  dryLink,
  biasLink,
  banLink,
  allowLink,
] as const

/** A link with its settings: a value, JSON-able, with one written form. */
export type LinkSpec = Parameters<(typeof REGISTER)[number]['start']>[0]
export type LinkName = LinkSpec['link']

/** All links, in the order in which help and docs list them. */
export const LINKS: readonly LinkKind<LinkSpec>[] = REGISTER

export const LINK_NAMES: readonly string[] = LINKS.map(kind => kind.link)

/** The description of a link that is known to exist. */
export function kindOf(link: LinkName): LinkKind<LinkSpec> {
  const kind = LINKS.find(kind => kind.link === link)
  if (!kind) throw new Error(`no link ${link}`)
  return kind
}
