/**
 * The symbols of a model that training goes on from, and those of the new text: which are in both, which
 * are new, which the new model leaves out.
 */
import { counted, InputError } from '../../errors.js'
import type { Model } from '../../file/index.js'
import type { ModelConfig } from '../../model/config.js'
import { type Tokenizer, tokenizerFrom } from '../../text/index.js'
import type { IdSource } from '../batches.js'

/** What the vocabularies need of a model. */
export type StartingModel = Pick<Model, 'config' | 'tokenizer' | 'weights' | 'hash' | 'name'> &
  Partial<Pick<Model, 'training'>>

export interface ExtendOptions {
  /** Leaves out the model's symbols that the text lacks; by default the new model keeps them. */
  readonly drop?: boolean
}

/** Ids that have a meaning for the network itself: one begins a text, one fills a window. */
export const reservedIds = ({ restart, padding }: ModelConfig): number[] =>
  [restart, padding].filter(id => id !== undefined)

const symbolsOf = (tokenizer: Tokenizer): string[] =>
  Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id))

/** @throws InputError when the tokenizers are of different kinds */
function checkKind(model: Tokenizer, text: Tokenizer): void {
  if (model.kind === text.kind) return
  throw new InputError(
    'tokenizer-kind',
    `The model's symbols are of the kind "${model.kind}", and the text is read with the tokenizer "${text.kind}", so no symbol of one is a symbol of the other; read the text with a tokenizer of the model's kind, or choose another model.`,
    {
      ja: `モデルの記号の単位は"${model.kind}"、テキストの単位は"${text.kind}"で、共通の記号がありません。モデルと同じ単位で読むか、別のモデルを選んでください。`,
    },
  )
}

/**
 * The tokenizer with which to train a model on another text: the model's symbols in their order, then
 * the text's new ones in theirs. So a text whose symbols the model knows leaves its ids as they are.
 * @param text the tokenizer that was built of the text
 * @throws InputError when the tokenizers are of different kinds
 */
export function extendTokenizer(
  { tokenizer, config }: Pick<StartingModel, 'tokenizer' | 'config'>,
  text: Tokenizer,
  { drop = false }: ExtendOptions = {},
): Tokenizer {
  checkKind(tokenizer, text)
  const { kind, symbols } = tokenizer.toJSON()
  // The bytes are always all 256.
  if (symbols === undefined) return tokenizer
  const known = new Set(symbols)
  const wanted = symbolsOf(text)
  const used = new Set(wanted)
  // A reserved symbol is part of the model, whatever the text has.
  const reserved = reservedIds(config)
  const kept = symbols.filter((symbol, id) => !drop || used.has(symbol) || reserved.includes(id))
  const added = wanted.filter(symbol => !known.has(symbol))
  if (added.length === 0 && kept.length === symbols.length) return tokenizer
  return tokenizerFrom({ kind, symbols: [...kept, ...added] })
}

/** How the symbols of a new vocabulary follow from a model's. */
export interface SymbolMap {
  /** [V] of the new vocabulary: the model's id of each symbol, -1 for a new one. */
  readonly source: Int32Array
  /** The new symbols, in the order of their ids. */
  readonly added: readonly string[]
  /** The model's symbols that the new vocabulary lacks, in the order of the model's ids. */
  readonly dropped: readonly string[]
}

/**
 * A head bias below this keeps a symbol from ever being written: imported models have it for bytes that
 * they lack. Training could not raise it in any number of updates.
 */
const NEVER_WRITTEN = -10_000

const CHUNK = 65_536

/** Whether one of these symbols occurs in a corpus; usually the first one read does. */
function someOccurs(ids: IdSource, isOne: (id: number) => boolean): boolean {
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.subarray(at, Math.min(ids.length, at + CHUNK))
    for (let i = 0; i < chunk.length; i++) if (isOne(chunk[i])) return true
  }
  return false
}

/** Flags [V]: whether an id occurs in a corpus. */
export function occurring(ids: IdSource, V: number): Uint8Array {
  const flags = new Uint8Array(V)
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.subarray(at, Math.min(ids.length, at + CHUNK))
    for (let i = 0; i < chunk.length; i++) flags[chunk[i]] = 1
  }
  return flags
}

/**
 * Compares the vocabularies of a model and of a corpus.
 * @throws InputError when they have no symbol in common, or are of different kinds
 */
export function mapSymbols(
  model: StartingModel,
  corpus: { readonly tokenizer: Tokenizer; readonly ids: IdSource },
): SymbolMap {
  const { tokenizer, ids } = corpus
  checkKind(model.tokenizer, tokenizer)
  const idOf = new Map(symbolsOf(model.tokenizer).map((symbol, id) => [symbol, id]))
  const symbols = symbolsOf(tokenizer)
  const source = Int32Array.from(symbols, symbol => idOf.get(symbol) ?? -1)
  const kept = new Set(source)
  const dropped = [...idOf].filter(([, id]) => !kept.has(id)).map(([symbol]) => symbol)
  const bias = model.weights.get('head.bias')!
  const isUnwritten = (id: number): boolean => id >= 0 && bias[id] < NEVER_WRITTEN
  if (source.some(isUnwritten)) {
    const used = occurring(ids, tokenizer.size)
    source.forEach((id, at) => {
      if (used[at] && isUnwritten(id)) source[at] = -1
    })
  }
  const reserved = reservedIds(model.config)
  if (!someOccurs(ids, id => source[id] >= 0 && !reserved.includes(source[id]))) {
    throw new InputError(
      'no-shared-symbol',
      `The model knows ${counted(model.tokenizer.size, 'symbol')}, and the text has none of them, so training could not build on what the model learned; check the model's vocabulary, take another model, or train without one.`,
      {
        ja: `モデルの知っている${model.tokenizer.size}種類の文字がテキストに一つもないので、モデルの学んだことを生かせません。モデルの語彙を確かめるか、別のモデルを選ぶか、モデルなしで学習してください。`,
      },
    )
  }
  if (reserved.some(id => !kept.has(id))) {
    throw new InputError(
      'reserved-symbol',
      'The vocabulary lacks a symbol that begins a text or fills a window in this model; make the vocabulary with extendTokenizer, which keeps it.',
    )
  }
  return { source, added: symbols.filter((_, id) => source[id] < 0), dropped }
}
