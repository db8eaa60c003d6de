/**
 * Dropout between layers (Srivastava et al. 2014; between layers only: Zaremba et al. 2014), with
 * masks that are a pure function of (seed, layer, step): a resumed run draws the same ones.
 *
 * Philox seeds each block of 256 units; within a block, xoshiro128** (Blackman & Vigna 2018) draws at a
 * quarter of Philox's cost for each unit.
 */
import { Random, type Seed } from '../random.js'
import { STREAMS } from './random-streams.js'

/** A unit is dropped by comparing 16 random bits, so the probability is exact to 1 / 131,072. */
const LEVELS = 65536

/** Units in a block. */
const BLOCK = 256

/** Stream positions reserved for one step: enough for 17 billion units, and for 2^27 steps. */
const BLOCKS_PER_STEP = 2 ** 26

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/**
 * Fills a mask: 0 with probability p, else 1 / (1 - p), which keeps the mean (inverted dropout); p is
 * rounded to 16 bits.
 * @param mask float32 [N, H]
 * @param request step: number in the whole run, from 1
 */
export function fillMask(
  mask: Float32Array,
  request: {
    readonly seed: Seed
    readonly layer: number
    readonly step: number
    readonly p: number
  },
): void {
  const dropped = Math.round(request.p * LEVELS)
  const kept = LEVELS / (LEVELS - dropped)
  const random = new Random(request.seed, STREAMS.dropout + request.layer)
  const first = request.step * BLOCKS_PER_STEP
  for (let block = 0; block * BLOCK < mask.length; block++) {
    let [a, b, c, d] = random.words(first + block)
    const end = Math.min(mask.length, (block + 1) * BLOCK)
    for (let at = block * BLOCK; at < end; at += 2) {
      const word = Math.imul(rotate(Math.imul(b, 5), 7), 9)
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = rotate(d, 11)
      mask[at] = (word & 0xffff) < dropped ? 0 : kept
      // A write beyond the end of a typed array has no effect.
      mask[at + 1] = word >>> 16 < dropped ? 0 : kept
    }
  }
}
