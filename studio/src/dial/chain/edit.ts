/** Pure edits of a chain: adding, moving and removing samplers, and changing their settings. */
import { createChain, parseChain } from 'ondo'
import {
  formatSampler,
  SAMPLERS,
  type SamplerKind,
  type SamplerName,
  type SamplerSpec,
  type Symbols,
  type SymbolsKnob,
} from 'ondo/temperature'

export const kindOf = (sampler: string): SamplerKind<SamplerSpec> =>
  SAMPLERS.find(kind => kind.sampler === sampler)!

/** The samplers of a written form; temperature alone is one sampler. */
export const samplersOf = (written: string | undefined): readonly SamplerSpec[] =>
  parseChain(written ?? '')

/** A symbol that the model has, as a first value. */
function someSymbol({ size, symbol }: Symbols): string {
  const all = Array.from({ length: size }, (_, id) => symbol(id))
  const wanted = ['e', 'の', ...all]
  return JSON.stringify(wanted.find(each => all.includes(each)) ?? all[0])
}

/** The settings of a new sampler: its defaults, or values with an effect where the defaults have none. */
function fresh(name: SamplerName, symbols: Symbols): SamplerSpec {
  const starters: Partial<Record<SamplerName, string>> = {
    penalty: 'penalty frequency=0.2',
    bias: `bias ${someSymbol(symbols)}=+1`,
    ban: `ban ${someSymbol(symbols)}`,
    allow: 'allow /\\p{L}|\\s/',
  }
  let written = starters[name] ?? name
  if (name === 'allow' && !fits(written, symbols)) written = 'allow /./s'
  return parseChain(written).find(({ sampler }) => sampler === name)!
}

function fits(written: string, symbols: Symbols): boolean {
  try {
    createChain(written, symbols)
    return true
  } catch {
    return false
  }
}

/**
 * Adds a sampler: one that changes or names symbols goes before the temperature, because it applies to the
 * model's own logits; one that truncates goes to the end.
 */
export function addSampler(
  samplers: readonly SamplerSpec[],
  name: SamplerName,
  symbols: Symbols,
): { samplers: readonly SamplerSpec[]; at: number } {
  const { effect } = kindOf(name)
  const before = effect === 'logits' || effect === 'mask'
  const temperature = samplers.findIndex(({ sampler }) => sampler === 'temperature')
  const at = before ? Math.max(0, temperature) : samplers.length
  return { samplers: samplers.toSpliced(at, 0, fresh(name, symbols)), at }
}

/** Moves a sampler one place; at an end nothing changes. */
export function moveSampler(
  samplers: readonly SamplerSpec[],
  at: number,
  by: 1 | -1,
): { samplers: readonly SamplerSpec[]; at: number } {
  const to = at + by
  if (to < 0 || to >= samplers.length) return { samplers, at }
  return { samplers: samplers.with(at, samplers[to]).with(to, samplers[at]), at: to }
}

/** Whether a sampler can be removed: a chain keeps one temperature. */
export const canRemove = (samplers: readonly SamplerSpec[], at: number): boolean =>
  samplers[at].sampler !== 'temperature' ||
  samplers.filter(({ sampler }) => sampler === 'temperature').length > 1

export const removeSampler = (
  samplers: readonly SamplerSpec[],
  at: number,
): readonly SamplerSpec[] => samplers.toSpliced(at, 1)

/** What follows a sampler's name in its written form. */
export const argumentsOf = (spec: SamplerSpec): string =>
  formatSampler(spec).slice(spec.sampler.length + 1)

/** @throws InputError that points at the character of `sampler arguments` */
export const withArguments = (
  samplers: readonly SamplerSpec[],
  at: number,
  text: string,
): readonly SamplerSpec[] => {
  const { sampler } = samplers[at]
  const read = parseChain(`${sampler} ${text}`)
  return samplers.with(at, read.find(each => each.sampler === sampler)!)
}

/** A list of symbols as it is written: `"\n" "."`. */
export const writeSymbols = (texts: readonly string[]): string =>
  texts.map(text => JSON.stringify(text)).join(' ')

/** The same sampler with another list of symbols. @throws InputError for what cannot be read */
export function withSymbols(
  samplers: readonly SamplerSpec[],
  at: number,
  list: SymbolsKnob,
  text: string,
): readonly SamplerSpec[] {
  const plain = samplers.with(at, { ...samplers[at], [list.name]: list.default } as SamplerSpec)
  const symbols = text.trim() === '' ? 'none' : text
  return withArguments(plain, at, `${argumentsOf(plain[at])} ${list.name}=${symbols}`)
}

/** The same sampler with one setting changed; undefined leaves it out. */
export function withSetting(
  samplers: readonly SamplerSpec[],
  at: number,
  name: string,
  value: number | undefined,
): readonly SamplerSpec[] {
  const { [name]: _, ...others } = samplers[at] as unknown as Record<string, unknown>
  const spec = value === undefined ? others : { ...others, [name]: value }
  return samplers.with(at, spec as unknown as SamplerSpec)
}
