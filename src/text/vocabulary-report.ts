/** Reports the vocabulary of a corpus: its size, its rarest and its invisible symbols. */
import { codeNumbers, invisibleName, printable } from './printable.js'
import type { Tokenizer } from './tokenizer.js'

export interface SymbolCount {
  readonly id: number
  readonly symbol: string
  /** The symbol in a printable form. */
  readonly printable: string
  readonly count: number
}

export interface InvisibleSymbol extends SymbolCount {
  /** `U+3000` */
  readonly code: string
  /** `IDEOGRAPHIC SPACE` */
  readonly name: string
}

export interface VocabularyReport {
  /** V */
  readonly size: number
  /** Symbols in the corpus. */
  readonly total: number
  /** Up to ten symbols that occur, the rarest first; equal counts in the order of ids. */
  readonly rarest: readonly SymbolCount[]
  /** The invisible symbols that occur, in the order of ids. */
  readonly invisible: readonly InvisibleSymbol[]
}

const RAREST = 10

/** @param counts [V] how often each id occurs in the corpus */
export function vocabularyReport(
  tokenizer: Tokenizer,
  counts: ArrayLike<number>,
): VocabularyReport {
  const present: SymbolCount[] = []
  let total = 0
  for (let id = 0; id < tokenizer.size; id++) {
    const count = counts[id] ?? 0
    if (count === 0) continue
    const symbol = tokenizer.symbol(id)
    present.push({ id, symbol, printable: printable(symbol), count })
    total += count
  }
  return {
    size: tokenizer.size,
    total,
    rarest: [...present].sort((a, b) => a.count - b.count || a.id - b.id).slice(0, RAREST),
    invisible: present.flatMap(one => {
      const name = invisibleName(one.symbol)
      return name === undefined ? [] : [{ ...one, code: codeNumbers(one.symbol), name }]
    }),
  }
}
