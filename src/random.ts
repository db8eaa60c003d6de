/**
 * Random numbers: Philox4x32-10, a counter-based generator. Callers pass it in; there is no global one.
 *
 * A number is a pure function of (seed, stream, position). The generator has no state, so that
 * position 57 has the same random number whether the text was written, rewound or branched to it.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 * The published known-answer vectors are in random.test.ts.
 */
import { InputError, quote, shorten } from './errors.js'

const ROUNDS = 10
const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
/** Increments of the key (Weyl sequence): the golden ratio and sqrt(3) - 1, as in the paper. */
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85
const TWO_32 = 4294967296
const TWO_53 = 9007199254740992

/** High and low 32 bits of a 32 x 32 bit product; doubles hold only 53, so that it works by halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const low = aLow * bLow
  const middle = aHigh * bLow + (low >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0
}

/**
 * Computes one Philox4x32-10 block in place.
 * @param block four counter words in, four random words out (uint32)
 * @param key two key words (uint32)
 */
export function philox(block: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = block
  let k0 = key0
  let k1 = key1
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0)
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0
    const high1 = multiplyHigh(MULTIPLIER_1, c2)
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0
    const next0 = (high1 ^ c1 ^ k0) >>> 0
    const next2 = (high0 ^ c3 ^ k1) >>> 0
    c0 = next0
    c1 = low1
    c2 = next2
    c3 = low0
    k0 = (k0 + WEYL_0) >>> 0
    k1 = (k1 + WEYL_1) >>> 0
  }
  block[0] = c0
  block[1] = c1
  block[2] = c2
  block[3] = c3
}

/** Joins the upper 27 bits of `high` and the upper 26 of `low` to a number from 2^-53 to 1. */
function coinOf(high: number, low: number): number {
  return ((high >>> 5) * 67108864 + (low >>> 6) + 1) / TWO_53
}

/**
 * A seed: a whole number from 0 to 2^64 - 1, as a number up to 2^53 - 1 (larger numbers do not hold
 * every digit), a bigint, or decimal digits in a string.
 */
export type Seed = number | bigint | string

const SEED_LIMIT = 1n << 64n

/** The range of a seed in words, for error messages and help. */
export const SEED_RANGE = 'a whole number from 0 to 2^64 - 1'

function refusedSeed(value: unknown, name: string): InputError {
  const inexact = typeof value === 'number' && Number.isInteger(value) && value > 2 ** 53 - 1
  const hint = inexact
    ? ' A number above 2^53 - 1 does not hold every digit: give it as a string of digits or as a bigint.'
    : ''
  return new InputError(name, `The ${name} is ${quote(value)}; expected ${SEED_RANGE}.${hint}`)
}

/**
 * Reads a seed from a command line, JSON or a call. Full-width digits are accepted.
 * @returns a number up to 2^53 - 1, otherwise a string of digits, so that JSON keeps it exactly
 * @throws InputError that names the value and the expected range
 */
export function readSeed(value: unknown, name = 'seed'): number | string {
  const text = typeof value === 'string' ? value.normalize('NFKC').trim() : ''
  const exact =
    typeof value === 'bigint'
      ? value
      : typeof value === 'number' && Number.isSafeInteger(value)
        ? BigInt(value)
        : /^\+?\d{1,40}$/.test(text)
          ? BigInt(text.replace('+', ''))
          : undefined
  if (exact === undefined || exact < 0n || exact >= SEED_LIMIT) throw refusedSeed(value, name)
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : String(exact)
}

function keyOf(seed: Seed): [number, number] {
  const wide = BigInt(readSeed(seed))
  return [Number(wide & 0xffffffffn), Number(wide >> 32n)]
}

/**
 * The random numbers of one (seed, stream). Counter words: position low, position high, stream low,
 * stream high.
 */
export class Random {
  private readonly key0: number
  private readonly key1: number
  private readonly stream: number
  private readonly block = new Uint32Array(4)

  constructor(seed: Seed, stream = 0) {
    ;[this.key0, this.key1] = keyOf(seed)
    if (!Number.isSafeInteger(stream) || stream < 0) {
      throw new InputError(
        'stream',
        `The stream is ${shorten(String(stream))}; expected a whole number from 0 to 2^53 - 1.`,
      )
    }
    this.stream = stream
  }

  /** Returns the four uint32 words at a position, in an array that the next call overwrites. */
  words(position: number): Uint32Array {
    const block = this.block
    block[0] = position >>> 0
    block[1] = Math.floor(position / TWO_32) >>> 0
    block[2] = this.stream >>> 0
    block[3] = Math.floor(this.stream / TWO_32) >>> 0
    philox(block, this.key0, this.key1)
    return block
  }

  /** Returns the coin of a position: a uniform random number in (0, 1] of 53 bits (words 0 and 1). */
  coin(position: number): number {
    const words = this.words(position)
    return coinOf(words[0], words[1])
  }

  /** Returns a second coin of a position, independent of the first (words 2 and 3). */
  secondCoin(position: number): number {
    const words = this.words(position)
    return coinOf(words[2], words[3])
  }
}
