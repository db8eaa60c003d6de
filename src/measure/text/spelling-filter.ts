/**
 * What of the training text's spelling travels in the model file: which words and which short
 * stretches of letters it contains, as two filters that together stay below a size.
 */
import { counted, InputError, quote } from '../../errors.js'
import {
  checkSpellingFilter,
  type FilterSetJson,
  filterChecksum,
  type SpellingFilterJson,
} from '../../file/filter-record.js'
import { countCharacters } from './characters.js'
import { FuseFilter, fuseFilterBytes, MAXIMUM_FILTER_BITS } from './fuse-filter.js'
import { eachRun, eachWord, isUnspaced, spellingKey } from './segment-words.js'

/** The unit in which a text's spelling is judged. */
export type SpellingUnit = 'words' | 'grams'

export interface FilterOptions {
  /** The filter's JSON stays within this many bytes. Default 100,000. */
  readonly maxBytes?: number
  /** Length of the stretches of letters, characters. Default 4. */
  readonly gramLength?: number
}

/** One of the two sets: what it holds, what had to be left out, and how sure it is. */
export interface SpellingSet {
  /** Different words (or grams) of the training text. */
  readonly total: number
  /** How many of them the filter holds; fewer than `total` only when it had to be made smaller. */
  readonly kept: number
  /** Those that occur at least this often are held; 1: all. */
  readonly minimumCount: number
  /** Probability that one which isn't held passes for one that is. */
  readonly falsePositiveRate: number
}

export type { SpellingFilterJson }

/** Room for what JSON adds around the two tables, and for being quoted inside other JSON. */
const OVERHEAD = 600
/** Below these widths (false positives 1 in 16, 1 in 4) words are left out instead. */
const LEAST_BITS = 4
const LEAST_BITS_OTHER = 2

/**
 * The stretches of a run of letters by which its spelling is judged: all of n characters, or the
 * run itself when it is no longer.
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

/** A set to be stored: its counts, and how it is stored at present. */
class Draft {
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

  /** Characters of base64. */
  bytes(): number {
    return 4 * Math.ceil(fuseFilterBytes(this.kept(), this.bits) / 3)
  }

  /** Leaves out the rarest that are still in. */
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
 * When everything at 8 bits a fingerprint (1 false positive in 256) would exceed `maxBytes`, room is
 * made in this order, as far as needed: the set that doesn't judge this text goes down to 4 bits;
 * the one that does goes down to 4 bits (1 in 16); the other to 2 bits, then loses its rarest
 * members, if need be all; at last the judging one loses its rarest. `words` and `grams` say what
 * came of it.
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

  const words = new Draft(wordCounts)
  const grams = new Draft(gramCounts)
  const [judge, other] = unit === 'words' ? [words, grams] : [grams, words]
  const tooLarge = (): boolean => words.bytes() + grams.bytes() + OVERHEAD > maxBytes
  while (tooLarge()) {
    if (other.bits > LEAST_BITS) other.bits--
    else if (judge.bits > LEAST_BITS) judge.bits--
    else if (other.bits > LEAST_BITS_OTHER) other.bits--
    else if (other.kept() > 0) other.dropRarest()
    else judge.dropRarest()
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
  /** What this text's spelling is judged by: `grams` where most letters are written without spaces. */
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

  /** Of the set that judges this text. */
  get falsePositiveRate(): number {
    return this[this.unit].falsePositiveRate
  }

  /** Does a word occur in the training text? Its first letter may be large or small. */
  has(word: string): boolean {
    return this.wordSet.filter.has(spellingKey(word))
  }

  /** Does a gram, as `gramsOfRun` gives it, occur in the training text's runs of letters? */
  hasGram(gram: string): boolean {
    return this.gramSet.filter.has(gram)
  }

  /** What the model file keeps; ASCII, so its length in characters is its length in bytes. */
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
