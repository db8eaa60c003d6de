/** All measures of a text at once. */
import { InputError } from '../errors.js'
import { findLongestLoop, type Loop } from '../temperature/loop.js'
import { type Balance, balance } from './balance.js'
import { codePoints } from './characters.js'
import type { SpellingFilter } from './filter.js'
import type { CorpusIndex, Novelty } from './novelty.js'
import { distinct, REPETITION_LENGTH, repetition } from './repetition.js'
import { type Spelling, spelling } from './spelling.js'
import { wordsOf } from './words.js'

export interface MeasureOptions {
  /** What the training text's spelling was: without it spelling is undefined. */
  readonly filter?: SpellingFilter
  /** The training text, indexed: without it novelty is undefined. */
  readonly corpus?: CorpusIndex
  /** -log2 p(1) of each symbol drawn, bits: without them surprisal is undefined. */
  readonly surprisals?: ArrayLike<number>
  /** H(T) at each symbol drawn, bits: without them entropy is undefined. */
  readonly entropies?: ArrayLike<number>
  /**
   * Characters at the beginning that were given, not drawn, and so have no surprisal: the prompt,
   * or 1 for a text that was scored. Default 0.
   */
  readonly given?: number
}

export interface Measures {
  /** Unicode code points. */
  readonly characters: number
  readonly words: number
  /** Mean -log2 p(1) of what was drawn, bits a character. */
  readonly surprisal: number | undefined
  /** Mean H(T) along the text, bits a symbol. */
  readonly entropy: number | undefined
  /** Share of 8-grams (characters) that occurred before in the text, 0 to 1. */
  readonly repetition: number | undefined
  /** distinct-n for n = 1 to 4 words, each 0 to 1; [4]. */
  readonly distinct: readonly (number | undefined)[]
  /** The loop in which the text ends (of several the one with the longest tail), in characters. */
  readonly loop: Loop | undefined
  /** Share of the text inside that loop, 0 to 1; 0 without one. */
  readonly looping: number
  readonly spelling: Spelling | undefined
  readonly novelty: Novelty | undefined
  readonly balance: Balance
  /** Why each undefined measure is so; `loop` is not among them (no loop is a result). */
  readonly missing: Readonly<Partial<Record<MissingName, string>>>
}

export type MissingName =
  | 'surprisal'
  | 'entropy'
  | 'repetition'
  | 'distinct'
  | 'spelling'
  | 'novelty'

/** Share of a text inside the loop in which it ends, in characters, 0 to 1; 0 for the empty text. */
export function loopShare(text: string): number {
  const points = codePoints(text)
  return (findLongestLoop(points)?.length ?? 0) / Math.max(1, points.length)
}

/**
 * Measures a text; what can't be measured is undefined, and `missing` says why.
 * @throws InputError when there are more characters given than the text has
 */
export function measureText(text: string, options: MeasureOptions = {}): Measures {
  const { filter, corpus, surprisals, entropies, given = 0 } = options
  const points = codePoints(text)
  const characters = points.length
  if (!Number.isSafeInteger(given) || given < 0 || given > characters) {
    throw new InputError(
      'given',
      `${given} characters are said to be given; expected a whole number from 0 to the text's ${characters}.`,
    )
  }
  const missing: Partial<Record<MissingName, string>> = {}
  const words = wordsOf(text).map(word => word.text)
  const drawn = characters - given
  const loop = findLongestLoop(points)

  const measures = {
    surprisal: surprisals && drawn > 0 ? sum(surprisals) / drawn : undefined,
    entropy: entropies && entropies.length > 0 ? sum(entropies) / entropies.length : undefined,
    repetition: repetition(text),
    distinct: [1, 2, 3, 4].map(n => distinct(words, n)),
    spelling: filter && spelling(text, filter),
    novelty: corpus && characters > 0 ? corpus.novelty(text) : undefined,
  }
  if (measures.surprisal === undefined) {
    missing.surprisal = surprisals ? 'Nothing was drawn.' : "The symbols' surprisals are not known."
  }
  if (measures.entropy === undefined) {
    missing.entropy = entropies ? 'Nothing was drawn.' : 'The entropies are not known.'
  }
  if (measures.repetition === undefined) {
    missing.repetition = `The text has ${characters} characters, fewer than ${REPETITION_LENGTH}.`
  }
  if (words.length < 4) {
    missing.distinct = `The text has ${words.length} words, too few for all of n = 1 to 4.`
  }
  if (measures.spelling === undefined) {
    missing.spelling = !filter
      ? 'There is no spelling filter of the training text.'
      : words.length === 0
        ? 'The text has no letters.'
        : 'The spelling filter has no room for what judges this text.'
  }
  if (measures.novelty === undefined) {
    missing.novelty = corpus ? 'The text is empty.' : 'The training text is not at hand.'
  }
  return {
    characters,
    words: words.length,
    ...measures,
    loop,
    looping: (loop?.length ?? 0) / Math.max(1, characters),
    balance: balance(text),
    missing,
  }
}

function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]
  return total
}
