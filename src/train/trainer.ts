/**
 * The trainer: reads the corpus step by step, updates the weights, and tells what happens as
 * events. It prints nothing.
 *
 * What a step does is a pure function of (corpus, settings, threads, step): evaluating, saving,
 * looking at the weights and stopping change nothing of it. A resumed run is the same run.
 */
import { InputError, TrainingError } from '../errors.js'
import { encodeModel, type TrainingRecord } from '../file/index.js'
import { type ModelConfig, modelConfig, parameterCount, type Weights } from '../model/config.js'
import { VERSION } from '../version.js'
import { LOSSES, maskName, networkGraph, nextState } from './cells/network.js'
import {
  type Checkpoint,
  encodeCheckpoint,
  FILES,
  type Run,
  readCheckpoint,
  resumedSettings,
} from './checkpoint.js'
import type { TrainingCorpus } from './corpus.js'
import { fillMask } from './dropout.js'
import type { Engine, Feed } from './engine.js'
import { evaluator } from './evaluate.js'
import type { TrainEvent } from './events.js'
import { type Clip, clipping, gradientNorm } from './optimizer/clip.js'
import { createOptimizer } from './optimizer/index.js'
import { learningRate } from './schedule.js'
import { embeddingWidth, type TrainSettings, trainSettings } from './settings.js'
import type { CheckpointStore } from './store.js'
import { FEWEST_SYMBOLS, fillBatch, fitBatch, splitCorpus } from './streams.js'
import { initialWeights } from './weights.js'

export interface TrainOptions {
  readonly corpus: TrainingCorpus
  readonly engine: Engine
  /** Any of the settings; the rest come from the preset, then from the table. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** `char-rnn`, or none. */
  readonly preset?: string
  /** Where checkpoints go; nowhere when left out. */
  readonly store?: CheckpointStore
  /** Go on from the store's checkpoint. */
  readonly resume?: boolean
  /** Begin anew even where the store holds a run. */
  readonly overwrite?: boolean
  /** Stops after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal
  /** For the model file. */
  readonly name?: string
  readonly prompt?: string
  readonly stop?: readonly string[]
}

/** char-rnn's rule: a loss above three times the first has run away. */
const EXPLOSION = 3

/** Weight of the past in the smoothed loss: a mean over about 50 steps. */
const SMOOTHING = 0.98

/** Seconds between writes of metrics.jsonl. */
const METRICS_EVERY = 1

/** The model that settings describe for a vocabulary of V. */
export function configOf(settings: TrainSettings, vocabulary: number): ModelConfig {
  return modelConfig({
    cell: settings.cell,
    vocabulary,
    embedding: embeddingWidth(settings, vocabulary),
    hidden: settings.hidden,
    layers: settings.layers,
    activation: settings.activation,
    reset: settings.reset,
    dropout: settings.dropout,
  })
}

function maskedLayers(settings: TrainSettings): number[] {
  if (settings.dropout === 0) return []
  const count = settings.dropoutAfter === 'each' ? settings.layers : settings.layers - 1
  return Array.from({ length: count }, (_, k) => k)
}

function clipOf({ clip, clipBy }: TrainSettings): Clip {
  return clip === 0 ? { by: 'none' } : { by: clipBy, at: clip }
}

function checkCorpus({ ids }: TrainingCorpus): void {
  if (ids.length < FEWEST_SYMBOLS) {
    throw new TrainingError(
      'corpus-too-small',
      `The corpus has ${ids.length} symbols; training needs at least ${FEWEST_SYMBOLS} to learn anything that a copy would not (good texts begin at some 100,000): give a longer text.`,
    )
  }
}

