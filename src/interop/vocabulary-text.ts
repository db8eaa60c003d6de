/**
 * Symbols in a text: all in the order of their ids, one a line, or a corpus whose different characters
 * are sorted by code point, which is what `sorted(set(text))` of most training programs gives, or in
 * another order that the format names.
 */
import { counted, InputError, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { buildTokenizer, type DecodedText, decodeText, type TokenizerKind } from '../text/index.js'
import type { CorpusOrder } from './source.js'
import type { NamedSymbols } from './vocabulary-values.js'

/** A text with repeats and fewer characters than this times V is a list with a slip, not a corpus. */
const LEAST_CORPUS = 1.25
/** Below this many symbols the text of an example such as "hello world" may be short. */
const SMALL = 20

const IN_ORDER: Bilingual = { en: 'the symbols in the order of their ids', ja: 'ID順の記号' }
const ONE_A_LINE: Bilingual = {
  en: 'one symbol a line in the order of the ids',
  ja: 'ID順に1行1記号',
}

const withoutFinalLineEnd = (symbols: readonly string[]): readonly string[] =>
  symbols.at(-1) === '\n' ? symbols.slice(0, -1) : symbols

const areDifferent = (symbols: readonly string[]): boolean =>
  new Set(symbols).size === symbols.length

/** All characters once, in order; a final line end may belong to the file instead. */
function inOrder(characters: readonly string[], V: number): readonly string[] | undefined {
  const forms = [characters, withoutFinalLineEnd(characters)]
  return forms.find(symbols => symbols.length === V && areDifferent(symbols))
}

/** One character a line. The line of the line end itself looks like two empty lines. */
function onePerLine(characters: readonly string[]): readonly string[] | undefined {
  const symbols = characters.filter((_, i) => i % 2 === 0)
  const separators = characters.filter((_, i) => i % 2 === 1)
  const good = separators.every(end => end === '\n') && symbols.length > 1 && areDifferent(symbols)
  return good ? symbols : undefined
}

/** One way in which a training program may have read the text. */
interface Reading {
  readonly text: string
  readonly how: Bilingual
}

/** The readings of a corpus from the most usual to the rarest. */
function readingsOf(decoded: Text, raw: Text): Reading[] {
  const plain: Reading[] = [{ text: decoded.text, how: { en: '', ja: '' } }]
  if (raw.text !== decoded.text) {
    const how = { en: ', with the line ends of the file', ja: '（改行コードはファイルのまま）' }
    plain.push({ text: raw.text, how })
  }
  if (decoded.bom) {
    plain.push(
      ...plain.map(({ text, how }) => ({
        text: `\ufeff${text}`,
        how: {
          en: `${how.en}, with the byte order mark`,
          ja: `${how.ja}（バイト順マークを含む）`,
        },
      })),
    )
  }
  const lower = plain.map(({ text, how }) => ({
    text: text.toLowerCase(),
    how: { en: `${how.en}, in lower case`, ja: `${how.ja}（小文字にして）` },
  }))
  return [...plain, ...lower]
}

/** Characters that occur twice. */
function repeatedIn(characters: readonly string[]): string[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const symbol of characters) (seen.has(symbol) ? twice : seen).add(symbol)
  return [...twice]
}

const refuse = (name: string, en: string, ja: string): InputError =>
  new InputError('vocabulary', `The vocabulary ${name} ${en}`, {
    way: 'vocabulary',
    ja: `語彙 ${name} ${ja}`,
  })

const ORDERS: Readonly<Record<CorpusOrder, Bilingual>> = {
  'code point': { en: 'sorted by code point', ja: '符号位置の順に並べたもの' },
  appearance: {
    en: 'in the order in which they appear, as this program gives ids',
    ja: '現れた順に並べたもの（このプログラムのIDの付け方）',
  },
  frequency: {
    en: 'the most frequent first, as this program gives ids',
    ja: '多い順に並べたもの（このプログラムのIDの付け方）',
  },
}

/** The different characters of a text in an order. @param sorted the same by code point */
function ordered(text: string, sorted: readonly string[], order: CorpusOrder): readonly string[] {
  if (order === 'code point') return sorted
  // A map keeps the order in which its keys came, and sorting keeps it among equals.
  const counts = new Map<string, number>()
  for (const symbol of text) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  if (order === 'appearance') return [...counts.keys()]
  return [...counts].sort(([, a], [, b]) => b - a).map(([symbol]) => symbol)
}

