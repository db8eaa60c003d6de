/**
 * The symbols of a foreign model: from its files, from a file beside them, or from the user; as
 * characters, graphemes or bytes. Ids that stand for no symbol are left out.
 */
import { counted, FileError, InputError, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import type { ModelConfig, Weights } from '../model/config.js'
import { type Tokenizer, type TokenizerKind, tokenizerFrom } from '../text/index.js'
import type { Imported, SourceFile, Vocabulary } from './source.js'
import { withIds } from './symbol-ids.js'
import { vocabularyFile } from './vocabulary-file.js'
import type { NamedSymbols } from './vocabulary-values.js'

export interface SymbolOptions {
  /** What the user gave, as read. */
  readonly given?: NamedSymbols
  /** The format has changed the given symbols: its own stand. */
  readonly isTaken?: boolean
  readonly tokenizer?: TokenizerKind
}

export interface WithSymbols {
  readonly config: ModelConfig
  readonly weights: Weights
  readonly tokenizer: Tokenizer
  readonly notes: readonly Bilingual[]
}

const BYTES = 256
/** Names of padding, unknown symbols, begin and end: `<pad>`, `[UNK]`, `<|endoftext|>`. */
const SPECIAL = /^(<\|?[\w/ -]+\|?>|\[[A-Z]+\]|PAD|UNK|SOS|EOS|BOS|GO)$/

/** The ids that stand for no symbol: marked so, named so, or the mask that Keras puts before `[UNK]`. */
function unusedIds({ symbols, unused }: Vocabulary): Set<number> {
  const ids = new Set(unused)
  for (const [id, symbol] of symbols.entries()) {
    if (symbol !== undefined && SPECIAL.test(symbol)) ids.add(id)
  }
  if (symbols[0] === '' && symbols[1] === '[UNK]') ids.add(0)
  return new Set([...ids].sort((a, b) => a - b))
}

/** A list of what is wrong with symbols, at most four of them. */
function listed(wrong: readonly (readonly [id: number, symbol: string | undefined])[]): string {
  const shown = wrong
    .slice(0, 4)
    .map(([id, symbol]) => `${id} is ${symbol === undefined ? 'missing' : quote(symbol)}`)
  return wrong.length > 4 ? `${shown.join(', ')} and ${wrong.length - 4} more` : shown.join(', ')
}

/** @throws FileError for symbols that are missing, repeat, or are not single characters */
function checkSymbols(
  symbols: readonly (readonly [id: number, symbol: string | undefined])[],
  kind: TokenizerKind,
): void {
  const seen = new Set<string>()
  const wrong = symbols.filter(([, symbol]) => {
    if (symbol === undefined || symbol === '' || seen.has(symbol)) return true
    seen.add(symbol)
    return kind === 'character' && [...symbol].length !== 1
  })
  if (wrong.length === 0) return
  throw new FileError(
    'vocabulary',
    `The vocabulary is damaged: ${listed(wrong)}; expected ${symbols.length} different ${kind}s`,
    {
      way: 'vocabulary',
      ja: `語彙が壊れています（${listed(wrong)}）。すべて異なる${symbols.length}個の記号が必要です`,
    },
  )
}

export const sizeMismatch = (count: number, V: number): InputError =>
  new InputError(
    'vocabulary',
    `The vocabulary has ${counted(count, 'symbol')}, but the model predicts ${V}`,
    { way: 'vocabulary', ja: `語彙の記号は${count}個ですが、モデルの記号は${V}個です` },
  )

/** The network whose ids are the bytes. @param symbols undefined: its ids are the bytes already */
function asBytes(found: Imported, vocabulary: Vocabulary | undefined): WithSymbols {
  const V = found.config.vocabulary
  const tokenizer = tokenizerFrom({ kind: 'byte' })
  if (!vocabulary) {
    if (V !== BYTES) {
      throw new InputError(
        'vocabulary',
        `The model predicts ${counted(V, 'symbol')}, and there are ${BYTES} bytes, so that it has to be known which of them`,
        {
          way: 'vocabulary',
          ja: `モデルの記号は${V}個、バイトは${BYTES}種類なので、どのバイトかを知る必要があります`,
        },
      )
    }
    const note = { en: 'its 256 ids are the bytes', ja: '256個のIDをバイトとして扱います' }
    return { ...found, tokenizer, notes: [note] }
  }
  const unused = unusedIds(vocabulary)
  const old: (number | undefined)[] = new Array(BYTES).fill(undefined)
  for (const [id, symbol] of vocabulary.symbols.entries()) {
    if (unused.has(id)) continue
    const byte = symbol?.length === 1 ? symbol.charCodeAt(0) : BYTES
    if (byte >= BYTES || old[byte] !== undefined) {
      const shown = symbol === undefined ? 'missing' : quote(symbol)
      throw new InputError(
        'vocabulary',
        `Symbol ${id} of the vocabulary is ${shown}, and the tokenizer "byte" was asked for; expected different bytes, written as the characters U+0000 to U+00FF.`,
        {
          ja: `語彙の記号${id}が ${shown} です。トークナイザー「byte」には、U+0000〜U+00FFの文字で書かれた異なるバイトが必要です。`,
        },
      )
    }
    old[byte] = id
  }
  const count = old.filter(id => id !== undefined).length
  return {
    ...withIds(found, old),
    tokenizer,
    notes: [
      {
        en: `the vocabulary of ${counted(count, 'byte')} became all 256, the others with a probability of 0`,
        ja: `${count}種類のバイトの語彙を256種類に広げました（ほかのバイトの確率は0です）`,
      },
    ],
  }
}

/** The network without the ids that stand for no symbol. @throws FileError for a damaged vocabulary */
export function asSymbols(
  found: Imported,
  vocabulary: Vocabulary,
  kind: TokenizerKind,
): WithSymbols {
  const unused = unusedIds(vocabulary)
  // The window is filled up with its row.
  if (found.config.padding !== undefined) unused.delete(found.config.padding)
  const kept = [...vocabulary.symbols.entries()].filter(([id]) => !unused.has(id))
  checkSymbols(kept, kind)
  const symbols = kept.map(([, symbol]) => symbol)
  const tokenizer = tokenizerFrom({ kind, symbols })
  if (unused.size === 0) return { ...found, tokenizer, notes: [] }
  const names = [...unused]
    .slice(0, 4)
    .map(id => `${id}${vocabulary.symbols[id] ? ` (${vocabulary.symbols[id]})` : ''}`)
    .join(', ')
  const more = unused.size > 4 ? ` and ${unused.size - 4} more` : ''
  const [noun, verb] = unused.size === 1 ? ['id', 'stands'] : ['ids', 'stand']
  return {
    ...withIds(
      found,
      kept.map(([id]) => id),
    ),
    tokenizer,
    notes: [
      {
        en: `the ${noun} ${names}${more} ${verb} for no symbol and ${unused.size === 1 ? 'is' : 'are'} left out`,
        ja: `記号に当たらないID ${names}${unused.size > 4 ? `ほか${unused.size - 4}個` : ''}を除きました`,
      },
    ],
  }
}

function checkOwn(own: Tokenizer, { given, isTaken, tokenizer }: SymbolOptions): void {
  const differs = tokenizer !== undefined && tokenizer !== own.kind
  const isSpare = given !== undefined && !isTaken
  if (!isSpare && !differs) return
  const what = !isSpare ? `the tokenizer ${quote(tokenizer)}` : 'a vocabulary'
  throw new InputError(
    'vocabulary',
    `The model's files say all about its symbols (${own.size}, ${own.kind}), and ${what} was given; leave it out.`,
    {
      ja: `モデルのファイルに記号の情報（${own.kind}、${own.size}個）がそろっています。${isSpare ? '語彙' : 'トークナイザー'}の指定を外してください。`,
    },
  )
}

/**
 * Finds the symbols of a model and fits the network to them.
 * @param about the system in words, for a sentence
 * @throws InputError when nobody knows the symbols, or for another number of them
 * @throws FileError for a damaged vocabulary
 */
export function withSymbols(
  found: Imported,
  files: readonly SourceFile[],
  options: SymbolOptions,
  about: Bilingual,
): WithSymbols {
  const V = found.config.vocabulary
  if (found.tokenizer) {
    checkOwn(found.tokenizer, options)
    return { ...found, tokenizer: found.tokenizer, notes: [] }
  }
  const kind = options.tokenizer ?? 'character'
  const { given, isTaken = false } = options
  const named = given ?? (found.vocabulary ? undefined : vocabularyFile(files, V))
  const vocabulary = isTaken ? found.vocabulary : (named ?? found.vocabulary)
  if (!vocabulary && kind !== 'byte') {
    throw new InputError(
      'vocabulary',
      `The ${about.en} model predicts ${counted(V, 'symbol')}, but the files do not say which`,
      {
        way: 'vocabulary',
        ja: `この${about.ja}のモデルの記号は${V}個ですが、どの記号かはファイルに書かれていません`,
      },
    )
  }
  if (vocabulary && vocabulary.symbols.length !== V) {
    throw sizeMismatch(vocabulary.symbols.length, V)
  }
  const fitted =
    kind === 'byte' ? asBytes(found, vocabulary) : asSymbols(found, vocabulary as Vocabulary, kind)
  const note: Bilingual[] = named
    ? [
        {
          en: `the vocabulary is ${named.form.en}`,
          ja: `語彙の形式：${named.form.ja}`,
        },
      ]
    : []
  return { ...fitted, notes: [...note, ...fitted.notes] }
}
