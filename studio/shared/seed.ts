const LIMIT = 1n << 64n

/** Decimal digits of 0 to 2^64 - 1. */
export const isSeed = (text: string): boolean => /^\d{1,20}$/.test(text) && BigInt(text) < LIMIT

/** Digits as people type them, full-width ones too; undefined when they are no seed. */
export function readSeed(text: string): string | undefined {
  const plain = text.normalize('NFKC').trim()
  return isSeed(plain) ? String(BigInt(plain)) : undefined
}

/** Short enough to be read out to a friend. */
export function newSeed(): string {
  return String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000)
}
