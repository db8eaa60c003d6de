/**
 * Dropout between layers (Srivastava et al. 2014; between layers only: Zaremba et al. 2014), with
 * masks that are a pure function of (seed, layer, step): a resumed run draws the same ones.
 *
 * Philox gives each run of 256 units a state of its own; from there xoshiro128** (Blackman & Vigna
 * 2018) draws, at a quarter of Philox's cost a unit.
 */
import { Random, type Seed } from '../random.js'
import { STREAMS } from './random-streams.js'

/** A unit's fate is 16 bits, so the probability is met to within 1 / 131,072. */
const LEVELS = 65536

/** Units drawn from one state. */
const RUN = 256

/** Positions set aside for one step: room for 17 billion units, and for 2^27 steps. */
const RUNS_A_STEP = 2 ** 26

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/**
 * Fills a mask: 0 with the given probability, else what keeps the mean, 1 / (1 - p) of the p that
 * 16 bits can express (inverted dropout).
 * @param mask float32 [N, H]
 * @param step of the whole run, from 1
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
  const first = request.step * RUNS_A_STEP
  for (let run = 0; run * RUN < mask.length; run++) {
    let [a, b, c, d] = random.words(first + run)
    const end = Math.min(mask.length, (run + 1) * RUN)
    for (let at = run * RUN; at < end; at += 2) {
      const word = Math.imul(rotate(Math.imul(b, 5), 7), 9)
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = rotate(d, 11)
      mask[at] = (word & 0xffff) < dropped ? 0 : kept
      // Beyond the end of a typed array a write does nothing.
      mask[at + 1] = word >>> 16 < dropped ? 0 : kept
    }
  }
}
