/**
 * Normalises text that users give (a prompt, a stop string, a symbol of a sampler) to the form that
 * the model knows. All interfaces use the same rule:
 *
 * 1. Line ends are those of the corpus: CRLF and CR become LF unless the model knows CR, as one that
 *    was trained with `raw` does.
 * 2. A letter that the vocabulary lacks is replaced by a canonically equivalent form that it has: NFC,
 *    then NFD, then partly composed forms.
 * 3. Everything else is unchanged. A byte model knows every byte, so its input never changes.
 *
 * The rule does not apply to a corpus, because the corpus defines the vocabulary.
 */
import { InputError, quote, shorten } from '../errors.js'
import { describeSymbol } from './printable.js'

import { splitGraphemes } from './segment.js'
import {
  type Encoded,
  type Tokenizer,
  UNKNOWN_POLICIES,
  type UnknownPolicy,
  type UnknownSymbol,
} from './tokenizer.js'
import { UnknownSymbolsError } from './unknown-symbols.js'

/** A text in the form that the model knows. */
export interface InputText {
  readonly text: string
  /** Position of each symbol of `text` in the given text, in symbols; undefined: the same positions. */
  readonly places?: readonly number[]
}

const vocabularies = new WeakMap<Tokenizer, ReadonlySet<string>>()

function symbolsOf(tokenizer: Tokenizer): ReadonlySet<string> {
  let symbols = vocabularies.get(tokenizer)
  if (symbols === undefined) {
    symbols = new Set(Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id)))
    vocabularies.set(tokenizer, symbols)
  }
  return symbols
}

function split(text: string, kind: Tokenizer['kind']): string[] {
  return kind === 'character' ? Array.from(text) : splitGraphemes(text)
}

/**
 * Stretches that no canonical form crosses: a line end, a Hangul syllable written in parts, a
 * character with the marks that follow it.
 */
const SEGMENT =
  /\r\n?|(?:[\u1100-\u115f]+[\u1160-\u11a7]*[\u11a8-\u11ff]*|[\uac00-\ud7a3][\u11a8-\u11ff]*|\P{M})\p{M}*|\p{M}+/gu

/** Marks of one letter that are tried in every half-composed form. */
const MOST_MARKS = 8

/** Code points of a letter with its marks at most for that to be tried: no language has more. */
const LONGEST_LETTER = 100

/** The canonically equivalent forms of a segment, in the order in which they are tried. */
function* equivalents(segment: string): Generator<string> {
  yield segment.normalize('NFC')
  const apart = Array.from(segment.normalize('NFD'))
  yield apart.join('')
  if (apart.length > LONGEST_LETTER) return
  for (let composed = Math.min(apart.length, MOST_MARKS) - 1; composed > 1; composed--) {
    yield apart.slice(0, composed).join('').normalize('NFC') + apart.slice(composed).join('')
  }
}

function knownForm(segment: string, known: (text: string) => boolean): string {
  if (known(segment)) return segment
  for (const form of equivalents(segment)) if (known(form)) return form
  return segment
}

/** Normalises a text by the rule above. */
export function normalizeInput(text: string, tokenizer: Tokenizer): InputText {
  const { kind } = tokenizer
  if (kind === 'byte') return { text }
  // A word is no letter: its forms are not looked for.
  if (kind === 'word') return { text: text.replaceAll(/\r\n?/g, '\n') }
  const symbols = symbolsOf(tokenizer)
  const known = (part: string): boolean => split(part, kind).every(one => symbols.has(one))
  const keepsCr = symbols.has('\r') || symbols.has('\r\n')
  if (!text.includes('\r') && known(text)) return { text }
  const forms = new Map<string, string>() // a text has few different letters
  const formOf = (segment: string): string => {
    let form = forms.get(segment)
    if (form === undefined) {
      form = segment.startsWith('\r') && !keepsCr ? '\n' : knownForm(segment, known)
      forms.set(segment, form)
    }
    return form
  }
  const places: number[] = []
  let moved = false
  let place = 0
  let read = ''
  for (const [segment] of text.matchAll(SEGMENT)) {
    const form = formOf(segment)
    const size = split(segment, kind).length
    const formSize = form === segment ? size : split(form, kind).length
    for (let i = 0; i < formSize; i++) places.push(place + Math.min(i, size - 1))
    moved ||= formSize !== size
    place += size
    read += form
  }
  if (read === text) return { text }
  return moved ? { text: read, places } : { text: read }
}

function atGivenPlaces(
  unknown: readonly UnknownSymbol[],
  places: readonly number[] | undefined,
): readonly UnknownSymbol[] {
  if (places === undefined) return unknown
  return unknown.map(one => ({ ...one, position: places[one.position] ?? one.position }))
}

/**
 * The ids of a text given by a user.
 * @returns positions of unknown symbols are those of the given text
 * @throws InputError under `error`, listing what the model does not know
 */
