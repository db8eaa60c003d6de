/**
 * The profile of a corpus: the distribution of each measure over windows of the text, at several
 * lengths, so that a generated text is compared with windows of its own length.
 */
import { counted, InputError } from '../../errors.js'
import { log } from '../../numeric.js'
import { quantile } from '../statistics.js'
import { countCharacters } from '../text/characters.js'
import { loopShare } from '../text/measures.js'
import type { CorpusIndex } from '../text/novelty.js'
import { distinct, repetition } from '../text/repetition.js'
import { wordsOf } from '../text/segment-words.js'
import { spelling } from '../text/spelling.js'
import type { SpellingFilter } from '../text/spelling-filter.js'
import { type CorpusStatistics, corpusWindows, LEAST_WINDOW } from './zones.js'

/** 1st percentile, median, 99th percentile over the windows. */
export type TypicalRange = readonly [low: number, median: number, high: number]

/** The distribution of each measure over windows of one length. */
export interface WindowStatistics {
  /** Characters of a window. */
  readonly window: number
  /** Number of windows. */
  readonly windows: number
  /** Repetition in the training text. */
  readonly repetition: TypicalRange
  /** Share of a window inside the loop in which it ends. */
  readonly looping: TypicalRange
  /** distinct-n for n = 1 to 4 words; [4], less where windows have fewer words. */
  readonly distinct: readonly TypicalRange[]
  /** Rate of unknown words (or grams) of held-out windows; absent without held-out text. */
  readonly spelling?: TypicalRange
  /** Longest run that a held-out window shares with the training text, characters. */
  readonly longest?: TypicalRange
  /** Share of a held-out window inside such runs of 30 characters or more. */
  readonly copied?: TypicalRange
}

/** The profile of a corpus. JSON, because it is stored in the model file. */
export interface CorpusProfile {
  /** Statistics in ascending order of length; empty for a corpus of less than 48 characters. */
  readonly figures: readonly WindowStatistics[]
  /** Rate of unknown words (or grams) of the whole held-out text. */
  readonly spelling?: number
}

/** Lengths of the windows, characters: from a paragraph to a few pages. */
export const PROFILE_WINDOWS = [250, 500, 1000, 2000, 4000] as const
/** Most windows of each length: two of 200 lie above the 99th percentile. */
const MOST_WINDOWS = 200
/** Windows of a short corpus overlap, so that they cover it up to `COVERAGE` times. */
const LEAST_WINDOWS = 20
const COVERAGE = 4

/** Four significant digits, more than the precision of a percentile of 200 windows. */
const rounded = (x: number): number => Number(x.toPrecision(4))
const typicalRange = (values: readonly number[]): TypicalRange => [
  rounded(quantile(values, 0.01)),
  rounded(quantile(values, 0.5)),
  rounded(quantile(values, 0.99)),
]

function windowsOf(text: string, window: number): string[] {
  const count = Math.ceil((COVERAGE * text.length) / window)
  const least = Math.min(MOST_WINDOWS / 2, Math.max(LEAST_WINDOWS, count))
  return corpusWindows(text, window, { least, most: MOST_WINDOWS })
}

/** Spelling and novelty of held-out windows, measured against the training text. */
function heldOutFigures(
  texts: readonly string[],
  filter: SpellingFilter | undefined,
  index: CorpusIndex | undefined,
): Pick<WindowStatistics, 'spelling' | 'longest' | 'copied'> {
  const rates = filter
    ? texts.map(text => spelling(text, filter)?.rate).filter(rate => rate !== undefined)
    : []
  const novelties = index ? texts.map(text => index.novelty(text)) : []
  return {
    ...(rates.length > 0 && { spelling: typicalRange(rates) }),
    ...(novelties.length > 0 && {
      longest: typicalRange(novelties.map(novelty => novelty.longest?.length ?? 0)),
      copied: typicalRange(novelties.map(novelty => novelty.copied)),
    }),
  }
}

