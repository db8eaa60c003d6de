/** Novelty: the runs of a text that are copied from the training text, by character. */
import { codePoints } from './characters.js'
import { type Symbols, suffixArray } from './suffix-array.js'

/** Shortest run that counts as copied, characters: longer than set phrases, shorter than a sentence. */
export const COPIED_LENGTH = 30

/** A maximal substring that both texts contain. Positions and lengths in code points. */
export interface CopiedRun {
  /** Position in the measured text. */
  readonly start: number
  readonly length: number
  /** Position of one occurrence in the training text. */
  readonly source: number
}

export interface Novelty {
  /** The longest run; undefined when the texts share no character. */
  readonly longest: CopiedRun | undefined
  /** Share of the text's characters inside runs of `minimum` characters or more, 0 to 1. */
  readonly copied: number
  /** The runs of `minimum` characters or more, in the order of the text; they may overlap. */
  readonly runs: readonly CopiedRun[]
}

/**
 * A search index of a training text. Memory: 5 to 8 bytes a character, up to twice that while it is
 * built. Building takes linear time.
 */
export class CorpusIndex {
  /** Characters of the training text. */
  readonly characters: number
  /** Maps a code point to its symbol, from 1; 0 marks the end. */
  private readonly alphabet = new Map<number, number>()
  /** [characters + 1] */
  private readonly symbols: Symbols
  private readonly sorted: Int32Array

  constructor(text: string) {
    const points = codePoints(text)
    const distinct = Array.from(new Set(points)).sort((a, b) => a - b)
    for (const [i, point] of distinct.entries()) this.alphabet.set(point, i + 1)
    const size = distinct.length + 1
    const length = points.length + 1
    this.characters = points.length
    this.symbols =
      size <= 256
        ? new Uint8Array(length)
        : size <= 65536
          ? new Uint16Array(length)
          : new Uint32Array(length)
    for (let i = 0; i < points.length; i++) this.symbols[i] = this.alphabet.get(points[i])!
    this.sorted = suffixArray(this.symbols, size)
  }

  /**
   * All maximal copied runs of at least `minimum` characters, in the order of the text.
   * Takes O(m log n) steps for ordinary texts of m characters.
   */
  runs(text: string, minimum = 1): CopiedRun[] {
    const pattern = this.encode(text)
    const m = pattern.length
    const runs: CopiedRun[] = []
    let start = 0
    while (start < m) {
      const { length, source } = this.longestMatch(pattern, start, m)
      if (length >= Math.max(1, minimum)) runs.push({ start, length, source })
      const end = start + length
      if (end >= m) break
      // A run that is not part of this one must reach beyond its end.
      start = this.earliestReaching(pattern, start + 1, end + 1)
    }
    return runs
  }

  /** Measures what a text copied from this training text. @param minimum characters */
  novelty(text: string, minimum: number = COPIED_LENGTH): Novelty {
    const all = this.runs(text)
    let longest: CopiedRun | undefined
    let covered = 0
    let reach = 0
    const runs = all.filter(run => run.length >= minimum)
    for (const run of all) if (run.length > (longest?.length ?? 0)) longest = run
    for (const { start, length } of runs) {
      covered += start + length - Math.max(start, reach)
      reach = start + length
    }
    const characters = codePoints(text).length
    return { longest, copied: characters === 0 ? 0 : covered / characters, runs }
  }

  /** Symbols of a text; -1 for characters that the training text lacks. */
  private encode(text: string): Int32Array {
    return Int32Array.from(codePoints(text), point => this.alphabet.get(point) ?? -1)
  }

  /**
   * The longest prefix of pattern[from..to) that the training text contains. The binary search skips
   * the prefix that both bounds share with the pattern (Manber and Myers 1993, section 2).
   */
  private longestMatch(
    pattern: Int32Array,
    from: number,
    to: number,
  ): { length: number; source: number } {
    const { symbols, sorted } = this
    let low = 0
    let high = sorted.length
    let lowShared = 0
    let highShared = 0
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      const suffix = sorted[middle]
      let shared = Math.min(lowShared, highShared)
      while (from + shared < to && symbols[suffix + shared] === pattern[from + shared]) shared++
      if (from + shared === to) return { length: shared, source: suffix }
      if (symbols[suffix + shared] < pattern[from + shared]) {
        low = middle
        lowShared = shared
      } else {
        high = middle
        highShared = shared
      }
    }
    return lowShared >= highShared
      ? { length: lowShared, source: sorted[low] }
      : { length: highShared, source: sorted[high] }
  }

  /**
   * The smallest start >= from such that the training text contains pattern[start..to); `to` when it
   * lacks the last symbol. When a suffix is contained, so are all shorter ones; so the start is found
   * by doubling and bisection.
   */
  private earliestReaching(pattern: Int32Array, from: number, to: number): number {
    const contained = (start: number): boolean =>
      this.longestMatch(pattern, start, to).length === to - start
    let good = to
    let bad = from - 1
    for (let width = 1; good > from; width *= 2) {
      const start = Math.max(from, to - width)
      if (!contained(start)) {
        bad = start
        break
      }
      good = start
    }
    while (good - bad > 1) {
      const middle = (good + bad) >>> 1
      if (contained(middle)) good = middle
      else bad = middle
    }
    return good
  }
}
