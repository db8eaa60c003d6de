/** A chain under the hand: links added, moved, taken away, their settings changed. Pure. */
import { createChain, parseChain } from 'ondo'
import {
  LINKS,
  type LinkKind,
  type LinkName,
  type LinkSpec,
  type Symbols,
  type SymbolsKnob,
  writeLink,
} from 'ondo/temperature'

export const kindOf = (link: string): LinkKind<LinkSpec> => LINKS.find(kind => kind.link === link)!

/** The links of a written form; temperature alone is a link, too. */
export const linksOf = (written: string | undefined): readonly LinkSpec[] =>
  parseChain(written ?? '')

/** A symbol that is surely there, to begin with. */
function someSymbol({ size, symbol }: Symbols): string {
  const all = Array.from({ length: size }, (_, id) => symbol(id))
  const wanted = ['e', 'の', ...all]
  return JSON.stringify(wanted.find(each => all.includes(each)) ?? all[0])
}

/** What a fresh link says: its defaults, or where those would do nothing, something that acts. */
function fresh(name: LinkName, symbols: Symbols): LinkSpec {
  const starters: Partial<Record<LinkName, string>> = {
    penalty: 'penalty frequency=0.2',
    bias: `bias ${someSymbol(symbols)}=+1`,
    ban: `ban ${someSymbol(symbols)}`,
    allow: 'allow /\\p{L}|\\s/',
  }
  let written = starters[name] ?? name
  if (name === 'allow' && !fits(written, symbols)) written = 'allow /./s'
  return parseChain(written).find(({ link }) => link === name)!
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
 * With one more: what changes or names symbols goes before the temperature, for it means the model's
 * own logits; what truncates goes to the end.
 */
export function addLink(
  links: readonly LinkSpec[],
  name: LinkName,
  symbols: Symbols,
): { links: readonly LinkSpec[]; at: number } {
  const { effect } = kindOf(name)
  const before = effect === 'logits' || effect === 'mask'
  const temperature = links.findIndex(({ link }) => link === 'temperature')
  const at = before ? Math.max(0, temperature) : links.length
  return { links: links.toSpliced(at, 0, fresh(name, symbols)), at }
}

/** One place earlier or later; at an end nothing happens. */
export function moveLink(
  links: readonly LinkSpec[],
  at: number,
  by: 1 | -1,
): { links: readonly LinkSpec[]; at: number } {
  const to = at + by
  if (to < 0 || to >= links.length) return { links, at }
  return { links: links.with(at, links[to]).with(to, links[at]), at: to }
}

/** A chain keeps one temperature. */
export const canRemove = (links: readonly LinkSpec[], at: number): boolean =>
  links[at].link !== 'temperature' || links.filter(({ link }) => link === 'temperature').length > 1

export const removeLink = (links: readonly LinkSpec[], at: number): readonly LinkSpec[] =>
  links.toSpliced(at, 1)

/** What follows a link's name in its written form. */
export const argumentsOf = (spec: LinkSpec): string => writeLink(spec).slice(spec.link.length + 1)

/** @throws InputError that points at the character of `link arguments` */
export const withArguments = (
  links: readonly LinkSpec[],
  at: number,
  text: string,
): readonly LinkSpec[] => {
  const { link } = links[at]
  const read = parseChain(`${link} ${text}`)
  return links.with(at, read.find(each => each.link === link)!)
}

/** A list of symbols as it is written: `"\n" "."`. */
export const writeSymbols = (texts: readonly string[]): string =>
  texts.map(text => JSON.stringify(text)).join(' ')

/** The same link with another list of symbols. @throws InputError for what cannot be read */
export function withSymbols(
  links: readonly LinkSpec[],
  at: number,
  list: SymbolsKnob,
  text: string,
): readonly LinkSpec[] {
  const plain = links.with(at, { ...links[at], [list.name]: list.default } as LinkSpec)
  const symbols = text.trim() === '' ? 'none' : text
  return withArguments(plain, at, `${argumentsOf(plain[at])} ${list.name}=${symbols}`)
}

/** The same link with one setting changed; undefined leaves it out. */
export function withSetting(
  links: readonly LinkSpec[],
  at: number,
  name: string,
  value: number | undefined,
): readonly LinkSpec[] {
  const { [name]: _, ...others } = links[at] as unknown as Record<string, unknown>
  const spec = value === undefined ? others : { ...others, [name]: value }
  return links.with(at, spec as unknown as LinkSpec)
}
