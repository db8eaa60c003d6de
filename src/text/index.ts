/** Text: bytes to text, text to ids, ids to text, in the order of the data's way. */

export { advised, adviseEncoding, doubtAbout, joinFilesAdvised, questioned } from './advice.js'
export { ByteTokenizer } from './byte.js'
export { CharacterTokenizer } from './character.js'
export {
  type CorpusSource,
  encodeContent,
  encodeJudged,
  type InvisibleSymbol,
  joinFiles,
  judgedContent,
  type NamedBytes,
  SKIP_REASONS,
  type SkippedFile,
  type SourceFile,
  type SourceOptions,
  type SymbolCount,
  type VocabularyReport,
  vocabularyReport,
} from './corpus.js'
export {
  type DecodedText,
  type DecodeOptions,
  decodeText,
  type LineEnds,
  UnrecognisedError,
} from './encoding.js'
export { ENCODINGS } from './encoding-names.js'
export { GraphemeTokenizer } from './grapheme.js'
export {
  bytesWithoutFinalLineEnd,
  encodeIncoming,
  type Incoming,
  knownSymbol,
  readEscapes,
  readIncoming,
  readStops,
  withoutFinalLineEnd,
  writableStops,
} from './incoming.js'
export { type EncodedPiece, LargeCorpus, type LargeOptions } from './large.js'
export {
  findLongestLoop,
  findLoop,
  findLoops,
  LEAST_LOOP,
  LOOP_REPEATS,
  type Loop,
  LoopDetector,
} from './loop.js'
export { codeNumbers, describeSymbol, invisibleName, isInvisible, printable } from './printable.js'
export { base64Of, bytesOfBase64, readableBytes } from './readable-bytes.js'
export {
  type BuildOptions,
  type BuildReport,
  type Built,
  buildTokenizer,
  type DroppedSymbol,
  tokenizerFrom,
} from './registry.js'
export type { Stretch } from './stretch.js'
export { type ByteSource, tellingSample } from './survey.js'
export {
  type Encoded,
  type Ids,
  type StreamDecoder,
  TOKENIZERS,
  type Tokenizer,
  type TokenizerJson,
  type TokenizerKind,
  UNKNOWN_POLICIES,
  type UnknownPolicy,
  type UnknownSymbol,
} from './tokenizer.js'
export { UnknownSymbolsError } from './unknown.js'
export { countIds, makeIds } from './vocabulary.js'
