/** All measures of a text at once. */
import { counted, InputError, quote } from '../../errors.js'
import type { Bilingual } from '../../knob.js'
import { findLongestLoop, type Loop } from '../../text/loop-detector.js'
import { type Balance, balance } from './balance.js'
import { codePoints } from './characters.js'
import type { CorpusIndex, Novelty } from './novelty.js'
import { distinct, REPETITION_LENGTH, repetition } from './repetition.js'
import { wordsOf } from './segment-words.js'
import { type Spelling, spelling } from './spelling.js'
import type { SpellingFilter } from './spelling-filter.js'

export interface MeasureOptions {
  /** Spelling filter of the training text. Without it spelling is undefined. */
  readonly filter?: SpellingFilter
  /** Index of the training text. Without it novelty is undefined. */
  readonly corpus?: CorpusIndex
  /** -log2 p of each symbol drawn, at T = 1, bits. Without them surprisal is undefined. */
  readonly surprisals?: ArrayLike<number>
  /** H(T) at each symbol drawn, bits. Without them entropy is undefined. */
  readonly entropies?: ArrayLike<number>
  /**
   * Number of characters at the beginning that have no surprisal because they were not drawn: the
   * prompt, or 1 for a scored text. Default 0.
   */
  readonly given?: number
}

export interface Measures {
  /** Number of Unicode code points. */
  readonly characters: number
  readonly words: number
  /** Mean -log2 p at T = 1 of the symbols drawn, bits a character. */
  readonly surprisal: number | undefined
  /** Mean H(T) over the text, bits a symbol. */
  readonly entropy: number | undefined
  /** Share of 8-grams (characters) that occurred before in the text, 0 to 1. */
  readonly repetition: number | undefined
  /** distinct-n for n = 1 to 4 words, each 0 to 1; [4]. */
  readonly distinct: readonly (number | undefined)[]
  /** The loop in which the text ends, in characters; of several, the longest. */
  readonly loop: Loop | undefined
  /** Share of the text inside that loop, 0 to 1; 0 without one. */
  readonly looping: number
  readonly spelling: Spelling | undefined
  readonly novelty: Novelty | undefined
  readonly balance: Balance
  /** Why each undefined measure is undefined. Never has `loop`, because no loop is a result. */
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
 * Measures a text. Measures that can't be computed are undefined, and `missing` says why.
 * @throws InputError when `given` is more than the characters of the text
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
        ? { en: 'The text has no letters.', ja: '文章に文字がない。' }
        : {
            en: 'The spelling filter was too small to hold the words (or grams) of this text.',
            ja: '綴りフィルターに、この文章の判定に使う単語（または文字連鎖）が収まっていない。',
          }
  }
  if (measures.novelty === undefined) {
    missing.novelty = corpus
      ? { en: 'The text is empty.', ja: '文章が空。' }
      : { en: 'The training text was not given.', ja: '学習した文章が渡されていない。' }
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
