/** Whether a network's numbers mean anything: a training that ran away leaves weights whose logits do not. */
import { FileError } from '../errors.js'
import { TimeSlices } from '../event-loop.js'
import { elements, type ModelConfig, tensorShapes, type Weights } from '../model/config.js'
import { ReferenceNetwork } from '../model/network.reference.js'
import { loadNetwork } from '../runtime/network.js'

/** Logits of float32 and float64 differ by some 1e-5 in models that were seen; by 184 in a broken one. */
const MOST_DIFFERENCE = 0.5
/** Ids that are read, at most. */
const STEPS = 48
/** Multiplications that the check may cost in float64: some 0.3 s. */
const BUDGET = 3e8
/** Symbols of a window that are read: chaos shows in some dozens. */
const MOST_WINDOW = 128
/** Symbols that are read in all windows together. */
const MOST_READ = 2048
/** What a step costs besides, in multiplications: it is most of the time of a tiny network. */
const STEP_COST = 20_000

/** @throws FileError when a weight is no number */
export function checkFinite(weights: Weights): void {
  for (const [name, data] of weights) {
    const bad = data.findIndex(value => !Number.isFinite(value))
    if (bad >= 0) {
      throw new FileError(
        'diverged',
        `Weight ${bad} of ${name} is ${data[bad]}: the training of this model ran away; take an earlier checkpoint.`,
      )
    }
  }
}

/**
 * Reads a few ids in float32 and in float64. Where rounding alone changes the logits, the state of the
 * network is chaotic and no two programs would write the same text with it.
 * @throws FileError when the two disagree
 */
export async function checkStability(config: ModelConfig, weights: Weights): Promise<void> {
  const products = [...tensorShapes(config).values()].reduce(
    (sum, shape) => sum + elements(shape),
    0,
  )
  // A long window is checked in a part: chaos shows in any of them.
  const room = Math.floor(BUDGET / (products + STEP_COST) / 2)
  const window = config.window && Math.max(1, Math.min(config.window, room, MOST_WINDOW))
  const checked = window === undefined ? config : { ...config, window }
  const cost = (products + STEP_COST) * (window ?? 1)
  const most = Math.max(2, Math.floor(MOST_READ / (window ?? 1)))
  const steps = Math.max(2, Math.min(STEPS, most, Math.floor(BUDGET / cost)))
  const network = await loadNetwork(checked, weights)
  const session = network.session()
  const twin = new ReferenceNetwork(checked, weights)
  let worst = 0
  const slices = new TimeSlices()
  for (let i = 0; i < steps; i++) {
    if (slices.over) await slices.yield()
    // A walk over the vocabulary in steps of the golden ratio: many different symbols, none at random.
    const id = Math.floor(((i * 0.6180339887498949) % 1) * config.vocabulary)
    const logits = session.step(id)
    const exact = twin.step(id)
    for (const [v, logit] of logits.entries()) {
      worst = Math.max(worst, Math.abs(logit - (exact[v] as number)))
    }
  }
  session.dispose()
  if (worst <= MOST_DIFFERENCE) return
  if (!Number.isFinite(worst)) {
    throw new FileError(
      'diverged',
      'The training of this model ran away: its logits are beyond what float32 can hold; take an earlier checkpoint.',
    )
  }
  throw new FileError(
    'diverged',
    `The training of this model ran away: its logits change by ${worst.toPrecision(2)} with the rounding of float32 alone, so that it predicts nothing; take an earlier checkpoint.`,
  )
}
