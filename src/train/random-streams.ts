/**
 * The random streams of a run's seed. Low numbers are used for sampling text, so training and sampling
 * with the same seed never draw the same numbers.
 */
export const STREAMS = {
  /** Initial weights; add the index of the tensor in the model file. */
  weights: 2 ** 40,
  /** Dropout masks; add the layer. */
  dropout: 2 ** 41,
} as const
