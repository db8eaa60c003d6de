/** All tokenizers: builds one from a text, or from its JSON in a model file. To add one, add a factory. */
import { counted, didYouMean, InputError, quote, shorten } from '../errors.js'
import { ByteTokenizer } from './byte-tokenizer.js'
import { CharacterTokenizer, countCharacters } from './character-tokenizer.js'
import { encodeContent } from './encode-content.js'
import { countGraphemes, GraphemeTokenizer } from './grapheme-tokenizer.js'
import { MODEL_TOKENIZERS, TOKENIZERS, type Tokenizer, type TokenizerKind } from './tokenizer.js'
import { countIds, loneSurrogates, type SymbolCounts } from './vocabulary.js'
import { WordTokenizer } from './word-tokenizer.js'

export interface BuildOptions {
  /** Symbols rarer than this are dropped. 1 keeps all: whatever the corpus has can be written. */
  readonly minCount?: number
}

export interface DroppedSymbol {
  readonly symbol: string
  readonly count: number
}

export interface BuildReport {
  /** [V] how often each id occurs. */
  readonly counts: Float64Array
  /** Symbols in the text that the vocabulary keeps: the sum of `counts`. */
  readonly total: number
  /** Symbols rarer than `minCount`, in the order that their ids would have had. */
  readonly dropped: readonly DroppedSymbol[]
  /** How many symbols of the text that takes away. */
  readonly droppedTotal: number
  /** Lone surrogates, counted as U+FFFD. */
  readonly loneSurrogates: number
}

export interface BuiltTokenizer {
  readonly tokenizer: Tokenizer
  readonly report: BuildReport
}

interface TokenizerFactory {
  /** Counts the symbols of a corpus. */
  count(content: string | Uint8Array): SymbolCounts
  /** The tokenizer of what was counted. */
  build(counted: SymbolCounts, minCount: number): BuiltTokenizer
  /** @throws InputError for symbols that can't be this tokenizer's */
  from(symbols: unknown): Tokenizer
}

function sum(counts: Iterable<number>): number {
  let total = 0
  for (const count of counts) total += count
  return total
}

/** A tokenizer whose vocabulary is the set of symbols of its text. */
function vocabularyFactory(
  kind: TokenizerKind,
  count: (text: string) => SymbolCounts,
  make: (symbols: readonly string[]) => Tokenizer,
): TokenizerFactory {
  return {
    count(content) {
      if (typeof content === 'string') return count(content)
      throw new InputError(
        'corpus',
        `The ${kind} tokenizer reads text, and bytes came; decode them first, or use "byte".`,
      )
    },
    build({ counts, lone }, minCount) {
      const kept = [...counts].filter(([, n]) => n >= minCount)
      const dropped = [...counts].filter(([, n]) => n < minCount)
      if (kept.length === 0) {
        if (counts.size > 0) {
          const fact = `No symbol of the text occurs ${counted(minCount, 'time')}`
          throw new InputError('corpus', fact, { way: 'smaller-min-count' })
        }
        throw new InputError(
          'corpus',
          'The text is empty; expected at least one symbol to make a vocabulary of.',
        )
      }
      const kinds = Float64Array.from(kept, ([, n]) => n)
      return {
        tokenizer: make(kept.map(([symbol]) => symbol)),
        report: {
          counts: kinds,
          total: sum(kinds),
          dropped: dropped.map(([symbol, n]) => ({ symbol, count: n })),
          droppedTotal: sum(dropped.map(([, n]) => n)),
          loneSurrogates: lone,
        },
      }
    },
    from(symbols) {
      if (!Array.isArray(symbols)) {
        throw new InputError(
          'vocabulary',
          `The ${kind} vocabulary has no list of symbols; expected "symbols" as an array of strings.`,
        )
      }
      return make(symbols)
    },
  }
}

