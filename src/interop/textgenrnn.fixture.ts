/** Writes textgenrnn models: weights of Keras' LSTM and of CuDNN's, plain and fine-tuned names. */
import { type Hdf5Data, type Hdf5Tree, writeHdf5 } from './hdf5.fixture.js'
import {
  add,
  type FormatFixture,
  type LstmState,
  lstmStep,
  Numbers,
  rowTimes,
  type Sample,
  type SampleRequest,
  utf8,
  zeroLstm,
} from './sample.fixture.js'

const E = 3
const META = '<s>'

interface Layer {
  /** [in, 4 H] and [H, 4 H], columns i f c o */
  readonly kernel: Float32Array
  readonly recurrent: Float32Array
  /** [8 H]: CuDNN's two biases; the plain layer stores their sum. */
  readonly biases: Float32Array
  readonly inputs: number
}

interface Network {
  readonly V: number
  readonly H: number
  readonly window: number
  readonly embedding: Float32Array
  readonly layers: readonly Layer[]
  readonly attention: Float32Array
  readonly output: { readonly kernel: Float32Array; readonly bias: Float32Array }
}

function networkOf({ variant, symbols, hidden = 4, seed = 1 }: SampleRequest): Network {
  const numbers = new Numbers(seed)
  const V = symbols.length + 1
  const count = Number(/(\d) layer/.exec(variant)?.[1] ?? 2)
  const layers = Array.from({ length: count }, (_, k): Layer => {
    const inputs = k === 0 ? E : hidden
    return {
      inputs,
      kernel: numbers.matrix(inputs, 4 * hidden),
      recurrent: numbers.matrix(hidden, 4 * hidden),
      biases: numbers.matrix(8 * hidden),
    }
  })
  const width = E + count * hidden
  return {
    ...{ V, H: hidden, layers, window: variant.includes('short') ? 4 : 40 },
    embedding: numbers.matrix(V, E),
    attention: numbers.matrix(width, 1, 2),
    output: { kernel: numbers.matrix(width, V), bias: numbers.matrix(V) },
  }
}

const summed = (biases: Float32Array): Float32Array =>
  Float32Array.from({ length: biases.length / 2 }, (_, i) => {
    return (biases[i] as number) + (biases[biases.length / 2 + i] as number)
  })

/** Logits [V] of textgenrnn's model for a window of ids, id 0 to the left. */
function logitsOf(network: Network, ids: readonly number[]): number[] {
  const { V, H, window, embedding, layers, attention, output } = network
  const padded = [...new Array<number>(window).fill(0), ...ids].slice(-window)
  const states = layers.map(() => zeroLstm(H))
  const rows = padded.map(id => {
    let x: number[] = [...embedding.subarray(id * E, (id + 1) * E)]
    const row = [...x]
    for (const [k, { kernel, recurrent, biases }] of layers.entries()) {
      const state = states[k] as LstmState
      const z = add(rowTimes(x, kernel, 4 * H), rowTimes(state.h, recurrent, 4 * H), summed(biases))
      lstmStep(state, (gate, j) => z[{ i: 0, f: 1, g: 2, o: 3 }[gate] * H + j] as number)
      x = state.h
      row.push(...x)
    }
    return row
  })
  const scores = rows.map(row => rowTimes(row, attention, 1)[0] as number)
  const weights = scores.map(score => Math.exp(score - Math.max(...scores)))
  const sum = weights.reduce((a, b) => a + b) + 1e-7
  const average = (rows[0] as number[]).map((_, j) =>
    rows.reduce((total, row, t) => total + ((weights[t] as number) / sum) * (row[j] as number), 0),
  )
  return add(rowTimes(average, output.kernel, V), output.bias)
}

