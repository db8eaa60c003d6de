/** Text: bytes to text, text to ids, ids to text: the entry `ondo/text`. */

// Bytes to text: encodings, and advice where an encoding is not recognised or doubtful.

export {
  type DecodedText,
  type DecodeOptions,
  decodeText,
  type LineEnds,
  UnrecognisedError,
} from './encoding.js'
export {
  adviseEncoding,
  encodingDoubt,
  joinFilesWithAdvice,
  withEncodingAdvice,
  withEncodingDoubts,
} from './encoding-advice.js'
export { ENCODINGS } from './encoding-names.js'
export { type ByteSource, nonAsciiSample } from './survey.js'

// Files to one corpus, and the vocabulary of it.

export { encodeContent } from './encode-content.js'
export {
  type CorpusSource,
  contentToScore,
  encodeToScore,
  joinFiles,
  type NamedBytes,
  SKIP_REASONS,
  type SkippedFile,
  type SourceFile,
  type SourceOptions,
} from './join-files.js'
export { type EncodedPiece, LargeCorpus, type LargeCorpusOptions } from './large-corpus.js'
export {
  type InvisibleSymbol,
  type SymbolCount,
  type VocabularyReport,
  vocabularyReport,
} from './vocabulary-report.js'

// Text to ids and back: the tokenizers.

export {
  type Encoded,
  type Ids,
  type StreamDecoder,
  MODEL_TOKENIZERS,
  TOKENIZERS,
  type Tokenizer,
  type TokenizerJson,
  type TokenizerKind,
  UNKNOWN,
  UNKNOWN_POLICIES,
  type UnknownPolicy,
  type UnknownSymbol,
} from './tokenizer.js'
export { CharacterTokenizer } from './character-tokenizer.js'
export { ByteTokenizer } from './byte-tokenizer.js'
export { GraphemeTokenizer } from './grapheme-tokenizer.js'
export { WordTokenizer } from './word-tokenizer.js'
export {
  type BuildOptions,
  type BuildReport,
  type BuiltTokenizer,
  buildTokenizer,
  type DroppedSymbol,
  tokenizerFrom,
} from './tokenizers.js'
export { countIds, makeIds } from './vocabulary.js'
export { UnknownSymbolsError } from './unknown-symbols.js'
export type { TextRange } from './text-range.js'

// Prompts, stop strings and other text of users, in the form that the model knows.

export {
  bytesWithoutFinalLineEnd,
  encodeInput,
  type InputText,
  knownSymbol,
  normalizeInput,
  readEscapes,
  readStops,
  withoutFinalLineEnd,
  writableStops,
} from './input-text.js'

// Symbols and bytes as readable text.

export { codeNumbers, describeSymbol, invisibleName, isInvisible, printable } from './printable.js'
export { decodeBase64, encodeBase64, readableBytes } from './readable-bytes.js'

// Loops: texts whose end repeats.

export {
  findLongestLoop,
  findLoop,
  findLoops,
  LOOP_REPEATS,
  type Loop,
  LoopDetector,
  MIN_LOOP,
} from './loop-detector.js'
