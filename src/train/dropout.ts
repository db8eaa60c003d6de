/**
 * Dropout between layers (Srivastava et al. 2014; between layers only: Zaremba et al. 2014), with
 * masks that are a pure function of (seed, layer, step): a resumed run draws the same ones.
 */
import { Random, type Seed } from '../random.js'
import { STREAMS } from './chance.js'

/** A unit's fate is 16 bits, so the probability is met to within 1 / 131,072. */
const LEVELS = 65536

/** Positions set aside for one step: half a billion units, and room for 2^27 steps. */
const BLOCKS_A_STEP = 2 ** 26

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
  const blocks = Math.ceil(mask.length / 8)
  const from = request.step * BLOCKS_A_STEP
  for (let block = 0, at = 0; block < blocks; block++) {
    const words = random.words(from + block)
    for (let w = 0; w < 4; w++) {
      const word = words[w]
      // Beyond the end of a typed array a write does nothing.
      mask[at++] = (word & 0xffff) < dropped ? 0 : kept
      mask[at++] = word >>> 16 < dropped ? 0 : kept
    }
  }
}
