/** Advice for bytes whose encoding is not recognised, and for text that is probably decoded wrongly. */
import type { Bilingual } from '../knob.js'
import {
  COMMON,
  confidenceOf,
  countOf,
  type EncodingGuess,
  likelyEncodings,
  mixesScripts,
  nonAsciiPart,
} from './detect-encoding.js'
import { isAssigned, UnrecognisedError } from './encoding.js'
import {
  type CorpusSource,
  joinFiles,
  type NamedBytes,
  type SourceFile,
  type SourceOptions,
} from './join-files.js'
import { encodersOf } from './misread-encodings.js'

/** Guesses that are shown. */
const SHOWN = 4
/** Guesses less likely than this share of the best are not. */
const LIKELY = 0.4
/** Characters of a decoded line that are shown. */
const LINE = 24

/** The first line in which something is not ASCII, cut short. */
export function nonAsciiLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map(line => line.trim())
  const line = lines.find(one => /\P{ASCII}/u.test(one)) ?? lines.find(one => one !== '') ?? ''
  const characters = Array.from(line.replaceAll(/\s+/g, ' '))
  const first = characters.findIndex(one => one > '\x7f')
  const from = Math.max(0, Math.min(first - 4, characters.length - LINE))
  const cut = characters.slice(from, from + LINE).join('')
  return `${from > 0 ? '…' : ''}${cut}${from + LINE < characters.length ? '…' : ''}`
}

function languageName(code: string | undefined, locale: 'en' | 'ja'): string | undefined {
  if (code === undefined) return undefined
  try {
    return new Intl.DisplayNames(locale, { type: 'language' }).of(code)
  } catch {
    return undefined
  }
}

function reads({ encoding, language, text }: EncodingGuess): Bilingual {
  const [en, ja] = (['en', 'ja'] as const).map(locale => languageName(language, locale))
  const line = nonAsciiLine(text)
  return {
    en: `${encoding}${en ? ` (${en})` : ''} reads "${line}"`,
    ja: `${encoding}${ja ? `（${ja}）` : ''}なら「${line}」`,
  }
}

/** A better error for bytes that were not recognised: likely encodings, each with a line read in it. */
export async function adviseEncoding(error: UnrecognisedError): Promise<UnrecognisedError> {
  const { file, sample } = error
  const all = await likelyEncodings(sample)
  const [best] = all
  if (best === undefined) {
    return new UnrecognisedError(file, sample, {
      advice: {
        en: 'its bytes are those of no text, so read them as bytes (tokenizer byte).',
        ja: 'どの文字コードのテキストとも考えにくいので、バイトのまま読んでください（トークナイザーbyte）。',
      },
    })
  }
  const guesses = all
    .filter(guess => guess.confidence >= best.confidence * LIKELY)
    .slice(0, SHOWN)
    .map(guess => ({ ...guess, said: reads(guess) }))
  return new UnrecognisedError(file, sample, {
    encodings: guesses.map(({ encoding }) => encoding),
    advice: {
      en: `name its encoding, the one that reads right: ${guesses.map(({ said }) => said.en).join('; ')}.`,
      ja: `正しく読める文字コードを指定してください。${guesses.map(({ said }) => said.ja).join('、')}。`,
    },
  })
}

/** Does the work, and makes a better error where an encoding was not recognised. */
export async function withEncodingAdvice<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof UnrecognisedError ? await adviseEncoding(error) : error
  }
}

/** Another encoding is asked about when it is this much likelier than the one that was used. */
const DOUBTFUL = 0.55

function question(name: string, encoding: string, text: string, guess: EncodingGuess): Bilingual {
  const said = reads(guess)
  const line = nonAsciiLine(text)
  return {
    en: `${name}, read as ${encoding}, says "${line}"; ${said.en}: is the encoding right?`,
    ja: `${name}を${encoding}として読むと「${line}」。${said.ja}。文字コードは正しいですか。`,
  }
}

/** Unassigned, for private use, or a control that no text has, each in how many characters. */
const STRANGE = /(?![\t\n\v\f\r\u0085])[\p{Cc}\p{Cn}\p{Co}]/gu
const STRANGE_ALLOWED = 0.01
/** U+FFFD: what somebody could not read before. */
const LOST_ALLOWED = 0.05

/** A sentence about symbols that no text has so many of. */
function strangeSymbols(name: string, text: string): Bilingual | undefined {
  const beyond = text.match(/\P{ASCII}/gu)?.length ?? 0
  const strange = text.match(STRANGE) ?? []
  const line = nonAsciiLine(text)
  const many = (count: number, share: number): boolean => count > 1 && count > beyond * share
  const lost = countOf(text, /\ufffd/g)
  if (many(strange.length, STRANGE_ALLOWED) || many(lost, LOST_ALLOWED) || mixesScripts(text)) {
    return {
      en: `${name} begins "${line}", with symbols that seldom stand together in one text: is the encoding right?`,
      ja: `${name}は「${line}」のように、一つの文章に並びにくい記号を含みます。文字コードは正しいですか。`,
    }
  }
  return undefined
}

