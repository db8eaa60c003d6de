/** Vocabularies in Python pickles. */
import { PyArray } from './numpy-values.js'
import type { PyValue } from './pickle-values.js'

/** The list of symbols that a value means, if it means one of V symbols. A set has no known order. */
export function pickledSymbols(value: PyValue, V: number): (string | undefined)[] | undefined {
  if (typeof value === 'string') {
    const symbols = [...value]
    return symbols.length === V ? symbols : undefined
  }
  const list = value instanceof PyArray ? value.items : value
  if (Array.isArray(list)) {
    return list.length === V && list.every(symbol => typeof symbol === 'string')
      ? (list as string[])
      : undefined
  }
  if (!(value instanceof Map) || value.size > V) return undefined
  const symbols: (string | undefined)[] = new Array(V).fill(undefined)
  for (const [key, other] of value) {
    const [symbol, id] = typeof key === 'string' ? [key, other] : [other, key]
    if (typeof symbol !== 'string' || typeof id !== 'number' || !(id >= 0 && id < V)) {
      return undefined
    }
    symbols[id] = symbol
  }
  return symbols
}
