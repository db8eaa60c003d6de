/**
 * What is usual for a corpus: each measure over windows of the text, at several lengths, so that a
 * text of a model is held against stretches of the corpus that are as long as it is.
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

/** The measures of windows of one length. */
export interface WindowStatistics {
  /** Characters of a window. */
  readonly window: number
  /** Windows measured. */
  readonly windows: number
  /** Of the training text. */
  readonly repetition: TypicalRange
  /** Share inside the loop in which a window ends. */
  readonly looping: TypicalRange
  /** distinct-n for n = 1 to 4 words; [4], less where windows have fewer words. */
  readonly distinct: readonly TypicalRange[]
  /** Of the held-out text against the training text; absent without one. */
  readonly spelling?: TypicalRange
  /** Longest run that a held-out window shares with the training text, characters. */
  readonly longest?: TypicalRange
  /** Share of a held-out window inside such runs of 30 characters or more. */
  readonly copied?: TypicalRange
}

/** JSON-able: it travels in the model file. */
export interface CorpusProfile {
  /** By rising length; empty for a corpus of less than 48 characters. */
  readonly figures: readonly WindowStatistics[]
  /** Rate of unknown words (or grams) of the whole held-out text. */
  readonly spelling?: number
}

/** Lengths of the windows, characters: of a paragraph to that of a few pages. */
export const PROFILE_WINDOWS = [250, 500, 1000, 2000, 4000] as const
/** Windows of each length at most: enough for a 99th percentile to stand on two of them. */
const MOST_WINDOWS = 200
/** A short corpus is read over some times, by windows that overlap, and no more: it has no more to say. */
const LEAST_WINDOWS = 20
const READINGS = 4

/** Four figures: no percentile of 200 windows knows more. */
const short = (x: number): number => Number(x.toPrecision(4))
const usual = (values: readonly number[]): TypicalRange => [
  short(quantile(values, 0.01)),
  short(quantile(values, 0.5)),
  short(quantile(values, 0.99)),
]

function windowsOf(text: string, window: number): string[] {
  const readings = Math.ceil((READINGS * text.length) / window)
  const least = Math.min(MOST_WINDOWS / 2, Math.max(LEAST_WINDOWS, readings))
  return corpusWindows(text, window, { least, most: MOST_WINDOWS })
}

/** The measures of a held-out text's windows against the training text. */
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
    ...(rates.length > 0 && { spelling: usual(rates) }),
    ...(novelties.length > 0 && {
      longest: usual(novelties.map(novelty => novelty.longest?.length ?? 0)),
      copied: usual(novelties.map(novelty => novelty.copied)),
    }),
  }
}

/**
 * Measures a corpus. A few seconds for a million characters.
 * @param corpus the text trained on
 * @param options.heldOut text of the same kind that was not trained on
 * @param options.filter of `corpus`; without it there are no spelling rates
 * @param options.index of `corpus`; without it novelty is left out
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
      repetition: usual(texts.map(text => repetition(text)!)),
      looping: usual(texts.map(loopShare)),
      distinct: distincts.map(usual),
      ...(held.length > 0 && heldOutFigures(held, filter, index)),
    }
  })
  const judged = heldOut !== '' && filter ? spelling(heldOut, filter) : undefined
  return { figures, ...(judged && { spelling: short(judged.rate) }) }
}

function between(a: TypicalRange, b: TypicalRange, share: number): TypicalRange {
  return a.map((value, i) => value + share * (b[i] - value)) as unknown as TypicalRange
}

/**
 * What is usual at a length: between the lengths measured a straight line in log length (a text
 * twice as long repeats a little more); beyond them the nearest.
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

/** What `findZones` holds a model's texts of a length against. */
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
