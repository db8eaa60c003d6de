/**
 * Symbols and their ids, used by the character and grapheme tokenizers. For speed, symbols of one
 * UTF-16 unit are in a table and the others in a map. Also the policies for unknown symbols.
 */
import { InputError, quote } from '../errors.js'
import { nearestSymbols } from './nearest.js'
import type { Encoded, Ids, StreamDecoder, UnknownPolicy, UnknownSymbol } from './tokenizer.js'
import { UnknownSymbolsError } from './unknown-symbols.js'

/** Marks a code unit without a symbol in the table. */
export const ABSENT = -1

export const REPLACEMENT = '\uFFFD'

/** Matches half of a surrogate pair: with the u flag, whole pairs do not match. */
const LONE_SURROGATE = /\p{Surrogate}/gu

/** Allocates `length` ids for a vocabulary of `size` symbols, 1, 2 or 4 bytes each. */
export function makeIds(size: number, length: number): Ids {
  if (size <= 0x100) return new Uint8Array(length)
  return size <= 0x10000 ? new Uint16Array(length) : new Uint32Array(length)
}

/** How often each id occurs. @returns [V] */
export function countIds(ids: ArrayLike<number>, size: number): Float64Array {
  const counts = new Float64Array(size)
  for (let i = 0; i < ids.length; i++) counts[ids[i]]++
  return counts
}

/** Offsets (UTF-16 units) of lone surrogates. */
export function loneSurrogates(text: string): number[] {
  return Array.from(text.matchAll(LONE_SURROGATE), match => match.index)
}

/** The text with U+FFFD for each lone surrogate; offsets do not change. */
export function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATE, REPLACEMENT)
}

export function unknownId(id: number, size: number): InputError {
  return new InputError(
    'id',
    `The id ${id} is no symbol of this vocabulary; expected a whole number from 0 to ${size - 1}.`,
  )
}

export class Vocabulary {
  readonly symbols: readonly string[]
  /** [65536] id of a symbol of one UTF-16 unit, or ABSENT. Surrogates are always absent. */
  readonly table = new Int32Array(0x10000).fill(ABSENT)
  private readonly longer = new Map<string, number>()
  /** All symbols one after another in UTF-16; symbol `id` is [starts[id], starts[id + 1]). */
  private readonly units: Uint16Array
  private readonly starts: Uint32Array

  /** @param symbols distinct and not empty; the tokenizer has checked them */
  constructor(symbols: readonly string[]) {
    this.symbols = symbols
    symbols.forEach((symbol, id) => {
      if (symbol.length === 1) this.table[symbol.charCodeAt(0)] = id
      else this.longer.set(symbol, id)
    })
    const all = symbols.join('')
    this.units = Uint16Array.from({ length: all.length }, (_, i) => all.charCodeAt(i))
    this.starts = new Uint32Array(symbols.length + 1)
    symbols.forEach((symbol, id) => {
      this.starts[id + 1] = this.starts[id] + symbol.length
    })
  }

  get size(): number {
    return this.symbols.length
  }

  /** The id of a symbol, or ABSENT. */
  idOf(symbol: string): number {
    return symbol.length === 1
      ? this.table[symbol.charCodeAt(0)]
      : (this.longer.get(symbol) ?? ABSENT)
  }

  has(symbol: string): boolean {
    return this.idOf(symbol) !== ABSENT
  }

  symbol(id: number): string {
    const symbol = this.symbols[id]
    if (symbol === undefined) throw unknownId(id, this.size)
    return symbol
  }

  /** One native decode of all UTF-16 units: twice as fast as String.fromCharCode in chunks. */
  decode(ids: ArrayLike<number>): string {
    const { units, starts, size } = this
    let length = 0
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]
      if (!(id >= 0 && id < size && Number.isInteger(id))) throw unknownId(id, size)
      length += starts[id + 1] - starts[id]
    }
    const text = new Uint16Array(length)
    let at = 0
    for (let i = 0; i < ids.length; i++) {
      const end = starts[ids[i] + 1]
      for (let unit = starts[ids[i]]; unit < end; unit++) text[at++] = units[unit]
    }
    return new TextDecoder('utf-16le', { ignoreBOM: true }).decode(text)
  }

  /** Every symbol is whole, so nothing is ever held back. */
  decoder(): StreamDecoder {
    return { push: id => this.symbol(id), flush: () => '' }
  }
}

