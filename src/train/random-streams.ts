/**
 * Which stream of the run's seed is for what. Streams 0 up belong to drawing text, so that a model
 * trained and sampled with the same seed never sees the same coins twice.
 */
export const STREAMS = {
  /** Initial weights: plus the tensor's place in the model file. */
  weights: 2 ** 40,
  /** Dropout masks: plus the layer. */
  dropout: 2 ** 41,
} as const
