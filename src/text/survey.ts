/**
 * Detects the encoding of a file too large for one string, and counts its code points, as a stream.
 * Its plain twin is `decodeText`, which reads the file whole; large-corpus.test.ts compares the two.
 */

import { guessJapanese } from './detect-japanese.js'
import {
  CONTROLS_ALLOWED,
  decodePieces,
  encodingByBom,
  encodingByZeros,
  isAssigned,
  isControl,
  isNearlyUtf8,
  JIS_KANJI,
  lineEndsBy,
  SAMPLE,
  UnrecognisedError,
} from './encoding.js'
import { encodingNamed } from './encoding-names.js'
import type { SourceFile, SourceOptions } from './join-files.js'
import { UnixLines, type Utf8Counter, wholeCharacters } from './utf8.js'

/** Bytes that can be read repeatedly, in chunks. */
export interface ByteSource {
  readonly name: string
  /** Size in bytes. */
  readonly size: number
  /** Found in a folder, not named by the user: skipped instead of refused when it is not text. */
  readonly found?: boolean
  /** All bytes from the start, in chunks of any size. A chunk is valid until the next is requested. */
  chunks(): AsyncIterable<Uint8Array>
}

/** The result of a survey: what is needed to read the file again. */
export interface Survey extends SourceFile {
  /** Valid UTF-8, so that its bytes need no decoder. */
  readonly strict: boolean
  /** Whether its text ends in CR or LF. */
  readonly endsLine: boolean
}

/** The encoding found in a file. `strict`: valid UTF-8, which needs no decoder. */
interface DetectedEncoding {
  readonly encoding: string
  readonly bom: boolean
  readonly strict: boolean
}

const MARK = 3

async function* withoutMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let skip = MARK
  for await (const chunk of chunks) {
    const head = Math.min(skip, chunk.length)
    skip -= head
    if (chunk.length > head) yield chunk.subarray(head)
  }
}

async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const text of texts) if (text !== '') yield encoder.encode(text)
}

/** The text of a file as UTF-8 in whole characters, line ends as they are. */
function utf8Of(
  source: ByteSource,
  { encoding, bom, strict }: DetectedEncoding,
): AsyncIterable<Uint8Array> {
  if (!strict) return encoded(decodePieces(source.chunks(), encoding))
  return wholeCharacters(bom ? withoutMark(source.chunks()) : source.chunks())
}

/** The text of a surveyed file as UTF-8, in pieces of whole characters. */
export async function* textPieces(
  source: ByteSource,
  survey: Survey,
  raw = false,
): AsyncGenerator<Uint8Array, void, undefined> {
  const lines = new UnixLines()
  for await (const piece of utf8Of(source, survey)) yield raw ? piece : lines.push(piece)
}

/** @param from skips bytes until one passes */
async function sample(source: ByteSource, from?: (byte: number) => boolean): Promise<Uint8Array> {
  const taken = new Uint8Array(Math.min(SAMPLE, source.size))
  let at = 0
  let started = from === undefined
  for await (const chunk of source.chunks()) {
    const start = started || from === undefined ? 0 : chunk.findIndex(from)
    if (start < 0) continue
    started = true
    const part = chunk.subarray(start, start + taken.length - at)
    taken.set(part, at)
    at += part.length
    if (at === taken.length) break
  }
  return taken.subarray(0, at)
}

/** The start of a file; where that is ASCII only, the part in which something else begins. */
export async function nonAsciiSample(source: ByteSource): Promise<Uint8Array> {
  const head = await sample(source)
  if (head.some(byte => byte > 0x7f)) return head
  const later = await sample(source, byte => byte > 0x7f)
  return later.length > 0 ? later : head
}

async function counted(pieces: AsyncIterable<Uint8Array>, counter: Utf8Counter): Promise<boolean> {
  counter.clear()
  for await (const piece of pieces) if (!counter.push(piece)) return false
  return true
}

/** `looksLikeText` of encoding.ts for counted code points. */
function looksLikeText(counter: Utf8Counter): boolean {
  let units = 0
  let controls = 0
  for (const [code, count] of counter.entries()) {
    units += code > 0xffff ? count * 2 : count
    if (isControl(code)) controls += count
  }
  return controls <= units * CONTROLS_ALLOWED
}

function unitsBeyondAscii(counter: Utf8Counter): number {
  let units = 0
  for (const [code, count] of counter.entries()) {
    if (code > 0x7f) units += code > 0xffff ? count * 2 : count
  }
  return units
}

/**
 * How often a sequence of bytes occurs.
 * @param even only where it begins at an even place
 */
async function countBytes(
  source: ByteSource,
  sequence: readonly number[],
  even = false,
): Promise<number> {
  const [first] = sequence
  const overlap = sequence.length - 1
  let count = 0
  let tail = new Uint8Array(0)
  let start = 0 // place in the file of the first byte looked at
  for await (const chunk of source.chunks()) {
    const bytes = new Uint8Array(tail.length + chunk.length)
    bytes.set(tail)
    bytes.set(chunk, tail.length)
    for (let i = bytes.indexOf(first); i >= 0; i = bytes.indexOf(first, i + 1)) {
      if (even && (start + i) % 2 === 1) continue
      if (sequence.every((byte, k) => bytes[i + k] === byte)) count++
    }
    tail = bytes.slice(Math.max(0, bytes.length - overlap))
    start += bytes.length - tail.length
  }
  return count
}

