/**
 * Keras 1, 2 and 3. A network is an Embedding or one-hot input, recurrent layers, and a Dense layer with a
 * softmax behind them.
 */
import { counted, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { type GateKind, LIMITS } from '../model/config.js'
import { assemble } from './assemble.js'
import { isHdf5 } from './hdf5.js'
import { isArchive, type KerasNetwork, networkOf, refuse } from './keras-file.js'
import { denseOf, functionName, type KerasLayer, recurrentOf } from './keras-layers.js'
import type { Format, Imported, ImportOptions, Vocabulary } from './source.js'
import { isTextgenrnn } from './textgenrnn.js'

/** Layers that compute nothing when text is written. */
const PASSIVE =
  /^(Dropout|SpatialDropout1D|InputLayer|Masking|GaussianNoise|GaussianDropout|AlphaDropout|ActivityRegularization)$/
const RECURRENT = /^(CuDNN)?(LSTM|GRU|SimpleRNN)$/

/** The function behind the last Dense; others than these give no logits. */
const ENDS = ['softmax', 'linear', 'log_softmax']

/** The function of an Activation or Softmax layer, or of a Dense. */
function functionOf({ type, config }: KerasLayer): string {
  if (type === 'Softmax') return 'softmax'
  return functionName(config.activation) ?? 'linear'
}

interface Stack {
  readonly embedding: KerasLayer | undefined
  readonly recurrent: readonly KerasLayer[]
  readonly head: KerasLayer
}

/**
 * The layers of a network of ours.
 * @throws FileError for layers that Ondo has not, or in another order
 */
function stackOf({ tensors, file }: KerasNetwork): Stack {
  const active = tensors.filter(({ type, tensors }) => !PASSIVE.test(type) || tensors.length > 0)
  const functions = active.filter(({ type }) => /^(Activation|Softmax)$/.test(type))
  const computing = active.filter(layer => !functions.includes(layer))
  const unknown = computing.find(
    ({ type }) => !RECURRENT.test(type) && !/^(Embedding|Dense)$/.test(type),
  )
  if (unknown) {
    throw refuse(
      file,
      unknown.type === 'Bidirectional'
        ? `reads its text in both directions (${quote(unknown.name)}); expected one direction, since text is written forwards`
        : `has the layer ${quote(unknown.name)} of the class ${quote(unknown.type)}; expected Embedding, LSTM, GRU, SimpleRNN and Dense`,
    )
  }
  const dense = computing.filter(({ type }) => type === 'Dense')
  const recurrent = computing.filter(({ type }) => RECURRENT.test(type))
  const [head] = dense
  if (recurrent.length === 0 || !head || dense.length > 1) {
    throw refuse(
      file,
      `has ${recurrent.length} recurrent and ${dense.length} Dense layers; expected at least one recurrent and one Dense behind it`,
    )
  }
  const embedding = computing.find(({ type }) => type === 'Embedding')
  const places = [...(embedding ? [embedding] : []), ...recurrent, head]
  if (computing.length !== places.length || places.some((layer, i) => computing[i] !== layer)) {
    const order = computing.map(({ type }) => type).join(', ')
    throw refuse(
      file,
      `has its layers in the order ${quote(order)}; expected one Embedding or none, recurrent layers, and a Dense behind them`,
    )
  }
  const wrong = [head, ...functions].find(
    layer =>
      !ENDS.includes(functionOf(layer)) ||
      (functionOf(layer) !== 'linear' && active.indexOf(layer) < active.indexOf(head)),
  )
  if (wrong) {
    throw refuse(
      file,
      `has the function ${quote(functionOf(wrong))} in the layer ${quote(wrong.name)}; expected softmax behind the last Dense and none elsewhere`,
    )
  }
  return { embedding, recurrent, head }
}

/**
 * The length of the windows that the network was trained on; undefined where the file says none, or where
 * the state is carried from batch to batch.
 */
function windowOf({ layers = [] }: KerasNetwork): number | undefined {
  if (layers.some(({ config }) => config.stateful === true)) return undefined
  for (const { config } of layers) {
    const shape = config.batch_input_shape ?? config.batch_shape
    const steps = Array.isArray(shape) ? shape[1] : config.input_length
    if (typeof steps === 'number' && steps > 1) return steps
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

const WEIGHTS_ONLY: Bilingual = {
  en: "the files hold weights only, so that the functions of the gates are taken to be Keras' defaults; model.to_json() beside them would say which",
  ja: 'ファイルには重みしかないため、ゲートの関数はKerasの既定値とみなします（model.to_json()の内容を添えれば読み取ります）',
}

const MASKED: Bilingual = {
  en: 'Keras leaves out symbol 0 when it reads (mask_zero); here it is read like any other',
  ja: 'Kerasは記号0を読み飛ばします（mask_zero）が、ここでは他の記号と同じように読みます',
}

/** What reads a network's files may say besides. */
interface NetworkOptions extends ImportOptions {
  /** The vocabulary of V symbols that the model's own files hold. */
  readonly inside?: (V: number) => Vocabulary | undefined
}

/**
 * A network of ours from Keras' layers, whatever file they came from.
 * @throws FileError for layers that Ondo has not
 */
export function importKerasNetwork(network: KerasNetwork, options: NetworkOptions): Imported {
  const { embedding, recurrent, head } = stackOf(network)
  if (recurrent.length > LIMITS.layers) {
    throw refuse(
      network.file,
      `has ${counted(recurrent.length, 'recurrent layer')}; at most ${LIMITS.layers} can be read`,
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
    vocabulary: options.inside?.(ends.headBias.length),
    ...(trained !== undefined && { trainedWindow: trained }),
    notes: [
      ...(network.layers ? [] : [WEIGHTS_ONLY]),
      ...(embedding?.config.mask_zero === true ? [MASKED] : []),
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

  read: (files, options) => importKerasNetwork(networkOf(files), options),
}
