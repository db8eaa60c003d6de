/** Writes Keras models: HDF5 files of Keras 1 and 2, archives of Keras 3. */
import { zipSync } from 'fflate'
import { type Hdf5Data, type Hdf5Tree, writeHdf5 } from './hdf5.fixture.js'
import {
  add,
  type FormatFixture,
  Numbers,
  oneHot,
  rowTimes,
  type Sample,
  type SampleFile,
  type SampleRequest,
  sigmoid,
  utf8,
  zeroLstm,
} from './sample.fixture.js'

type Cell = 'LSTM' | 'GRU' | 'SimpleRNN'

/** Kernel [in, G H], recurrent kernel [H, G H], bias [G H] or [2, G H]; columns i f c o, z r h. */
interface Layer {
  readonly kernel: Float32Array
  readonly recurrent: Float32Array
  readonly bias: Float32Array
  readonly inputs: number
}

export interface KerasModel {
  readonly cell: Cell
  readonly resetAfter: boolean
  readonly hard: boolean
  readonly H: number
  readonly V: number
  readonly embedding: Float32Array | undefined
  readonly layers: readonly Layer[]
  readonly head: { readonly kernel: Float32Array; readonly bias: Float32Array }
}

export const GATES: Readonly<Record<Cell, number>> = { LSTM: 4, GRU: 3, SimpleRNN: 1 }
export const E = 4

export function kerasModel({
  variant,
  symbols,
  outputs,
  hidden = 5,
  seed = 1,
}: SampleRequest): KerasModel {
  const V = outputs ?? symbols.length
  const H = hidden
  const cell = variant.includes('gru') ? 'GRU' : variant.includes('rnn') ? 'SimpleRNN' : 'LSTM'
  const resetAfter = variant.includes('reset after')
  const numbers = new Numbers(seed)
  const embedding = variant.includes('one-hot') ? undefined : numbers.matrix(V, E)
  const G = GATES[cell]
  const layers = [embedding ? E : V, H].map(inputs => ({
    inputs,
    kernel: numbers.matrix(inputs, G * H),
    recurrent: numbers.matrix(H, G * H),
    bias: numbers.matrix(G * H * (resetAfter ? 2 : 1)),
  }))
  const head = { kernel: numbers.matrix(H, V), bias: numbers.matrix(V) }
  const hard = variant.includes('hard')
  return { cell, resetAfter, hard, H, V, embedding, layers, head }
}

/** Logits by Keras' equations. */
export function kerasLogits(network: KerasModel, ids: readonly number[]): number[][] {
  const { cell, H, V, embedding, layers, head } = network
  const gate = (x: number): number =>
    network.hard ? Math.min(1, Math.max(0, 0.2 * x + 0.5)) : sigmoid(x)
  const states = layers.map(() => zeroLstm(H))
  return ids.map(id => {
    let x: ArrayLike<number> = embedding?.subarray(id * E, (id + 1) * E) ?? oneHot(id, V)
    for (const [k, state] of states.entries()) {
      const { kernel, recurrent, bias } = layers[k] as Layer
      const columns = GATES[cell] * H
      const a = add(rowTimes(x, kernel, columns), bias.subarray(0, columns))
      const b = rowTimes(state.h, recurrent, columns)
      const at = (z: number[], g: number, j: number): number => z[g * H + j] as number
      if (cell === 'SimpleRNN') state.h = add(a, b).map(Math.tanh)
      else if (cell === 'LSTM') {
        const z = add(a, b)
        state.c = state.c.map(
          (c, j) => gate(at(z, 1, j)) * c + gate(at(z, 0, j)) * Math.tanh(at(z, 2, j)),
        )
        state.h = state.c.map((c, j) => gate(at(z, 3, j)) * Math.tanh(c))
      } else {
        const inner = network.resetAfter ? add(b, bias.subarray(columns)) : b
        const r = state.h.map((_, j) => gate(at(a, 1, j) + at(inner, 1, j)))
        const reset = rowTimes(
          state.h.map((h, j) => h * (r[j] as number)),
          recurrent,
          columns,
        )
        state.h = state.h.map((h, j) => {
          const z = gate(at(a, 0, j) + at(inner, 0, j))
          const inside = network.resetAfter ? (r[j] as number) * at(inner, 2, j) : at(reset, 2, j)
          return z * h + (1 - z) * Math.tanh(at(a, 2, j) + inside)
        })
      }
      x = state.h
    }
    return add(rowTimes(x, head.kernel, V), head.bias)
  })
}

