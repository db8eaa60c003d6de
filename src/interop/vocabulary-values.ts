/**
 * Symbols in structured values, as people save them from Python and JavaScript: a list, a map in either
 * direction, or an object that holds one of these in a field of a common name.
 */
import { isRecord, parseJson } from '../file/json.js'
import type { Bilingual } from '../knob.js'
import { PyObject } from './pickle-values.js'
import type { Vocabulary } from './source.js'

/** Symbols that a file names. */
export interface NamedSymbols extends Vocabulary {
  /** The form in words: `a list in the order of the ids`. */
  readonly form: Bilingual
  /** How deep in the value it was found; 0 for the value itself. */
  readonly depth?: number
}

/** Fields that hold a vocabulary, in many programs; id to symbol first, since it has no doubles. */
export const VOCABULARY_FIELD =
  /^(itos|idx2char|idx_?to_?char|ix_?to_?char|int_?2_?char|int_?to_?char|indices_char|index_?word|id2char|idx2token|idx_?to_?token|index_?to_?(char|letter)|i2c|stoi|char2idx|char_?to_?idx|char_?to_?ix|char_?2_?int|char_?to_?int|char2id|token2idx|token_?to_?idx|(char|letter)_?to_?index|char_indices|word_?index|c2i|chars|vocab|vocabulary|tokens|letters|alphabet|characters|all_characters|all_chars|all_letters|symbols|charset)$/i

/** Depth to which an object is searched for such a field. */
const DEEPEST = 4
/** Code points, and so the most symbols. */
const MOST_IDS = 0x110000

const LIST: Bilingual = {
  en: 'a list in the order of the ids',
  ja: 'ID順のリスト',
}
const STRING: Bilingual = { en: 'a string in the order of the ids', ja: 'ID順の文字列' }
const TO_IDS: Bilingual = { en: 'a map from symbols to ids', ja: '記号からIDへの対応表' }
const TO_SYMBOLS: Bilingual = { en: 'a map from ids to symbols', ja: 'IDから記号への対応表' }

const FROM_ONE: Bilingual = { en: ' that count from 1', ja: '（IDは1から）' }
const ZERO_UNUSED: Bilingual = {
  en: ' that count from 1, so that id 0 stands for no symbol',
  ja: '（IDは1から。ID 0に当たる記号はありません）',
}

const join = (a: Bilingual, b: Bilingual): Bilingual => ({ en: a.en + b.en, ja: a.ja + b.ja })

/** A symbol as text: a string, or Python's bytes of one byte. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array && value.length === 1
    ? String.fromCharCode(value[0] as number)
    : undefined
}

/** A whole number from 0, also as digits: the keys of JSON are strings. */
function idOf(value: unknown): number | undefined {
  const id = typeof value === 'string' && /^\d{1,7}$/.test(value) ? Number(value) : value
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) < MOST_IDS
    ? (id as number)
    : undefined
}

/** @param V decides what ids from 1 mean: 1 to V count from 1, 1 to V - 1 leave id 0 without a symbol */
function ofPairs(
  pairs: readonly (readonly [id: number, symbol: string])[],
  form: Bilingual,
  V: number,
): NamedSymbols | undefined {
  const ids = pairs.map(([id]) => id)
  const last = ids.reduce((a, b) => Math.max(a, b), 0)
  // An id given twice leaves another one missing, which the caller names.
  const fromOne = !ids.includes(0) && last === pairs.length && new Set(ids).size === pairs.length
  const first = fromOne && last === V ? 1 : 0
  const symbols: (string | undefined)[] = new Array(last + 1 - first).fill(undefined)
  for (const [id, symbol] of pairs) symbols[id - first] = symbol
  if (!fromOne) return { symbols, form }
  return first === 1
    ? { symbols, form: join(form, FROM_ONE) }
    : { symbols, unused: new Set([0]), form: join(form, ZERO_UNUSED) }
}

