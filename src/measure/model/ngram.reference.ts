/** The plain twin of ngram.ts: counts n-grams in tables and computes each probability by its formula. */

import type { TextRange } from '../../text/index.js'
import { discounts } from './ngram.js'

/** An n-gram as a key. */
const key = (symbols: readonly number[]): string => symbols.join(' ')

export class NgramByDefinition {
  private readonly vocabulary: number
  /** Entry n - 1 maps each n-gram to its number of occurrences in the training text. */
  private readonly seen: Map<string, number>[] = []
  /** Entry n - 1 maps each n-gram to the number of different symbols before it. */
  private readonly preceded: Map<string, number>[] = []

  constructor(
    ids: ArrayLike<number>,
    training: readonly TextRange[],
    { vocabulary, orders }: { readonly vocabulary: number; readonly orders: number },
  ) {
    this.vocabulary = vocabulary
    for (let n = 1; n <= orders; n++) {
      const seen = new Map<string, number>()
      const before = new Map<string, Set<number>>()
      for (const { from, to } of training) {
        for (let i = from; i + n <= to; i++) {
          const gram = key(Array.from({ length: n }, (_, k) => ids[i + k]))
          seen.set(gram, (seen.get(gram) ?? 0) + 1)
          const set = before.get(gram) ?? new Set()
          before.set(gram, i > from ? set.add(ids[i - 1]) : set)
        }
      }
      this.seen.push(seen)
      this.preceded.push(new Map(Array.from(before, ([gram, set]) => [gram, set.size])))
    }
  }

  /** p(symbol | context) under the order context.length + 1. */
  probability(context: readonly number[], symbol: number): number {
    return this.level(this.seen, context, symbol)
  }

  private level(
    tables: readonly Map<string, number>[],
    context: readonly number[],
    symbol: number,
  ): number {
    const table = tables[context.length]
    const lower =
      context.length === 0
        ? 1 / this.vocabulary
        : this.level(this.preceded, context.slice(1), symbol)
    const times = [0, 0, 0, 0, 0]
    for (const count of table.values()) if (count < 5) times[count]++
    const d = discounts(times)
    const of = (next: number): number => table.get(key([...context, next])) ?? 0
    let total = 0
    let freed = 0
    for (let next = 0; next < this.vocabulary; next++) {
      total += of(next)
      freed += d[Math.min(3, of(next))]
    }
    if (total === 0) return lower
    const count = of(symbol)
    return (count - d[Math.min(3, count)] + freed * lower) / total
  }
}