/** Collects the ids of a text, and applies the policy for unknown symbols. */
export class IdWriter {
  /** Buffer for all ids. `absent` may replace it by a larger one, so read this field again after it. */
  ids: Ids
  length = 0
  private readonly unknown: UnknownSymbol[] = []
  private readonly vocabulary: Vocabulary
  private readonly policy: UnknownPolicy
  private readonly split: (text: string) => string[]
  private readonly nearest = new Map<string, readonly string[]>()
  private refused = false

  /**
   * @param room ids that the text has at most, were all its symbols known
   * @param split a text into symbols of this tokenizer, for `nearest`
   */
  constructor(
    vocabulary: Vocabulary,
    policy: UnknownPolicy,
    room: number,
    split: (text: string) => string[],
  ) {
    this.vocabulary = vocabulary
    this.policy = policy
    this.split = split
    this.ids = makeIds(vocabulary.size, room)
  }

  /**
   * A symbol that the vocabulary lacks, or one that holds a lone surrogate.
   * @param symbol as it stood in the text
   * @param position in symbols
   * @param rest ids that may still follow, so that there is room for them
   */
  absent(symbol: string, position: number, rest: number): void {
    const mended = wellFormed(symbol)
    if (mended !== symbol && this.vocabulary.has(mended)) {
      this.put([mended], rest)
      this.unknown.push({ symbol, position, replacement: mended })
    } else if (this.policy === 'nearest') {
      const near = this.nearestTo(mended)
      this.put(near, rest)
      this.unknown.push(
        near.length > 0 ? { symbol, position, replacement: near.join('') } : { symbol, position },
      )
    } else {
      this.refused ||= this.policy === 'error'
      this.unknown.push({ symbol, position })
    }
  }

  /** @throws UnknownSymbolsError under `error` when a symbol was absent */
  finish(): Encoded {
    if (this.refused) {
      const lacking = this.unknown.filter(one => one.replacement === undefined)
      throw new UnknownSymbolsError(lacking, this.vocabulary.size)
    }
    const whole = this.length === this.ids.length
    return { ids: whole ? this.ids : this.ids.slice(0, this.length), unknown: this.unknown }
  }

  private nearestTo(symbol: string): readonly string[] {
    let near = this.nearest.get(symbol)
    if (near === undefined) {
      near = nearestSymbols(symbol, this.vocabulary, this.split)
      this.nearest.set(symbol, near)
    }
    return near
  }

  private put(symbols: readonly string[], rest: number): void {
    const needed = this.length + symbols.length + rest
    if (needed > this.ids.length) {
      const larger = makeIds(this.vocabulary.size, needed + (needed >> 3))
      larger.set(this.ids.subarray(0, this.length))
      this.ids = larger
    }
    for (const symbol of symbols) this.ids[this.length++] = this.vocabulary.idOf(symbol)
  }
}

/** The symbols of a text with their counts. */
export interface SymbolCounts {
  /** The count of each symbol, in the order that the ids will have. */
  readonly counts: ReadonlyMap<string, number>
  /** Lone surrogates, counted as U+FFFD. */
  readonly lone: number
}

/**
 * Checks a list of symbols.
 * @param noun what one symbol is: `character`
 * @param length how many of them a string is
 */
export function checkSymbols(
  symbols: readonly unknown[],
  noun: string,
  length: (symbol: string) => number,
): asserts symbols is readonly string[] {
  const refuse = (problem: string, wanted: string) =>
    new InputError('vocabulary', `The ${noun} vocabulary ${problem}; expected ${wanted}.`)
  if (symbols.length === 0) throw refuse('is empty', 'at least one symbol')
  const seen = new Map<string, number>()
  for (const [id, symbol] of symbols.entries()) {
    if (typeof symbol !== 'string') {
      throw refuse(`has ${quote(symbol)} as symbol ${id}`, 'a string')
    }
    const shown = quote(symbol)
    if (symbol === '') throw refuse(`has an empty string as symbol ${id}`, `one ${noun}`)
    if (wellFormed(symbol) !== symbol) {
      throw refuse(`has half of a surrogate pair, ${shown}, as symbol ${id}`, `one whole ${noun}`)
    }
    const parts = length(symbol)
    if (parts !== 1) {
      throw refuse(`has ${shown} as symbol ${id}, which is ${parts} ${noun}s`, `one ${noun}`)
    }
    const earlier = seen.get(symbol)
    if (earlier !== undefined) {
      throw refuse(`has ${shown} twice, as symbols ${earlier} and ${id}`, 'each symbol once')
    }
    seen.set(symbol, id)
  }
}
