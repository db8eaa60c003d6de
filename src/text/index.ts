/** Text: bytes to text, text to ids, ids to text, in the order of the data's way. */

export { ByteTokenizer } from './byte.js'
export { CharacterTokenizer } from './character.js'
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
export { GraphemeTokenizer } from './grapheme.js'
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
export {
  type CorpusSource,
  contentToScore,
  encodeContent,
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
  findLongestLoop,
  findLoop,
  findLoops,
  LOOP_REPEATS,
  type Loop,
  LoopDetector,
  MIN_LOOP,
} from './loop.js'
export { codeNumbers, describeSymbol, invisibleName, isInvisible, printable } from './printable.js'
export { decodeBase64, encodeBase64, readableBytes } from './readable-bytes.js'
export {
  type BuildOptions,
  type BuildReport,
  type BuiltTokenizer,
  buildTokenizer,
  type DroppedSymbol,
  tokenizerFrom,
} from './registry.js'
export { type ByteSource, nonAsciiSample } from './survey.js'
export type { TextRange } from './text-range.js'
export {
  type Encoded,
  type Ids,
  type StreamDecoder,
  TOKENIZERS,
  type Tokenizer,
  type TokenizerJson,
  type TokenizerKind,
  UNKNOWN,
  UNKNOWN_POLICIES,
  type UnknownPolicy,
  type UnknownSymbol,
} from './tokenizer.js'
export { UnknownSymbolsError } from './unknown-symbols.js'
export { countIds, makeIds } from './vocabulary.js'
export {
  type InvisibleSymbol,
  type SymbolCount,
  type VocabularyReport,
  vocabularyReport,
} from './vocabulary-report.js'
