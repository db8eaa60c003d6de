/** What a validation costs beside a training step. */
import type { Split } from '../batches.js'

/** Cost of a forward pass as a share of a whole training step: the backward pass costs twice as much. */
export const FORWARD_COST = 1 / 3

/** The number of training steps that take as long as one validation. */
export const validationSteps = ({ training, validation }: Split): number =>
  (FORWARD_COST * (validation?.predictions ?? 0)) / (training.batch * training.steps)
