/** Doubles from 0 to Infinity in order, as whole numbers. */

const bits = new DataView(new ArrayBuffer(8))

/** How many doubles there are below x. @param x 0 to Infinity */
export function ordinal(x: number): bigint {
  bits.setFloat64(0, x)
  return bits.getBigInt64(0)
}

export function fromOrdinal(n: bigint): number {
  bits.setBigInt64(0, n)
  return bits.getFloat64(0)
}

/** The ordinal of Infinity. */
export const LAST = ordinal(Number.POSITIVE_INFINITY)

/** The double before this one. @param x 0 to Infinity; before 0 there is none */
export function previousDouble(x: number): number {
  return x === 0 ? x : fromOrdinal(ordinal(x) - 1n)
}

/** The double after this one. @param x 0 to Infinity; after Infinity there is none */
export function nextDouble(x: number): number {
  return x === Number.POSITIVE_INFINITY ? x : fromOrdinal(ordinal(x) + 1n)
}
