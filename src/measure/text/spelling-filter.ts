/**
 * The spelling filter of a training text, stored in the model file: which words and which n-grams of
 * letters the text contains, as two filters with a common size limit.
 */
import { counted, InputError, quote } from '../../errors.js'
import {
  checkSpellingFilter,
  type FilterSetJson,
  filterChecksum,
  type SpellingFilterJson,
} from '../../file/stored-spelling-filter.js'
import { countCharacters } from './characters.js'
import { FuseFilter, fuseFilterBytes, MAXIMUM_FILTER_BITS } from './fuse-filter.js'
import { eachRun, eachWord, isUnspaced, spellingKey } from './segment-words.js'

/** The unit of the spelling measure of a text. */
export type SpellingUnit = 'words' | 'grams'

export interface FilterOptions {
  /** Size limit of the filter's JSON, bytes. Default 100,000. */
  readonly maxBytes?: number
  /** n of the n-grams, characters. Default 4. */
  readonly gramLength?: number
}

/** One of the two sets: its size, what was left out, and its false positive rate. */
export interface SpellingSet {
  /** Different words (or grams) of the training text. */
  readonly total: number
  /** How many of them the filter holds; fewer than `total` only when the size limit required it. */
  readonly kept: number
  /** Words (or grams) that occur at least this often are held; 1 means all. */
  readonly minimumCount: number
  /** Probability that an unknown word (or gram) passes as known. */
  readonly falsePositiveRate: number
}

export type { SpellingFilterJson }

/** Bytes that JSON adds around the two tables, also when it is quoted inside other JSON. */
const OVERHEAD = 600
/** Smallest widths (false positives 1 in 16, 1 in 4). Words are left out if less memory is available. */
const LEAST_BITS = 4
const LEAST_BITS_OTHER = 2

/**
 * The n-grams of a run of letters whose spelling is measured; the run itself when it has at most n
 * characters.
 */
export function gramsOfRun(run: string, n: number): string[] {
  const key = spellingKey(run)
  if (countCharacters(key) === key.length) {
    if (key.length <= n) return [key]
    const grams: string[] = []
    for (let end = n; end <= key.length; end++) grams.push(key.slice(end - n, end))
    return grams
  }
  const characters = Array.from(key)
  if (characters.length <= n) return [key]
  const grams: string[] = []
  for (let end = n; end <= characters.length; end++) {
    grams.push(characters.slice(end - n, end).join(''))
  }
  return grams
}