/** The list that a short text is; undefined when it must be a corpus. */
function listIn(texts: readonly string[], V: number): NamedSymbols | undefined {
  for (const text of texts) {
    const characters = [...text]
    const symbols = inOrder(characters, V)
    if (symbols) return { symbols, form: IN_ORDER }
    const lines = onePerLine(characters)
    if (lines?.length === V) return { symbols: lines, form: ONE_A_LINE }
  }
  return undefined
}

/**
 * Refuses a short text that is a list with a slip, and no corpus.
 * @param texts with the line ends of the platform, and with those of the file
 */
function checkList(texts: readonly string[], name: string, V: number): void {
  const forms = texts.map(text => withoutFinalLineEnd([...text]))
  const characters = forms.find(areDifferent) ?? forms[0] ?? []
  const repeated = repeatedIn(characters)
  if (repeated.length === 0) {
    throw refuse(
      name,
      `lists ${counted(characters.length, 'symbol')} in order, but the model predicts ${V}`,
      `には${characters.length}個の記号が並んでいますが、モデルの記号は${V}個です`,
    )
  }
  if (V >= SMALL && characters.length < LEAST_CORPUS * V) {
    const shown = quote(repeated.slice(0, 8).join(''))
    throw refuse(
      name,
      `lists ${counted(characters.length, 'symbol')} for the ${V} of the model, and repeats ${shown}; expected each once`,
      `には${characters.length}個の記号が並び（モデルの記号は${V}個）、${shown} が重複しています`,
    )
  }
}

/** Not TextDecoder('latin1'), which is windows-1252. */
function characterOfEachByte(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  }
  return text
}

type Text = Pick<DecodedText, 'text' | 'bom'>

const withUnixLines = (text: string): string => text.replaceAll(/\r\n?/g, '\n')

/** The text with line feeds alone, as most programs read it, and with the line ends of the file. */
function textsOf(
  content: string | Uint8Array,
  name: string,
  kind: TokenizerKind,
): { readonly decoded: Text; readonly raw: Text } {
  const both = (text: string): { readonly decoded: Text; readonly raw: Text } => ({
    decoded: { text: withUnixLines(text), bom: false },
    raw: { text, bom: false },
  })
  if (typeof content === 'string') return both(content)
  if (kind === 'byte') {
    const raw = { text: characterOfEachByte(content), bom: false }
    return { decoded: raw, raw }
  }
  try {
    const decoded = decodeText(content, { name })
    return { decoded, raw: decodeText(content, { name, raw: true, encoding: decoded.encoding }) }
  } catch (error) {
    // A list of symbols may have so many controls that it does not look like text.
    try {
      return both(new TextDecoder('utf-8', { fatal: true }).decode(content))
    } catch {
      throw error
    }
  }
}

/**
 * The symbols that a text names.
 * @param name quoted, for the sentence of a refusal
 * @param V symbols that the network predicts; it decides which form the text has
 * @param kind `byte`: the symbols of a corpus are its bytes, each as the character of its number
 * @param order of the different characters of a corpus
 * @throws InputError for a text of another number of symbols, with both numbers
 * @throws FileError for bytes that are no text
 */
export function symbolsInText(
  content: string | Uint8Array,
  name: string,
  V: number,
  kind: TokenizerKind,
  order: CorpusOrder = 'code point',
): NamedSymbols {
  const { decoded, raw } = textsOf(content, name, kind)
  if (decoded.text === '') throw refuse(name, 'is empty', 'は空です')
  // A list is short; a longer text need not be taken apart.
  if (decoded.text.length <= 4 * V) {
    const list = listIn([raw.text, decoded.text], V)
    if (list) return list
    checkList([decoded.text, raw.text], name, V)
  }
  const sizes: number[] = []
  for (const { text, how } of readingsOf(decoded, raw)) {
    const { tokenizer, report } = buildTokenizer('character', text)
    sizes.push(tokenizer.size)
    if (tokenizer.size !== V) continue
    const { total } = report
    return {
      symbols: ordered(text, tokenizer.toJSON().symbols ?? [], order),
      form: {
        en: `the different characters of a text of ${counted(total.toLocaleString('en'), 'character')}, ${ORDERS[order].en}${how.en}`,
        ja: `${total.toLocaleString('ja')}文字のテキストに現れる文字を${ORDERS[order].ja}${how.ja}`,
      },
    }
  }
  const [size = 0] = sizes
  throw refuse(
    name,
    `is a text with ${counted(size, 'different character')}, but the model predicts ${V}`,
    `のテキストに現れる文字は${size}種類ですが、モデルの記号は${V}個です`,
  )
}
