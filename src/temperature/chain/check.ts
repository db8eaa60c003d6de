/** Chains from outside, checked: every setting in its range, none unknown, none left out. */
import { counted, didYouMean, InputError, quote } from '../../errors.js'
import { readKnob } from '../../knob.js'
import { Pattern } from './pattern/index.js'
import type { LinkKind } from './sampler.js'
import { kindOf, LINK_NAMES, LINKS, type LinkSpec } from './samplers.js'

/** A link as a call or a JSON body gives it: what is left out has its default. */
export type LinkInput = { readonly link: string; readonly [setting: string]: unknown }

/** What a bias may add: e^100 is beyond every difference of logits a model makes. */
const MOST = 1000

/** @throws InputError naming the link and the setting */
export function checkLinks(links: unknown): LinkSpec[] {
  if (!Array.isArray(links)) {
    throw new InputError(
      'chain',
      `The chain is ${quote(links)}; expected its written form or a list of links.`,
    )
  }
  if (links.length > MOST_LINKS) {
    throw new InputError(
      'chain',
      `The chain has ${links.length} links; expected at most ${MOST_LINKS}. One ban, allow or bias takes many symbols.`,
    )
  }
  return checkTotals(links.map((link: unknown, index) => checkLink(link, index + 1)))
}

/** Links of a chain at most. */
const MOST_LINKS = 50
/** Symbols that all links together may name. */
const MOST_NAMED = 10_000
/** UTF-16 units that all expressions together may have. */
const MOST_PATTERNS = 2000

/** @throws InputError for a chain whose links together name or match too much */
function checkTotals(links: LinkSpec[]): LinkSpec[] {
  let named = 0
  let patterns = 0
  for (const spec of links) {
    if (spec.link === 'bias') named += spec.weights.length
    if (spec.link === 'dry') named += spec.breakers.length
    if (spec.link !== 'ban' && spec.link !== 'allow') continue
    named += spec.symbols.length
    patterns += spec.pattern?.length ?? 0
  }
  if (named > MOST_NAMED) {
    throw new InputError(
      'chain',
      `The chain names ${counted(named, 'symbol')}; expected at most ${MOST_NAMED}: a class takes many at once, "[a-z]".`,
    )
  }
  if (patterns > MOST_PATTERNS) {
    throw new InputError(
      'chain',
      `The chain's expressions are ${counted(patterns, 'character')} long together; expected at most ${MOST_PATTERNS}.`,
    )
  }
  return links
}

function checkLink(input: unknown, place: number): LinkSpec {
  const settings = (typeof input === 'object' && input !== null ? input : {}) as LinkInput
  const kind = LINKS.find(kind => kind.link === settings.link)
  if (!kind) {
    const name = typeof settings.link === 'string' ? settings.link : ''
    throw new InputError(
      'chain',
      `Link ${place} of the chain is ${quote(settings.link)}; expected ${LINK_NAMES.join(', ')}.${didYouMean(name, LINK_NAMES)}`,
    )
  }
  const refuse = (sentence: string): never => {
    throw new InputError('chain', `Link ${place} of the chain, ${kind.link}: ${sentence}`)
  }
  const names = settingsOf(kind)
  for (const name of Object.keys(settings)) {
    if (name !== 'link' && !names.includes(name)) {
      refuse(
        `${quote(name)} is not one of its settings (${names.join(', ')}).${didYouMean(name, names)}`,
      )
    }
  }
  const spec: Record<string, unknown> = { link: kind.link }
  for (const knob of kind.knobs) {
    const value = settings[knob.name]
    if (value === undefined && knob.name === 'temperature') continue // the run's
    try {
      spec[knob.name] = readKnob(knob, value ?? knob.default) + 0 // -0 is written 0
    } catch (error) {
      refuse(error instanceof InputError ? error.message : String(error))
    }
  }
  for (const list of kind.lists ?? []) {
    spec[list.name] = texts(settings[list.name] ?? list.default, list.name, refuse)
  }
  if (kind.takes === 'weights') spec.weights = weights(settings.weights, refuse)
  if (kind.takes === 'symbols') Object.assign(spec, symbolSet(settings, refuse))
  return spec as LinkSpec
}

function settingsOf(kind: LinkKind<LinkSpec>): string[] {
  const names = [...kind.knobs, ...(kind.lists ?? [])].map(knob => knob.name)
  if (kind.takes === 'weights') names.push('weights')
  if (kind.takes === 'symbols') names.push('symbols', 'pattern', 'ignoreCase')
  return names
}

type Refuse = (sentence: string) => never

function texts(value: unknown, name: string, refuse: Refuse): string[] {
  const list: unknown[] = Array.isArray(value) ? value : []
  if (!Array.isArray(value) || !list.every(text => typeof text === 'string' && text !== '')) {
    refuse(`its ${name} are ${quote(value)}; expected a list of symbols.`)
  }
  return list as string[]
}

function weights(value: unknown, refuse: Refuse): [string, number][] {
  const wrong = (): never =>
    refuse(
      `its weights are ${quote(value)}; expected pairs of a symbol and a number from -${MOST} to ${MOST}, as in [["e", 1.5]]. To take a symbol away, use ban.`,
    )
  if (!Array.isArray(value) || value.length === 0) return wrong()
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) return wrong()
    const [text, add] = pair as unknown[]
    if (typeof text !== 'string' || text === '') return wrong()
    if (typeof add !== 'number' || !(Math.abs(add) <= MOST)) return wrong()
    return [text, add + 0]
  })
}

function symbolSet(settings: LinkInput, refuse: Refuse): Record<string, unknown> {
  const { pattern, ignoreCase } = settings
  const symbols = texts(settings.symbols ?? [], 'symbols', refuse)
  if (pattern === undefined) {
    if (symbols.length === 0) refuse('it names neither symbols nor a pattern.')
    return { symbols }
  }
  if (typeof pattern !== 'string' || pattern === '') {
    refuse(`its pattern is ${quote(pattern)}; expected a regular expression as text.`)
  }
  if (ignoreCase !== undefined && typeof ignoreCase !== 'boolean') {
    refuse(`its ignoreCase is ${quote(ignoreCase)}; expected true or false.`)
  }
  // The engine's own way to write it: slashes escaped, so that it fits between slashes.
  const { source } = new Pattern(String(pattern), ignoreCase === true)
  return ignoreCase ? { symbols, pattern: source, ignoreCase } : { symbols, pattern: source }
}

/**
 * A chain in which temperature is named. Where it is not, it goes before the first link that looks
 * at probabilities or ranks, as truncation is meant; after the penalties, biases and bans before
 * that, which their authors put on the model's own logits and which T = 0 would otherwise leave
 * nothing to act on.
 */
export function withTemperature(links: readonly LinkSpec[]): LinkSpec[] {
  if (links.some(spec => spec.link === 'temperature')) return [...links]
  const truncates = links.findIndex(({ link }) => /^(?:prefix|set)$/.test(kindOf(link).effect))
  const place = truncates < 0 ? links.length : truncates
  return [...links.slice(0, place), { link: 'temperature' }, ...links.slice(place)]
}