/** CuDNN's bytes of a matrix [rows, 4 H]: each gate as [H, rows], laid out in the columns of the gate. */
function cudnn(matrix: Float32Array, rows: number, H: number): Float32Array {
  const out = new Float32Array(matrix.length)
  for (let g = 0; g < 4; g++) {
    for (let j = 0; j < H; j++) {
      for (let r = 0; r < rows; r++) {
        const flat = j * rows + r
        const [row, column] = [Math.floor(flat / H), flat % H]
        out[row * 4 * H + g * H + column] = matrix[r * 4 * H + g * H + j] as number
      }
    }
  }
  return out
}

function treeOf(network: Network, variant: string): Hdf5Tree {
  const { V, H, embedding, layers, attention, output } = network
  const suffix = variant.includes('fine-tuned') ? '_3' : ''
  const fast = variant.includes('CuDNN')
  const data = (values: Float32Array, ...shape: number[]): Hdf5Data => ({ shape, data: values })
  const width = attention.length
  const groups: [string, [string, Hdf5Data][]][] = [
    ['input', []],
    ['embedding', [['embeddings:0', data(embedding, V, E)]]],
    ...layers.map(({ kernel, recurrent, biases, inputs }, k): [string, [string, Hdf5Data][]] => [
      `rnn_${k + 1}`,
      [
        ['kernel:0', data(fast ? cudnn(kernel, inputs, H) : kernel, inputs, 4 * H)],
        ['recurrent_kernel:0', data(fast ? cudnn(recurrent, H, H) : recurrent, H, 4 * H)],
        ['bias:0', fast ? data(biases, 8 * H) : data(summed(biases), 4 * H)],
      ],
    ]),
    ['rnn_concat', []],
    ['attention', [['attention_W:0', data(attention, width, 1)]]],
    [
      'output',
      [
        ['kernel:0', data(output.kernel, width, V)],
        ['bias:0', data(output.bias, V)],
      ],
    ],
  ]
  const version = variant.includes('TensorFlow 2') ? '2.4.0' : '2.1.5'
  return {
    attributes: {
      layer_names: groups.map(([name]) => name),
      backend: 'tensorflow',
      keras_version: version,
    },
    groups: Object.fromEntries(
      groups.map(([name, weights]) => [
        name,
        {
          attributes: { weight_names: weights.map(([weight]) => `${name}${suffix}/${weight}`) },
          groups: { [`${name}${suffix}`]: { datasets: Object.fromEntries(weights) } },
        },
      ]),
    ),
  }
}

function write(request: SampleRequest): Sample {
  const { variant, symbols } = request
  const network = networkOf(request)
  const single = variant.includes('one text')
  // The line end of the suite is the token that begins and ends a text, unless there is only one text.
  const tokens = symbols.map((symbol, id) => (id === 0 && !single ? META : symbol))
  const vocabulary = Object.fromEntries(tokens.map((token, id) => [token, id + 1]))
  return {
    files: [
      { name: 'textgenrnn_weights.hdf5', bytes: writeHdf5(treeOf(network, variant)) },
      { name: 'textgenrnn_vocab.json', bytes: utf8(JSON.stringify(vocabulary)) },
      {
        name: 'textgenrnn_config.json',
        bytes: utf8(
          JSON.stringify({
            rnn_layers: network.layers.length,
            rnn_size: network.H,
            rnn_bidirectional: false,
            max_length: network.window,
            max_words: 10000,
            dim_embeddings: E,
            word_level: false,
            single_text: single,
          }),
        ),
      },
    ],
    forward: ids =>
      ids.map((_, t) => {
        const read = ids.slice(0, t + 1)
        const start = single ? 0 : Math.max(0, read.lastIndexOf(0))
        const logits = logitsOf(
          network,
          read.slice(start).map(id => id + 1),
        )
        return logits.slice(1)
      }),
  }
}

export const textgenrnn: FormatFixture = {
  kind: 'textgenrnn',
  variants: [
    'CuDNN',
    'plain LSTM, 1 layer',
    'CuDNN, 3 layers, short window',
    'fine-tuned names, short window',
    'one text, TensorFlow 2',
  ],
  vocabulary: 'with ids of its own',
  write,
}
