const LIMIT = 1n << 64n

/** Whether the text is a seed: decimal digits of a number from 0 to 2^64 - 1. */
export const isSeed = (text: string): boolean => /^\d{1,20}$/.test(text) && BigInt(text) < LIMIT

/** Reads a typed seed, also in full-width digits; undefined when the text is not a seed. */
export function readSeed(text: string): string | undefined {
  const plain = text.normalize('NFKC').trim()
  return isSeed(plain) ? String(BigInt(plain)) : undefined
}

/** Returns a random seed of at most six digits, so that people can pass it on. */
export function newSeed(): string {
  return String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000)
}
