/** Spelling: how much of a text is made of words, or short stretches, unknown to the training text. */

import { letterRuns, type Word, wordsOf } from './segment-words.js'
import { gramsOfRun, type SpellingFilter, type SpellingUnit } from './spelling-filter.js'

/** A share of unknown ones. */
export interface UnknownShare {
  /** Words (or grams) of the text. */
  readonly total: number
  /** Of them, those that the filter doesn't know. */
  readonly unknown: number
  /**
   * The share that doesn't occur in the training text, 0 to 1: unknown / total, corrected for those
   * that the filter let pass by mistake, unknown / total / (1 - falsePositiveRate).
   */
  readonly rate: number
}

export interface Spelling {
  /** What the text is judged by, of the two below. */
  readonly unit: SpellingUnit
  /** The rate of that unit, 0 to 1. */
  readonly rate: number
  /** Undefined when the text has no letters, or the filter had no room for words. */
  readonly words: UnknownShare | undefined
  readonly grams: UnknownShare | undefined
}

function share(total: number, unknown: number, falsePositiveRate: number): UnknownShare {
  // Each unknown one is seen with probability 1 - f, so this is unbiased but for the cut at 1.
  return { total, unknown, rate: Math.min(1, unknown / total / (1 - falsePositiveRate)) }
}

/**
 * Share of the words that do not occur in the training text, and of the grams: stretches of
 * `filter.gramLength` characters inside runs of letters (shorter runs count whole). Words judge
 * where words have spaces between them, grams where not: there, any few letters make some word.
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

/** A set that was left out for want of room can't judge; one that is empty by nature can. */
function usable(filter: SpellingFilter, unit: SpellingUnit): boolean {
  return filter[unit].kept > 0 || filter[unit].total === 0
}

/** The words of a text that the training text doesn't have, with their places: what to underline. */
export function unknownWords(text: string, filter: SpellingFilter): Word[] {
  return wordsOf(text).filter(word => !filter.has(word.text))
}
