/**
 * TensorFlow.js layers models: a model.json with the topology in Keras' form and a list of weights, and
 * the files of the weights. tfjs-examples' lstm-text-generation saves such models.
 *
 * Source: tfjs-layers' models.ts and serialization, tfjs-core's io.
 */
import { FileError, quote } from '../errors.js'
import { isRecord } from '../file/json.js'
import { jsonIn } from './json-file.js'
import { importKerasNetwork } from './keras.js'
import { cellsOf, type KerasDescription, layersOf, tensorsIn } from './keras-config.js'
import type { KerasNetwork } from './keras-file.js'
import type { KerasLayer } from './keras-layers.js'
import type { Format, SourceFile, Vocabulary } from './source.js'
import { tensorsOf } from './tfjs-weights.js'
import { symbolsInValue } from './vocabulary-values.js'

type Json = Record<string, unknown>

/** A network that tfjs-layers made: its defaults are those of this version of Keras (hard gates). */
const KERAS_OF_TFJS = '2.2.0-tfjs'
/** Deeper configs describe nothing that is read here. */
const MOST_DEPTH = 24

interface Saved {
  readonly file: SourceFile
  readonly json: Json
  readonly manifest: readonly unknown[]
}

function savedIn(files: readonly SourceFile[]): Saved | undefined {
  for (const file of files) {
    const json = jsonIn(file)
    if (isRecord(json) && Array.isArray(json.weightsManifest)) {
      return { file, json, manifest: json.weightsManifest }
    }
  }
  return undefined
}

const snakeCase = (name: string): string =>
  name.replace(/[a-z][A-Z]/g, ([lower, upper]) => `${lower}_${upper?.toLowerCase()}`)

/** Keys in snake_case, which tfjs writes today; some programs wrote camelCase. */
function pythonic(value: unknown, depth = 0): unknown {
  if (depth > MOST_DEPTH) return undefined
  if (Array.isArray(value)) return value.map(one => pythonic(one, depth + 1))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const name = snakeCase(key)
      const isFunction = /activation$/.test(name) && typeof one === 'string'
      return [name, isFunction ? snakeCase(one) : pythonic(one, depth + 1)]
    }),
  )
}

type Tensors = KerasLayer['tensors']

/** Layers with their tensors: by name, `lstm_1/kernel`, else all in order. */
function withTensors(
  layers: readonly KerasDescription[],
  tensors: Tensors,
): KerasLayer[] | undefined {
  const named = layers.map(layer => ({
    ...layer,
    tensors: tensors.filter(({ name }) => `/${name}`.includes(`/${layer.name}/`)),
  }))
  const parts = layers.map(layer => cellsOf(layer) ?? [layer])
  const counts = parts.map(cells => cells.reduce((sum, cell) => sum + tensorsIn(cell), 0))
  const byName = named.every((layer, k) => counts[k] === 0 || layer.tensors.length === counts[k])
  if (!byName && counts.reduce((a, b) => a + b, 0) !== tensors.length) return undefined
  let next = 0
  return parts.flatMap((cells, k) => {
    let at = 0
    const own = byName ? (named[k]?.tensors ?? []) : tensors.slice(next, next + (counts[k] ?? 0))
    next += counts[k] ?? 0
    // A layer that is not known keeps its tensors, so that it is refused by its name.
    if (counts[k] === 0) return [{ ...(cells[0] as KerasDescription), tensors: own }]
    return cells.map(cell => {
      const count = tensorsIn(cell)
      at += count
      return { ...cell, tensors: own.slice(at - count, at) }
    })
  })
}

function networkOf({ file, json, manifest }: Saved, files: readonly SourceFile[]): KerasNetwork {
  const refuse = (what: string): FileError =>
    new FileError('tfjs', `The TensorFlow.js model ${quote(file.name)} ${what}.`)
  const topology = isRecord(json.modelTopology) ? json.modelTopology : undefined
  if (json.format === 'graph-model' || Array.isArray(topology?.node)) {
    throw refuse(
      'is a graph model, which has operations instead of layers; convert it as a layers model',
    )
  }
  if (!topology) throw refuse('lacks modelTopology; save the model again')
  const pythonicTopology = pythonic(topology) as Json
  // The converter from Keras keeps the model's config one level deeper.
  const config = isRecord(pythonicTopology.model_config)
    ? pythonicTopology.model_config
    : pythonicTopology
  const layers = layersOf(config)
  if (!layers) throw refuse('lists no layers in modelTopology; save the model again')
  const tensors = withTensors(layers, tensorsOf(file.name, manifest, files))
  if (!tensors) throw refuse('has weights that do not belong to its layers; save the model again')
  const version = String(pythonicTopology.keras_version ?? '')
  const isOfTfjs = version === '' || /tfjs/.test(version)
  return { file: file.name, layers, tensors, version: isOfTfjs ? KERAS_OF_TFJS : version }
}

/** A vocabulary in the model's own metadata, if one is there. */
function vocabularyIn({ json }: Saved, V: number): Vocabulary | undefined {
  const { userDefinedMetadata: metadata } = json
  const values = isRecord(metadata) ? [metadata, ...Object.values(metadata)] : []
  for (const value of values) {
    const found = symbolsInValue(value, V)
    if (found?.symbols.length === V) return found
  }
  return undefined
}

export const tfjs: Format = {
  kind: 'tfjs',
  about: {
    en: 'TensorFlow.js (model.json and its weights)',
    ja: 'TensorFlow.js（model.jsonと重みのファイル）',
  },

  recognises: files => savedIn(files) !== undefined,

  read(files, options) {
    const saved = savedIn(files) as Saved
    const network = networkOf(saved, files)
    const inside = (V: number): Vocabulary | undefined => vocabularyIn(saved, V)
    const imported = importKerasNetwork(network, { ...options, inside })
    // lstm-text-generation numbers characters as they appear; a model of Keras comes from Python.
    const isOfTfjs = network.version === KERAS_OF_TFJS
    return { ...imported, ...(isOfTfjs && { corpusOrder: 'appearance' as const }) }
  },
}