export function encodeInput(
  text: string,
  tokenizer: Tokenizer,
  unknown: UnknownPolicy = 'error',
): Encoded {
  if (!UNKNOWN_POLICIES.includes(unknown)) {
    throw new InputError(
      'unknown',
      `What to do with unknown symbols is ${quote(unknown)}; expected ${UNKNOWN_POLICIES.join(', ')}.`,
    )
  }
  const incoming = normalizeInput(text, tokenizer)
  try {
    const encoded = tokenizer.encode(incoming.text, unknown)
    return { ids: encoded.ids, unknown: atGivenPlaces(encoded.unknown, incoming.places) }
  } catch (error) {
    if (!(error instanceof UnknownSymbolsError) || incoming.places === undefined) throw error
    throw new UnknownSymbolsError(atGivenPlaces(error.unknown, incoming.places), tokenizer.size)
  }
}

/** The vocabulary's symbol for a text given by a user, or undefined. */
export function knownSymbol(text: string, tokenizer: Tokenizer): string | undefined {
  const symbols = symbolsOf(tokenizer)
  if (symbols.has(text)) return text
  const { text: read } = normalizeInput(text, tokenizer)
  return symbols.has(read) ? read : undefined
}

/** How much of a stop string an error repeats, in characters. */
const SHOWN = 40

/** Whether a text can stand somewhere in a row of graphemes, of which the first and last may be cut. */
function isInsideGraphemes(text: string, symbols: ReadonlySet<string>): boolean {
  const ends = new Uint8Array(text.length + 1) // places where a symbol may have ended
  ends[0] = 1
  const byFirst = new Map<number, string[]>()
  for (const symbol of symbols) {
    if (symbol.includes(text)) return true
    for (let cut = 1; cut < symbol.length; cut++) {
      if (text.startsWith(symbol.slice(cut))) ends[symbol.length - cut] = 1
    }
    const first = symbol.charCodeAt(0)
    const others = byFirst.get(first)
    if (others === undefined) byFirst.set(first, [symbol])
    else others.push(symbol)
  }
  for (let at = 0; at < text.length; at++) {
    if (ends[at] === 0) continue
    for (const symbol of byFirst.get(text.charCodeAt(at)) ?? []) {
      if (text.startsWith(symbol, at)) ends[at + symbol.length] = 1
      else if (symbol.length > text.length - at && symbol.startsWith(text.slice(at))) return true
    }
  }
  return ends[text.length] === 1
}

/** Whether the model can write a stop string, once it is read by the rule. */
function isWritable(stop: string, tokenizer: Tokenizer): boolean {
  if (tokenizer.kind === 'byte') return true
  if (tokenizer.kind === 'word') return tokenizer.encode(stop, 'skip').unknown.length === 0
  const symbols = symbolsOf(tokenizer)
  if (split(stop, tokenizer.kind).every(symbol => symbols.has(symbol))) return true
  return tokenizer.kind === 'grapheme' && isInsideGraphemes(stop, symbols)
}

/** The stop strings of a run that was kept, without those that no text of the model can hold. */
export function writableStops(stops: readonly string[], tokenizer: Tokenizer): readonly string[] {
  return stops.filter(stop => stop === '' || isWritable(stop, tokenizer))
}

/**
 * Normalises the stop strings of a user.
 * @throws InputError for an empty one, and for one that could never be met because the model can't
 *   write a symbol of it
 */
export function readStops(stops: readonly string[], tokenizer: Tokenizer): readonly string[] {
  return stops.map(given => {
    if (typeof given !== 'string' || given === '') {
      throw new InputError(
        'stop',
        `A stop string is ${quote(given)}; expected text of at least one character.`,
      )
    }
    const { text } = normalizeInput(given, tokenizer)
    if (isWritable(text, tokenizer)) return text
    const symbols = symbolsOf(tokenizer)
    const lacking = split(text, tokenizer.kind).find(symbol => !symbols.has(symbol)) ?? text
    const shown = quote(shorten(given, SHOWN))
    throw new InputError(
      'stop',
      `The stop string ${shown} could never be met, because the model can't write ` +
        `${describeSymbol(lacking)}; expected symbols that the model knows, so change it or leave it out.`,
    )
  })
}

/**
 * A text without its one final line end (LF, CRLF or CR), which is the file's and not the text's.
 * For texts that are measured, scored or gone on from. A corpus keeps it: that a last line ends is
 * something to learn.
 */
export function withoutFinalLineEnd(text: string): string {
  return text.replace(/(?:\r\n|\n|\r)$/, '')
}

/** Does for bytes what `withoutFinalLineEnd` does for text. */
export function bytesWithoutFinalLineEnd(bytes: Uint8Array): Uint8Array {
  const last = bytes.at(-1)
  if (last !== 0x0a && last !== 0x0d) return bytes
  const two = last === 0x0a && bytes.at(-2) === 0x0d
  return bytes.subarray(0, bytes.length - (two ? 2 : 1))
}

/**
 * `\n`, `\t` and `\\` as a line end, a tab and a backslash: how text on a command line says what a
 * shell makes hard to write. Another backslash stands for itself.
 */
export function readEscapes(text: string): string {
  return text.replaceAll(/\\([nt\\])/g, (_, c: string) =>
    c === 'n' ? '\n' : c === 't' ? '\t' : '\\',
  )
}