/** UTF-8 that somebody read in another encoding, and wrote as UTF-8 again: `Ã©` for `é`. */
function readTwice(name: string, text: string): Bilingual | undefined {
  for (const { encoding, encode, needed } of encodersOf(text)) {
    let lines = 0
    let turned = 0
    let recovered = ''
    for (const line of text.split(/[\r\n]+/)) {
      if (!/\P{ASCII}/u.test(line)) continue
      lines++
      const bytes = encode(line)
      if (bytes === undefined) continue
      const back = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
      const broken = countOf(back, /\ufffd/g)
      // Some characters may have been lost on the way.
      if (broken > countOf(back, /\P{ASCII}/gu) * 0.2 || !isAssigned(back)) continue
      turned++
      recovered += `${back}\n`
    }
    const count = recovered.match(/\P{ASCII}/gu)?.length ?? 0
    if (turned === 0 || turned < lines * 0.5 || count < needed) continue
    const [line, meant] = [nonAsciiLine(text), nonAsciiLine(recovered)]
    return {
      en: `${name} says "${line}", which is "${meant}" in UTF-8 that was read as ${encoding} and saved again: is it the text that you mean?`,
      ja: `${name}の「${line}」は、UTF-8の「${meant}」を${encoding}として読んで保存し直したもののようです。意図した文章ですか。`,
    }
  }
  return undefined
}

/** Common syllables of Korean: some are in every passage. */
const COMMON_HANGUL = /[이다는을의에가고하지도로한사서나기어그리시아은들대자]/gu

/** Signs of a legacy encoding that was read as another: letters with marks everywhere, case turned round. */
function looksMisread(text: string): boolean {
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0
  const marked = text.match(/[\u00a1-\u024f]/gu)?.length ?? 0
  if (marked > 3 && marked > latin * 0.35) return true
  const words = text.match(/\p{L}{3,}/gu) ?? []
  const turned = words.filter(word => /^\p{Ll}\p{Lu}{2,}/u.test(word)).length
  if (turned > 1 && turned > words.length * 0.2) return true
  const capitals = countOf(text, /(?!\p{ASCII})\p{Lu}/gu)
  if (capitals > 20 && capitals > countOf(text, /(?!\p{ASCII})\p{L}/gu) * 0.6) return true
  const wide = text.match(/[\p{Script=Han}\p{Script=Hangul}\uff61-\uff9f]/gu)?.length ?? 0
  return wide > 7 && countOf(text, COMMON) + countOf(text, COMMON_HANGUL) < wide * 0.05
}

/** Characters beyond ASCII, and confidence, that such a guess needs: the text may well be right. */
const LEAST = 10
const SURE = 0.25

/** A text in UTF-8 whose bytes, in the encoding that it was read in, are more likely another's. */
async function misread(name: string, text: string): Promise<Bilingual | undefined> {
  if (countOf(text, /\P{ASCII}/gu) < LEAST || !looksMisread(text)) return undefined
  for (const { encoding, encode } of encodersOf(text)) {
    const bytes = encode(text)
    if (bytes === undefined) continue
    const { given, best } = await confidenceOf(bytes, text)
    if (best === undefined || best.text === text || best.confidence < SURE) continue
    if (given < best.confidence * DOUBTFUL) {
      const [line, said] = [nonAsciiLine(text), reads(best)]
      return {
        en: `${name} says "${line}"; ${said.en}, if it was read as ${encoding} and saved again: is it the text that you mean?`,
        ja: `${name}は「${line}」とあります。${encoding}として読んで保存し直したのなら、${said.ja}。意図した文章ですか。`,
      }
    }
  }
  return undefined
}

/**
 * A question about a text that is hardly the one that was meant, or undefined.
 * @param bytes of the file, from its start; some 64 KB are enough
 * @param encoding in which it was read
 */
export async function encodingDoubt(
  name: string,
  bytes: Uint8Array,
  encoding: string,
): Promise<Bilingual | undefined> {
  const wide = encoding.startsWith('utf-16')
  const sample = wide ? bytes.subarray(0, 16_384) : nonAsciiPart(bytes)
  const text = new TextDecoder(encoding).decode(sample)
  if (!/\P{ASCII}/u.test(text)) return undefined
  const broken = text.split('\ufffd').length - 1
  if (encoding === 'utf-8' && broken <= 1 + text.length * 0.05) {
    return readTwice(name, text) ?? strangeSymbols(name, text) ?? (await misread(name, text))
  }
  if (!wide && encoding !== 'utf-8') {
    try {
      const utf8 = new TextDecoder('utf-8', { fatal: true }).decode(sample)
      const guess = { encoding: 'utf-8', confidence: 1, text: utf8 }
      if (/^iso-2022/.test(encoding) === false) return question(name, encoding, text, guess)
    } catch {
      // No UTF-8: the name may be right.
    }
  }
  const { given, best } = await confidenceOf(sample, text)
  if (best !== undefined && best.text !== text && given < best.confidence * DOUBTFUL) {
    return question(name, encoding, text, best)
  }
  return strangeSymbols(name, text)
}

/** Files that are questioned at most: a folder may hold a hundred thousand. */
const QUESTIONED = 200

/** The same files, each with its doubt where there is one. @param bytesOf a file by its name */
export async function withEncodingDoubts(
  files: readonly SourceFile[],
  bytesOf: (name: string) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<readonly SourceFile[]> {
  const all: SourceFile[] = []
  for (const [i, file] of files.entries()) {
    const bytes =
      i < QUESTIONED && file.encoding !== 'bytes' && !file.bom
        ? await bytesOf(file.name)
        : undefined
    const doubt = bytes && (await encodingDoubt(file.name, bytes, file.encoding))
    all.push(doubt ? { ...file, doubt } : file)
  }
  return all
}

/**
 * As `joinFiles`, with what byte statistics know: a refusal names likely encodings, and a file that
 * reads as hardly the text that was meant has a `doubt`.
 * @throws FileError, InputError as `joinFiles`
 */
export async function joinFilesWithAdvice(
  files: readonly NamedBytes[],
  options: SourceOptions = {},
): Promise<CorpusSource> {
  const corpus = await withEncodingAdvice(() => joinFiles(files, options))
  const bytes = new Map(files.map(file => [file.name, file.bytes]))
  return { ...corpus, files: await withEncodingDoubts(corpus.files, name => bytes.get(name)) }
}
