/** Spelling: the share of words, or of n-grams of letters, that the training text does not contain. */

import { letterRuns, type Word, wordsOf } from './segment-words.js'
import { gramsOfRun, type SpellingFilter, type SpellingUnit } from './spelling-filter.js'

/** The share of unknown words (or grams). */
export interface UnknownShare {
  /** Words (or grams) of the text. */
  readonly total: number
  /** Words (or grams) that the filter doesn't contain. */
  readonly unknown: number
  /**
   * The share that does not occur in the training text, 0 to 1, corrected for the false positives of
   * the filter: unknown / total / (1 - falsePositiveRate).
   */
  readonly rate: number
}

export interface Spelling {
  /** The unit of `rate`, one of the two below. */
  readonly unit: SpellingUnit
  /** The rate of that unit, 0 to 1. */
  readonly rate: number
  /** Undefined when the text has no letters, or the filter has no words because of its size limit. */
  readonly words: UnknownShare | undefined
  readonly grams: UnknownShare | undefined
}

function share(total: number, unknown: number, falsePositiveRate: number): UnknownShare {
  // Each unknown one is detected with probability 1 - f, so this is unbiased except for the cap at 1.
  return { total, unknown, rate: Math.min(1, unknown / total / (1 - falsePositiveRate)) }
}

/**
 * The share of words that do not occur in the training text, and of grams: n-grams of
 * `filter.gramLength` characters inside runs of letters (shorter runs count whole). The rate is that
 * of words in scripts with spaces, and of grams in scripts without, where almost any few letters
 * segment into known words.
 * @returns undefined for a text without letters
 */
export function spelling(text: string, filter: SpellingFilter): Spelling | undefined {
  const words = wordsOf(text)
  if (words.length === 0) return undefined
  let unknownWords = 0
  for (const word of words) if (!filter.has(word.text)) unknownWords++
  let grams = 0
  let unknownGrams = 0
  for (const run of letterRuns(text)) {
    for (const gram of gramsOfRun(run.text, filter.gramLength)) {
      grams++
      if (!filter.hasGram(gram)) unknownGrams++
    }
  }
  const result = {
    words: usable(filter, 'words')
      ? share(words.length, unknownWords, filter.words.falsePositiveRate)
      : undefined,
    grams: usable(filter, 'grams')
      ? share(grams, unknownGrams, filter.grams.falsePositiveRate)
      : undefined,
  }
  const judged = result[filter.unit]
  return judged && { unit: filter.unit, rate: judged.rate, ...result }
}

/** A set that was emptied by the size limit can't be used; a set that was empty before can. */
function usable(filter: SpellingFilter, unit: SpellingUnit): boolean {
  return filter[unit].kept > 0 || filter[unit].total === 0
}

/** The words of a text that the training text does not contain, with their positions, to underline. */
export function unknownWords(text: string, filter: SpellingFilter): Word[] {
  return wordsOf(text).filter(word => !filter.has(word.text))
}
