/** All measures of a text at once. */
import { counted, InputError, quote } from '../../errors.js'
import type { Bilingual } from '../../knob.js'
import { findLongestLoop, type Loop } from '../../text/loop.js'
import { type Balance, balance } from './balance.js'
import { codePoints } from './characters.js'
import type { CorpusIndex, Novelty } from './novelty.js'
import { distinct, REPETITION_LENGTH, repetition } from './repetition.js'
import { wordsOf } from './segment-words.js'
import { type Spelling, spelling } from './spelling.js'
import type { SpellingFilter } from './spelling-filter.js'

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
  readonly missing: Readonly<Partial<Record<MissingName, Bilingual>>>
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
      `The number of given characters is ${quote(given)}; expected a whole number from 0 to the text's ${characters}.`,
    )
  }
  const missing: Partial<Record<MissingName, Bilingual>> = {}
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
    missing.surprisal = surprisals
      ? { en: 'Nothing was drawn.', ja: '引いた記号がない。' }
      : { en: "The symbols' surprisals are not known.", ja: '記号の意外さが分からない。' }
  }
  if (measures.entropy === undefined) {
    missing.entropy = entropies
      ? { en: 'Nothing was drawn.', ja: '引いた記号がない。' }
      : { en: 'The entropies are not known.', ja: 'エントロピーが分からない。' }
  }
  if (measures.repetition === undefined) {
    missing.repetition = {
      en: `The text has ${counted(characters, 'character')}, fewer than ${REPETITION_LENGTH}.`,
      ja: `文章は${characters}文字で、${REPETITION_LENGTH}文字に足りない。`,
    }
  }
  if (words.length < 4) {
    missing.distinct = {
      en: `The text has ${counted(words.length, 'word')}, too few for all of n = 1 to 4.`,
      ja: `文章は${words.length}語で、n = 1〜4 のすべてには足りない。`,
    }
  }
  if (measures.spelling === undefined) {
    missing.spelling = !filter
      ? {
          en: 'There is no spelling filter of the training text.',
          ja: '学習した文章の綴りフィルターがない。',
        }
      : words.length === 0
        ? { en: 'The text has no letters.', ja: '文章に文字（letter）がない。' }
        : {
            en: 'The spelling filter has no room for what judges this text.',
            ja: '綴りフィルターに、この文章を判じるものが入っていない。',
          }
  }
  if (measures.novelty === undefined) {
    missing.novelty = corpus
      ? { en: 'The text is empty.', ja: '文章が空。' }
      : { en: 'The training text is not at hand.', ja: '学習した文章が手元にない。' }
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
