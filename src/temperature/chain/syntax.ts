/**
 * Reads and writes the written form of a chain, as it stands in a flag, a URL or a file.
 *
 *   temperature 1.2, min-p 0.05, dry 0.8
 *   penalty repetition=1.1 window=64, temperature, xtc 0.1 probability=0.3
 *   ban "x" "y", bias "e"=+1.5 "\n"=-2, temperature, top-k 5
 *   allow "[a-z ]" /[.,]/
 *
 * Samplers are separated by commas and applied in this order. A number right after the name is the
 * sampler's main knob. Other knobs are named, and those left out take their defaults. Strings are
 * JSON strings.
 */
import { beginning, counted, didYouMean, InputError, shorten } from '../../errors.js'
import { flagName, formatNumber, type NumberKnob, rangeOf, readKnob } from '../../knob.js'
import { checkSamplers, withTemperature } from './check.js'
import { Pattern } from './pattern/index.js'
import type { SamplerKind } from './sampler.js'
import { kindOf, SAMPLER_NAMES, SAMPLERS, type SamplerSpec } from './samplers.js'

/** Settings that have been read but not checked; `checkSamplers` makes a SamplerSpec of them. */
export type Draft = { sampler: string } & Record<string, unknown>

const quoted = (texts: readonly string[]): string[] => texts.map(text => JSON.stringify(text))

/** Largest length of a written chain in UTF-16 units, a thousand times what people write. */
export const LONGEST_CHAIN = 100_000

/** Returns the written form of one sampler. Defaults are left out, except that of the main knob. */
export function formatSampler(spec: SamplerSpec): string {
  const kind = kindOf(spec.sampler)
  const settings: Readonly<Record<string, unknown>> = spec
  const words: string[] = [spec.sampler]
  for (const knob of kind.knobs) {
    const value = settings[knob.name]
    if (typeof value !== 'number') continue
    if (knob.name === kind.main) words.push(formatNumber(value))
    else if (value !== knob.default) words.push(`${flagName(knob.name)}=${formatNumber(value)}`)
  }
  for (const list of kind.lists ?? []) {
    const texts = settings[list.name] as readonly string[]
    if (texts.join('\0') === list.default.join('\0')) continue
    words.push(`${list.name}=${texts.length === 0 ? 'none' : quoted(texts).join(' ')}`)
  }
  if (spec.sampler === 'bias') {
    for (const [text, add] of spec.weights) {
      words.push(`${JSON.stringify(text)}=${add < 0 ? '' : '+'}${formatNumber(add)}`)
    }
  }
  if (spec.sampler === 'ban' || spec.sampler === 'allow') {
    words.push(...quoted(spec.symbols))
    if (spec.pattern !== undefined) {
      words.push(`/${new RegExp(spec.pattern, 'u').source}/${spec.ignoreCase ? 'i' : ''}`)
    }
  }
  // A penalty with only defaults needs one setting, or `parseChain` would reject the form.
  if (words.length === 1 && kind.knobs.length > 0 && kind.main === undefined) {
    words.push(`${kind.knobs[0].name}=${formatNumber(kind.knobs[0].default)}`)
  }
  return words.join(' ')
}

/** Returns the written form, which `parseChain` reads back to an equal value. */
export function formatChain(samplers: readonly SamplerSpec[]): string {
  return samplers.map(formatSampler).join(', ')
}

/**
 * Reads the written form. A chain that names no temperature gets one before the first sampler that
 * reads probabilities or ranks. The empty text is the chain of temperature alone.
 * @throws InputError that points at the character
 */
export function parseChain(text: string): SamplerSpec[] {
  if (text.length > LONGEST_CHAIN) {
    throw new InputError(
      'chain',
      `The chain is ${counted(text.length, 'character')} long; expected at most ${LONGEST_CHAIN}.`,
    )
  }
  const reader = new Reader(text)
  const drafts: Draft[] = []
  while (!reader.atEnd()) {
    if (drafts.length > 0) reader.comma()
    drafts.push(readSampler(reader))
  }
  return withTemperature(checkSamplers(drafts))
}

function readSampler(reader: Reader): Draft {
  const name = reader.peekWord()
  const kind = SAMPLERS.find(kind => kind.sampler === name)
  if (!kind)
    reader.fail(`a sampler: ${SAMPLER_NAMES.join(', ')}`, name && didYouMean(name, SAMPLER_NAMES))
  reader.takeWord()
  const draft: Draft = { sampler: kind.sampler }
  let count = 0
  for (; !reader.atEnd() && !reader.at(','); count++) readArgument(reader, kind, draft)
  if (count === 0 && kind.main === undefined)
    reader.fail(argumentsOf(kind, draft).replace(/, `,` or the end$/, ''))
  return draft
}

/** Describes for an error message which arguments may still follow. */
function argumentsOf(kind: SamplerKind<SamplerSpec>, draft: Draft): string {
  if (kind.takes === 'symbols') {
    const or = draft.pattern === undefined ? ' or an expression between slashes' : ''
    return `a symbol in quotes${or}`
  }
  if (kind.takes === 'weights') return 'a symbol in quotes, `=` and what to add: "e"=+1.5'
  const open: string[] = []
  for (const knob of [...kind.knobs, ...(kind.lists ?? [])]) {
    if (draft[knob.name] !== undefined) continue
    const main = knob.name === kind.main && 'kind' in knob
    open.push(main ? `${flagName(knob.name)} (${rangeOf(knob)})` : `${flagName(knob.name)}=`)
  }
  return [...open, '`,` or the end'].join(', ')
}

