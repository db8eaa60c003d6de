/**
 * The three zones of a model over temperature: it *loops*, it *reads like the corpus*, it *breaks*.
 * The borders follow from measured curves over T and from the same measures of the corpus.
 */
import { counted, InputError } from '../../errors.js'
import type { Bilingual } from '../../knob.js'
import { exp, log } from '../../numeric.js'
import { isotonicRegression, median, quantile } from '../statistics.js'
import { countCharacters } from '../text/characters.js'
import { loopShare } from '../text/measures.js'
import { repetition } from '../text/repetition.js'
import { spelling } from '../text/spelling.js'
import type { SpellingFilter } from '../text/spelling-filter.js'

/** The measures of the corpus, for comparison. JSON, because the model file may contain it. */
export interface CorpusStatistics {
  /** Length of a window, characters. Only texts of this length can be compared. */
  readonly window: number
  /** Number of windows. */
  readonly windows: number
  /** 99th percentile of `repetition` over the windows. */
  readonly repetition: number
  /** 99th percentile of the loop share over the windows. */
  readonly loop: number
  /** Rate of unknown words (or grams) in the held-out text, 0 to 1; absent without held-out text. */
  readonly spelling?: number
}

/** Characters of the shortest window: the length of three 8-grams. */
export const LEAST_WINDOW = 24
/** Most windows: enough for a 99th percentile, and a second's work for any corpus. */
const MOST_WINDOWS = 500
/** Least windows: those of a short corpus overlap, so that a percentile has enough of them. */
const LEAST_WINDOWS = 100

/**
 * Windows of a corpus, evenly spread, as long as the texts that are compared with them.
 * @param window characters, at least 24 (the length of three 8-grams)
 * @throws InputError when the corpus is shorter than one window
 */
export function corpusWindows(
  corpus: string,
  window: number,
  { least = LEAST_WINDOWS, most = MOST_WINDOWS } = {},
): string[] {
  const length = countCharacters(corpus)
  if (!Number.isSafeInteger(window) || window < LEAST_WINDOW || window > length) {
    throw new InputError(
      'window',
      `The corpus has ${counted(length, 'character')} and the window ${window}; expected a window of ${LEAST_WINDOW} characters or more that fits into the corpus.`,
    )
  }
  const room = length - window
  const wanted = Math.min(most, Math.max(least, Math.floor(length / window)))
  const windows = Math.min(wanted, room + 1)
  const characters = length === corpus.length ? undefined : Array.from(corpus)
  return Array.from({ length: windows }, (_, i) => {
    const start = windows === 1 ? 0 : Math.round((i * room) / (windows - 1))
    return characters
      ? characters.slice(start, start + window).join('')
      : corpus.slice(start, start + window)
  })
}

/**
 * Measures a corpus in windows of the length of a model's texts, and its held-out part for spelling.
 * @param options.window characters, at least 24 (the length of three 8-grams)
 * @throws InputError when the corpus is shorter than one window
 */
export function corpusStatistics(
  corpus: string,
  options: { window: number; heldOut?: string; filter?: SpellingFilter },
): CorpusStatistics {
  const { window, heldOut, filter } = options
  const texts = corpusWindows(corpus, window)
  const repetitions = texts.map(text => repetition(text)!)
  const loops = texts.map(loopShare)
  const judged = heldOut !== undefined && filter ? spelling(heldOut, filter) : undefined
  return {
    window,
    windows: texts.length,
    repetition: quantile(repetitions, 0.99),
    loop: quantile(loops, 0.99),
    ...(judged && { spelling: judged.rate }),
  }
}

/** The measures at one temperature, one value per text. */
export interface SweepPoint {
  /** 0 to Infinity. */
  readonly temperature: number
  readonly repetition: readonly number[]
  /** Share of each text inside the loop in which it ends, 0 to 1. */
  readonly loop: readonly number[]
  /** Rates of unknown words (or grams); empty when not measured. */
  readonly spelling: readonly number[]
}

/** The temperature at which a curve crosses a limit. */
export interface Border {
  /** Estimate of T, interpolated linearly between the neighbours. */
  readonly at: number
  /** The measured temperatures on both sides, which bound the precision of the estimate. */
  readonly from: number
  readonly to: number
}

