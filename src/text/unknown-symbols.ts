/** The error for a text with symbols that the vocabulary lacks. */
import { counted, InputError } from '../errors.js'
import { describeSymbol } from './printable.js'
import type { UnknownSymbol } from './tokenizer.js'

/** Most symbols listed in the message; the rest is given as a number. */
const LISTED = 10
const PLACES = 3

function list<T>(items: readonly T[], limit: number, write: (item: T) => string): string {
  const listed = items.slice(0, limit).map(write).join(', ')
  return items.length <= limit ? listed : `${listed} and ${items.length - limit} more`
}

/** Thrown under the policy `error`. `unknown` has every occurrence, so that a program can mark them. */
export class UnknownSymbolsError extends InputError {
  readonly unknown: readonly UnknownSymbol[]

  constructor(unknown: readonly UnknownSymbol[], size: number) {
    const places = new Map<string, number[]>()
    for (const { symbol, position } of unknown) {
      const known = places.get(symbol)
      if (known === undefined) places.set(symbol, [position])
      else known.push(position)
    }
    const entries = [...places]
    const what =
      entries.length === 1
        ? `a symbol that is not among the ${size} of the vocabulary`
        : `${counted(entries.length, 'symbol')} that are not among the ${size} of the vocabulary`
    super(
      'unknown-symbols',
      `The text has ${what} (positions from 0): ` +
        list(
          entries,
          LISTED,
          ([symbol, at]) => `${describeSymbol(symbol)} at ${list(at, PLACES, String)}`,
        ),
      { way: 'unknown' },
    )
    this.unknown = unknown
  }
}
