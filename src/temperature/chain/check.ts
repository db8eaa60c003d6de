/** Checks chains that callers give: rejects unknown settings, checks ranges and fills in defaults. */
import { counted, didYouMean, InputError, quote } from '../../errors.js'
import { readKnob } from '../../knob.js'
import { Pattern } from './pattern/index.js'
import type { SamplerKind } from './sampler.js'
import { kindOf, SAMPLER_NAMES, SAMPLERS, type SamplerSpec } from './samplers.js'

/** A sampler as a call or a JSON body gives it. Settings that are left out take their defaults. */
export type SamplerInput = { readonly sampler: string; readonly [setting: string]: unknown }

/** Largest absolute value that a bias may add; models do not make logits that differ by more. */
const LARGEST_BIAS = 1000

/** @throws InputError naming the sampler and the setting */
export function checkSamplers(samplers: unknown): SamplerSpec[] {
  if (!Array.isArray(samplers)) {
    throw new InputError(
      'chain',
      `The chain is ${quote(samplers)}; expected its written form or a list of samplers.`,
    )
  }
  if (samplers.length > MOST_SAMPLERS) {
    throw new InputError(
      'chain',
      `The chain has ${samplers.length} samplers; expected at most ${MOST_SAMPLERS}. One ban, allow or bias takes many symbols.`,
    )
  }
  return checkTotals(samplers.map((sampler: unknown, index) => checkSampler(sampler, index + 1)))
}

/** Largest number of samplers in a chain. */
const MOST_SAMPLERS = 50
/** Largest number of symbols that all samplers together may name. */
const MOST_NAMED = 10_000
/** Largest total length of all expressions, in UTF-16 units. */
const MOST_PATTERNS = 2000

/** @throws InputError for a chain whose samplers together name or match too much */
function checkTotals(samplers: SamplerSpec[]): SamplerSpec[] {
  let named = 0
  let patterns = 0
  for (const spec of samplers) {
    if (spec.sampler === 'bias') named += spec.weights.length
    if (spec.sampler === 'dry') named += spec.breakers.length
    if (spec.sampler !== 'ban' && spec.sampler !== 'allow') continue
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
  return samplers
}

function checkSampler(input: unknown, place: number): SamplerSpec {
  const settings = withName(input)
  const kind = SAMPLERS.find(kind => kind.sampler === settings.sampler)
  if (!kind) {
    const name = typeof settings.sampler === 'string' ? settings.sampler : ''
    throw new InputError(
      'chain',
      `Sampler ${place} of the chain is ${quote(settings.sampler)}; expected ${SAMPLER_NAMES.join(', ')}.${didYouMean(name, SAMPLER_NAMES)}`,
    )
  }
  const refuse = (sentence: string): never => {
    throw new InputError('chain', `Sampler ${place} of the chain, ${kind.sampler}: ${sentence}`)
  }
  const names = settingsOf(kind)
  for (const name of Object.keys(settings)) {
    if (name !== 'sampler' && !names.includes(name)) {
      refuse(
        `${quote(name)} is not one of its settings (${names.join(', ')}).${didYouMean(name, names)}`,
      )
    }
  }
  const spec: Record<string, unknown> = { sampler: kind.sampler }
  for (const knob of kind.knobs) {
    const value = settings[knob.name]
    if (value === undefined && knob.name === 'temperature') continue // the run's temperature applies
    try {
      spec[knob.name] = readKnob(knob, value ?? knob.default) + 0 // -0 becomes 0
    } catch (error) {
      refuse(error instanceof InputError ? error.message : String(error))
    }
  }
  for (const list of kind.lists ?? []) {
    spec[list.name] = texts(settings[list.name] ?? list.default, list.name, refuse)
  }
  if (kind.takes === 'weights') spec.weights = weights(settings.weights, refuse)
  if (kind.takes === 'symbols') Object.assign(spec, symbolSet(settings, refuse))
  return spec as SamplerSpec
}

/** Returns the input with its name under `sampler`. JSON of earlier versions has it under `link`. */
function withName(input: unknown): SamplerInput {
  const settings = (typeof input === 'object' && input !== null ? input : {}) as SamplerInput
  if (settings.sampler !== undefined || settings.link === undefined) return settings
  const { link, ...others } = settings
  return { ...others, sampler: link as string }
}

function settingsOf(kind: SamplerKind<SamplerSpec>): string[] {
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
      `its weights are ${quote(value)}; expected pairs of a symbol and a number from -${LARGEST_BIAS} to ${LARGEST_BIAS}, as in [["e", 1.5]]. To take a symbol away, use ban.`,
    )
  if (!Array.isArray(value) || value.length === 0) return wrong()
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) return wrong()
    const [text, add] = pair as unknown[]
    if (typeof text !== 'string' || text === '') return wrong()
    if (typeof add !== 'number' || !(Math.abs(add) <= LARGEST_BIAS)) return wrong()
    return [text, add + 0]
  })
}

function symbolSet(settings: SamplerInput, refuse: Refuse): Record<string, unknown> {
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
  // `source` has its slashes escaped, so that it can be written between slashes.
  const { source } = new Pattern(String(pattern), ignoreCase === true)
  return ignoreCase ? { symbols, pattern: source, ignoreCase } : { symbols, pattern: source }
}

/**
 * Adds a temperature to a chain that names none. The temperature goes before the first sampler that
 * reads probabilities or ranks, because truncation is defined on the distribution at T. It goes after
 * the penalties, biases and bans that come earlier: their authors define them on the model's own
 * logits, and after T = 0 they would have no effect.
 */
export function withTemperature(samplers: readonly SamplerSpec[]): SamplerSpec[] {
  if (samplers.some(spec => spec.sampler === 'temperature')) return [...samplers]
  const truncates = samplers.findIndex(({ sampler }) =>
    /^(?:prefix|set)$/.test(kindOf(sampler).effect),
  )
  const place = truncates < 0 ? samplers.length : truncates
  return [...samplers.slice(0, place), { sampler: 'temperature' }, ...samplers.slice(place)]
}