/**
 * Measures a corpus. Takes a few seconds for a million characters.
 * @param corpus the training text
 * @param options.heldOut text of the same kind that was not trained on
 * @param options.filter spelling filter of `corpus`; without it there are no spelling rates
 * @param options.index index of `corpus`; without it novelty is left out
 */
export function corpusProfile(
  corpus: string,
  options: { heldOut?: string; filter?: SpellingFilter; index?: CorpusIndex } = {},
): CorpusProfile {
  const { heldOut = '', filter, index } = options
  const length = countCharacters(corpus)
  const heldLength = countCharacters(heldOut)
  const half = Math.floor(length / 2)
  let lengths: readonly number[] = PROFILE_WINDOWS.filter(window => window <= half)
  if (lengths.length === 0 && half >= LEAST_WINDOW) lengths = [half]
  const figures = lengths.map((window): WindowStatistics => {
    const texts = windowsOf(corpus, window)
    const held = window <= heldLength ? windowsOf(heldOut, window) : []
    const words = texts.map(text => wordsOf(text).map(word => word.text))
    const distincts = [1, 2, 3, 4]
      .map(n => words.map(list => distinct(list, n)).filter(value => value !== undefined))
      .filter(values => values.length > 0)
    return {
      window,
      windows: texts.length,
      repetition: typicalRange(texts.map(text => repetition(text)!)),
      looping: typicalRange(texts.map(loopShare)),
      distinct: distincts.map(typicalRange),
      ...(held.length > 0 && heldOutFigures(held, filter, index)),
    }
  })
  const judged = heldOut !== '' && filter ? spelling(heldOut, filter) : undefined
  return { figures, ...(judged && { spelling: rounded(judged.rate) }) }
}

function between(a: TypicalRange, b: TypicalRange, share: number): TypicalRange {
  return a.map((value, i) => value + share * (b[i] - value)) as unknown as TypicalRange
}

/**
 * The statistics for texts of a length. Interpolates linearly in log length between the measured
 * lengths (longer texts repeat more), and takes the nearest one beyond them.
 * @param length characters
 * @returns undefined for a profile without windows
 */
export function windowStatisticsAt(
  profile: CorpusProfile,
  length: number,
): WindowStatistics | undefined {
  if (!(length > 0)) {
    throw new InputError(
      'length',
      `The length is ${counted(length, 'character')}; expected more than 0.`,
    )
  }
  const { figures } = profile
  const after = figures.findIndex(({ window }) => window >= length)
  if (after <= 0 || figures[after].window === length) return figures.at(after)
  const [a, b] = [figures[after - 1], figures[after]]
  const share = (log(length) - log(a.window)) / (log(b.window) - log(a.window))
  const mixed = (name: 'spelling' | 'longest' | 'copied'): TypicalRange | undefined => {
    const [from, to] = [a[name], b[name]]
    return from && to ? between(from, to, share) : (to ?? from)
  }
  const optional = (['spelling', 'longest', 'copied'] as const)
    .map(name => [name, mixed(name)] as const)
    .filter(([, value]) => value !== undefined)
  return {
    window: length,
    windows: Math.min(a.windows, b.windows),
    repetition: between(a.repetition, b.repetition, share),
    looping: between(a.looping, b.looping, share),
    distinct: b.distinct.map((to, i) => (a.distinct[i] ? between(a.distinct[i], to, share) : to)),
    ...Object.fromEntries(optional),
  }
}

/** The statistics that `findZones` compares texts of a length with. @param length characters */
export function corpusStatisticsAt(
  profile: CorpusProfile,
  length: number,
): CorpusStatistics | undefined {
  const figures = windowStatisticsAt(profile, length)
  if (!figures) return undefined
  return {
    window: figures.window,
    windows: figures.windows,
    repetition: figures.repetition[2],
    loop: figures.looping[2],
    ...(profile.spelling !== undefined && { spelling: profile.spelling }),
  }
}