export type ZoneName = 'loops' | 'reads' | 'breaks'

export interface Zone {
  readonly zone: ZoneName
  /** Temperatures from..to, 0 to Infinity. */
  readonly from: number
  readonly to: number
}

export interface Zones {
  /**
   * Ordered by T, without gaps; a zone that the model lacks is absent. The zones end at the measured
   * temperatures, except that looping extends below the lowest and breaking above the highest.
   * Empty when no measured text loops or breaks, unless both 0 and Infinity were measured.
   */
  readonly zones: readonly Zone[]
  /** The model loops below it; undefined when it loops at no measured T. */
  readonly loopsBelow: Border | undefined
  /** The model breaks above it; undefined when it breaks at no measured T. */
  readonly breaksAbove: Border | undefined
  /** The limits that the medians were compared with. */
  readonly limits: {
    readonly repetition: number
    readonly loop: number
    readonly spelling: number | undefined
  }
  /** Sentences on what could not be decided, and why. */
  readonly notes: readonly Bilingual[]
}

/** The zone of a temperature; on a border the zone below it. */
export function zoneAt(zones: Zones | undefined, temperature: number): ZoneName | undefined {
  return zones?.zones.find(({ from, to }) => temperature >= from && temperature <= to)?.zone
}

/**
 * The rate of unknown words at which a text counts as broken: three times the held-out text's own.
 * Where the held-out rate is above 1/4 (lists of names; 4-grams of a short Japanese corpus), three
 * times it would be unreachable; the limit is then the rate at which a third of the known words
 * remain.
 * @param heldOut rate of unknown words in the held-out text, 0 to 1
 */
export function breakingRate(heldOut: number): number {
  return Math.min(3 * heldOut, 1 - (1 - heldOut) / 3)
}

/**
 * The zones of a model.
 *
 * *loops*: median loop share or median repetition above the corpus's own 99th percentile.
 * *breaks*: median spelling rate above `breakingRate` of the held-out text's.
 * *reads*: neither.
 *
 * Except for the noise of a few seeds, repetition and loops fall with T and misspelling rises. Each
 * curve of medians is therefore replaced by the nearest monotone one, which crosses its limit once.
 * @param points in any order; texts of `figures.window` characters
 * @throws InputError for fewer than two temperatures, or one without texts
 */
export function findZones(points: readonly SweepPoint[], figures: CorpusStatistics): Zones {
  const order = [...points].sort((a, b) => a.temperature - b.temperature)
  if (order.length < 2) {
    throw new InputError(
      'sweep',
      `The sweep has ${counted(order.length, 'temperature')}; expected at least two to find zones between.`,
    )
  }
  const temperatures = order.map(point => point.temperature)
  const notes: Bilingual[] = []
  const falling = (name: 'loop' | 'repetition'): Border | undefined => {
    const medians = order.map(point => median(point[name]))
    const fitted = isotonicRegression(medians.map(x => -x)).map(x => -x)
    return crossing(temperatures, fitted, figures[name], 'falls')
  }
  const borders = [falling('loop'), falling('repetition')].filter(border => border !== undefined)
  const loopsBelow = borders.sort((a, b) => b.at - a.at)[0]

  let breaksAbove: Border | undefined
  let limit: number | undefined
  if (figures.spelling === undefined) {
    notes.push({
      en: 'Where it breaks is not known: the held-out text has no spelling rate.',
      ja: 'どこで崩れるかは分からない: 取り置いた文に綴りの率がない。',
    })
  } else if (order.some(point => point.spelling.length === 0)) {
    notes.push({
      en: 'Where it breaks is not known: spelling was not measured at every temperature.',
      ja: 'どこで崩れるかは分からない: 綴りを測っていない温度がある。',
    })
  } else {
    limit = breakingRate(figures.spelling)
    const fitted = isotonicRegression(order.map(point => median(point.spelling)))
    breaksAbove = crossing(temperatures, fitted, limit, 'rises')
  }

  const zones = zonesBetween(temperatures, loopsBelow?.at, breaksAbove?.at)
  if (zones.length === 0) notes.push(TOO_FEW)
  else if (!zones.some(({ zone }) => zone === 'reads')) notes.push(NONE_READS)
  const limits = { repetition: figures.repetition, loop: figures.loop, spelling: limit }
  return { zones, loopsBelow, breaksAbove, limits, notes }
}