/** The number of U+FFFD in the text that the file did not contain. */
async function countReplaced(
  source: ByteSource,
  encoding: string,
  counter: Utf8Counter,
): Promise<number> {
  const all = counter.of(0xfffd)
  if (all === 0) return 0
  if (encoding === 'utf-8') return all - (await countBytes(source, [0xef, 0xbf, 0xbd]))
  if (encoding === 'utf-16le') return all - (await countBytes(source, [0xfd, 0xff], true))
  if (encoding === 'utf-16be') return all - (await countBytes(source, [0xff, 0xfd], true))
  return all
}

/** Whether every byte fits the encoding and the text is one. */
async function isText(
  source: ByteSource,
  encoding: string,
  counter: Utf8Counter,
): Promise<boolean> {
  try {
    let head = ''
    const watched = async function* (): AsyncGenerator<string> {
      for await (const text of decodePieces(source.chunks(), encoding, true)) {
        if (head.length < SAMPLE) head += text.slice(0, SAMPLE - head.length)
        yield text
      }
    }
    return (
      (await counted(encoded(watched()), counter)) &&
      counter.size > 0 &&
      looksLikeText(counter) &&
      isAssigned(head)
    )
  } catch (error) {
    if (error instanceof TypeError) return false // what a strict TextDecoder throws
    throw error
  }
}

/** Detects the encoding of a file without a byte order mark. The counter then has its text. */
async function recognise(source: ByteSource, counter: Utf8Counter): Promise<DetectedEncoding> {
  const wide = encodingByZeros(await sample(source))
  if (wide !== undefined && (await isText(source, wide, counter))) {
    return { encoding: wide, bom: false, strict: false }
  }
  const utf8: DetectedEncoding = { encoding: 'utf-8', bom: false, strict: true }
  if ((await counted(utf8Of(source, utf8), counter)) && looksLikeText(counter)) {
    if (counter.of(0x1b) > 0) {
      for (const sequence of JIS_KANJI) {
        const bytes = Array.from(sequence, char => char.charCodeAt(0))
        if ((await countBytes(source, bytes)) === 0) continue
        return reading(source, { encoding: 'iso-2022-jp', bom: false, strict: false }, counter)
      }
    }
    return utf8
  }
  const nearly = await reading(source, { ...utf8, strict: false }, counter)
  const broken = await countReplaced(source, 'utf-8', counter)
  if (isNearlyUtf8(unitsBeyondAscii(counter), broken) && looksLikeText(counter)) return nearly
  const encoding = guessJapanese(await sample(source, byte => byte > 0x7f))
  if (encoding !== undefined) {
    const japanese = await reading(source, { encoding, bom: false, strict: false }, counter)
    if (looksLikeText(counter)) return japanese
  }
  throw new UnrecognisedError(source.name, await nonAsciiSample(source))
}

async function reading(
  source: ByteSource,
  how: DetectedEncoding,
  counter: Utf8Counter,
): Promise<DetectedEncoding> {
  await counted(utf8Of(source, how), counter)
  return how
}

/** Counts a file whose encoding is known by its byte order mark or was given. */
async function known(
  source: ByteSource,
  encoding: string,
  bom: boolean,
  counter: Utf8Counter,
): Promise<DetectedEncoding> {
  if (encoding === 'utf-8') {
    const strict: DetectedEncoding = { encoding, bom, strict: true }
    if (await counted(utf8Of(source, strict), counter)) return strict
  }
  return reading(source, { encoding, bom, strict: false }, counter)
}

/**
 * Recognises a file and counts the code points of its text.
 * @param counter is cleared, and holds the text's counts afterwards, line ends turned unless `raw`
 * @throws FileError, InputError as `decodeText`
 */
export async function surveyText(
  source: ByteSource,
  counter: Utf8Counter,
  options: SourceOptions = {},
): Promise<Survey> {
  const { name, size } = source
  const named = options.encoding === undefined ? undefined : encodingNamed(options.encoding)
  const head = await sample(source)
  const mark = encodingByBom(head, name)
  const encoding = mark ?? named
  const how =
    encoding === undefined
      ? await recognise(source, counter)
      : await known(source, encoding, mark !== undefined, counter)
  const { crlf, last } = counter
  const cr = counter.of(0x0d) - crlf
  const lf = counter.of(0x0a) - crlf
  const replaced = how.strict ? 0 : await countReplaced(source, how.encoding, counter)
  if (!options.raw && crlf + cr > 0) {
    counter.add(0x0a, cr)
    counter.add(0x0d, -crlf - cr)
  }
  return {
    ...how,
    name,
    bytes: size,
    lineEnds: lineEndsBy(crlf, cr, lf),
    replaced,
    endsLine: last === 0x0a || last === 0x0d,
  }
}
