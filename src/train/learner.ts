/**
 * The learner: weights, optimizer and carried state, and what one step does to them. A step is a
 * pure function of (corpus, settings, threads, what the learner holds, step); nothing else moves it.
 */
import type { Weights } from '../model/config.js'
import { copyOf, follow } from './average.js'
import { createBackprop } from './backprop.js'
import { fillBatch, type IdSource } from './batches.js'
import type { Checkpoint } from './checkpoint.js'
import { fillMask } from './dropout.js'
import type { Engine } from './engine.js'
import { type Clip, clipping } from './optimizer/clip.js'
import { createOptimizer } from './optimizer/index.js'
import type { Tensors } from './optimizer/optimizer.js'
import type { Plan } from './plan.js'
import { learningRate, type Schedule } from './schedule.js'
import type { TrainSettings } from './settings.js'
import { initialWeights } from './weights.js'

/** What a step measured, before it changed anything. */
export interface Measured {
  /** Mean loss of the batch, nats a symbol. */
  readonly loss: number
  /** Of all gradients, before clipping. */
  readonly norm: number
  readonly rate: number
}

export interface Learner {
  /** What is validated, saved and looked at: the weights, or their running average. */
  readonly shown: Tensors
  readonly nodes: number
  /**
   * Takes one step.
   * @param step of the whole run, from 1
   * @param check sees loss and norm before weights and state change; may throw
   */
  step(step: number, check: (measured: Measured) => void): Promise<Measured>
  /** What a checkpoint keeps: live arrays, not copies. */
  holds(): Omit<Checkpoint, 'run' | 'checked'>
  copyWeights(): Weights
  dispose(): Promise<void>
}

function scheduleOf(settings: TrainSettings): Schedule {
  return {
    kind: settings.schedule,
    rate: settings.rate,
    floor: settings.rateFloor,
    warmup: settings.warmup,
    decay: settings.rateDecay,
    decayAfter: settings.rateDecayAfter,
  }
}

function clipOf({ clip, clipBy }: TrainSettings): Clip {
  return clip === 0 ? { by: 'none' } : { by: clipBy, at: clip }
}

/** A learner at the plan's checkpoint, or at the beginning. */
export async function createLearner(engine: Engine, plan: Plan, ids: IdSource): Promise<Learner> {
  const { settings, config, split, masked, checkpoint, pace } = plan
  const { batch: B, steps: T, batches } = split.training
  const { ar, tar } = settings
  const sizes = { batch: B, steps: T }
  const backprop = await createBackprop(engine, config, { ...sizes, masked, penalty: { ar, tar } })
  const initial =
    checkpoint?.weights ??
    initialWeights(config, {
      kind: settings.init,
      forgetBias: settings.forgetBias,
      seed: settings.seed,
    })
  const optimizer = createOptimizer(settings.optimizer, initial, {
    ...settings,
    decay: settings.rmsDecay,
  })
  const { weights, gradients } = optimizer
  for (const [kind, group] of checkpoint?.moments ?? []) {
    for (const [name, saved] of group) optimizer.moments.get(kind)?.get(name)?.set(saved)
  }
  const average = settings.average === 0 ? undefined : (checkpoint?.average ?? copyOf(weights))
  const zeroState = (): Tensors =>
    new Map(backprop.state.map(name => [name, new Float32Array(B * config.hidden)]))
  let state = checkpoint?.state ?? zeroState()

  const x = new Int32Array(B * T)
  const y = new Int32Array(B * T)
  const masks = new Map(masked.map(layer => [layer, new Float32Array(B * T * config.hidden)]))
  const schedule = scheduleOf(settings)
  const clip = clipOf(settings)

  return {
    shown: average ?? weights,
    nodes: backprop.nodes,
    async step(step, check) {
      const index = (step - 1) % batches
      // Each pass begins as a text begins; within it, every stream goes on where it was.
      if (index === 0) state = zeroState()
      fillBatch(ids, split.training, index, x, y)
      for (const [layer, mask] of masks) {
        fillMask(mask, { seed: settings.seed, layer, step, p: settings.dropout })
      }
      const batch = { x, y, masks, state }
      const { loss, ...next } = await backprop.run(weights, batch, gradients)
      const measured = {
        loss,
        norm: optimizer.norm(),
        rate: learningRate(schedule, {
          step: pace.place(step),
          steps: pace.first,
          epoch: Math.ceil(step / batches),
        }),
      }
      check(measured)
      optimizer.update({ rate: measured.rate, step, ...clipping(clip, measured.norm) })
      if (average) follow(average, weights, settings.average, step)
      state = next.state
      return measured
    },
    holds: () => ({ weights, average, moments: optimizer.moments, state }),
    copyWeights: () => copyOf(average ?? weights),
    dispose: () => backprop.dispose(),
  }
}
