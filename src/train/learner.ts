/**
 * The learner holds weights, optimizer and carried state, and takes training steps. The result of a
 * step is a pure function of corpus, settings, number of threads, these tensors, and the step number.
 */

import { InputError } from '../errors.js'
import type { Weights } from '../model/config.js'
import { copyTensors, updateAverage } from './average.js'
import { createBackprop } from './backprop.js'
import { fillBatch, type IdSource } from './batches.js'
import type { CheckpointTensors } from './checkpoint.js'
import { fillMask } from './dropout.js'
import type { Engine } from './engine.js'
import { Trained } from './fine-tuning/frozen.js'
import { startingWeights } from './fine-tuning/start.js'
import { type Clip, clipping } from './optimizer/clip.js'
import { checkMemory, createOptimizer, type OptimizerOptions } from './optimizer/index.js'
import type { Tensors } from './optimizer/optimizer.js'
import type { Plan } from './plan.js'
import { learningRate, type Schedule } from './schedule.js'
import type { TrainSettings } from './settings.js'
import { initialWeights } from './weights.js'

/** Measured in a step before the weights change. */
export interface StepResult {
  /** Mean loss of the batch, nats a symbol. */
  readonly loss: number
  /** Norm of all gradients before clipping. */
  readonly norm: number
  readonly rate: number
}

export interface Learner {
  /** The weights that are validated and saved: the trained ones, or their running average. */
  readonly evaluatedWeights: Tensors
  /** Number of nodes of the training graph. */
  readonly nodes: number
  /**
   * Takes one step.
   * @param step number in the whole run, from 1
   * @param check called before weights and state change; may throw to prevent that
   */
  step(step: number, check: (result: StepResult) => void): Promise<StepResult>
  /** The tensors of a checkpoint: live arrays, not copies. */
  checkpointTensors(): CheckpointTensors
  copyWeights(): Weights
  dispose(): Promise<void>
}

function scheduleOf(settings: TrainSettings): Schedule {
  return {
    kind: settings.schedule,
    rate: settings.rate,
    finalFraction: settings.rateFloor,
    warmup: settings.warmup,
    decay: settings.rateDecay,
    decayAfter: settings.rateDecayAfter,
  }
}

function clipOf({ clip, clipBy }: TrainSettings): Clip {
  return clip === 0 ? { by: 'none' } : { by: clipBy, at: clip }
}

/** The weights before the first update of this session. */
function initialState({ settings, config, checkpoint, start }: Plan): Tensors {
  const { init: kind, forgetBias, seed } = settings
  const drawn = { kind, forgetBias, seed }
  if (checkpoint) return checkpoint.weights
  return start ? startingWeights(start, drawn) : initialWeights(config, drawn)
}

/** @throws InputError when the trained weights need too much memory */
function checkedOptions({ settings, startedFrom }: Plan, { count }: Trained): OptimizerOptions {
  const options = { ...settings, decay: settings.rmsDecay }
  try {
    checkMemory(settings.optimizer, options, count)
  } catch (error) {
    if (!startedFrom || !(error instanceof InputError)) throw error
    throw new InputError(
      error.code,
      `${error.fact}; go on from a smaller model, or freeze layers.`,
      { cause: error },
    )
  }
  return options
}

/** Creates a learner that starts from the plan's checkpoint, from its model, or from random weights. */
export async function createLearner(engine: Engine, plan: Plan, ids: IdSource): Promise<Learner> {
  const { settings, config, split, masked, checkpoint, pace } = plan
  const { batch: B, steps: T, batches } = split.training
  const { ar, tar } = settings
  const trained = new Trained(config, plan.startedFrom?.frozen ?? [], plan.added)
  const options = checkedOptions(plan, trained)
  const sizes = { batch: B, steps: T }
  const backprop = await createBackprop(engine, config, {
    ...sizes,
    masked,
    penalty: { ar, tar },
    trained: trained.names,
  })
  const initial = initialState(plan)
  const optimizer = createOptimizer(settings.optimizer, trained.compact(initial), options)
  const weights = trained.around(optimizer.weights, initial)
  const gradients = trained.gradientsAround(optimizer.gradients, weights)
  for (const [kind, group] of checkpoint?.moments ?? []) {
    for (const [name, saved] of group) optimizer.moments.get(kind)?.get(name)?.set(saved)
  }
  const average =
    settings.average === 0 ? undefined : trained.compact(checkpoint?.average ?? weights)
  const averaged = average && trained.around(average, weights)
  const zeroState = (): Tensors =>
    new Map(backprop.state.map(name => [name, new Float32Array(B * config.hidden)]))
  let state = checkpoint?.state ?? zeroState()

  const x = new Int32Array(B * T)
  const y = new Int32Array(B * T)
  const masks = new Map(masked.map(layer => [layer, new Float32Array(B * T * config.hidden)]))
  const schedule = scheduleOf(settings)
  const clip = clipOf(settings)

  return {
    evaluatedWeights: averaged ?? weights,
    nodes: backprop.nodes,
    async step(step, check) {
      const index = (step - 1) % batches
      // The state is zero at the start of each pass and is carried from batch to batch within it.
      if (index === 0) state = zeroState()
      fillBatch(ids, split.training, index, x, y)
      for (const [layer, mask] of masks) {
        fillMask(mask, { seed: settings.seed, layer, step, p: settings.dropout })
      }
      const batch = { x, y, masks, state }
      const { loss, ...next } = await backprop.run(weights, batch, gradients)
      trained.compactInto(gradients, optimizer.gradients)
      const result = {
        loss,
        norm: optimizer.norm(),
        rate: learningRate(schedule, {
          step: pace.position(step),
          steps: pace.plannedSteps,
          epoch: Math.ceil(step / batches),
        }),
      }
      check(result)
      optimizer.update({ rate: result.rate, step, ...clipping(clip, result.norm) })
      trained.expandInto(optimizer.weights, weights)
      if (average && averaged) {
        updateAverage(average, optimizer.weights, settings.average, step)
        trained.expandInto(average, averaged)
      }
      state = next.state
      return result
    },
    checkpointTensors: () => ({
      weights,
      average: averaged,
      moments: optimizer.moments,
      state,
    }),
    copyWeights: () => copyTensors(averaged ?? weights),
    dispose: () => backprop.dispose(),
  }
}