async function checkpointToResume(options: TrainOptions): Promise<Checkpoint | undefined> {
  const { store, corpus } = options
  if (!options.resume) {
    if (store && !options.overwrite && (await store.read(FILES.resume)) !== undefined) {
      throw new InputError(
        'run-exists',
        'There is a run already where this one would be saved; resume it, choose another place, or say that it may be overwritten.',
      )
    }
    return undefined
  }
  if (store === undefined) {
    throw new InputError('nothing-to-resume', 'To resume, give the store that holds the run.')
  }
  const checkpoint = await readCheckpoint(store)
  const { run } = checkpoint
  if (run.corpus.hash !== corpus.hash || run.corpus.size !== corpus.ids.length) {
    throw new InputError(
      'corpus-changed',
      `The run was trained on ${run.corpus.size} symbols with hash ${run.corpus.hash.slice(0, 12)}, and this corpus has ${corpus.ids.length} with hash ${corpus.hash.slice(0, 12)}; give the same text, or start a new run.`,
    )
  }
  if (run.tokenizer !== JSON.stringify(corpus.tokenizer)) {
    throw new InputError(
      'tokenizer-changed',
      'The run was trained with another tokenizer; give the same tokenizer, or start a new run.',
    )
  }
  return checkpoint
}

/**
 * Trains a model. Everything wrong with settings or corpus is said before the first step.
 * @throws InputError for settings, a resume that doesn't fit; TrainingError for a corpus too small,
 *   a loss that runs away (the last checkpoint is kept)
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
  const { corpus, engine, store, signal } = options
  const { ids, tokenizer } = corpus
  const given = options.settings ?? {}
  trainSettings(given, options.preset)
  checkCorpus(corpus)
  const resumed = await checkpointToResume(options)
  const settings = resumed
    ? resumedSettings(resumed.run.settings, given, options.preset)
    : trainSettings(given, options.preset)

  const config = configOf(settings, tokenizer.size)
  const request = {
    kind: settings.split,
    holdout: settings.holdout,
    batch: settings.batch,
    steps: settings.seq,
  }
  const fitted = fitBatch(ids.length, request)
  const split = splitCorpus(ids.length, { ...request, ...fitted })
  const { training } = split
  const { batch: B, steps: T, batches } = training
  const total = settings.steps || settings.epochs * batches
  const masked = maskedLayers(settings)

  const graph = networkGraph(config, { batch: B, steps: T, training: true, masked })
  const program = await engine.compile(graph)
  const evaluate = split.validation && (await evaluator(engine, config, ids, split.validation))
  const weights =
    resumed?.weights ??
    initialWeights(config, {
      kind: settings.init,
      forgetBias: settings.forgetBias,
      seed: settings.seed,
    })
  const optimizer = createOptimizer(settings.optimizer, weights, {
    ...settings,
    decay: settings.rmsDecay,
  })
  for (const [kind, group] of optimizer.moments) {
    for (const [name, data] of group) {
      const saved = resumed?.moments.get(kind)?.get(name)
      if (saved) data.set(saved)
    }
  }
  let state = new Map<string, Float32Array>()
  const zeroState = (): void => {
    state = new Map(graph.state.map(name => [name, new Float32Array(B * config.hidden)]))
  }
  zeroState()
  if (resumed) state = new Map(resumed.state)

  const feeds: Record<string, Feed> = {
    x: new Int32Array(B * T),
    y: new Int32Array(B * T),
  }
  for (const [name, data] of weights) feeds[name] = data
  for (const k of masked) feeds[maskName(k)] = new Float32Array(B * T * config.hidden)

  let { step, firstLoss, smoothedLoss, best, validation, metricsBytes } = resumed?.run ?? {
    step: 0,
    metricsBytes: 0,
    firstLoss: undefined,
    smoothedLoss: undefined,
    best: undefined,
    validation: undefined,
  }
  const secondsBefore = resumed?.run.seconds ?? 0
  const began = performance.now()
  const secondsHere = (): number => (performance.now() - began) / 1000
  const firstStep = step
  let savedStep = step
  const clip = clipOf(settings)
  const scheduled = {
    kind: settings.schedule,
    rate: settings.rate,
    floor: settings.rateFloor,
    warmup: settings.warmup,
    decay: settings.rateDecay,
    decayAfter: settings.rateDecayAfter,
  }

  const copyWeights = (): Weights =>
    new Map(Array.from(weights, ([name, data]) => [name, data.slice()]))

  const record = (): TrainingRecord => ({
    ...(corpus.name !== undefined && { corpus: corpus.name }),
    corpusHash: corpus.hash,
    corpusSize: ids.length,
    split: settings.split,
    seed: settings.seed,
    settings: { ...settings },
    epochs: step / batches,
    steps: step,
    ...(smoothedLoss !== undefined && { trainLoss: smoothedLoss }),
    ...(validation !== undefined && { validationLoss: validation.loss }),
    seconds: secondsBefore + secondsHere(),
    version: VERSION,
  })
  const modelBytes = (): Uint8Array => {
    const { name, prompt, stop } = options
    return encodeModel({
      config,
      tokenizer,
      weights,
      training: record(),
      ...(name !== undefined && { name }),
      ...(prompt !== undefined && { prompt }),
      ...(stop !== undefined && { stop }),
    })
  }

  let pending = ''
  let flushed = 0
  const note = (line: Readonly<Record<string, unknown>>): void => {
    pending += `${JSON.stringify(line)}\n`
  }
  const flushMetrics = async (): Promise<void> => {
    if (!store || pending === '') return
    const text = pending
    pending = ''
    flushed = secondsHere()
    await store.append(FILES.metrics, text)
    metricsBytes += text.length // JSON of numbers: a byte a character
  }
  const runNow = (): Run => ({
    settings,
    corpus: {
      hash: corpus.hash,
      size: ids.length,
      ...(corpus.name !== undefined && { name: corpus.name }),
    },
    tokenizer: JSON.stringify(tokenizer),
    threads: engine.threads,
    step,
    ...(firstLoss !== undefined && { firstLoss }),
    ...(smoothedLoss !== undefined && { smoothedLoss }),
    ...(best !== undefined && { best }),
    ...(validation !== undefined && { validation }),
    seconds: secondsBefore + secondsHere(),
    metricsBytes,
  })
  const save = async (): Promise<void> => {
    if (!store) return
    await flushMetrics()
    const run = runNow()
    if (step > 0) await store.write(FILES.model, modelBytes())
    await store.write(FILES.run, new TextEncoder().encode(`${JSON.stringify(run, null, 2)}\n`))
    // Last, and alone enough: whatever was written before it is repeated when this is not reached.
    await store.write(
      FILES.resume,
      encodeCheckpoint({ run, weights, moments: optimizer.moments, state }),
    )
    savedStep = step
  }

  try {
    yield {
      type: 'start',
      settings,
      config,
      parameters: parameterCount(config),
      symbols: ids.length,
      trainingSymbols: training.predictions,
      validationSymbols: split.validation?.predictions ?? 0,
      unusedSymbols: split.unused,
      batch: B,
      seq: T,
      batches,
      steps: total,
      step,
      nodes: graph.nodes,
    }
    if (B !== settings.batch || T !== settings.seq) {
      yield {
        type: 'warning',
        code: 'adapted',
        message: `The corpus has ${ids.length} symbols, too few for batch ${settings.batch} x seq ${settings.seq}: training with batch ${B} x seq ${T}.`,
      }
    }
    if (split.validation === undefined && settings.holdout > 0) {
      yield {
        type: 'warning',
        code: 'no-validation',
        message: `Holding out ${settings.holdout} of ${ids.length} symbols leaves nothing to validate on: there will be no validation loss.`,
      }
    }
    if (resumed && resumed.run.threads !== engine.threads) {
      yield {
        type: 'warning',
        code: 'threads',
        message: `The run was started with ${resumed.run.threads} threads and goes on with ${engine.threads}: it will learn as well, but not to the same bits.`,
      }
    }
    if (store) {
      if (resumed) await store.truncate(FILES.metrics, metricsBytes)
      else {
        await store.truncate(FILES.metrics, 0)
        await save()
      }
    }

    while (step < total && !signal?.aborted) {
      const index = step % batches
      if (index === 0) zeroState()
      step++
      const epoch = Math.ceil(step / batches)
      fillBatch(ids, training, index, feeds.x as Int32Array, feeds.y as Int32Array)
      for (const k of masked) {
        fillMask(feeds[maskName(k)] as Float32Array, {
          seed: settings.seed,
          layer: k,
          step,
          p: settings.dropout,
        })
      }
      for (const [name, data] of state) feeds[name] = data
      const out = await program.run(feeds)
      const losses = out[LOSSES]
      let sum = 0
      for (let i = 0; i < losses.length; i++) sum += losses[i]
      const loss = sum / losses.length
      const gradients = new Map<string, Float32Array>()
      for (const [name, output] of graph.gradients) gradients.set(name, out[output])
      const norm = gradientNorm(gradients)
      firstLoss ??= loss
      if (!Number.isFinite(loss) || !Number.isFinite(norm) || loss > EXPLOSION * firstLoss) {
        throw ranAway({ loss, norm, firstLoss, step, savedStep, settings, kept: !!store })
      }
      const rate = learningRate(scheduled, { step, steps: total, epoch })
      optimizer.update(weights, gradients, { rate, step, ...clipping(clip, norm) })
      state = new Map(graph.state.map(name => [name, out[nextState(name)]]))
      smoothedLoss =
        smoothedLoss === undefined ? loss : SMOOTHING * smoothedLoss + (1 - SMOOTHING) * loss

      const seconds = secondsHere()
      const perStep = seconds / (step - firstStep)
      note({ step, epoch: step / batches, loss, rate, norm, seconds: secondsBefore + seconds })
      yield {
        type: 'step',
        step,
        steps: total,
        epoch: step / batches,
        loss,
        smoothedLoss,
        rate,
        norm,
        symbolsPerSecond: (B * T) / perStep,
        secondsLeft: perStep * (total - step),
        seconds: secondsBefore + seconds,
        weights: copyWeights,
      }

      const due = settings.evaluateEvery
        ? step % settings.evaluateEvery === 0
        : step % batches === 0
      if (evaluate && (due || step === total)) {
        const measured = await evaluate.run(weights)
        const isBest = best === undefined || measured < best.loss
        validation = { loss: measured, step }
        note({ step, epoch: step / batches, validation: measured })
        if (isBest) {
          best = { loss: measured, step }
          await store?.write(FILES.best, modelBytes())
        }
        yield {
          type: 'evaluation',
          step,
          epoch: step / batches,
          loss: measured,
          best: isBest,
          bestLoss: best?.loss ?? measured,
          smoothedLoss,
          weights: copyWeights,
        }
        if (store) {
          await save()
          yield { type: 'checkpoint', step }
        }
      } else if (store && step % settings.checkpointEvery === 0 && step < total) {
        await save()
        yield { type: 'checkpoint', step }
      } else if (store && secondsHere() - flushed > METRICS_EVERY) await flushMetrics()
    }

    const aborted = step < total
    if (store && savedStep !== step) {
      await save()
      yield { type: 'checkpoint', step }
    }
    yield {
      type: 'end',
      reason: aborted ? 'aborted' : 'finished',
      step,
      epoch: step / batches,
      seconds: secondsBefore + secondsHere(),
      ...(smoothedLoss !== undefined && { smoothedLoss }),
      ...(validation !== undefined && { validation }),
      ...(best !== undefined && { best }),
      config,
      record: record(),
      weights: copyWeights,
    }
  } finally {
    await program.dispose()
    await evaluate?.dispose()
  }
}

function ranAway(at: {
  readonly loss: number
  readonly norm: number
  readonly firstLoss: number
  readonly step: number
  readonly savedStep: number
  readonly settings: TrainSettings
  readonly kept: boolean
}): TrainingError {
  const { loss, norm, firstLoss, step, savedStep, settings, kept } = at
  const what = !Number.isFinite(loss)
    ? `The loss of step ${step} is not a number`
    : !Number.isFinite(norm)
      ? `The gradients of step ${step} are not finite`
      : `The loss of step ${step} is ${loss.toFixed(2)}, more than ${EXPLOSION} times the first (${firstLoss.toFixed(2)})`
  const saved = kept ? ` (the checkpoint of step ${savedStep} is kept)` : ''
  return new TrainingError(
    'diverged',
    `${what}: training ran away${saved}; start again with a lower rate (it was ${settings.rate}) or a smaller clip (it was ${settings.clip}).`,
  )
}
