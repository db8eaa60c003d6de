/** Finds the ids in a model's vocabulary that a written set of symbols names. */
import { counted, InputError, quote } from '../../errors.js'
import { Pattern, shownPattern } from './pattern/index.js'
import type { Symbols } from './sampler.js'

/** The union of the symbols listed by text and the symbols that an expression matches. */
export type SymbolSet = {
  /**
   * Each entry is the text of a symbol, or a class of symbols in brackets, `[a-z ]`, unless that text
   * is itself a symbol.
   */
  readonly symbols: readonly string[]
  /**
   * A regular expression (flag u) that must match the whole symbol. An expression that looks back
   * (`(?<=...)`, `\b`) sees the text before the symbol; any other sees the symbol alone.
   */
  readonly pattern?: string
  readonly ignoreCase?: boolean
}

/** Largest cost of a chain's expressions when the chain is created: some tenths of a second. */
const MOST_WORK = 10_000_000
/** Largest cost at a step for which no cached mask exists. */
const MOST_STEP_WORK = 3_000_000
/** Fixed cost of each symbol, in comparisons. */
const CALL = 20
/** Fixed cost of compiling an expression, in comparisons. */
const MAKING = 2000
/** Largest number of cached masks of an expression that looks back; each belongs to one `End.key`. */
const MOST_MASKS = 64

/**
 * The vocabulary that the samplers of one chain share. It finds texts in one map, tests classes and
 * expressions against every symbol, and limits the total cost of the expressions before they run.
 */
export class Vocabulary implements Symbols {
  readonly size: number
  private readonly symbols: Symbols
  private ids: Map<string, number> | undefined
  private units = -1
  private work = 0
  private stepWork = 0
  private readonly classes = new Map<string, readonly number[]>()

  constructor(symbols: Symbols) {
    this.symbols = symbols
    this.size = symbols.size
  }

  symbol(id: number): string {
    return this.symbols.symbol(id)
  }

  /** The id of the symbol with this text, or with a canonically equivalent text. */
  idOf(text: string): number | undefined {
    if (!this.ids) {
      this.ids = new Map()
      for (let id = 0; id < this.size; id++) this.ids.set(this.symbol(id), id)
    }
    return this.ids.get(text) ?? this.ids.get(this.symbols.known?.(text) ?? text)
  }

  /** Ids of the symbols that a class in brackets matches. */
  idsOfClass(text: string): readonly number[] {
    let ids = this.classes.get(text)
    if (!ids) {
      ids = this.matching(new Pattern(text))
      this.classes.set(text, ids)
    }
    return ids
  }

  /** Ids of the symbols that an expression matches without any text before them. */
  matching(pattern: Pattern): number[] {
    this.spend(pattern, false)
    const ids: number[] = []
    for (let id = 0; id < this.size; id++) if (pattern.matches(this.symbol(id))) ids.push(id)
    return ids
  }

  /**
   * Adds the cost of testing an expression against all symbols, once or at every step.
   * @throws InputError when all expressions of the chain together would take too long
   */
  spend(pattern: Pattern, eachStep: boolean): void {
    if (this.units < 0) {
      this.units = 0
      for (let id = 0; id < this.size; id++) this.units += this.symbol(id).length
    }
    const cost = pattern.size * this.units + CALL * this.size + MAKING
    if (eachStep) this.stepWork += cost
    else this.work += cost
    if (this.work > MOST_WORK || this.stepWork > MOST_STEP_WORK) {
      const most = eachStep ? MOST_STEP_WORK : MOST_WORK
      throw new InputError(
        'chain',
        `The chain's expressions have ${counted(pattern.size, 'part')} and more to compare with ${counted(this.units, 'character')} of the model's ${counted(this.size, 'symbol')}${eachStep ? ' at every step' : ''}; expected at most ${most} comparisons: write shorter or fewer ones.`,
      )
    }
  }
}

/** @returns a function that takes the text so far and returns a test for ids in the set */
export function startSet(
  set: SymbolSet,
  vocabulary: Vocabulary,
  sampler: string,
): (text: string) => (id: number) => boolean {
  const mask = new Uint8Array(vocabulary.size)
  for (const id of idsOfKnown(set.symbols, vocabulary, sampler)) mask[id] = 1
  const always = () => (id: number) => mask[id] === 1
  if (set.pattern === undefined) return always
  const pattern = new Pattern(set.pattern, set.ignoreCase)
  if (!pattern.looksBack) {
    const ids = vocabulary.matching(pattern)
    if (ids.length === 0) throw matchesNone(shownPattern(set.pattern), vocabulary, sampler)
    for (const id of ids) mask[id] = 1
    return always
  }
  vocabulary.spend(pattern, true)
  const masks = new Map<string, Uint8Array>()
  return text => {
    const end = pattern.endOf(text)
    let here = masks.get(end.key)
    if (!here) {
      if (masks.size >= MOST_MASKS) masks.clear()
      here = Uint8Array.from(mask, (named, id) =>
        named === 1 || pattern.matches(vocabulary.symbol(id), end) ? 1 : 0,
      )
      masks.set(end.key, here)
    }
    const found = here
    return id => found[id] === 1
  }
}

/**
 * Finds the ids of symbols by their texts.
 * @param sampler name for the error message; without it, symbols that the model lacks are left out
 * @throws InputError for a text that is no symbol of the model
 */
export function idsOfKnown(
  texts: readonly string[],
  vocabulary: Vocabulary,
  sampler?: string,
): number[] {
  const ids: number[] = []
  for (const text of texts) {
    const id = vocabulary.idOf(text)
    if (id !== undefined) ids.push(id)
    else if (text.length > 2 && text.startsWith('[') && text.endsWith(']')) {
      const found = vocabulary.idsOfClass(text)
      if (found.length === 0 && sampler !== undefined)
        throw matchesNone(quote(text), vocabulary, sampler)
      for (const match of found) ids.push(match)
    } else if (sampler !== undefined) throw unknown(text, vocabulary, sampler)
  }
  return ids
}

function matchesNone(shown: string, { size }: Symbols, sampler: string): InputError {
  return new InputError(
    'chain',
    `${sampler}: ${shown} matches none of the model's ${counted(size, 'symbol')}.`,
  )
}

function unknown(text: string, vocabulary: Vocabulary, sampler: string): InputError {
  const characters = Array.from(text.slice(0, 40))
  const each =
    text.length <= 40 &&
    characters.length > 1 &&
    characters.every(character => vocabulary.idOf(character) !== undefined)
      ? ` Name them one by one: ${characters.map(c => JSON.stringify(c)).join(' ')}.`
      : ''
  return new InputError(
    'chain',
    `${sampler}: ${quote(text)} is not one of the model's ${counted(vocabulary.size, 'symbol')}.${each}`,
  )
}
