/** The error for a text with symbols that the vocabulary lacks. */
import { counted, InputError } from '../errors.js'
import { describeSymbol } from './printable.js'
import type { UnknownSymbol } from './tokenizer.js'

/** Most symbols listed in the message; the rest is given as a number. */
const LISTED = 10
const PLACES = 3

const MORE = (count: number): string => `、ほか${count}`

/** @param more what follows a list that is cut */
function list<T>(
  items: readonly T[],
  limit: number,
  write: (item: T) => string,
  more = (count: number): string => ` and ${count} more`,
): string {
  const listed = items.slice(0, limit).map(write).join(', ')
  return items.length <= limit ? listed : listed + more(items.length - limit)
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
      {
        way: 'unknown',
        ja: `テキストに、語彙（${size}種類）にない記号が${entries.length}種類あります（位置は0から）：${list(
          entries,
          LISTED,
          ([symbol, at]) => `${describeSymbol(symbol)}（${list(at, PLACES, String, MORE)}）`,
          MORE,
        )}`,
      },
    )
    this.unknown = unknown
  }
}
