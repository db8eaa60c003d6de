/**
 * Keras 1, 2 and 3. A network is an Embedding or one-hot input, recurrent layers, and a Dense layer with a
 * softmax behind them.
 */
import { counted, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import type { GateKind } from '../model/config.js'
import { assemble } from './assemble.js'
import { isHdf5 } from './hdf5.js'
import { isArchive, type KerasNetwork, networkOf, refuse } from './keras-file.js'
import { denseOf, recurrentOf } from './keras-layers.js'
import type { Format, Imported, ImportOptions, SourceFile, Vocabulary } from './source.js'
import { isTextgenrnn } from './textgenrnn.js'
import { tokenizerOf, vocabularyFile } from './vocabulary.js'

/** Layers that compute nothing when text is written. */
const PASSIVE = /^(Dropout|SpatialDropout1D|InputLayer|Activation|Masking|GaussianNoise|Softmax)$/
const RECURRENT = /^(CuDNN)?(LSTM|GRU|SimpleRNN)$/

/** The length of the windows that the network was trained on; undefined where the file says none. */
function windowOf({ layers }: KerasNetwork): number | undefined {
  for (const { config } of layers ?? []) {
    const shape = config.batch_input_shape ?? config.batch_shape
    const steps = Array.isArray(shape) ? shape[1] : config.input_length
    if (typeof steps === 'number' && config.stateful !== true) return steps
  }
  return undefined
}

const WINDOW_NOTE = (steps: number, used: boolean): Bilingual =>
  used
    ? {
        en: `each prediction reads the last ${counted(steps, 'symbol')} from a zero state, as in training`,
        ja: `予測のたびに、学習時と同じく直前の${steps}記号を状態0から読みます`,
      }
    : {
        en: `it was trained on windows of ${counted(steps, 'symbol')} from a zero state, and reads the whole text here`,
        ja: `状態0から始まる${steps}記号の窓で学習されたモデルです。ここでは全文を続けて読みます`,
      }

/** What reads a network's files may say besides. */
interface NetworkOptions extends ImportOptions {
  /** The vocabulary of V symbols that the model's own files hold. */
  readonly inside?: (V: number) => Vocabulary | undefined
}

/**
 * A network of ours from Keras' layers, whatever file they came from.
 * @param files all files, for a vocabulary beside the weights
 * @throws FileError for layers that Ondo has not
 */
export function importKerasNetwork(
  network: KerasNetwork,
  files: readonly SourceFile[],
  options: NetworkOptions,
): Imported {
  const active = network.tensors.filter(
    ({ type, tensors }) => !PASSIVE.test(type) || tensors.length > 0,
  )
  const unknown = active.find(
    ({ type }) => !RECURRENT.test(type) && !/^(Embedding|Dense)$/.test(type),
  )
  if (unknown) {
    throw refuse(
      network.file,
      `has the layer ${quote(unknown.name)} of the class ${quote(unknown.type)}; expected Embedding, LSTM, GRU, SimpleRNN and Dense`,
    )
  }
  const embedding = active.find(({ type }) => type === 'Embedding')
  const recurrent = active.filter(({ type }) => RECURRENT.test(type))
  const dense = active.filter(({ type }) => type === 'Dense')
  const [head] = dense
  if (recurrent.length === 0 || !head || dense.length > 1) {
    throw refuse(
      network.file,
      `has ${recurrent.length} recurrent and ${dense.length} Dense layers; expected at least one recurrent and one Dense behind it`,
    )
  }
  const layers = recurrent.map(layer => recurrentOf(layer, network.version))
  const [first] = layers as [(typeof layers)[number]]
  const same = layers.every(
    ({ cell, activation, reset, gates }) =>
      cell === first.cell &&
      activation === first.activation &&
      reset === first.reset &&
      gates === first.gates,
  )
  if (!same)
    throw refuse(network.file, 'mixes cells of different kinds; expected one kind in all layers')
  const table = embedding?.tensors[0]?.tensor
  const ends = denseOf(head)
  const V = ends.headBias.length
  const window = options.window
  const trained = windowOf(network)
  return {
    ...assemble({
      cell: first.cell,
      ...(first.cell === 'rnn' && { activation: first.activation }),
      ...(first.cell === 'gru' && { reset: first.reset }),
      ...(first.gates !== 'sigmoid' && { gates: first.gates as GateKind }),
      ...(window !== undefined && { window }),
      ...(table && { embedding: table.toFloat32() }),
      layers: layers.map(({ matrices }) => matrices),
      ...ends,
    }),
    tokenizer: tokenizerOf(
      options.vocabulary ?? options.inside?.(V) ?? vocabularyFile(files, V),
      V,
    ),
    ...(trained !== undefined && { trainedWindow: trained }),
    notes: [
      ...(first.gates === 'sigmoid'
        ? []
        : [
            {
              en: 'the gates are piecewise linear (hard_sigmoid), as in training',
              ja: 'ゲートは学習時と同じ折れ線関数（hard_sigmoid）です',
            },
          ]),
      ...(trained === undefined ? [] : [WINDOW_NOTE(window ?? trained, window !== undefined)]),
    ],
  }
}

export const keras: Format = {
  kind: 'keras',
  about: { en: 'Keras (.h5, .hdf5, .keras)', ja: 'Keras（.h5、.hdf5、.keras）' },

  recognises: files => files.some(file => (isHdf5(file) && !isTextgenrnn(file)) || isArchive(file)),

  read: (files, options) => importKerasNetwork(networkOf(files), files, options),
}
