/**
 * The spelling filter in a model file, and its validation. `measure/text/` builds and uses the filter;
 * the validation is here, so that a damaged filter is refused when the file is read.
 */
import { counted, FileError, quote } from '../errors.js'
import { crc32 } from './crc32.js'
import { isRecord } from './json.js'

export const MAXIMUM_FILTER_BITS = 8
export const MAXIMUM_SEGMENT = 1 << 16
export const MAXIMUM_TRIES = 64
/** Entries in a filter at most, so that a damaged file can't ask for gigabytes. */
const MAXIMUM_ENTRIES = 1 << 26
/** Keeps the product in `FuseFilter.locate` exact: 2^32 * 2^20 < 2^53. */
const MAXIMUM_SEGMENTS = 1 << 20

/** A binary fuse filter; fuse-filter.ts says what the numbers mean. */
export interface FuseFilterJson {
  readonly keys: number
  readonly bits: number
  readonly seed: number
  readonly segmentLength: number
  readonly segments: number
  /** The entries, `bits` bits each, lowest bit first, as base64. */
  readonly table: string
}

/** One of the two sets: how many the text has, and from which count on they are kept. */
export interface FilterSetJson extends FuseFilterJson {
  readonly total: number
  readonly minimumCount: number
}

export interface SpellingFilterJson {
  readonly version: 1
  readonly unit: 'words' | 'grams'
  /** Characters of a gram. */
  readonly gramLength: number
  readonly words: FilterSetJson
  readonly grams: FilterSetJson
  /** `filterChecksum`; older files lack it. */
  readonly sum?: number
}

const damaged = (why: string): FileError =>
  new FileError('filter', `The spelling filter ${why}: build it again from the training text.`)

const isWhole = (value: unknown, low: number, high: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high

/** Entries of a filter's table. */
export const filterEntries = ({ keys, segments, segmentLength }: FuseFilterJson): number =>
  keys === 0 ? 0 : (segments + 2) * segmentLength

/** @throws FileError for a shape out of range, or a table of another length */
export function checkFuseFilter(value: unknown): FuseFilterJson {
  const json = (isRecord(value) ? value : {}) as unknown as FuseFilterJson
  const { keys, bits, seed, segmentLength, segments, table } = json
  if (
    !isWhole(keys, 0, MAXIMUM_ENTRIES) ||
    !isWhole(bits, 1, MAXIMUM_FILTER_BITS) ||
    !isWhole(seed, 0, MAXIMUM_TRIES) ||
    !isWhole(segmentLength, 1, MAXIMUM_SEGMENT) ||
    (segmentLength & (segmentLength - 1)) !== 0 ||
    !isWhole(segments, 1, MAXIMUM_SEGMENTS) ||
    !isWhole(filterEntries(json), 0, MAXIMUM_ENTRIES) ||
    typeof table !== 'string'
  ) {
    throw damaged('has a shape out of range')
  }
  const bytes = Math.ceil((filterEntries(json) * bits) / 8)
  const padding = [0, 2, 1][bytes % 3]
  const letters = 4 * Math.ceil(bytes / 3)
  const form = /^[A-Za-z0-9+/]*(={0,2})$/.exec(table)
  if (!form) throw damaged('has a table that is no base64')
  if (table.length !== letters || form[1].length !== padding) {
    throw damaged(
      `has a table of ${counted(table.length, 'letter')}; expected ${letters}, which hold ${counted(bytes, 'byte')}`,
    )
  }
  return json
}

function checkSet(value: unknown): FilterSetJson {
  const set = checkFuseFilter(value) as FilterSetJson
  const { total, minimumCount, keys } = set
  if (!isWhole(total, keys, Number.MAX_SAFE_INTEGER)) {
    throw damaged(`counts ${quote(total)} of which ${keys} are kept`)
  }
  if (!isWhole(minimumCount, 1, Number.MAX_SAFE_INTEGER)) {
    throw damaged(`keeps what occurs ${counted(quote(minimumCount), 'time')} or more`)
  }
  return set
}

/** CRC-32 of all that the filter says, in a fixed order and joined by commas. */
export function filterChecksum({ unit, gramLength, words, grams }: SpellingFilterJson): number {
  const said = [words, grams].flatMap(set => [
    ...[set.total, set.minimumCount, set.keys, set.bits, set.seed],
    ...[set.segmentLength, set.segments, set.table],
  ])
  return crc32(new TextEncoder().encode([unit, gramLength, ...said].join()))
}

/** @throws FileError code `filter` for anything that is no whole spelling filter */
export function checkSpellingFilter(value: unknown): SpellingFilterJson {
  const json = (isRecord(value) ? value : {}) as unknown as SpellingFilterJson
  const { version, unit, gramLength } = json
  if (version !== 1 || (unit !== 'words' && unit !== 'grams')) {
    throw damaged(
      `has version ${quote(version)} and unit ${quote(unit)}; expected version 1, words or grams`,
    )
  }
  if (!isWhole(gramLength, 1, 16)) {
    throw damaged(
      `has stretches of ${counted(quote(gramLength), 'character')}; expected a whole number from 1 to 16`,
    )
  }
  checkSet(json.words)
  checkSet(json.grams)
  if (json.sum !== undefined && json.sum !== filterChecksum(json)) {
    throw damaged('is not what was written (its checksum differs)')
  }
  return json
}
