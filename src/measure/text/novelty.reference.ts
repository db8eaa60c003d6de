/** The plain twins of novelty.ts and suffix-array.ts: compare every substring and every suffix. */
import type { Symbols } from './suffix-array.js'

/** The suffix array by comparing suffixes. @returns starts in sorted order, [n] */
export function suffixArrayByComparing(symbols: Symbols): number[] {
  const compare = (a: number, b: number): number => {
    for (let k = 0; ; k++) {
      if (a + k >= symbols.length || b + k >= symbols.length) return b - a
      if (symbols[a + k] !== symbols[b + k]) return symbols[a + k] - symbols[b + k]
    }
  }
  return Array.from(symbols, (_, i) => i).sort(compare)
}

/**
 * The length of the longest copied run, and the share of characters inside copied runs of `minimum`
 * or more code points. O(m^2) searches.
 */
export function noveltyByDefinition(
  text: string,
  corpus: string,
  minimum: number,
): { longest: number; copied: number } {
  const characters = Array.from(text)
  const source = Array.from(corpus)
  const contains = (part: readonly string[]): boolean =>
    source.some((_, i) => part.every((character, k) => source[i + k] === character))
  const inside = new Set<number>()
  let longest = 0
  for (let start = 0; start < characters.length; start++) {
    for (let end = start + 1; end <= characters.length; end++) {
      if (!contains(characters.slice(start, end))) break
      longest = Math.max(longest, end - start)
      if (end - start >= minimum) for (let i = start; i < end; i++) inside.add(i)
    }
  }
  return { longest, copied: characters.length === 0 ? 0 : inside.size / characters.length }
}