function append(draft: Draft, name: string, item: unknown): void {
  const list = draft[name]
  if (Array.isArray(list)) list.push(item)
  else draft[name] = [item]
}

function readArgument(reader: Reader, kind: SamplerKind<SamplerSpec>, draft: Draft): void {
  if (kind.takes === 'weights' && reader.at('"')) {
    const text = reader.string()
    reader.equals('and what to add to its logit')
    append(draft, 'weights', [text, reader.number('a number')])
    return
  }
  if (kind.takes === 'symbols' && reader.at('"')) {
    append(draft, 'symbols', reader.string())
    return
  }
  if (kind.takes === 'symbols' && reader.at('/')) {
    if (draft.pattern !== undefined) {
      reader.fail('one expression', ' Join two with `|`: /[a-z]|[0-9]/.')
    }
    Object.assign(draft, reader.expression())
    return
  }
  const main = kind.knobs.find(knob => knob.name === kind.main)
  if (main && draft[main.name] === undefined && reader.atNumber()) {
    draft[main.name] = reader.knob(main)
    return
  }
  const name = reader.peekWord()
  const knob = kind.knobs.find(knob => flagName(knob.name) === name)
  const list = kind.lists?.find(list => list.name === name)
  const known = knob ?? list
  if (!known || draft[known.name] !== undefined) {
    const names = [...kind.knobs, ...(kind.lists ?? [])].map(knob => flagName(knob.name))
    const twice = known ? ` ${name} is there already.` : name && didYouMean(name, names)
    reader.fail(argumentsOf(kind, draft), twice)
  }
  reader.takeWord()
  reader.equals(knob ? `and ${rangeOf(knob)}` : 'and symbols in quotes, or none')
  draft[known.name] = knob ? reader.knob(knob) : reader.strings()
}

const NUMBER = /[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf\b|∞)/iy
const WORD = /[\p{L}][\p{L}\p{N}_-]*/uy
const STRING = /"(?:[^"\\]|\\.)*"/sy
const EXPRESSION = /\/((?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+)\/(i?)/sy
const SPACE = /\s*/y

class Reader {
  private readonly source: string
  private place = 0

  constructor(source: string) {
    this.source = source
    this.skip()
  }

  atEnd(): boolean {
    return this.place >= this.source.length
  }

  at(character: string): boolean {
    return this.source[this.place] === character
  }

  atNumber(): boolean {
    return this.match(NUMBER) !== null
  }

  /** @param hint text after the sentence */
  fail(expected: string, hint = ''): never {
    const came = beginning(this.source.slice(this.place), 12)
    throw new InputError(
      'chain',
      `The chain "${shorten(this.source)}" has ${came === '' ? 'ended' : `"${came}"`} at character ${this.place + 1}; expected ${expected}.${hint}`,
    )
  }

  peekWord(): string {
    return this.match(WORD)?.[0].toLowerCase() ?? ''
  }

  takeWord(): void {
    this.take(this.match(WORD)?.[0] ?? '')
  }

  comma(): void {
    if (!this.at(',')) this.fail('`,` and the next sampler')
    this.take(',')
    if (this.atEnd()) this.fail(`a sampler: ${SAMPLER_NAMES.join(', ')}`)
  }

  equals(what: string): void {
    if (!this.at('=')) this.fail(`\`=\` ${what}`)
    this.take('=')
  }

  number(what: string): number {
    const found = this.match(NUMBER)
    if (!found) this.fail(what)
    this.take(found[0])
    return /inf|∞/i.test(found[0])
      ? Number.POSITIVE_INFINITY * (found[0].startsWith('-') ? -1 : 1)
      : Number(found[0])
  }

  /** Reads a number in the range of a knob. */
  knob(knob: NumberKnob): number {
    const before = this.place
    const range = `${flagName(knob.name)}, ${rangeOf(knob)}`
    const value = this.number(range)
    try {
      return readKnob(knob, value)
    } catch {
      this.place = before
      return this.fail(range)
    }
  }

  string(): string {
    const found = this.match(STRING)
    if (!found) this.fail('a closing `"` to this one')
    // A raw line break is accepted as well as \n, although JSON does not allow it.
    const escaped = found[0].replace(/\p{Cc}/gu, c => JSON.stringify(c).slice(1, -1))
    let text: unknown
    try {
      text = JSON.parse(escaped)
    } catch {
      this.fail('a JSON string: \\n, \\", \\\\, \\u0041')
    }
    if (text === '') this.fail('a symbol between the quotes')
    this.take(found[0])
    return String(text)
  }

  /** Reads one or more strings, or the word `none`. */
  strings(): string[] {
    if (this.peekWord() === 'none') {
      this.takeWord()
      return []
    }
    if (!this.at('"')) this.fail('symbols in quotes, or none')
    const texts: string[] = []
    while (this.at('"')) texts.push(this.string())
    return texts
  }

  expression(): { pattern: string; ignoreCase: boolean } {
    const found = this.match(EXPRESSION)
    if (!found) this.fail('a regular expression and a closing `/` (and `i` to ignore case)')
    try {
      new Pattern(found[1], found[2] === 'i')
    } catch (error) {
      this.fail('a regular expression', ` ${error instanceof InputError ? error.message : ''}`)
    }
    this.take(found[0])
    return { pattern: found[1], ignoreCase: found[2] === 'i' }
  }

  private match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.place
    return expression.exec(this.source)
  }

  private take(text: string): void {
    this.place += text.length
    this.skip()
  }

  private skip(): void {
    this.place += this.match(SPACE)?.[0].length ?? 0
  }
}