const matrix = (data: Float32Array, ...shape: number[]): Hdf5Data => ({ shape, data })

const biasOf = ({ resetAfter }: KerasModel, { bias }: Layer): Hdf5Data =>
  resetAfter ? matrix(bias, 2, bias.length / 2) : matrix(bias, bias.length)

export function kerasConfig(network: KerasModel, keras1: boolean): string {
  const { cell, resetAfter, hard, H, V, embedding, layers } = network
  const activation = hard ? 'hard_sigmoid' : 'sigmoid'
  const recurrent = layers.map((_, k) => ({
    class_name: cell,
    config: {
      name: `rnn_${k + 1}`,
      units: H,
      activation: 'tanh',
      ...(keras1 ? { inner_activation: activation } : { recurrent_activation: activation }),
      ...(cell === 'GRU' && { reset_after: resetAfter }),
    },
  }))
  return JSON.stringify({
    class_name: 'Sequential',
    config: {
      layers: [
        ...(embedding
          ? [{ class_name: 'Embedding', config: { name: 'embedding_1', input_dim: V } }]
          : []),
        ...recurrent,
        { class_name: 'Dense', config: { name: 'dense_1', units: V, activation: 'softmax' } },
      ],
    },
  })
}

type LayerWeights = readonly (readonly [name: string, weights: readonly [string, Hdf5Data][]])[]

/** The groups of a legacy HDF5 file, each with its `weight_names`. */
function legacyTree(layers: LayerWeights, attributes: Hdf5Tree['attributes']): Hdf5Tree {
  const groups = layers.map(([name, weights]): [string, Hdf5Tree] => [
    name,
    {
      attributes: { weight_names: weights.map(([weight]) => `${name}/${weight}`) },
      groups: { [name]: { datasets: Object.fromEntries(weights) } },
    },
  ])
  return {
    attributes: attributes ?? {},
    groups: {
      model_weights: {
        attributes: { layer_names: layers.map(([name]) => name), backend: 'tensorflow' },
        groups: Object.fromEntries(groups),
      },
    },
  }
}

function keras2(network: KerasModel, chunked: boolean): Hdf5Tree {
  const { H, V, embedding, layers, head } = network
  const of = (data: Hdf5Data): Hdf5Data => (chunked ? { ...data, chunkRows: 3 } : data)
  const columns = GATES[network.cell] * H
  return legacyTree(
    [
      ...(embedding
        ? [['embedding_1', [['embeddings:0', of(matrix(embedding, V, E))]]] as LayerWeights[number]]
        : []),
      ...layers.map((layer, k): LayerWeights[number] => [
        `rnn_${k + 1}`,
        [
          ['kernel:0', of(matrix(layer.kernel, layer.inputs, columns))],
          ['recurrent_kernel:0', of(matrix(layer.recurrent, H, columns))],
          ['bias:0', of(biasOf(network, layer))],
        ],
      ]),
      [
        'dense_1',
        [
          ['kernel:0', of(matrix(head.kernel, H, V))],
          ['bias:0', of(matrix(head.bias, V))],
        ],
      ],
    ],
    { keras_version: '2.4.0', model_config: kerasConfig(network, false) },
  )
}

