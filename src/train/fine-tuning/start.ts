/**
 * Training that goes on from a model (fine-tuning): the model's cell and sizes are taken, symbols that
 * both know keep their weights, and those of new symbols are drawn from the seed.
 */
import { InputError } from '../../errors.js'
import type { StartRecord } from '../../file/index.js'
import { wordsOf } from '../../knob.js'
import { elements, type ModelConfig, tensorShapes } from '../../model/config.js'
import { checkTrainable } from '../cells/network.js'
import { type TrainSettings, trainSettings } from '../settings.js'
import type { TrainingCorpus } from '../training-corpus.js'
import { type InitialisationOptions, initialWeights } from '../weights.js'
import { frozenLayers, type LayerName } from './frozen.js'
import { mapSymbols, type StartingModel, type SymbolMap } from './vocabulary.js'

/** Settings that the model decides. */
const OF_MODEL = ['cell', 'layers', 'hidden', 'embedding', 'activation', 'reset'] as const

/** The settings that a model decides, with its values. */
export const modelSettings = (config: ModelConfig): Partial<TrainSettings> =>
  Object.fromEntries(OF_MODEL.map(name => [name, config[name]]))

/** @throws InputError for a setting that contradicts the model, or that has no effect with one */
export function checkModelSettings(
  config: ModelConfig,
  given: Readonly<Record<string, unknown>>,
): void {
  const wanted = trainSettings(given)
  for (const name of OF_MODEL) {
    // -1 lets the width of the embedding follow from the vocabulary.
    const free = given[name] === undefined || wanted[name] === -1
    if (free || wanted[name] === config[name]) continue
    throw new InputError(
      'start-settings',
      `${wordsOf(name)} ${wanted[name]} is asked for, and the model that training goes on from has ${config[name]}; leave it out, or begin with random weights.`,
      {
        ja: `${wordsOf(name)}に${wanted[name]}が指定されていますが、続きを学習するモデルは${config[name]}です。指定を外すか、モデルなしで学習してください。`,
      },
    )
  }
  if (given.forgetBias !== undefined) {
    throw new InputError(
      'start-settings',
      `${wordsOf('forgetBias')} ${wanted.forgetBias} is asked for, and the model that training goes on from has trained biases; leave it out, or begin with random weights.`,
      {
        ja: `${wordsOf('forgetBias')}が指定されていますが、続きを学習するモデルのバイアスは学習済みです。指定を外すか、モデルなしで学習してください。`,
      },
    )
  }
}

/** A run that goes on from a model. */
export interface Start {
  readonly model: StartingModel
  /** The model's configuration, with the new vocabulary. */
  readonly config: ModelConfig
  readonly symbols: SymbolMap
  readonly frozen: readonly LayerName[]
  readonly record: StartRecord
}

/**
 * Plans how a run goes on from a model.
 * @param freeze layers whose weights stay: `embedding`, numbers from 0, `head`
 * @throws InputError for a model or a vocabulary that training can't go on from
 */
export function planStart(
  model: StartingModel,
  corpus: TrainingCorpus,
  freeze: readonly (string | number)[] | undefined,
): Start {
  checkTrainable(model.config)
  const symbols = mapSymbols(model, corpus)
  const { added, dropped, source } = symbols
  const { restart, padding } = model.config
  const config = {
    ...model.config,
    vocabulary: corpus.tokenizer.size,
    ...(restart !== undefined && { restart: source.indexOf(restart) }),
    ...(padding !== undefined && { padding: source.indexOf(padding) }),
  }
  const frozen = frozenLayers(config, freeze)
  const trainedOn = model.training?.corpus
  const record: StartRecord = {
    ...(model.name !== undefined && { name: model.name }),
    hash: model.hash,
    ...(trainedOn !== undefined && { corpus: trainedOn }),
    shared: source.length - added.length,
    added,
    dropped,
    frozen,
  }
  return { model, config, symbols, frozen, record }
}

/**
 * The weights before the first update: the model's, where those of a symbol are found under its new id.
 * The weights of new symbols are what a fresh network of this seed has.
 */
export function startingWeights(
  { model, config, symbols: { source } }: Start,
  options: InitialisationOptions,
): Map<string, Float32Array> {
  const weights = initialWeights(config, options)
  const before = tensorShapes(model.config)
  for (const [name, shape] of tensorShapes(config)) {
    const [to, from] = [weights.get(name)!, model.weights.get(name)!]
    const [rows, columns] = [shape[0], elements(shape) / shape[0]]
    const width = elements(before.get(name)!) / before.get(name)![0]
    if (name === 'embedding.weight' || name.startsWith('head.')) {
      source.forEach((id, at) => {
        if (id >= 0) to.set(from.subarray(id * columns, (id + 1) * columns), at * columns)
      })
    } else if (name === 'rnn.weight_ih_l0' && config.embedding === 0) {
      for (let r = 0; r < rows; r++) {
        source.forEach((id, at) => {
          if (id >= 0) to[r * columns + at] = from[r * width + id]
        })
      }
    } else {
      to.set(from)
    }
  }
  return weights
}
