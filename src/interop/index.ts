/** Other systems' models: read, checked and converted, never run. */
export { FORMAT_KINDS, FORMATS } from './formats.js'
export { type ImportModelOptions, type ImportResult, importModel } from './import.js'
export type {
  Format,
  Imported,
  ImportOptions,
  SourceFile,
  Vocabulary,
  VocabularySource,
} from './source.js'