function ofMap(entries: readonly (readonly [unknown, unknown])[], V: number) {
  if (entries.length === 0) return undefined
  const toIds = entries.map(([key, value]) => [idOf(value), textOf(key)] as const)
  const toSymbols = entries.map(([key, value]) => [idOf(key), textOf(value)] as const)
  const isWhole = (
    pairs: readonly (readonly [number | undefined, string | undefined])[],
  ): pairs is readonly (readonly [number, string])[] =>
    pairs.every(([id, symbol]) => id !== undefined && symbol !== undefined)
  // Numbers are ids. Where both sides are strings of digits, the keys are.
  const numbers = entries.every(([, value]) => typeof value === 'number')
  if (!numbers && isWhole(toSymbols)) return ofPairs(toSymbols, TO_SYMBOLS, V)
  return isWhole(toIds) ? ofPairs(toIds, TO_IDS, V) : undefined
}

function ofList(list: readonly unknown[]): NamedSymbols | undefined {
  if (list.length === 0 || list.length > MOST_IDS) return undefined
  if (list.every(item => typeof item === 'number')) {
    const fit = list.every(code => idOf(code) !== undefined && !(code >= 0xd800 && code < 0xe000))
    return fit
      ? {
          symbols: list.map(code => String.fromCodePoint(code)),
          form: {
            en: 'a list of code points in the order of the ids',
            ja: 'ID順の符号位置のリスト',
          },
        }
      : undefined
  }
  const symbols = list.map(item => (item === null ? undefined : textOf(item)))
  const good = list.every((item, i) => item === null || symbols[i] !== undefined)
  return good ? { symbols, form: LIST } : undefined
}

/** The fields of an object, whatever it came from. */
function entriesOf(value: unknown): [unknown, unknown][] {
  if (value instanceof PyObject) {
    const state = Array.isArray(value.state) ? value.state[0] : value.state
    return [...value.entries, ...(state instanceof Map ? state : [])]
  }
  if (value instanceof Map) return [...value]
  return isRecord(value) ? Object.entries(value) : []
}

/** A field may hold a vocabulary as JSON in a string, as Keras' Tokenizer does. */
function unpacked(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return parseJson(value, 'The field').value
  } catch {
    return value
  }
}

interface Candidate extends NamedSymbols {
  /** It stands by itself or in a field of a common name, so that it was meant as a vocabulary. */
  readonly isMeant: boolean
}

/** Everything in the value that may be a vocabulary, the likeliest first. */
function* candidates(
  value: unknown,
  V: number,
  depth: number,
  isMeant: boolean,
): Generator<Candidate> {
  if (depth > DEEPEST) return
  const mark = (found: NamedSymbols): Candidate => ({ ...found, depth, isMeant })
  if (typeof value === 'string') {
    if (value !== '') yield mark({ symbols: [...value], form: STRING })
    return
  }
  if (Array.isArray(value)) {
    // Numbers are code points only where a vocabulary is meant; elsewhere they are losses.
    const list = isMeant || typeof value[0] !== 'number' ? ofList(value) : undefined
    if (list) yield mark(list)
    // chars_vocab.pkl of char-rnn-tensorflow: a tuple of the list and the map.
    else for (const item of value.slice(0, 16)) yield* within(item, V, depth)
    return
  }
  const entries = entriesOf(value)
  const map = ofMap(entries, V)
  if (map) yield mark(map)
  else {
    const named = entries.filter(([key]) => VOCABULARY_FIELD.test(String(key)))
    for (const [, field] of named) yield* candidates(unpacked(field), V, depth + 1, true)
    for (const [, field] of entries) yield* within(field, V, depth)
  }
}

/** Candidates inside a container; a bare string there is a title or the like. */
function* within(value: unknown, V: number, depth: number): Generator<Candidate> {
  if (typeof value === 'object' && value !== null) yield* candidates(value, V, depth + 1, false)
}

/**
 * The symbols that a value names: the first that are V, else the first that are meant as symbols.
 * @returns undefined when nothing in it looks like a vocabulary
 */
export function symbolsInValue(value: unknown, V: number): NamedSymbols | undefined {
  let first: NamedSymbols | undefined
  for (const found of candidates(value, V, 0, true)) {
    if (found.symbols.length === V) return found
    if (found.isMeant) first ??= found
  }
  return first
}
