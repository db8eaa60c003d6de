/** A drop-in for charRNN of ml5 0.x: the entry `ondo/ml5`. */
export type { Callback } from './callback.js'
export {
  CharRNN,
  type CharRNNDefaults,
  type CharRNNGenerateOptions,
  type CharRNNOptions,
  type CharRNNPrediction,
  type CharRNNResult,
  charRNN,
  type LoadingCharRNN,
} from './char-rnn.js'
export type { ChosenFile, CharRNNSource } from './open.js'
export type { CharRNNState } from './stream.js'
export type { VocabularyOption } from './vocabulary.js'