/** Keras 1: an array a gate, named by letters. */
function keras1(network: KerasModel): Hdf5Tree {
  const { cell, H, V, layers, head } = network
  const letters = { LSTM: ['_i', '_f', '_c', '_o'], GRU: ['_z', '_r', '_h'], SimpleRNN: [''] }[cell]
  const gate = (data: Float32Array, rows: number, g: number): Float32Array =>
    Float32Array.from({ length: rows * H }, (_, i) => {
      return data[Math.floor(i / H) * letters.length * H + g * H + (i % H)] as number
    })
  return legacyTree(
    [
      ...layers.map((layer, k): LayerWeights[number] => [
        `rnn_${k + 1}`,
        letters.flatMap((letter, g): [string, Hdf5Data][] => [
          [`rnn_W${letter}`, matrix(gate(layer.kernel, layer.inputs, g), layer.inputs, H)],
          [`rnn_U${letter}`, matrix(gate(layer.recurrent, H, g), H, H)],
          [`rnn_b${letter}`, matrix(gate(layer.bias, 1, g), H)],
        ]),
      ]),
      [
        'dense_1',
        [
          ['dense_W', matrix(head.kernel, H, V)],
          ['dense_b', matrix(head.bias, V)],
        ],
      ],
    ],
    { keras_version: '1.1.1', model_config: kerasConfig(network, true) },
  )
}

/** A config whose Dense is within TimeDistributed. */
function distributed(config: string): string {
  const model = JSON.parse(config)
  const [dense] = model.config.layers.splice(-1)
  model.config.layers.push({
    class_name: 'TimeDistributed',
    config: { name: 'time_distributed_1', layer: dense },
  })
  return JSON.stringify(model)
}

/** Keras 3: config.json, metadata.json and model.weights.h5 in a zip; or the weights alone. */
function keras3(network: KerasModel, variant: string): Uint8Array {
  const { cell, H, V, embedding, layers, head } = network
  const columns = GATES[cell] * H
  const vars = (...list: Hdf5Data[]): Hdf5Tree => ({
    groups: { vars: { datasets: Object.fromEntries(list.map((data, i) => [String(i), data])) } },
  })
  const dense = vars(matrix(head.kernel, H, V), matrix(head.bias, V))
  const base = { LSTM: 'lstm', GRU: 'gru', SimpleRNN: 'simple_rnn' }[cell]
  const groups: Record<string, Hdf5Tree> = {
    ...(variant.includes('distributed')
      ? { time_distributed: { groups: { layer: dense } } }
      : { dense }),
  }
  if (embedding) groups.embedding = vars(matrix(embedding, V, E))
  for (const [k, layer] of layers.entries()) {
    groups[k === 0 ? base : `${base}_${k}`] = {
      groups: {
        cell: vars(
          matrix(layer.kernel, layer.inputs, columns),
          matrix(layer.recurrent, H, columns),
          biasOf(network, layer),
        ),
      },
    }
  }
  const weights = writeHdf5({ groups: { layers: { groups } } })
  if (variant.includes('weights')) return weights
  const config = kerasConfig(network, false)
  return zipSync(
    {
      'metadata.json': utf8(JSON.stringify({ keras_version: '3.4.1' })),
      'config.json': utf8(variant.includes('distributed') ? distributed(config) : config),
      'model.weights.h5': weights,
    },
    { level: 0 },
  )
}

function write(request: SampleRequest): Sample {
  const { variant, symbols } = request
  const network = kerasModel(request)
  const file: SampleFile = variant.startsWith('3')
    ? { name: 'model.keras', bytes: keras3(network, variant) }
    : {
        name: 'model.h5',
        bytes: writeHdf5(
          variant.startsWith('1') ? keras1(network) : keras2(network, variant.includes('chunked')),
        ),
      }
  const indices = Object.fromEntries(symbols.map((symbol, id) => [symbol, id]))
  return {
    files: [file, { name: 'char_indices.json', bytes: utf8(JSON.stringify(indices)) }],
    forward: ids => kerasLogits(network, ids),
  }
}

export const keras: FormatFixture = {
  kind: 'keras',
  variants: [
    '1 lstm one-hot hard',
    '1 gru one-hot hard',
    '2 lstm',
    '2 gru reset after chunked',
    '2 gru reset before hard',
    '2 rnn one-hot',
    '3 lstm',
    '3 gru reset after',
    '3 lstm distributed',
    '3 gru reset after, weights alone',
    '3 lstm one-hot, weights alone',
  ],
  vocabulary: 'in the files',
  write,
}