const TOO_FEW: Bilingual = {
  en: 'Not enough temperatures to tell zones: at none of them does it loop or break. Measure lower and higher ones, such as 0,0.1..3,inf.',
  ja: '領域を決めるには温度が足りない: 測ったどの温度でもループせず、崩れもしない。0,0.1..3,inf のように低い温度と高い温度も測る。',
}

const NONE_READS: Bilingual = {
  en: 'No temperature measured reads like the corpus: at each it loops or breaks.',
  ja: '測った温度にコーパスのように読めるものはない: どれもループするか崩れる。',
}

/**
 * The zones between the borders. Because both curves are monotone, looping extends below the lowest
 * measured temperature and breaking above the highest. Nothing else is extrapolated.
 * @param temperatures measured, ascending
 * @param low where loops end: Infinity when all that was measured loops
 * @param high where breaking begins: 0 when all that was measured breaks
 */
function zonesBetween(
  temperatures: readonly number[],
  low: number | undefined,
  high: number | undefined,
): Zone[] {
  const [least, most] = [temperatures[0], temperatures[temperatures.length - 1]]
  const everywhere = least === 0 && most === Number.POSITIVE_INFINITY
  if (low === undefined && high === undefined && !everywhere) return []
  const zones: Zone[] = []
  const breaks = high === undefined ? undefined : Math.max(high, high === 0 ? least : 0)
  const loops = low === undefined ? undefined : Math.min(low, most)
  // Where texts both loop and break, the zone is `breaks`.
  const end = Math.min(loops ?? 0, breaks ?? Number.POSITIVE_INFINITY)
  if (loops !== undefined && end > 0) zones.push({ zone: 'loops', from: 0, to: end })
  const from = loops ?? least
  const to = breaks ?? most
  // The last temperature measured, or the first, may be the only one that reads.
  const alone =
    from === to &&
    ((low === most && most < Number.POSITIVE_INFINITY) || (high === least && least > 0))
  if (from < to || alone) zones.push({ zone: 'reads', from, to })
  if (breaks !== undefined) {
    zones.push({ zone: 'breaks', from: breaks, to: Number.POSITIVE_INFINITY })
  }
  return zones
}

/**
 * Where a monotone curve over T crosses a limit: between the last measured T above the limit and the
 * first at or below it (`falls`), or between the last at or below and the first above (`rises`).
 * Interpolated linearly in log T; next to 0 in T, next to infinity in 1/T.
 * @param values monotone, [temperatures.length]
 * @returns undefined when the curve stays at or below the limit; an end of the range when it is
 *   above the limit all over
 */
export function crossing(
  temperatures: readonly number[],
  values: ArrayLike<number>,
  limit: number,
  direction: 'falls' | 'rises',
): Border | undefined {
  const n = temperatures.length
  const above = (i: number): boolean => values[i] > limit
  if (direction === 'falls') {
    if (!above(0)) return undefined
    let i = 1
    while (i < n && above(i)) i++
    return i === n ? whole(Number.POSITIVE_INFINITY) : between(i)
  }
  if (!above(n - 1)) return undefined
  let i = n - 1
  while (i > 0 && above(i - 1)) i--
  return i === 0 ? whole(0) : between(i)

  function whole(at: number): Border {
    return { at, from: at, to: at }
  }
  function between(i: number): Border {
    const [from, to] = [temperatures[i - 1], temperatures[i]]
    const share = (limit - values[i - 1]) / (values[i] - values[i - 1])
    return { at: interpolateTemperature(from, to, share), from, to }
  }
}

/**
 * Interpolates between two temperatures: linearly in log T, from 0 in T, to infinity in 1/T.
 * @param share 0 (`from`) to 1 (`to`)
 */
export function interpolateTemperature(from: number, to: number, share: number): number {
  if (to === Number.POSITIVE_INFINITY) {
    return from === 0 ? share / (1 - share) : from / (1 - share)
  }
  if (from === 0) return share * to
  return exp((1 - share) * log(from) + share * log(to))
}