const byteFactory: TokenizerFactory = {
  count(content) {
    const tokenizer = new ByteTokenizer()
    const { ids } = encodeContent(tokenizer, content)
    const counts = countIds(ids, tokenizer.size)
    return {
      counts: new Map(Array.from(counts, (n, id) => [tokenizer.symbol(id), n])),
      lone: typeof content === 'string' ? loneSurrogates(content).length : 0,
    }
  },
  build({ counts: counted, lone }, minCount) {
    if (minCount > 1) {
      throw new InputError(
        'min-count',
        'The byte vocabulary always has its 256 symbols, so none can be dropped',
        { way: 'no-min-count' },
      )
    }
    const tokenizer = new ByteTokenizer()
    const counts = Float64Array.from(
      { length: tokenizer.size },
      (_, id) => counted.get(tokenizer.symbol(id)) ?? 0,
    )
    const total = sum(counts)
    if (total === 0) {
      throw new InputError('corpus', 'The corpus is empty; expected at least one byte.')
    }
    return {
      tokenizer,
      report: { counts, total, dropped: [], droppedTotal: 0, loneSurrogates: lone },
    }
  },
  from(symbols) {
    if (symbols === undefined) return new ByteTokenizer()
    throw new InputError(
      'vocabulary',
      'The byte vocabulary came with a list of symbols; expected none, since it is always the 256 bytes.',
    )
  },
}

function noWords(): never {
  throw new InputError(
    'tokenizer',
    `The tokenizer is "word", which only imported models have; expected ${TOKENIZERS.join(', ')}.`,
  )
}

const wordFactory: TokenizerFactory = {
  count: noWords,
  build: noWords,
  from(symbols) {
    if (Array.isArray(symbols)) return new WordTokenizer(symbols)
    throw new InputError(
      'vocabulary',
      'The word vocabulary has no list of symbols; expected "symbols" as an array of strings.',
    )
  },
}

const FACTORIES: Readonly<Record<TokenizerKind, TokenizerFactory>> = {
  character: vocabularyFactory(
    'character',
    countCharacters,
    symbols => new CharacterTokenizer(symbols),
  ),
  byte: byteFactory,
  grapheme: vocabularyFactory(
    'grapheme',
    countGraphemes,
    symbols => new GraphemeTokenizer(symbols),
  ),
  word: wordFactory,
}

function isKind(kind: unknown): kind is TokenizerKind {
  return MODEL_TOKENIZERS.some(known => known === kind)
}

function factoryOf(kind: unknown): TokenizerFactory {
  if (isKind(kind)) return FACTORIES[kind]
  const shown = quote(kind)
  const near = typeof kind === 'string' ? didYouMean(kind, TOKENIZERS) : ''
  throw new InputError(
    'tokenizer',
    `The tokenizer is ${shown}; expected ${TOKENIZERS.join(', ')}.${near}`,
  )
}

/**
 * The tokenizer of a text: its vocabulary is a function of the set of symbols in it, never of their
 * order. Characters are sorted by code point, graphemes as strings.
 *
 * @param content a text, or bytes for the byte tokenizer
 * @throws InputError when nothing is left to make a vocabulary of
 */
export function buildTokenizer(
  kind: TokenizerKind,
  content: string | Uint8Array,
  options: BuildOptions = {},
): BuiltTokenizer {
  const factory = factoryOf(kind)
  return factory.build(factory.count(content), minCountOf(options))
}

function minCountOf(options: BuildOptions): number {
  const minCount = options.minCount ?? 1 // keep all: what the corpus has, the model can write
  if (Number.isSafeInteger(minCount) && minCount >= 1) return minCount
  throw new InputError('min-count', `minCount is ${minCount}; expected a whole number from 1.`)
}

/**
 * The tokenizer of a text whose symbols were counted already, in the order that `buildTokenizer`
 * gives them; bytes by the names that `ByteTokenizer` gives them.
 */
export function tokenizerOfCounts(
  kind: TokenizerKind,
  counted: SymbolCounts,
  options: BuildOptions = {},
): BuiltTokenizer {
  return factoryOf(kind).build(counted, minCountOf(options))
}

/**
 * The tokenizer that `toJSON` wrote, checked whole.
 * @throws InputError for anything that is not exactly such a value, one sentence a cause
 */
export function tokenizerFrom(json: unknown): Tokenizer {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InputError(
      'tokenizer',
      `The tokenizer is ${quote(json)}; expected an object with "kind" and "symbols".`,
    )
  }
  const { kind, symbols, ...rest } = json as Record<string, unknown>
  const factory = factoryOf(kind)
  const [extra] = Object.keys(rest)
  if (extra !== undefined) {
    throw new InputError(
      'tokenizer',
      `The tokenizer has a field "${shorten(extra)}" that is not known; expected "kind" and "symbols" only.`,
    )
  }
  return factory.from(symbols)
}
