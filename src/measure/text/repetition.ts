/** Repetition: the share of n-grams that occurred earlier in the same text. */
import { characterGrams } from './characters.js'

/** Default n of `repetition`, characters. */
export const REPETITION_LENGTH = 8

/**
 * seq-rep-n on characters: the share of n-grams that occurred earlier in the text, including
 * overlapping ones, 0 to 1. It equals 1 - distinct n-grams / n-grams.
 *
 * Longer texts repeat more, so compare only texts of about the same length.
 *
 * Source: Welleck et al., "Neural text generation with unlikelihood training" (ICLR 2020), eq. 10,
 * there on tokens with n = 4.
 * @returns undefined for a text shorter than n characters
 */
export function repetition(text: string, n: number = REPETITION_LENGTH): number | undefined {
  const grams = characterGrams(text, n)
  return grams.length === 0 ? undefined : 1 - new Set(grams).size / grams.length
}

/**
 * distinct-n on words: different n-grams of words / n-grams of words, 0 to 1; 1 means no repetition.
 * Words are compared as written.
 *
 * Source: Li et al., "A diversity-promoting objective function for neural conversation models"
 * (NAACL 2016), section 5.2.
 * @returns undefined for fewer than n words
 */
export function distinct(words: readonly string[], n: number): number | undefined {
  const count = words.length - n + 1
  if (count < 1) return undefined
  const seen = new Set<string>()
  // A space can't be part of a word, so the joined form is unambiguous.
  for (let i = 0; i < count; i++) seen.add(words.slice(i, i + n).join(' '))
  return seen.size / count
}
