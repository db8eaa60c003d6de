import fc from 'fast-check'

/**
 * Numbers spread evenly between two limits. `fc.double` spreads evenly over the *doubles*, half of
 * which lie below 1e-150: as logits, nearly all would be ties.
 */
export const uniform = (min: number, max: number): fc.Arbitrary<number> =>
  fc.nat({ max: 2 ** 32 - 1 }).map(n => min + ((max - min) * n) / 2 ** 32)
