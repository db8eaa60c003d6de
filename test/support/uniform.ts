import fc from 'fast-check'

/**
 * Generates numbers uniformly between two limits. `fc.double` is uniform over the *doubles*, half of
 * which are below 1e-150; as logits, nearly all of them would be ties.
 */
export const uniform = (min: number, max: number): fc.Arbitrary<number> =>
  fc.nat({ max: 2 ** 32 - 1 }).map(n => min + ((max - min) * n) / 2 ** 32)