function countInto(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** A set to store: its counts, and the current choice of bits and minimum count. */
class SetPlan {
  readonly counts: Map<string, number>
  bits = MAXIMUM_FILTER_BITS
  minimumCount = 1
  private readonly sizes = new Map<number, number>()

  constructor(counts: Map<string, number>) {
    this.counts = counts
  }

  kept(minimum = this.minimumCount): number {
    let size = this.sizes.get(minimum)
    if (size === undefined) {
      size = 0
      for (const count of this.counts.values()) if (count >= minimum) size++
      this.sizes.set(minimum, size)
    }
    return size
  }

  /** Size as base64, characters. */
  bytes(): number {
    return 4 * Math.ceil(fuseFilterBytes(this.kept(), this.bits) / 3)
  }

  /** Leaves out the rarest members. */
  dropRarest(): void {
    let rarest = Number.POSITIVE_INFINITY
    for (const count of this.counts.values()) {
      if (count >= this.minimumCount && count < rarest) rarest = count
    }
    this.minimumCount = rarest + 1
  }

  build(): { filter: FuseFilter; total: number; minimumCount: number } {
    const keys: string[] = []
    for (const [key, count] of this.counts) if (count >= this.minimumCount) keys.push(key)
    const { bits, minimumCount } = this
    return { filter: FuseFilter.build(keys, bits), total: this.counts.size, minimumCount }
  }
}

/**
 * Builds the filter of a training text. Deterministic: the same text gives the same bytes.
 *
 * A full filter has 8 bits per fingerprint (1 false positive in 256). When that exceeds `maxBytes`,
 * it shrinks in this order, as far as needed: the set that is not this text's `unit` to 4 bits; the
 * set of `unit` to 4 bits (1 in 16); the other set to 2 bits; then the other set loses its rarest
 * members, possibly all; then the set of `unit` loses its rarest. `words` and `grams` of the result
 * tell the result.
 * @throws InputError for a size or length out of range
 */
export function buildSpellingFilter(text: string, options: FilterOptions = {}): SpellingFilter {
  const { maxBytes = 100_000, gramLength = 4 } = options
  if (!(maxBytes >= 1000)) {
    throw new InputError(
      'filter-size',
      `The spelling filter may take ${counted(maxBytes, 'byte')}; expected at least 1000.`,
    )
  }
  checkGramLength(gramLength)
  const wordCounts = new Map<string, number>()
  const gramCounts = new Map<string, number>()
  let letters = 0
  let unspaced = 0
  for (const run of eachRun(text)) {
    letters += run.text.length
    if (isUnspaced(run.text)) unspaced += run.text.length
    for (const gram of gramsOfRun(run.text, gramLength)) countInto(gramCounts, gram)
  }
  for (const word of eachWord(text)) countInto(wordCounts, spellingKey(word.text))
  const unit: SpellingUnit = 2 * unspaced > letters ? 'grams' : 'words'

  const words = new SetPlan(wordCounts)
  const grams = new SetPlan(gramCounts)
  const [main, other] = unit === 'words' ? [words, grams] : [grams, words]
  const tooLarge = (): boolean => words.bytes() + grams.bytes() + OVERHEAD > maxBytes
  while (tooLarge()) {
    if (other.bits > LEAST_BITS) other.bits--
    else if (main.bits > LEAST_BITS) main.bits--
    else if (other.bits > LEAST_BITS_OTHER) other.bits--
    else if (other.kept() > 0) other.dropRarest()
    else main.dropRarest()
  }
  return new SpellingFilter(unit, gramLength, words.build(), grams.build())
}

function checkGramLength(length: unknown): asserts length is number {
  if (!Number.isSafeInteger(length) || (length as number) < 1 || (length as number) > 16) {
    throw new InputError(
      'gram-length',
      `The spelling filter's stretches have ${counted(quote(length), 'character')}; expected a whole number from 1 to 16.`,
    )
  }
}

interface StoredSet {
  readonly filter: FuseFilter
  readonly total: number
  readonly minimumCount: number
}

export class SpellingFilter {
  /** The unit of this text's spelling: `grams` where most letters are of scripts without spaces. */
  readonly unit: SpellingUnit
  /** Characters of a gram. */
  readonly gramLength: number
  private readonly wordSet: StoredSet
  private readonly gramSet: StoredSet

  constructor(unit: SpellingUnit, gramLength: number, words: StoredSet, grams: StoredSet) {
    this.unit = unit
    this.gramLength = gramLength
    this.wordSet = words
    this.gramSet = grams
  }

  get words(): SpellingSet {
    return describe(this.wordSet)
  }

  get grams(): SpellingSet {
    return describe(this.gramSet)
  }

  /** The false positive rate of the set for `unit`. */
  get falsePositiveRate(): number {
    return this[this.unit].falsePositiveRate
  }

  /** Whether a word occurs in the training text. The case of its first letter does not matter. */
  has(word: string): boolean {
    return this.wordSet.filter.has(spellingKey(word))
  }

  /** Whether a gram, as `gramsOfRun` returns it, occurs in the runs of letters of the training text. */
  hasGram(gram: string): boolean {
    return this.gramSet.filter.has(gram)
  }

  /** The form in the model file. It is ASCII, so its length in characters is its size in bytes. */
  toJSON(): SpellingFilterJson {
    const json = ({ filter, total, minimumCount }: StoredSet): FilterSetJson => ({
      total,
      minimumCount,
      ...filter.toJSON(),
    })
    const filter: SpellingFilterJson = {
      version: 1,
      unit: this.unit,
      gramLength: this.gramLength,
      words: json(this.wordSet),
      grams: json(this.gramSet),
    }
    return { ...filter, sum: filterChecksum(filter) }
  }

  /** @throws FileError for anything that isn't what `toJSON` writes */
  static fromJSON(json: unknown): SpellingFilter {
    const { unit, gramLength, words, grams } = checkSpellingFilter(json)
    return new SpellingFilter(unit, gramLength, readSet(words), readSet(grams))
  }
}

function describe({ filter, total, minimumCount }: StoredSet): SpellingSet {
  const { keys: kept, falsePositiveRate } = filter
  return { total, kept, minimumCount, falsePositiveRate }
}

const readSet = (json: FilterSetJson): StoredSet => ({
  filter: FuseFilter.fromJSON(json),
  total: json.total,
  minimumCount: json.minimumCount,
})
